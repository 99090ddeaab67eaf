"""Rows of nodes: insert, replace, delete, with their history. Functions of a running transaction."""

import sqlite3
from typing import Any

import orjson
from msgspec import Struct

from syncd.errors import Failed
from syncd.model import Document
from syncd.store import index, rows
from syncd.store.journal import Journal
from syncd.store.keys import node_key
from syncd.store.names import Names
from syncd.store.records import Record, pack

OLD = (
    "select n.scope, n.kind, n.urn, n.id, n.name, n.account, n.region, n.zone, n.created_at, n.updated_at, "
    "n.first_seen, n.from_commit, n.never, d.tags, d.common, d.body "
    "from node n join document d on d.node = n.key where n.key = ?"
)


class Stored(Struct, frozen=True):
    """An open version as the store has it; `kind` is its number."""

    scope: int
    kind: int
    urn: str
    id: str
    name: str
    account: str
    region: str
    zone: str
    created_at: str
    updated_at: str
    first_seen: str
    from_commit: int
    never: str
    tags: str
    common: str
    body: str

    def fields(self) -> Document:
        """What is compared and told: the document's fields with tags, common properties and name."""
        return comparable(self.name, self.zone, self.tags, self.common, self.body)


def comparable(name: str, zone: str, tags: str, common: str, body: str) -> Document:
    fields: Document = orjson.loads(body)
    for key, value in orjson.loads(common).items():
        fields.setdefault(key, value)
    fields["name"], fields["zone"], fields["tags"] = name, zone, orjson.loads(tags)
    return fields


def fetch(connection: sqlite3.Connection, key: int) -> Stored | None:
    row = connection.execute(OLD, (key,)).fetchone()
    return Stored(*row) if row else None


def present(connection: sqlite3.Connection, keys: list[int]) -> set[int]:
    """Which of these keys are nodes: one statement for all, since most of a first reading are not."""
    query = "select key from node where key in (select value from json_each(?))"
    return {key for (key,) in connection.execute(query, (orjson.dumps(keys).decode(),))}


def insert(journal: Journal, scope: int, kinds: Names, records: list[Record]) -> None:
    """New nodes, in the order in which they are given."""
    connection, now, number = journal.connection, journal.now, journal.number
    rows.insert(
        connection,
        "insert into node (key, kind, urn, id, name, account, region, zone, created_at, updated_at, hash, "
        "facets, unseen, never, scope, first_seen, changed_at, from_commit)",
        [
            (
                r.key, kinds.ids[r.kind], r.urn, r.id, r.name, r.account, r.region, r.zone,
                r.created_at, r.updated_at, r.hash, r.facets, r.unseen, r.never,
            )
            for r in records
        ],
        (scope, now, now, number),
    )  # fmt: skip
    rows.insert(connection, "insert into document", [(r.key, r.tags, r.common, r.body) for r in records])
    moving = [(r.key, r.volatile) for r in records if r.volatile]
    rows.insert(connection, "insert or replace into volatile", moving, (now,))
    index.moves(connection, (body for _, body in moving))
    index.changed(connection, [r.key for r in records])
    write_handles(journal, {node_key(h): r.key for r in records for h in r.handles})


def write_handles(journal: Journal, wanted: dict[int, int]) -> None:
    """Handle → node. A handle that pointed at another node moves; one that stays as it is keeps its commit."""
    if not wanted:
        return
    query = "select key, node from handle where key in (select value from json_each(?))"
    have = dict(journal.connection.execute(query, (orjson.dumps(list(wanted)).decode(),)).fetchall())
    fresh = [(key, node) for key, node in sorted(wanted.items()) if have.get(key) != node]
    if not fresh:
        return
    number = journal.number
    close_handles(journal, [key for key, _ in fresh if key in have])
    rows.insert(journal.connection, "insert into handle", fresh, (number,))


def close_handles(journal: Journal, keys: list[int]) -> None:
    """Moves handles to the history."""
    if not keys:
        return
    number = journal.number
    journal.connection.executemany(
        "insert into handle_history select key, node, from_commit, ? from handle where key = ? and from_commit < ?",
        ((number, key, number) for key in keys),
    )
    journal.connection.executemany("delete from handle where key = ?", [(key,) for key in keys])


