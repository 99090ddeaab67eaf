"""`syncctl events`: what changed and what happened, with field diffs."""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from syncd.cli.exits import Exit
from syncd.cli.output import OBJECTS, coloured, paint, printable, show, table
from syncd.errors import ConfigError

if TYPE_CHECKING:
    import sqlite3

COLUMNS = ("seq", "at", "run", "number", "type", "scope", "kind", "name", "urn", "body")
TYPES = {"created": "32", "updated": "33", "deleted": "31"}
LONGEST = 200
LIMIT = 100


def events(arguments: argparse.Namespace) -> int:
    from syncd.cli.database import store_of
    from syncd.store.queries import EVENTS
    from syncd.store.reader import reading

    statement = f"select * from ({EVENTS} and at >= :at order by seq desc limit :limit) order by seq"  # noqa: S608  (values are bound)
    seq, at = since(arguments.since, datetime.now(UTC))
    values = {
        "since": seq, "at": at, "type": arguments.type, "text": arguments.resource,
        "limit": LIMIT if arguments.limit is None else arguments.limit,
    }  # fmt: skip
    with reading(store_of(arguments)) as connection:
        rows = connection.execute(statement, values)
        _print(rows, arguments)
    return Exit.OK


def since(text: str, now: datetime, option: str = "--since") -> tuple[int, str]:
    """`120` (after that event), `2h`, `7d`, `2026-03-01`, `2026-03-01T12:00:00Z` → (sequence number, time)."""
    if not text:
        return 0, ""
    if text.isdecimal():
        return int(text), ""
    if ago := re.fullmatch(r"-?(\d{1,6})([smhdw])", text):
        unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}[ago[2]]
        try:
            return 0, _iso(now - timedelta(**{unit: int(ago[1])}))
        except OverflowError:
            return 0, _iso(datetime.min.replace(tzinfo=UTC))  # before there was anything
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        wanted = "an event's number, an age such as 30m, 2h or 7d, or a time such as 2026-03-01T12:00:00Z"
        raise ConfigError(f"{option}: found {text}, expected {wanted}") from None
    return 0, _iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _print(rows: "sqlite3.Cursor", arguments: argparse.Namespace) -> None:
    if arguments.output == "table":
        _readable(map(_event, rows.fetchall()), coloured(sys.stdout, no_color=arguments.no_color))
    elif arguments.output in OBJECTS:
        show(COLUMNS, ((*row[:-1], json.loads(row[-1])) for row in rows), arguments.output)
    else:
        show(COLUMNS, rows, arguments.output)


def _event(row: tuple[Any, ...]) -> dict[str, Any]:
    return {**dict(zip(COLUMNS, row, strict=True)), "body": json.loads(row[-1])}


def _readable(events: Iterable[Mapping[str, Any]], colours: bool) -> None:
    empty = True
    for event in events:
        print(*readable(event, colours), sep="\n")
        empty = False
    if empty:
        table(("seq", "at", "type", "kind", "name"), [])


def readable(event: Mapping[str, Any], colours: bool) -> Iterator[str]:
    """The lines of one event: what happened to what, then each field that changed."""
    kind, name, urn = (printable(event[key]) for key in ("kind", "name", "urn"))
    type_ = printable(event["type"])
    subject = f"{kind} {name}  {urn}" if event["urn"] else printable(event["scope"] or "")
    verb = paint(type_, TYPES.get(type_.rpartition(".")[2], ""), colours)
    yield f"{printable(event['seq'])}  {printable(event['at'])}  {verb}  {subject}".rstrip(" -")
    for line in details(event["body"]):
        yield f"    {line}"


def details(body: dict[str, Any]) -> Iterator[str]:
    """A field diff as `path: old → new`; any other content as `key: value`."""
    for change in body.get("changes", []):
        yield f"{printable(change['path'])}: {_brief(change['old'])} → {_brief(change['new'])}"
    for key, value in body.items():
        if key != "changes" and value not in ("", None):
            yield f"{printable(key)}: {_brief(value)}"


def _brief(value: Any) -> str:
    if value is None:
        return "nothing"
    text = printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
