"""What changed, from the record of it: resources created, updated field by field, deleted. Read-only."""

import sqlite3
from typing import NamedTuple

import orjson

from syncd.errors import StoreError
from syncd.store import census
from syncd.store.queries import Row, fetched
from syncd.store.records import unpack

CHANGES = ("created", "updated", "deleted")
EVENTS = """
select seq, at, run, replace(type, 'resource.', '') as change, kind, name, urn, scope, body from event
 where type in (select 'resource.' || value from json_each(:changes))
   and seq > :after and seq <= :last and at >= :since and at <= :until
   and (:kind = '' or kind = :kind or kind in (select kind from kind_base where base = :kind))
   and (:nodes is null or node in (select value from json_each(:nodes)))
 order by seq desc limit :limit
"""
NAMED = """
select key from node where urn = :text or id = :text or name = :text
union select node from event where node <> 0 and (urn = :text or name = :text)
"""
ALWAYS = "9999"
"""Later than any time."""


class Wanted(NamedTuple):
    """Which changes. `resource`: an id, a name or a URN; `after`, `last`: event numbers; `since`, `until`: times.

    `kind` may be a base kind; an empty text stands for all.
    """

    resource: str = ""
    kind: str = ""
    changes: tuple[str, ...] = CHANGES
    after: int = 0
    last: int = 2**62
    since: str = ""
    until: str = ALWAYS


def history(connection: sqlite3.Connection, wanted: Wanted, limit: int) -> list[Row]:
    """The last `limit` (-1: all), oldest first: {seq, at, run, change, kind, name, urn, scope, changes, reason}.

    Raises StoreError for a resource of which nothing is known, ConfigError for an unknown kind.
    """
    if wanted.kind:
        census.check(connection, wanted.kind)
    nodes = orjson.dumps(keys(connection, wanted.resource)).decode() if wanted.resource else None
    values = {**wanted._asdict(), "changes": orjson.dumps(wanted.changes).decode(), "nodes": nodes, "limit": limit}
    return [_told(row) for row in reversed(fetched(connection, EVENTS, values))]


def keys(connection: sqlite3.Connection, resource: str) -> list[int]:
    """The keys of the nodes with this id, name or URN, now or once. Raises StoreError where there are none."""
    found = [key for (key,) in connection.execute(NAMED, {"text": resource})] or _gone(connection, resource)
    if not found:
        raise StoreError(
            f"no resource {resource} is or was in this store; parts of names: syncctl events --resource TEXT"
        )
    return found


def _gone(connection: sqlite3.Connection, id_: str) -> list[int]:
    """Those that had this id and are not there any more. All of the past is looked through: the last resort."""
    versions = connection.execute("select node, data from node_history")
    return sorted({node for node, data in versions if unpack(data)["id"] == id_})


def _told(row: Row) -> Row:
    body = orjson.loads(row.pop("body"))
    return {**row, "changes": body.get("changes", []), "reason": body.get("reason", "")}
