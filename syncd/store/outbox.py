"""Events on their way to targets, before they are notices. Functions of a running transaction, or of a reading."""

import secrets
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson

from syncd.store.queries import Row, fetched

CURSOR = "outbox:cursor"
STORE = "outbox:store"

BY_NODE = "indexed by delivery_node"
"""SQLite would take the key, and look through all that a rule ever told."""

Waiting = Mapping[tuple[str, str], str]
"""(target, rule) → when the first of what waits was put here"""

_EVENTS = (
    "select seq, at, type, scope, node, urn, kind, name, body from event where seq > :since and seq <= :last "
    "and exists (select 1 from json_each(:globs) where event.type glob value) order by seq limit :limit"
)
_PUT = (
    "insert into delivery (target, rule, event, node, change, grouped, asked) values (:target, :rule, :event, :node, "
    f":change, coalesce((select grouped from delivery d {BY_NODE} where d.target = :target and d.node = :node "
    "and d.rule = :rule and d.change = 'begin' and :change = 'cease' order by d.event desc limit 1), :grouped), "
    ":asked) on conflict do nothing"
)
_GATHERED = (
    "select event, node, change, grouped from delivery where notice = 0 and target = ? and rule = ? "
    "order by event limit ?"
)
_LAST = (
    f"from delivery d {BY_NODE} where d.target = :target and d.node = value and d.rule = :rule and d.notice <> 0 "
    "order by d.event desc limit 1"
)
_TOLD = f"select value, (select change = 'begin' {_LAST}), (select grouped {_LAST}) from json_each(:nodes)"


class Delivery(NamedTuple):
    """One event for one target because of one rule. `grouped` is JSON: what it is grouped by."""

    target: str
    rule: str
    event: int
    node: int
    change: str
    grouped: str


class Gathered(NamedTuple):
    """A delivery that waits, of a target and rule that are known."""

    event: int
    node: int
    change: str
    grouped: str


def begin(connection: sqlite3.Connection) -> tuple[int, str]:
    """The event up to which all has been looked at, and the store's own name, which goes into ids.

    A store that never had either begins at the present: history is not told.
    """
    connection.execute(
        "insert into meta select ?, cast(value as text) from counter where name = 'event' on conflict do nothing",
        (CURSOR,),
    )
    connection.execute("insert into meta values (?, ?) on conflict do nothing", (STORE, secrets.token_hex(16)))
    known = dict(connection.execute("select name, value from meta where name in (?, ?)", (CURSOR, STORE)).fetchall())
    return int(known[CURSOR]), str(known[STORE])


def events(connection: sqlite3.Connection, since: int, last: int, globs: Iterable[str], limit: int) -> list[Row]:
    """Those of the types that anybody asks for, with their bodies."""
    values = {"since": since, "last": last, "globs": orjson.dumps(list(globs)).decode(), "limit": limit}
    rows = fetched(connection, _EVENTS, values)
    for row in rows:
        row["body"] = orjson.loads(row["body"])
    return rows


def follow(connection: sqlite3.Connection, now: str, upto: int, deliveries: Iterable[Delivery]) -> None:
    """Deliveries are put here, and the cursor moves behind their events: both or neither.

    The end is told where the begin was told, whatever the rule groups by meanwhile.
    """
    connection.executemany(_PUT, ({**each._asdict(), "asked": now} for each in deliveries))
    connection.execute("update meta set value = ? where name = ?", (str(upto), CURSOR))


def waiting(connection: sqlite3.Connection) -> dict[tuple[str, str], str]:
    query = "select target, rule, min(asked) from delivery where notice = 0 group by target, rule"
    return {(target, rule): asked for target, rule, asked in connection.execute(query)}


def gathered(connection: sqlite3.Connection, target: str, rule: str, limit: int) -> list[Gathered]:
    """The first that wait for that target and rule, in the order of their events."""
    return [Gathered(*row) for row in connection.execute(_GATHERED, (target, rule, limit))]


def told(connection: sqlite3.Connection, target: str, rule: str, nodes: Iterable[int]) -> dict[int, str]:
    """Node → group in which its begin was told, of those that have not ceased since."""
    values = {"target": target, "rule": rule, "nodes": orjson.dumps(list(nodes)).decode()}
    return {node: grouped for node, begun, grouped in connection.execute(_TOLD, values) if begun}


def facts(connection: sqlite3.Connection, numbers: Iterable[int]) -> list[Row]:
    """These events, in their order."""
    query = (
        "select seq, at, type, scope, node, urn, kind, name, body from event "
        "where seq in (select value from json_each(?)) order by seq"
    )
    rows = fetched(connection, query, (orjson.dumps(list(numbers)).decode(),))
    for row in rows:
        row["body"] = orjson.loads(row["body"])
    return rows


def still_firing(connection: sqlite3.Connection, group: tuple[str, str, str], after: int, limit: int) -> list[int]:
    """Events behind `after` with which resources of a (target, rule, group) began, of those that have not ceased."""
    query = (
        "select event from delivery d where target = :target and rule = :rule and grouped = :grouped "
        "and change = 'begin' and notice <> 0 and event > :after and not exists (select 1 from delivery l "
        "where l.target = :target and l.node = d.node and l.rule = :rule and l.event > d.event) "
        "order by event limit :limit"
    )
    target, rule, grouped = group
    values = {"target": target, "rule": rule, "grouped": grouped, "after": after, "limit": limit}
    return [event for (event,) in connection.execute(query, values)]


def switches(connection: sqlite3.Connection) -> dict[str, tuple[str, str]]:
    """Rule → (switched by command, silent until), of those for which either is so."""
    query = "select rule, switch, silent_until from rule_state where switch <> '' or silent_until <> ''"
    return {rule: (switch, until) for rule, switch, until in connection.execute(query)}


def bases(connection: sqlite3.Connection) -> dict[str, frozenset[str]]:
    """Kind → itself and all its base kinds."""
    found: dict[str, Any] = {}
    for kind, base in connection.execute("select kind, base from kind_base"):
        found.setdefault(kind, set()).add(base)
    return {kind: frozenset(each) for kind, each in found.items()}
