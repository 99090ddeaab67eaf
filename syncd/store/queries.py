"""What is asked of the store for people: runs, coverage, events, accounts. Read-only, as plain dicts."""

import sqlite3
from typing import Any, NamedTuple

import orjson

from syncd.plugin import Loose, Selection
from syncd.store.requests import selection_of

Row = dict[str, Any]

COUNTS = ("seconds", "nodes", "created", "updated", "deleted", "calls", "retries", "throttles")
_RUN = (
    "select id as run, started, finished, state, trigger, workflow, reason, request, "
    + ", ".join(f"json_extract(summary, '$.{name}') as {name}" for name in COUNTS)
    + " from run"
)
_COVERAGE = (
    "select scope, state, since, read_at, tried_at, nodes, missing, reason, operation, permission from coverage "
    "where scope > :after and (not :incomplete or state <> 'complete') order by scope limit :limit"
)
EVENTS = (
    "select seq, at, run, number, type, scope, kind, name, urn, body from event where seq > :since and type glob :type "
    "and (:text = '' or instr(lower(urn || ' ' || kind || ' ' || name || ' ' || scope), lower(:text)))"
)
_ACCOUNTS = (
    "select collector, account, count(*) as scopes, sum(state not in ('complete', 'retired')) as incomplete, "
    "sum(nodes) as nodes, max(read_at) as read_at from coverage group by collector, account order by 1, 2"
)
_LOG = (
    "select c.collector || '/' || c.account || '/' || c.region || '/' || c.name as scope, r.state, r.started, "
    "r.seconds, r.calls, r.retries, r.throttles, r.bytes, r.nodes, r.created, r.updated, r.deleted, r.reason "
    "from scope_run r join scope c on c.id = r.scope where r.run = ? order by r.started, scope"
)


class Filter(NamedTuple):
    """Events after number `since`; `type` a glob; `text` part of a URN, kind, name or scope."""

    since: int = 0
    type: str = "*"
    text: str = ""


