"""What was true at a commit and is not any more, as temporary views of one connection."""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Raw, Struct, json

COLUMNS = ("scope", "urn", "id", "name", "account", "region", "zone", "created_at", "updated_at", "first_seen")
DOCUMENT = {"tags": "tags", "common": "common", "document": "body"}
_THEN = "to_commit > {commit} and from_commit <= {commit}"
_NODE = ", ".join(f"was(data, '{name}') as {name}" for name in COLUMNS)
_NODE += ", (select at from main.commit_log where number = from_commit) as changed_at from main.node_history where "
VIEWS = {
    "past_node": f"select node as key, kind, {_NODE}{_THEN}",
    # Where one node is looked up, never by its kind: that would go through all closed versions of the kind for each.
    "past_node_of_key": f"select node as key, +kind as kind, {_NODE}{_THEN}",
    "past_document": "select node, "
    + ", ".join(f"was(data, '{name}') as {column}" for name, column in DOCUMENT.items())
    + " from main.node_history where "
    + _THEN,
    "past_edge": f"select src, type, dst from main.edge_history where {_THEN}",
    "past_handle": f"select key, node from main.handle_history where {_THEN}",
}
"""SQLite puts them in the place where they are named: a version is only unpacked where a search looks into it."""
EACH = 0.0001
"""Seconds that a search may take longer for a version that was closed since."""
LONGEST = 60.0


@contextmanager
def one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is read in the block is of one moment; a block around it decides. Temporary views outlive it."""
    if connection.in_transaction:
        yield
        return
    connection.execute("begin")
    try:
        yield
    finally:
        connection.commit()


def load(connection: sqlite3.Connection, commit: int) -> float:
    """Makes the views of the picture at a commit; a connection has one such picture at a time.

    Returns how many seconds longer a search of it may take: the more has changed since, the more there is to unpack.
    """
    connection.execute("pragma query_only = off")  # it would forbid temporary views too; the file is opened read-only
    connection.create_function("was", 2, _Versions().field, deterministic=True)
    with one_moment(connection):
        made = dict(connection.execute("select name, sql from temp.sqlite_master").fetchall())
        for name, select in VIEWS.items():
            text = f"CREATE VIEW {name} as {select.format(commit=int(commit))}"  # as SQLite writes it down
            if made.get(name) != text:
                connection.execute(f"drop view if exists temp.{name}")
                connection.execute(text.replace("VIEW", "temp view", 1))
        closed = "select count(*) from (select 1 from node_history where to_commit > ? limit ?)"
        count = int(connection.execute(closed, (commit, int(LONGEST / EACH))).fetchone()[0])
    return count * EACH


class _Version(Struct):
    """As the store packs it. Documents are not taken apart: a search does that, if at all."""

    scope: int
    urn: str
    id: str
    name: str
    account: str
    region: str
    zone: str
    created_at: str
    updated_at: str
    first_seen: str
    tags: Raw
    common: Raw
    document: Raw


_unpacked = json.Decoder(_Version).decode


class _Versions:
    """The version that was unpacked last: one field of it is asked for after the other."""

    def __init__(self) -> None:
        self._data = b""
        self._version: _Version | None = None

    def field(self, data: bytes, name: str) -> str | int:
        if data != self._data:
            self._version = _unpacked(zlib.decompress(data))
            self._data = data
        value: str | int | Raw = getattr(self._version, name)
        return bytes(value).decode() if isinstance(value, Raw) else value
