"""Which parts of the picture that a search asks about could not be seen, or are old."""

import sqlite3
from typing import Any

from syncd.search.schema import Schema
from syncd.search.tree import And, Filter, Is, Part, Query, With

Row = dict[str, Any]

_SCOPES = (
    "select collector || '/' || account || '/' || region || '/' || name as scope, state, since, read_at, nodes, "
    "reason, operation, permission from scope "
    "where state <> 'complete' and not (state in ('disabled', 'never') and nodes = 0 and reason = '') "
)
_HOLDING = (
    "and (exists (select 1 from scope_kind k join json_each(:kinds) j on j.value = k.kind "
    "where (k.collector, k.name) = (scope.collector, scope.name)) "
    "or not exists (select 1 from scope_kind k where (k.collector, k.name) = (scope.collector, scope.name))) "
)
MOST = 10_000


def incomplete(connection: sqlite3.Connection, kinds: str | None) -> list[Row]:
    """Scopes that are not complete. `kinds`: a JSON list of the names that are asked about, None for all."""
    query = f"{_SCOPES}{_HOLDING if kinds is not None else ''} order by 1 limit {MOST}"
    cursor = connection.execute(query, {} if kinds is None else {"kinds": kinds})
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def asked_kinds(query: Query, schema: Schema) -> frozenset[str] | None:
    """The kinds that can be in the answer or on the way to it; None when that may be any."""
    found: set[str] = set()
    for part in query.parts:
        kinds = _part(part, schema)
        if kinds is None:
            return None
        found |= kinds
    return frozenset(found)


def _part(part: Part, schema: Schema) -> set[str] | None:
    found = _kinds(part.filter, schema)
    if found is None or part.merges:
        return None
    having = part.having
    while having is not None:
        more = _of_with(having, schema)
        if more is None:
            return None
        found |= more
        having = having.then
    return found


def _of_with(having: With, schema: Schema) -> set[str] | None:
    one_step = having.walk.last == 1
    return _kinds(having.filter, schema) if one_step else None


def _kinds(wanted: Filter, schema: Schema) -> set[str] | None:
    """The kinds that a filter cannot do without."""
    if isinstance(wanted, Is):
        return {schema.names[number] for name in wanted.kinds for number in schema.kinds.get(name, ())}
    if isinstance(wanted, And):
        for part in wanted.parts:
            found = _kinds(part, schema)
            if found is not None:
                return found
    return None
