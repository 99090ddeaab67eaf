"""`syncctl kinds`: what there is, counted; and what a kind is, which edges it can have, what its documents hold."""

import argparse
import re
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from syncd.cli.database import store_of
from syncd.cli.exits import Exit
from syncd.cli.output import BOLD, OBJECTS, coloured, paint, printable, show, show_document, show_objects, table_lines
from syncd.errors import ConfigError
from syncd.store import census
from syncd.store.reader import reading

if TYPE_CHECKING:
    from syncd.plugin import Collector

ALL = ("kind", "resources", "accounts", "regions")
PLACES = ("kind", "account", "region", "resources")
PROPERTIES = ("path", "type", "mark", "description")
LONGEST = 100


def kinds(arguments: argparse.Namespace) -> int:
    if arguments.properties and not arguments.kind:
        raise ConfigError("--properties is of one kind: syncctl kinds KIND --properties")
    with reading(store_of(arguments)) as connection:
        if arguments.kind:
            census.check(connection, arguments.kind)
        if arguments.tree:
            _tree(connection, arguments)
        elif arguments.kind:
            _one(connection, arguments)
        else:
            _show(ALL, census.kinds(connection), arguments)
    return Exit.OK


def _show(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], arguments: argparse.Namespace) -> None:
    show_objects(columns, rows, arguments.output, colours=_coloured(arguments))


def _coloured(arguments: argparse.Namespace) -> bool:
    return coloured(sys.stdout, no_color=arguments.no_color)


def _tree(connection: sqlite3.Connection, arguments: argparse.Namespace) -> None:
    branches = census.tree(connection, arguments.kind or census.ROOT)
    if arguments.output != "table":
        _show(("kind", "depth", "bases", "resources"), map(asdict, branches), arguments)
        return
    rows = [("  " * branch.depth + branch.kind, branch.resources) for branch in branches]
    show(("kind", "resources"), rows, "table", colours=_coloured(arguments))


def _one(connection: sqlite3.Connection, arguments: argparse.Namespace) -> None:
    """json, ndjson and yaml have all of it; tsv and csv the places, or the properties; a table is for people."""
    from syncd.installed import load_collectors
    from syncd.store.anatomy import anatomy, documents

    kind, output = arguments.kind, arguments.output
    if not arguments.properties and output in ("csv", "tsv"):
        _show(PLACES, census.places(connection, kind), arguments)
        return
    collectors: Sequence[Collector] = [*load_collectors().values()]
    if output in OBJECTS:
        found = anatomy(connection, kind, collectors)
        show_document({**found, "document": documents(connection, kind, collectors)}, output)
    elif arguments.properties:
        _properties(documents(connection, kind, collectors), arguments)
    else:
        print(*_told(anatomy(connection, kind, collectors), _coloured(arguments)), sep="\n")


def _properties(rows: Sequence[Mapping[str, Any]], arguments: argparse.Namespace) -> None:
    if not rows:
        print(f"syncctl: no collector that is installed tells what {arguments.kind} holds", file=sys.stderr)
    if arguments.output == "table":
        rows = [{**row, "description": first_sentence(row["description"])} for row in rows]
    _show(PROPERTIES, rows, arguments)


def first_sentence(text: str) -> str:
    sentence = re.split(r"(?<=[a-z)]\.)\s", text, maxsplit=1)[0]
    return sentence if len(sentence) <= LONGEST else sentence[: LONGEST - 1] + "…"


def _told(kind: Mapping[str, Any], colours: bool) -> Iterator[str]:
    title = f"  {kind['title']}" if kind["title"] else ""
    yield paint(printable(kind["kind"]), BOLD, colours) + title
    yield f"base kinds: {', '.join(kind['bases']) or '-'}"
    if kind["below"]:
        yield f"kinds below it: {', '.join(kind['below'])}"
    sections: list[tuple[tuple[str, ...], list[tuple[Any, ...]]]] = [
        (("property", "type", "of"), [(each["name"], each["type"], each["of"]) for each in kind["properties"]]),
        (("edge", "kinds"), [*_edges(kind["edges"])]),
        (PLACES, [tuple(row[name] for name in PLACES) for row in kind["resources"]]),
    ]
    for columns, rows in sections:
        yield ""
        yield from table_lines(columns, rows, colours)


def _edges(edges: Iterable[Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    """`-in->`, `<-contains-` with the kinds at the other end."""
    ends: dict[str, list[str]] = {}
    for edge in edges:
        arrow = f"-{edge['type']}->" if edge["direction"] == "out" else f"<-{edge['type']}-"
        ends.setdefault(arrow, []).append(edge["kind"])
    for arrow, kinds_there in ends.items():
        yield arrow, ", ".join(kinds_there)
