"""Edges as rows: those that lead from nodes whose keys are known, each once however many scopes saw it."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import orjson

from syncd.search import sources
from syncd.search.context import Context
from syncd.search.steps import of_type, resolved
from syncd.search.tree import Walk


class Link(NamedTuple):
    """An edge between two nodes of the picture, as the view `link` has it. The ends are keys."""

    src: int
    type: str
    dst: int


def links(connection: sqlite3.Connection, context: Context, keys: Iterable[int], walk: Walk) -> list[Link]:
    """The edges of one step of a walk from these nodes; how many steps the walk has does not matter.

    `context` is a new one: it takes the values. A picture of the past must have been loaded.
    """
    start = context.bind(orjson.dumps(list(keys)).decode())
    statement = f"{' union '.join(_steps(context, start, walk))} order by 1, 2, 3"
    return [Link(*row) for row in connection.execute(statement, context.values)]


def between(connection: sqlite3.Connection, context: Context, keys: Iterable[int]) -> list[Link]:
    """The edges whose two ends are among these nodes."""
    among = frozenset(keys)
    return [link for link in links(connection, context, sorted(among), Walk((), None)) if link.dst in among]


def _steps(context: Context, start: str, walk: Walk) -> Iterator[str]:
    """Selects of src, type and dst: forward and backward, by the node's own key and by its handles."""
    for types, near, far in ((walk.forward, "src", "dst"), (walk.backward, "dst", "src")):
        if types is None:
            continue
        for edge in sources.edges(context, "e"):
            end, joined = resolved(context, f"e.{far}")
            columns = f"q.value as src, t.label as type, {end} as dst"
            if far == "src":
                columns = f"{end} as src, t.label as type, q.value as dst"
            begin = f"select {columns} from json_each({start}) q cross join "
            ends = f"{edge.table} e cross join edge_type t {joined} where t.id = e.type and {edge.condition} "
            ends += f"and {of_type(context, types)} and {sources.known(context, end)} and e.{near} ="
            yield f"{begin}{ends} q.value"
            for handle in sources.handles(context, "a"):
                yield f"{begin}{handle.table} a cross join {ends} a.key and {handle.condition} and a.node = q.value"
