"""Who matches which rule, and what each rule has seen. Functions of a running transaction, and what is read of them."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from syncd.store.journal import Event, Journal
from syncd.store.queries import Row, fetched
from syncd.store.requests import hear
from syncd.store.rows import insert

MATCHED, CLEARED, DUE = "rule.matched", "rule.cleared", "rule.due"
PENDING, FIRING = "pending", "firing"
HEARD = "rules"
"""Under this name it is noted up to which event rules were started by events."""
SWITCHES = ("", "enabled", "disabled")


class Match(NamedTuple):
    """pending: not for long enough yet; firing: told. `runs`: evaluations in which it was seen to match."""

    state: str
    since: str
    runs: int


class State(NamedTuple):
    """What a rule has seen: up to which commit, at what time. `switch`: by command, "" as the configuration says."""

    fingerprint: str = ""
    evaluated: str = ""
    number: int = 0
    took: float = 0.0
    problem: str = ""
    switch: str = ""
    silent_until: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What a rule's events say beside the resource."""

    rule: str
    severity: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an evaluation found, as it is to be written. `resources`: of those that begin or are newly pending, flat.

    `problem`: it could not be evaluated; then all stays as it was.
    """

    told: Told
    state: State
    begin: Mapping[int, Match] = field(default_factory=dict)
    cease: Mapping[int, str] = field(default_factory=dict)
    pending: Mapping[int, Match] = field(default_factory=dict)
    drop: Iterable[int] = ()
    doubt: frozenset[int] = frozenset()
    resources: Mapping[int, Row] = field(default_factory=dict)


# -- what is read


def states(connection: sqlite3.Connection) -> dict[str, State]:
    columns = ", ".join(State._fields)
    return {rule: State(*row) for rule, *row in connection.execute(f"select rule, {columns} from rule_state")}


def before(connection: sqlite3.Connection, rule: str, nodes: Iterable[int] | None) -> dict[int, Match]:
    """Matches of these nodes, and all that are pending; of all nodes for None."""
    query = "select node, state, since, runs from rule_match where rule = :rule"
    values: dict[str, Any] = {"rule": rule}
    if nodes is not None:
        listed = "select value from json_each(:nodes)"
        query = f"{query} and node in ({listed}) union {query} and state = 'pending'"
        values["nodes"] = orjson.dumps(sorted(nodes)).decode()
    return {node: Match(*row) for node, *row in connection.execute(query, values)}


def waiting(connection: sqlite3.Connection) -> set[str]:
    """Rules with pending matches."""
    return {rule for (rule,) in connection.execute("select distinct rule from rule_match where state = 'pending'")}


def doubts(connection: sqlite3.Connection) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for rule, node in connection.execute("select rule, node from rule_doubt"):
        found.setdefault(rule, set()).add(node)
    return found


def lost(connection: sqlite3.Connection, nodes: Iterable[int]) -> dict[str, set[int]]:
    """Rule → those of these nodes that match it."""
    query = "select m.rule, m.node from json_each(?) j cross join rule_match m where m.node = j.value"
    found: dict[str, set[int]] = {}
    for rule, node in connection.execute(query, (orjson.dumps(sorted(nodes)).decode(),)):
        found.setdefault(rule, set()).add(node)
    return found


def vanished(connection: sqlite3.Connection, rule: str) -> set[int]:
    """Matches of a rule whose nodes are not there any more."""
    query = "select node from rule_match m where rule = ? and not exists (select 1 from node where key = m.node)"
    return {node for (node,) in connection.execute(query, (rule,))}


def matching(connection: sqlite3.Connection) -> dict[str, tuple[int, int]]:
    """Rule → how many fire, and how many are pending."""
    rows = connection.execute(
        "select rule, sum(state = 'firing'), sum(state = 'pending') from rule_match group by rule"
    )
    return {rule: (firing, pending) for rule, firing, pending in rows}


def listed(connection: sqlite3.Connection, rule: str = "", limit: int = 10_000) -> list[Row]:
    """Who matches, the newest last; of all rules for ""."""
    query = (
        "select rule, state, since, runs, event, resource from rule_match where :rule in ('', rule) "
        "order by since, rule, node limit :limit"
    )
    return [
        {**row, "resource": orjson.loads(row["resource"])}
        for row in fetched(connection, query, {"rule": rule, "limit": limit})
    ]


# -- what is written


def write(connection: sqlite3.Connection, now: str, run: int, verdicts: Iterable[Verdict]) -> tuple[int, int]:
    """Matches, states and their events, or nothing. Returns how many began and ceased."""
    journal = Journal(connection, now, run)
    first = int(connection.execute("select value from counter where name = 'event'").fetchone()[0]) + 1
    began = ceased = 0
    for verdict in verdicts:
        _cease(journal, verdict)
        ceased += len(verdict.cease)
        _begin(journal, verdict, first + began + ceased)
        began += len(verdict.begin)
        _keep(connection, verdict)
    journal.close()
    return began, ceased


def _begin(journal: Journal, verdict: Verdict, number: int) -> None:
    told, rows = verdict.told, []
    targets = orjson.dumps(told.targets).decode()
    for event, (node, match) in enumerate(sorted(verdict.begin.items()), number):
        resource = verdict.resources[node]
        journal.tell(_event(MATCHED, told, told.targets, node, resource, ""))
        rows.append((told.rule, node, FIRING, match.since, match.runs, event, targets, _json(resource)))
    _put(journal.connection, rows)


def _cease(journal: Journal, verdict: Verdict) -> None:
    told, connection = verdict.told, journal.connection
    query = "select targets, resource from rule_match where (rule, node) = (?, ?)"
    for node, why in sorted(verdict.cease.items()):
        targets, resource = connection.execute(query, (told.rule, node)).fetchone()
        journal.tell(_event(CLEARED, told, orjson.loads(targets), node, orjson.loads(resource), why))
    _drop(connection, told.rule, verdict.cease)


def _keep(connection: sqlite3.Connection, verdict: Verdict) -> None:
    told = verdict.told
    fresh = [
        (told.rule, node, PENDING, match.since, match.runs, 0, "[]", _json(verdict.resources[node]))
        for node, match in verdict.pending.items()
        if node in verdict.resources
    ]
    _put(connection, fresh)
    connection.executemany(
        "update rule_match set runs = ?, since = ? where (rule, node) = (?, ?)",
        [
            (match.runs, match.since, told.rule, node)
            for node, match in verdict.pending.items()
            if node not in verdict.resources
        ],
    )
    _drop(connection, told.rule, verdict.drop)
    _doubt(connection, told.rule, verdict.doubt)
    save(connection, told.rule, verdict.state)


def _doubt(connection: sqlite3.Connection, rule: str, nodes: frozenset[int]) -> None:
    have = {node for (node,) in connection.execute("select node from rule_doubt where rule = ?", (rule,))}
    gone = [(rule, node) for node in have - nodes]
    connection.executemany("delete from rule_doubt where (rule, node) = (?, ?)", gone)
    insert(connection, "insert into rule_doubt", [(rule, node) for node in sorted(nodes - have)])


def save(connection: sqlite3.Connection, rule: str, state: State) -> None:
    """What a command said (switch, silent_until) stays as it is: it is not for an evaluation to say."""
    names = State._fields[:5]
    connection.execute(
        f"insert into rule_state (rule, {', '.join(names)}) values (?, ?, ?, ?, ?, ?) "
        f"on conflict do update set {', '.join(f'{name} = excluded.{name}' for name in names)}",
        (rule, *state[:5]),
    )


def command(connection: sqlite3.Connection, rule: str, *, switch: str | None = None, silent: str | None = None) -> None:
    """enable, disable, silence. None leaves it as it is."""
    connection.execute("insert or ignore into rule_state (rule) values (?)", (rule,))
    for name, value in (("switch", switch), ("silent_until", silent)):
        if value is not None:
            connection.execute(f"update rule_state set {name} = ? where rule = ?", (value, rule))


def end(connection: sqlite3.Connection, now: str, run: int, reasons: Mapping[str, str]) -> int:
    """All that matched these rules ceases: rule → why. They begin anew when they are asked again."""
    journal, count = Journal(connection, now, run), 0
    query = "select node, state, targets, resource from rule_match where rule = ? order by node"
    for rule, why in sorted(reasons.items()):
        severity = _severity(connection, rule)
        for node, state, targets, resource in connection.execute(query, (rule,)).fetchall():
            if state == FIRING:
                told = Told(rule, severity, tuple(orjson.loads(targets)))
                journal.tell(_event(CLEARED, told, told.targets, node, orjson.loads(resource), why))
                count += 1
        connection.execute("delete from rule_match where rule = ?", (rule,))
        connection.execute("delete from rule_doubt where rule = ?", (rule,))
        connection.execute("update rule_state set fingerprint = '', number = 0, problem = '' where rule = ?", (rule,))
    journal.close()
    return count


def _severity(connection: sqlite3.Connection, rule: str) -> str:
    """Of the last event that told of the rule: it may stand in no configuration any more."""
    query = (
        "select e.body ->> '$.severity' from rule_match m join event e on e.seq = m.event "
        "where m.rule = ? and m.event > 0 order by m.event desc limit 1"
    )
    row = connection.execute(query, (rule,)).fetchone()
    return str(row[0]) if row and row[0] else "warning"


def due(connection: sqlite3.Connection, now: str, jobs: Iterable[tuple[Told, Row]], *, run: int = 0) -> None:
    """Tells of jobs whose time has come, and what started them."""
    journal = Journal(connection, now, run)
    for told, why in jobs:
        journal.tell(Event(DUE, body={**_head(told, told.targets), **why}))
    journal.close()


def note(connection: sqlite3.Connection, now: str, *, heard: int = 0, started: Iterable[str] = ()) -> None:
    """Up to which event, and which entries of the schedule, rules were started."""
    if heard:
        hear(connection, HEARD, heard)
    connection.executemany("insert or replace into schedule values (?, ?)", [(entry, now) for entry in started])


def _event(type_: str, told: Told, targets: Iterable[str], node: int, resource: Row, why: str) -> Event:
    body = {**_head(told, targets), "resource": resource, "reason": why}
    return Event(type_, "", node, resource["urn"], resource["kind"], resource["name"], body)


def _head(told: Told, targets: Iterable[str]) -> dict[str, Any]:
    return {"rule": told.rule, "severity": told.severity, "targets": list(targets)}


def _put(connection: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
    insert(connection, "insert or replace into rule_match", rows)


def _drop(connection: sqlite3.Connection, rule: str, nodes: Iterable[int]) -> None:
    connection.executemany("delete from rule_match where (rule, node) = (?, ?)", [(rule, node) for node in nodes])


def _json(value: Row) -> str:
    return orjson.dumps(value).decode()
