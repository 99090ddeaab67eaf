"""`syncctl show`: all that is known of one resource."""

import argparse
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from syncd.cli.asking import asking, commit_of, now
from syncd.cli.candidates import meant
from syncd.cli.exits import Exit
from syncd.cli.graph import Graph, Item
from syncd.cli.output import coloured, show_document
from syncd.cli.show_text import lines
from syncd.installed import link
from syncd.search import past
from syncd.search.answer import Asking, Question, Row
from syncd.search.guard import guarded
from syncd.search.schema import load_schema
from syncd.search.tree import Walk
from syncd.store.queries import account_names

BOTH = Walk((), ())


@dataclass(frozen=True, slots=True)
class Shown:
    """`out`, `into`: edge type → the resources at the other end. `history`: first_seen, changed_at, changes."""

    resource: Row
    out: Mapping[str, list[Item]]
    into: Mapping[str, list[Item]]
    history: Row
    link: str
    account_name: str


def show(arguments: argparse.Namespace) -> int:
    with asking(arguments) as connection:
        found = shown(connection, arguments)
    if arguments.output in ("json", "yaml"):
        show_document(document(found), arguments.output)
    else:
        print(*lines(found, now(), coloured(sys.stdout, no_color=arguments.no_color)), sep="\n")
    return Exit.OK


def shown(connection: sqlite3.Connection, arguments: argparse.Namespace) -> Shown:
    schema, commit = load_schema(connection), commit_of(connection, arguments)
    if commit is not None:
        past.load(connection, commit)
    graph = Graph(connection, schema, now(), commit, arguments.complete_only)
    with guarded(connection, arguments.timeout):
        item = meant(graph, arguments.resource)
    resource = _resource(connection, item, commit)
    with guarded(connection, arguments.timeout):
        links = graph.links([item.key], BOTH)
        ends = graph.items({end for edge in links for end in (edge.src, edge.dst)})
        history = _history(connection, item.key, resource, commit)
        names = account_names(connection)
    out = _grouped(((edge.type, edge.dst) for edge in links if edge.src == item.key), ends)
    into = _grouped(((edge.type, edge.src) for edge in links if edge.dst == item.key), ends)
    address = link(str(resource["cloud"]), resource)
    return Shown(resource, out, into, history, address, names.get(item.account, ""))


def _resource(connection: sqlite3.Connection, item: Item, commit: int | None) -> Row:
    found = Asking(connection, Question("all", commit=commit), now()).resource(item.key)
    assert found is not None, item.urn  # it was there, and all is of one moment
    return found


def _history(connection: sqlite3.Connection, key: int, resource: Row, commit: int | None) -> Row:
    """How often it was seen to change, up to the moment that is shown."""
    query = "select count(*) from node_history where node = ? and (? is null or to_commit <= ?)"
    changes = connection.execute(query, (key, commit, commit)).fetchone()[0]
    return {"first_seen": resource["first_seen"], "changed_at": resource["changed_at"], "changes": changes}


def _grouped(edges: Iterable[tuple[str, int]], ends: Mapping[int, Item]) -> dict[str, list[Item]]:
    found: defaultdict[str, list[Item]] = defaultdict(list)
    for type_, end in edges:
        if end in ends:
            found[type_].append(ends[end])
    return {type_: sorted(items, key=lambda item: item[1:]) for type_, items in sorted(found.items())}


def document(found: Shown) -> Row:
    """What programs get: the resource as a search gives it, with what belongs to it beside it."""
    edges = {
        way: {type_: [_other(item) for item in items] for type_, items in of.items()}
        for way, of in (("out", found.out), ("in", found.into))
    }
    return {"resource": found.resource, "edges": edges, "history": found.history, "link": found.link or None}


def _other(item: Item) -> Row:
    return {"kind": item.kind, "name": item.name, "id": item.id, "urn": item.urn}
