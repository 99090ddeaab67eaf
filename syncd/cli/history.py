"""`syncctl history` and `syncctl diff`: what changed, as it was told, and between the pictures at two times."""

import argparse
import difflib
import json
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from datetime import UTC, datetime
from functools import cache
from typing import Any

from syncd.cli.database import store_of
from syncd.cli.encoding import escaped
from syncd.cli.events import details, readable, since
from syncd.cli.exits import Exit
from syncd.cli.output import coloured, paint, printable, show_objects
from syncd.config import search_settings
from syncd.errors import ConfigError, StoreError
from syncd.installed import load_collectors
from syncd.search.answer import Question
from syncd.search.past import one_moment
from syncd.store import comparison, matching
from syncd.store.history import ALWAYS, CHANGES, Wanted, history, keys
from syncd.store.reader import reading, searching

TOLD = ("seq", "at", "run", "change", "kind", "name", "urn", "scope", "changes", "reason")
DIFFERENCES = ("change", "kind", "name", "id", "urn", "account", "region", "changes")
SIGNS = {"created": ("+", "32"), "updated": ("~", "33"), "deleted": ("-", "31")}
LINES = {"+": "32", "-": "31", "@": "36"}
LAST = 2**62


def changes(arguments: argparse.Namespace) -> int:
    """`syncctl history`."""
    now = datetime.now(UTC)
    after, begin = since(arguments.since, now)
    last, end = since(arguments.until, now, "--until")
    wanted = Wanted(
        arguments.resource,
        arguments.kind,
        tuple(arguments.change or CHANGES),
        after,
        last or LAST,
        begin,
        end or ALWAYS,
    )
    with reading(store_of(arguments)) as connection:
        rows = history(connection, wanted, arguments.limit)
    colours = coloured(sys.stdout, no_color=arguments.no_color)
    if arguments.output != "table":
        show_objects(TOLD, rows, arguments.output)
    for row in rows if arguments.output == "table" else ():
        body = {"changes": row["changes"], "reason": row["reason"]}
        print(*readable({**row, "type": f"resource.{row['change']}", "body": body}, colours), sep="\n")
    if not rows:
        print("syncctl: no such change is recorded; a first reading is none", file=sys.stderr)
    return Exit.OK


def diff(arguments: argparse.Namespace) -> int:
    """`syncctl diff`."""
    now = datetime.now(UTC)
    times, text = _words(arguments.words, now)
    if text and arguments.resource:
        raise ConfigError("a search and --resource at once: --resource names the one resource whose text is compared")
    if arguments.resource:
        return _document(arguments, times, now)
    settings = search_settings(arguments.config)
    question = Question(text, seconds=arguments.timeout or settings.timeout_seconds, templates=settings.templates)
    with searching(store_of(arguments)) as connection, one_moment(connection):
        kinds = matching.kinds_of(connection, question, now) if text else None
        first, last = sorted(matching.commits(connection, times, now, kinds))
        found = matching.either(connection, question, (first, last), now) if text else None
        rows = comparison.compared(connection, first, last, _ordered, found)
    if arguments.output == "table":
        print(*_told(rows, coloured(sys.stdout, no_color=arguments.no_color)), sep="\n")
    else:
        show_objects(DIFFERENCES, rows, arguments.output)
    return Exit.OK


def _words(words: list[str], now: datetime) -> tuple[tuple[str, str], str]:
    """TIME1 [TIME2] [QUERY]: what is no time is a search."""
    first, *rest = words
    second = rest.pop(0) if rest and matching.is_time(rest[0], now) else matching.NOW
    if len(rest) > 1:
        raise ConfigError(f"found {rest[0]} and {rest[1]}, expected TIME1 [TIME2] ['QUERY']")
    return (first, second), rest[0] if rest else ""


def _ordered(kind: str) -> Set[str]:
    return _all_ordered().get(kind, frozenset())


@cache
def _all_ordered() -> Mapping[str, Set[str]]:
    return {kind.name: kind.ordered for each in load_collectors().values() for kind in each.kinds()}


def _told(rows: list[dict[str, Any]], colours: bool) -> Iterator[str]:
    """A line for each resource that came or went and for each field that changed; then how many."""
    for row in rows:
        sign, colour = SIGNS[row["change"]]
        subject = f"{paint(sign, colour, colours)} {printable(row['kind'])} {printable(row['name'])}"
        if row["change"] != "updated":
            yield f"{subject}  {printable(row['urn'])}"
        for line in details({"changes": row["changes"]}):
            yield f"{subject}  {line}"
    counts = Counter(row["change"] for row in rows)
    yield ", ".join(f"{counts[change]} {change}" for change in CHANGES)


def _document(arguments: argparse.Namespace, times: tuple[str, str], now: datetime) -> int:
    with searching(store_of(arguments)) as connection, one_moment(connection):
        lines = _texts(connection, arguments.resource, matching.commits(connection, times, now))
    if not lines:
        raise StoreError(f"{arguments.resource} was the same at both times, or not there at either")
    colours = coloured(sys.stdout, no_color=arguments.no_color)
    print(*(paint(line, LINES.get(line[0], ""), colours) for line in lines), sep="\n")
    return Exit.OK


def _texts(connection: sqlite3.Connection, resource: str, commits: list[int]) -> list[str]:
    """The document of one resource at both times as a unified diff."""
    found: list[str] = []
    first, last = sorted(commits)
    for key in keys(connection, resource):
        old, new = (comparison.version(connection, key, commit) for commit in (first, last))
        known = new or old
        if known is None:
            continue
        before, after = (f"{known.head.urn} at commit {commit}" for commit in (first, last))
        found += map(escaped, difflib.unified_diff(_lines(old), _lines(new), before, after, lineterm=""))
    return found


def _lines(version: comparison.Version | None) -> list[str]:
    if version is None:
        return []
    return json.dumps(version.fields, indent=2, sort_keys=True, ensure_ascii=False).splitlines()
