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
_THEN = (
    # Beside a scope's state of today, what it was at a commit; the history knows no more of it.
    "with scope as (select e.id, e.collector, e.account, e.region, e.name, "
    "ifnull(h.state, s.state) as state, ifnull(h.since, s.since) as since, '' as read_at, "
    "ifnull(s.nodes, 0) as nodes, ifnull(h.reason, s.reason) as reason, "
    "case when h.state is null then s.operation else '' end as operation, "
    "case when h.state is null then s.permission else '' end as permission "
    "from scope_ever e left join main.scope s on s.id = e.id "
    "left join scope_history h on h.scope = e.id and h.from_commit <= :commit and h.to_commit > :commit "
    "where ifnull(h.since, s.since) <= (select at from commit_log where number = :commit)) "
)
MOST = 10_000


def incomplete(connection: sqlite3.Connection, kinds: str | None, commit: int | None = None) -> list[Row]:
    """Scopes that are not complete, or were not at a commit. `kinds`: a JSON list of the names that are asked about,
    None for all.
    """
    then = _THEN if commit is not None else ""
    query = f"{then}{_SCOPES}{_HOLDING if kinds is not None else ''} order by 1 limit {MOST}"
    bound = {"kinds": kinds, "commit": commit}
    cursor = connection.execute(query, {name: value for name, value in bound.items() if f":{name}" in query})
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