def fetched(connection: sqlite3.Connection, query: str, values: Any = ()) -> list[Row]:
    """The rows of a statement by the names of its columns."""
    cursor = connection.execute(query, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def runs(connection: sqlite3.Connection, limit: int) -> list[Row]:
    """The last `limit` runs, oldest first."""
    return fetched(connection, f"{_RUN} order by id desc limit ?", (limit,))[::-1]


def run(connection: sqlite3.Connection, number: int) -> Row | None:
    return next(iter(fetched(connection, f"{_RUN} where id = ?", (number,))), None)


def run_of(connection: sqlite3.Connection, request: int) -> Row | None:
    """The run that a request became."""
    return next(iter(fetched(connection, f"{_RUN} where request = ? order by id desc limit 1", (request,))), None)


def summary(connection: sqlite3.Connection, number: int) -> Row:
    row = connection.execute("select summary from run where id = ?", (number,)).fetchone()
    found: Row = orjson.loads(row[0]) if row else {}
    return found


def steps(connection: sqlite3.Connection, number: int) -> list[Row]:
    """The steps of a run, with what was answered."""
    query = "select name, started, finished, state, answers from step where run = ? order by position"
    rows = fetched(connection, query, (number,))
    return [{**row, "answers": orjson.loads(row["answers"])} for row in rows]


def log(connection: sqlite3.Connection, number: int) -> list[Row]:
    """What each scope of a run cost and brought."""
    return fetched(connection, _LOG, (number,))


def coverage(connection: sqlite3.Connection, incomplete: bool, after: str, limit: int) -> list[Row]:
    """The first `limit` scopes behind `after`: what a run commits between two pages neither hides nor doubles one."""
    return fetched(connection, _COVERAGE, {"incomplete": incomplete, "after": after, "limit": limit})


def events(connection: sqlite3.Connection, wanted: Filter, limit: int) -> list[Row]:
    """The first `limit` that match."""
    return _told(fetched(connection, f"{EVENTS} order by seq limit :limit", {**wanted._asdict(), "limit": limit}))


def last_events(connection: sqlite3.Connection, wanted: Filter, limit: int) -> list[Row]:
    """The last `limit` that match, oldest first."""
    values = {**wanted._asdict(), "limit": limit}
    return _told(fetched(connection, f"{EVENTS} order by seq desc limit :limit", values))[::-1]


def _told(rows: list[Row]) -> list[Row]:
    for row in rows:
        row["body"] = orjson.loads(row["body"])
    return rows


def accounts(connection: sqlite3.Connection) -> list[Row]:
    names = account_names(connection)
    return [{**row, "name": names.get(row["account"], "")} for row in fetched(connection, _ACCOUNTS)]


def account_names(connection: sqlite3.Connection) -> dict[str, str]:
    """Account id → name, of the accounts that are nodes."""
    query = (
        "select n.account, n.name from node n join kind k on k.id = n.kind "
        "join kind_base b on b.kind = k.name where b.base = 'account'"
    )
    return dict(connection.execute(query).fetchall())


def resources(connection: sqlite3.Connection) -> dict[tuple[str, str, str], int]:
    """(collector, account, kind) → resources."""
    query = (
        "select s.collector, n.account, k.name, count(*) from node n join kind k on k.id = n.kind "
        "join scope s on s.id = n.scope group by 1, 2, 3"
    )
    return {(collector, account, kind): count for collector, account, kind, count in connection.execute(query)}


def scopes(connection: sqlite3.Connection) -> dict[tuple[str, str], int]:
    """(collector, state) → scopes."""
    query = "select collector, state, count(*) from coverage group by 1, 2"
    return {(collector, state): count for collector, state, count in connection.execute(query)}


def last_complete(connection: sqlite3.Connection) -> str:
    """When the last run that read, and read completely, ended; "" when there was none."""
    reads = "workflow in ('collect', 'collect_and_cleanup')"
    row = connection.execute(f"select max(finished) from run where state = 'complete' and {reads}").fetchone()
    return row[0] or ""


def costs(connection: sqlite3.Connection) -> list[tuple[str, Selection, float, int]]:
    """Workflow, selection, seconds and scopes of the last runs that came to their end, oldest first."""
    query = (
        "select workflow, selection, json_extract(summary, '$.seconds'), "
        "(select coalesce(sum(value), 0) from json_each(summary, '$.scopes')) "
        "from run where state in ('complete', 'incomplete') order by id desc limit 100"
    )
    rows = connection.execute(query).fetchall()[::-1]
    return [(workflow, selection_of(selection), seconds, scopes) for workflow, selection, seconds, scopes in rows]


def last_calls(connection: sqlite3.Connection) -> dict[int, int]:
    """Number of a scope's row → calls at its last reading of which statistics are kept."""
    query = "select scope, calls, max(run) from scope_run group by scope"
    return {scope: calls for scope, calls, _ in connection.execute(query)}


def commits(connection: sqlite3.Connection) -> int:
    """The number of the last commit."""
    return int(connection.execute("select value from counter where name = 'commit'").fetchone()[0])


def loose(connection: sqlite3.Connection, since: int) -> list[tuple[str, Loose]]:
    """New references after a commit whose target nobody knows, each kind of them once, with its collector."""
    query = (
        "select distinct s.collector, n.account, n.region, k.name, t.name from edge e "
        "join edge_type t on t.id = e.type join node n on n.key = e.src "
        "join kind k on k.id = n.kind join scope s on s.id = e.scope "
        "where e.from_commit > ? and t.name not like '%<' "
        "and not exists (select 1 from node d where d.key = e.dst) "
        "and not exists (select 1 from handle h where h.key = e.dst)"
    )
    return [(collector, Loose(*row)) for collector, *row in connection.execute(query, (since,))]
