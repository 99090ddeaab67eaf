"""Rows of edges. An edge is stated by one node: the target of containment, the source of all others.

So a node's edges in a scope are found by the node alone, and an unchanged node needs no look at its edges.
"""

import sqlite3
from collections.abc import Collection, Iterable

from syncd.store.journal import Journal
from syncd.store.keys import node_key
from syncd.store.names import Names
from syncd.store.records import Record
from syncd.store.rows import insert

Row = tuple[int, int, int]
"""(src, type, dst)"""


def stated(types: Names, records: Iterable[Record]) -> list[Row]:
    """The edges that records state; may repeat one."""
    rows = []
    forward, backward = types.ids, types.backward
    for record in records:
        key = record.key
        for type_, target, incoming in record.edges:
            if incoming:
                rows.append((node_key(target), backward[type_], key))
            else:
                rows.append((key, forward[type_], node_key(target)))
    return rows


def stored(connection: sqlite3.Connection, types: Names, scope: int, node: int) -> set[Row]:
    """The edges that a node stated in a scope."""
    backward = tuple(types.backward.values())
    marks = ", ".join("?" * len(backward))
    rows = connection.execute(
        f"select src, type, dst from edge where src = ? and scope = ? and type not in ({marks}) "
        f"union all select src, type, dst from edge where dst = ? and scope = ? and type in ({marks})",
        (node, scope, *backward, node, scope, *backward),
    )
    return set(rows)


def add(journal: Journal, scope: int, rows: Collection[Row]) -> None:
    if rows:
        insert(journal.connection, "insert or ignore into edge", sorted(rows), (scope, journal.number))


def close(journal: Journal, scope: int, rows: set[Row]) -> None:
    """Moves edges to the history."""
    if not rows:
        return
    number = journal.number
    gone = [(src, kind, dst, scope) for src, kind, dst in sorted(rows)]
    journal.connection.executemany(
        "insert into edge_history select src, type, dst, scope, from_commit, ? from edge "
        "where (src, type, dst, scope) = (?, ?, ?, ?) and from_commit < ?",
        ((number, *row, number) for row in gone),
    )
    journal.connection.executemany("delete from edge where (src, type, dst, scope) = (?, ?, ?, ?)", gone)
