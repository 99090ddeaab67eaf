"""What a store promises of itself, looked at row by row: a problem is named with the first rows that have it."""

import sqlite3
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import orjson

from syncd.store.records import unpack

SOME = 3
"""Rows that are named of each problem."""
VERSION = ("scope", "urn", "id", "name", "account", "region", "zone", "tags", "common", "document")


class Problem(NamedTuple):
    """What is wrong, and the first places where it is."""

    problem: str
    where: str


_WHOLE = {
    "resources without a document": "select urn from node where key not in (select node from document)",
    "documents without a resource": "select node from document where node not in (select key from node)",
    "volatile fields without a resource": "select node from volatile where node not in (select key from node)",
    "handles without a resource": "select key from handle where node not in (select key from node)",
    "resources of an unknown scope": "select urn from node where scope not in (select id from scope)",
    "resources of an unknown kind": "select urn from node where kind not in (select id from kind)",
    "edges of an unknown scope": "select src || ' to ' || dst from edge where scope not in (select id from scope)",
    "edges of an unknown type": "select src || ' to ' || dst from edge where type not in (select id from edge_type)",
    "sightings of an unknown scope or resource": (
        "select scope || ' sees ' || node from sighting "
        "where scope not in (select id from scope) or node not in (select key from node)"
    ),
    "imprints of an unknown scope": "select scope from imprint where scope not in (select id from scope)",
    "versions of an unknown kind": "select node from node_history where kind not in (select id from kind)",
    "documents that are no JSON": (
        "select node from document where not (json_valid(tags) and json_valid(common) and json_valid(body))"
    ),
}
_TIMES = {
    "versions of a resource that overlap": (
        "select node from (select node, from_commit, to_commit, lead(from_commit) over "
        "(partition by node order by from_commit, to_commit) as next from node_history) "
        "where from_commit >= to_commit or to_commit > next "
        "union select h.node from node_history h join node n on n.key = h.node where h.to_commit > n.from_commit"
    ),
    "versions of an edge that overlap": (
        "select src || ' to ' || dst from (select src, dst, from_commit, to_commit, lead(from_commit) over "
        "(partition by src, type, dst, scope order by from_commit, to_commit) as next from edge_history) "
        "where from_commit >= to_commit or to_commit > next "
        "union select h.src || ' to ' || h.dst from edge_history h join edge e "
        "on (e.src, e.type, e.dst, e.scope) = (h.src, h.type, h.dst, h.scope) where h.to_commit > e.from_commit"
    ),
    "versions of a handle that overlap": (
        "select key from (select key, from_commit, to_commit, lead(from_commit) over "
        "(partition by key order by from_commit, to_commit) as next from handle_history) "
        "where from_commit >= to_commit or to_commit > next "
        "union select h.key from handle_history h join handle o on o.key = h.key where h.to_commit > o.from_commit"
    ),
    "commits without a time": (
        "select number from (select from_commit as number from node union select from_commit from edge "
        "union select from_commit from node_history union select to_commit from node_history "
        "union select from_commit from edge_history union select to_commit from edge_history "
        "union select from_commit from handle union select from_commit from handle_history "
        "union select to_commit from handle_history union select to_commit from scope_history "
        "union select from_commit from horizon union select number from event) "
        "where number > 0 and number not in (select number from commit_log)"
    ),
}
_COUNTERS = {
    "events that are missing before": (
        "select e.seq from event e where e.seq > 1 and not exists (select 1 from event where seq = e.seq - 1)"
    ),
    "commits that are missing before": (
        "select c.number from commit_log c "
        "where c.number > 1 and not exists (select 1 from commit_log where number = c.number - 1)"
    ),
    "counters that are not where their numbers are": (
        "select c.name || ' is ' || c.value || ', the last is ' || n.last from counter c join ("
        "select 'event' as name, coalesce(max(seq), 0) as last from event "
        "union all select 'commit', coalesce(max(number), 0) from commit_log "
        "union all select 'run', coalesce(max(id), 0) from run) n on n.name = c.name where n.last <> c.value "
        "union all select 'request is ' || value || ', behind the last' from counter "
        "where name = 'request' and value < (select max(id) from request)"
    ),
}


def problems(connection: sqlite3.Connection) -> Iterator[Problem]:
    """Everything that is wrong. Reads the whole file, as it was when it began."""
    connection.execute("begin")
    try:
        yield from _integrity(connection)
        for what, query in {**_WHOLE, **_TIMES, **_COUNTERS}.items():
            yield from _named(connection, what, query)
        yield from _versions(connection)
    finally:
        connection.rollback()


def _integrity(connection: sqlite3.Connection) -> Iterator[Problem]:
    try:
        found = [line for (line,) in connection.execute("pragma integrity_check")]
    except sqlite3.DatabaseError as error:
        found = [str(error)]
    return (Problem("the file is damaged", line) for line in found if line != "ok")


def _named(connection: sqlite3.Connection, what: str, query: str) -> Iterator[Problem]:
    try:
        rows = [str(row) for (row,) in connection.execute(query).fetchmany(SOME + 1)]
    except sqlite3.DatabaseError as error:
        yield Problem(f"{what}: cannot be looked for", str(error))
        return
    if rows:
        yield Problem(what, _some(rows))


def _versions(connection: sqlite3.Connection) -> Iterator[Problem]:
    """Closed versions that could not be shown."""
    unreadable: list[str] = []
    try:
        for node, first, data in connection.execute("select node, from_commit, data from node_history"):
            if not _readable(data):
                unreadable.append(f"{node} from commit {first}")
    except sqlite3.DatabaseError as error:
        yield Problem("versions that cannot be read: cannot be looked for", str(error))
    if unreadable:
        yield Problem("versions that cannot be read", _some(unreadable))


def _readable(data: bytes) -> bool:
    try:
        return set(VERSION) <= unpack(data).keys()
    except (zlib.error, orjson.JSONDecodeError, AttributeError):
        return False


def _some(rows: list[str]) -> str:
    return ", ".join(rows[:SOME]) + (" …" if len(rows) > SOME else "")
