"""The picture at a commit, put together in the plainest way: what a search of the past is measured against."""

import sqlite3
from typing import Any

import orjson

from syncd.store.records import unpack

Picture = tuple[dict[int, dict[str, Any]], set[tuple[int, int, int]]]
"""Node → all that is known of it; edges between known nodes with their handles resolved."""

OPEN = (
    "select n.key, n.from_commit, n.kind, n.scope, n.urn, n.id, n.name, n.account, n.region, n.zone, n.created_at, "
    "n.updated_at, n.first_seen, n.changed_at, d.tags, d.common, d.body as document "
    "from node n join document d on d.node = n.key where n.from_commit <= ?"
)
CLOSED = (
    "select h.node, h.from_commit, h.kind, l.at, h.data from node_history h "
    "left join commit_log l on l.number = h.from_commit where h.from_commit <= :c and h.to_commit > :c"
)
EDGES = (
    "select src, type, dst from edge where from_commit <= :c "
    "union select src, type, dst from edge_history where from_commit <= :c and to_commit > :c"
)
HANDLES = (
    "select key, node from handle where from_commit <= :c "
    "union all select key, node from handle_history where from_commit <= :c and to_commit > :c"
)


def picture(connection: sqlite3.Connection, commit: int) -> Picture:
    nodes = dict(_open(connection, commit))
    for key, first, kind, at, data in connection.execute(CLOSED, {"c": commit}):
        assert key not in nodes, "two versions at one commit"
        nodes[key] = {**unpack(data), "from_commit": first, "kind": kind, "changed_at": at}
    handles: dict[int, int] = {}
    for key, node in connection.execute(HANDLES, {"c": commit}):
        assert key not in handles, "one handle for two nodes"
        handles[key] = node
    ends = ((handles.get(s, s), t, handles.get(d, d)) for s, t, d in connection.execute(EDGES, {"c": commit}))
    return nodes, {edge for edge in ends if edge[0] in nodes and edge[2] in nodes}


def _open(connection: sqlite3.Connection, commit: int) -> list[tuple[int, dict[str, Any]]]:
    cursor = connection.execute(OPEN, (commit,))
    names = [column[0] for column in cursor.description]
    found = []
    for row in cursor:
        node = dict(zip(names, row, strict=True))
        node.update({name: orjson.loads(node[name]) for name in ("tags", "common", "document")})
        found.append((int(node.pop("key")), node))
    return found
