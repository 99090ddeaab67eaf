"""What differs between the pictures at two commits: from what was true then, not from what was told.

A first reading tells no event for each resource, and a new catalog changes documents silently. Pictures have both.
"""

import sqlite3
import sys
from collections.abc import Callable, Iterator, Set
from typing import NamedTuple

import orjson

from syncd.errors import StoreError
from syncd.model import Document
from syncd.store.diff import Change, changes
from syncd.store.nodes import comparable
from syncd.store.queries import Row
from syncd.store.records import unpack

CLOSED = (
    "select h.node, h.from_commit, h.to_commit, k.name, h.data from node_history h join kind k on k.id = h.kind "
    "where h.to_commit > :first and h.from_commit <= :last"
)
HEAD = "k.name, n.urn, n.id, n.name, n.account, n.region, n.first_seen"
NEW = (
    f"select n.key, {HEAD} from node n join kind k on k.id = n.kind "
    "where n.from_commit > :first and n.from_commit <= :last"
)
OPEN = (
    f"select {HEAD}, n.zone, d.tags, d.common, d.body "
    "from node n join kind k on k.id = n.kind join document d on d.node = n.key where n.key = ? and n.from_commit <= ?"
)
Ordered = Callable[[str], Set[str]]
"""Kind → the paths of its lists whose order means something."""


class Closed(NamedTuple):
    """A version of the past, still packed."""

    kind: str
    data: bytes


class Head(NamedTuple):
    """What a node was, without its document."""

    kind: str
    urn: str
    id: str
    name: str
    account: str
    region: str
    first_seen: str

    def row(self, change: str, found: list[Change]) -> Row:
        return {
            "change": change, "kind": self.kind, "name": self.name, "id": self.id, "urn": self.urn,
            "account": self.account, "region": self.region, "changes": found,
        }  # fmt: skip


class Version(NamedTuple):
    """A node as it was. `fields` is what is compared: the document with common properties, tags, name and zone."""

    head: Head
    fields: Document


def compared(
    connection: sqlite3.Connection,
    first: int,
    last: int,
    ordered: Ordered,
    keys: Set[int] | None = None,
    most: int = sys.maxsize,
) -> list[Row]:
    """{change, kind, name, id, urn, account, region, changes} of all nodes, or of those among `keys`, by kind and name.

    `changes` as in syncd.store.diff. What was deleted and made anew in between is both. Raises StoreError where more
    than `most` have to be looked at.
    """
    before, after = _closed(connection, first, last)
    fresh = {key: Head(*row) for key, *row in connection.execute(NEW, {"first": first, "last": last})}
    known = before.keys() | after.keys() | fresh.keys()
    wanted = known if keys is None else known & keys
    if len(wanted) > most:
        raise StoreError(
            f"{len(wanted):,} resources may differ, and at most {most:,} are compared here: choose times that are "
            "nearer to each other, narrow it with a search, or use syncctl diff"
        )
    rows: list[Row] = []
    for key in wanted:
        if key in before:
            new = _unpacked(after[key]) if key in after else open_version(connection, key, last)
            rows.extend(_rows(_unpacked(before[key]), new, ordered))
        else:  # most of what is new, and no document is needed for it
            rows.append((_unpacked(after[key]).head if key in after else fresh[key]).row("created", []))
    order = ("deleted", "updated", "created")
    return sorted(rows, key=lambda row: (row["kind"], row["name"], row["urn"], order.index(row["change"])))


def version(connection: sqlite3.Connection, key: int, commit: int) -> Version | None:
    """A node at a commit, None when it was not there."""
    statement = (
        "select k.name, h.data from node_history h join kind k on k.id = h.kind "
        "where h.node = ? and h.from_commit <= ? and h.to_commit > ?"
    )
    row = connection.execute(statement, (key, commit, commit)).fetchone()
    return _unpacked(Closed(*row)) if row else open_version(connection, key, commit)


def open_version(connection: sqlite3.Connection, key: int, commit: int) -> Version | None:
    """The version that is still true, where it was true at the commit."""
    row = connection.execute(OPEN, (key, commit)).fetchone()
    if row is None:
        return None
    head, (zone, *texts) = Head(*row[: len(Head._fields)]), row[len(Head._fields) :]
    return Version(head, comparable(head.name, zone, *texts))


def _closed(connection: sqlite3.Connection, first: int, last: int) -> tuple[dict[int, Closed], dict[int, Closed]]:
    """Of the nodes that are not now as they were at one of the commits, what they were: at the first, at the last."""
    before: dict[int, Closed] = {}
    after: dict[int, Closed] = {}
    for key, start, end, kind, data in connection.execute(CLOSED, {"first": first, "last": last}):
        at_first, at_last = start <= first, end > last
        if at_first and not at_last:
            before[key] = Closed(kind, data)
        if at_last and not at_first:
            after[key] = Closed(kind, data)
    return before, after


def _unpacked(closed: Closed) -> Version:
    data = unpack(closed.data)
    texts = (orjson.dumps(data[part]).decode() for part in ("tags", "common", "document"))
    names = (data["urn"], data["id"], data["name"], data["account"], data["region"], data.get("first_seen", ""))
    return Version(Head(closed.kind, *names), comparable(data["name"], data["zone"], *texts))


def _rows(old: Version, new: Version | None, ordered: Ordered) -> Iterator[Row]:
    if new is None:
        yield old.head.row("deleted", [])
    elif _another(old.head, new.head):
        yield old.head.row("deleted", [])
        yield new.head.row("created", [])
    else:
        found = changes(old.fields, new.fields, ordered(new.head.kind))
        if old.head.kind != new.head.kind:
            found = [{"path": "kind", "old": old.head.kind, "new": new.head.kind}, *found]
        if found:
            yield new.head.row("updated", found)


def _another(old: Head, new: Head) -> bool:
    """Whether it was deleted and made anew in between: only then it is seen for the first time again."""
    return bool(old.first_seen) and old.first_seen != new.first_seen
