"""What was true at a commit and is not any more, in temporary tables of one connection."""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import orjson

from syncd.search.guard import ended

TABLES = """
drop table if exists temp.past_node;
drop table if exists temp.past_document;
drop table if exists temp.past_edge;
drop table if exists temp.past_handle;
create temp table past_node (
  key integer primary key, scope integer not null, kind integer not null, urn text not null, id text not null,
  name text not null, account text not null, region text not null, zone text not null, created_at text not null,
  updated_at text not null, first_seen text not null, changed_at text not null
);
create temp table past_document (
  node integer primary key, tags text not null, common text not null, body text not null
);
create temp table past_edge (src integer not null, type integer not null, dst integer not null);
create temp table past_handle (key integer primary key, node integer not null);
"""
INDEXES = """
create index temp.past_edge_src on past_edge (src, type, dst);
create index temp.past_edge_dst on past_edge (dst, type, src);
create index temp.past_handle_node on past_handle (node);
create index temp.past_node_kind on past_node (kind);
"""
CLOSED = (
    "select h.node, h.kind, h.data, c.at from node_history h join commit_log c on c.number = h.from_commit "
    "where h.to_commit > :commit and h.from_commit <= :commit"
)
LOADING = 60.0
"""Seconds: half of them are enough for a million nodes that changed."""
TOGETHER = 1_000
"""Versions that are unpacked at a time: SQLite looks at the clock between them."""
NODE_FIELDS = ("urn", "id", "name", "account", "region", "zone", "created_at", "updated_at", "first_seen")


@contextmanager
def one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is read in the block is of one moment; a block around it decides. Temporary tables outlive it."""
    if connection.in_transaction:
        yield
        return
    connection.execute("begin")
    try:
        yield
    finally:
        connection.commit()


def load(connection: sqlite3.Connection, commit: int, seconds: float = LOADING) -> None:
    """Fills the temporary tables for the picture at a commit: the more has changed since, the longer it takes.

    They hold one picture at a time. Raises LimitReached when it takes longer than `seconds`.
    """
    connection.execute("pragma query_only = off")  # it would forbid temporary tables too; the file is opened read-only
    with one_moment(connection), ended(connection, seconds):
        _each(connection, TABLES)
        _fill(connection, {"commit": commit})
        _each(connection, INDEXES)


def _each(connection: sqlite3.Connection, statements: str) -> None:
    """One by one: executescript would end the transaction."""
    for statement in statements.split(";"):
        connection.execute(statement)


def _fill(connection: sqlite3.Connection, at: dict[str, int]) -> None:
    cursor = connection.execute(CLOSED, at)
    while rows := cursor.fetchmany(TOGETHER):
        nodes, documents = [], []
        for key, kind, data, changed_at in rows:
            was = orjson.loads(zlib.decompress(data))
            nodes.append((key, was["scope"], kind, *(was[name] for name in NODE_FIELDS), changed_at))
            documents.append((key, *(orjson.dumps(was[part]).decode() for part in ("tags", "common", "document"))))
        connection.executemany(f"insert into past_node values ({', '.join('?' * 13)})", nodes)
        connection.executemany("insert into past_document values (?, ?, ?, ?)", documents)
    was_open = "where to_commit > :commit and from_commit <= :commit"
    connection.execute(f"insert into past_edge select distinct src, type, dst from edge_history {was_open}", at)
    connection.execute(f"insert or replace into past_handle select key, node from handle_history {was_open}", at)
