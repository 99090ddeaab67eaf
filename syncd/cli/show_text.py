"""One resource for people: what it is, its tags, properties and edges. Pure."""

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from syncd.cli.output import BOLD, DIM, STATES, paint, printable, table_lines, width
from syncd.search.answer import BASE
from syncd.search.values import age_text

if TYPE_CHECKING:
    from syncd.cli.graph import Item
    from syncd.cli.show import Shown

MOST = 10
"""Resources that are named for one type of edge."""
NARROWEST = 40
OWN = frozenset({*BASE, "tags", "coverage"})
DEEPEST = 40


def lines(found: "Shown", now: datetime, colours: bool) -> Iterator[str]:
    resource = found.resource
    yield paint(f"{printable(resource['kind'])} {printable(resource['name'] or resource['id'])}", BOLD, colours)
    yield from _cut(_aligned(_about(found, now, colours)))
    yield from _section("tags", _nested(resource["tags"], 1), colours)
    own = {name: value for name, value in resource.items() if name not in OWN}
    yield from _section("properties", _nested(own, 1), colours)
    yield from _edges(found, colours)


# -- what every resource has


def _about(found: "Shown", now: datetime, colours: bool) -> Iterator[tuple[str, str]]:
    resource = found.resource
    account = printable(resource["account"])
    yield "id", printable(resource["id"])
    yield "urn", printable(resource["urn"])
    if resource["account"]:
        yield "account", f"{printable(found.account_name)} ({account})" if found.account_name else account
    yield "region", ", ".join(printable(resource[name]) for name in ("region", "zone") if resource[name]) or "-"
    yield (
        "age",
        _age(
            resource["created_at"] or resource["first_seen"], now, "created" if resource["created_at"] else "first seen"
        ),
    )
    if resource["updated_at"]:
        yield "updated", _age(resource["updated_at"], now, "")
    yield "coverage", _coverage(resource["coverage"], now, colours)
    yield "history", _history(found.history, now)
    if found.link:
        yield "console", found.link


def _age(moment: str, now: datetime, what: str) -> str:
    try:
        age = age_text(moment, now)
    except ValueError:  # a provider's time is text that nobody promised to be one
        return printable(moment)
    return f"{age}, {what} {printable(moment)}" if what else f"{age} ago, {printable(moment)}"


def _coverage(coverage: Mapping[str, Any], now: datetime, colours: bool) -> str:
    state = printable(coverage["state"])
    text = paint(state, STATES.get(state, ""), colours)
    if coverage["since"]:
        text += f" since {printable(coverage['since'])}"
    return f"{text}, read {age_text(coverage['read_at'], now)} ago" if coverage["read_at"] else text


def _history(history: Mapping[str, Any], now: datetime) -> str:
    count = history["changes"]
    first = f"first seen {printable(history['first_seen'])}"
    if not count:
        return f"{first}, unchanged since"
    times = "1 change" if count == 1 else f"{count:,} changes"
    return f"{first}, {times}, the last {age_text(history['changed_at'], now)} ago"


# -- tags and properties


def _section(title: str, inner: Iterable[str], colours: bool) -> Iterator[str]:
    below = list(_cut(inner))
    if below:
        yield ""
        yield paint(title, BOLD, colours)
        yield from below


def _nested(value: Any, depth: int) -> Iterator[str]:
    """Members a line each, what is nested below its name and further in; names of one level are aligned."""
    pairs = value.items() if isinstance(value, Mapping) else ((f"[{i}]", item) for i, item in enumerate(value))
    kept = [(printable(str(name)), item) for name, item in pairs]
    column = max((width(name) for name, item in kept if not _is_nested(item)), default=0)
    indent = "  " * min(depth, DEEPEST)
    for name, item in kept:
        if _is_nested(item):
            yield f"{indent}{name}"
            yield from _nested(item, depth + 1)
        else:
            yield f"{indent}{name}{' ' * (column - width(name))}  {_flat(item)}"


def _is_nested(value: Any) -> bool:
    if isinstance(value, Mapping):
        return bool(value)
    return isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value)


def _flat(value: Any) -> str:
    if isinstance(value, list) and value:
        return ", ".join(printable(item) for item in value)
    return "-" if value in ([], {}) else printable(value)


def _aligned(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    kept = list(pairs)
    column = max(len(name) for name, _ in kept)
    for name, text in kept:
        yield f"  {name.ljust(column)}  {text}"


def _cut(texts: Iterable[str]) -> Iterator[str]:
    """On a terminal a long value ends where the line does; a file or a pipe gets all of it."""
    if not sys.stdout.isatty():
        yield from texts
        return
    most = max(shutil.get_terminal_size().columns, NARROWEST)
    for text in texts:
        yield text if width(text) <= most or "\x1b" in text or "https://" in text else f"{text[: most - 1]}…"


# -- edges


def _edges(found: "Shown", colours: bool) -> Iterator[str]:
    for title, arrow, groups in (("edges from it", "→", found.out), ("edges to it", "←", found.into)):
        if not groups:
            continue
        yield ""
        yield paint(title, BOLD, colours)
        for type_, items in groups.items():
            yield f"  {printable(type_)} {arrow}" + paint(f"  {len(items):,}" if len(items) > 1 else "", DIM, colours)
            yield from _cut(f"    {line}" for line in _items(items))


def _items(items: "list[Item]") -> Iterator[str]:
    rows = [(item.kind, item.name, item.id) for item in items[:MOST]]
    yield from table_lines(("", "", ""), rows)[1:]
    if len(items) > MOST:
        yield f"… and {len(items) - MOST:,} more; -o json has all"
