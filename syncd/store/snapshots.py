"""Resources as they are told to others: flat, without their documents. What is gone is as it was last known."""

import sqlite3
from collections.abc import Collection, Iterator
from typing import Any

import orjson

from syncd.store.queries import account_names
from syncd.store.records import unpack

Flat = dict[str, Any]

FIELDS = ("kind", "id", "name", "urn", "cloud", "account", "region", "zone", "created_at", "tags")
_HERE = (
    "select n.key, k.name, n.id, n.name, n.urn, s.collector, n.account, n.region, n.zone, n.created_at, d.tags "
    "from node n join kind k on k.id = n.kind join document d on d.node = n.key join scope s on s.id = n.scope "
    "where n.key in (select value from json_each(?))"
)
_GONE = (
    "select h.node, k.name, h.data from node_history h join kind k on k.id = h.kind "
    "where h.node in (select value from json_each(?)) order by h.from_commit"
)


def snapshots(connection: sqlite3.Connection, nodes: Collection[int]) -> dict[int, Flat]:
    """Node → resource, for those of which anything is known."""
    found = dict(_here(connection, nodes))
    gone = [node for node in nodes if node and node not in found]
    if gone:
        found.update(_gone(connection, gone))
    names = account_names(connection) if found else {}
    for flat in found.values():
        flat["account_name"] = names.get(flat["account"], "")
    return found


def _here(connection: sqlite3.Connection, nodes: Collection[int]) -> Iterator[tuple[int, Flat]]:
    for node, *values, tags in connection.execute(_HERE, (_json(nodes),)):
        yield node, {**dict(zip(FIELDS, values, strict=False)), "tags": orjson.loads(tags)}


def _gone(connection: sqlite3.Connection, nodes: Collection[int]) -> Iterator[tuple[int, Flat]]:
    """Versions in their order: of several the last one stays."""
    last = {node: (kind, data) for node, kind, data in connection.execute(_GONE, (_json(nodes),))}
    for node, (kind, data) in last.items():
        known = unpack(data)
        row = connection.execute("select collector from scope where id = ?", (known.get("scope", 0),)).fetchone()
        flat = {name: known.get(name, "") for name in FIELDS}
        yield node, {**flat, "kind": kind, "cloud": row[0] if row else "", "tags": known.get("tags") or {}}


def _json(nodes: Collection[int]) -> str:
    return orjson.dumps([node for node in nodes if node]).decode()