def replace(journal: Journal, scope: int, kinds: Names, old: Stored, record: Record) -> None:
    """A new version of a node: the old one goes to the history."""
    connection, r = journal.connection, record
    remember(journal, r.key, old)
    connection.execute(
        "update node set scope = ?, kind = ?, id = ?, name = ?, account = ?, region = ?, zone = ?, created_at = ?, "
        "updated_at = ?, changed_at = ?, from_commit = ?, hash = ?, facets = ?, unseen = ?, never = ? where key = ?",
        (
            scope, kinds.ids[r.kind], r.id, r.name, r.account, r.region, r.zone, r.created_at, r.updated_at,
            journal.now, journal.number, r.hash, r.facets, r.unseen, r.never, r.key,
        ),
    )  # fmt: skip
    connection.execute(
        "update document set tags = ?, common = ?, body = ? where node = ?", (r.tags, r.common, r.body, r.key)
    )
    index.changed(connection, [r.key])


def follow_handles(journal: Journal, record: Record) -> None:
    """The other names of a changed node."""
    wanted = {node_key(h) for h in record.handles}
    have = _handles(journal.connection, record.key)
    close_handles(journal, sorted(have - wanted))
    write_handles(journal, dict.fromkeys(wanted - have, record.key))


def _handles(connection: sqlite3.Connection, node: int) -> set[int]:
    return {key for (key,) in connection.execute("select key from handle where node = ?", (node,))}


def hand_over(journal: Journal, key: int, old: Stored, scope: int) -> None:
    """Another scope owns the node from now on; the history knows who did until now."""
    remember(journal, key, old)
    journal.connection.execute(
        "update node set scope = ?, changed_at = ?, from_commit = ? where key = ?",
        (scope, journal.now, journal.number, key),
    )
    index.changed(journal.connection, [key])


def delete(journal: Journal, key: int, old: Stored) -> None:
    """The node goes, its last version stays in the history."""
    remember(journal, key, old)
    close_handles(journal, sorted(_handles(journal.connection, key)))
    for table, column in (("node", "key"), ("document", "node"), ("volatile", "node")):
        journal.connection.execute(f"delete from {table} where {column} = ?", (key,))
    index.gone(journal.connection, key)


def remember(journal: Journal, key: int, old: Stored) -> None:
    """Closes a version: all that a search needs of it, but for `changed_at`: that is the time of its first commit."""
    if old.from_commit == journal.number:
        return  # made and changed in one transaction: this version was never visible
    data: dict[str, Any] = {
        "scope": old.scope, "urn": old.urn, "id": old.id, "name": old.name, "account": old.account,
        "region": old.region, "zone": old.zone, "created_at": old.created_at, "updated_at": old.updated_at,
        "first_seen": old.first_seen,
        "tags": orjson.loads(old.tags), "common": orjson.loads(old.common), "document": orjson.loads(old.body),
    }  # fmt: skip
    journal.connection.execute(
        "insert into node_history values (?, ?, ?, ?, ?)", (key, old.from_commit, journal.number, old.kind, pack(data))
    )


def write_volatile(journal: Journal, parts: list[tuple[int, str]]) -> None:
    """Overwrites what differs; no history, no event."""
    journal.connection.executemany(
        "insert into volatile values (?, ?, ?) on conflict do update set body = excluded.body, at = excluded.at "
        "where body <> excluded.body",
        ((key, body, journal.now) for key, body in sorted(parts)),
    )
    index.moves(journal.connection, (body for _, body in parts))


def write_flags(journal: Journal, records: list[Record]) -> None:
    """Which facets were carried over: no new version, no event."""
    journal.connection.executemany(
        "update node set facets = ?, unseen = ?, never = ? where key = ?",
        ((r.facets, r.unseen, r.never, r.key) for r in records),
    )


def same_urn(stored: Stored, record: Record) -> None:
    """Raises Failed when two URNs share a key: it must never be taken for one resource."""
    if stored.urn != record.urn:
        raise Failed(f"the keys of {record.urn} and {stored.urn} are equal; please report this")
