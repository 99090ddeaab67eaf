"""The state of each scope: a row for what holds something or is not complete, one shared row for a region's rest."""

import json
import sqlite3
from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from syncd.model import Scope
from syncd.store import imprints
from syncd.store.journal import Event, Journal

QUIETLY = {"disabled", "never"}
"""States that are the ordinary lot of thousands of scopes: recorded, but told only when they replace another state."""


class Coverage(Struct, frozen=True):
    """One row of table scope. `id` 0: not stored yet."""

    id: int
    collector: str
    account: str
    region: str
    name: str
    state: str = "never"
    since: str = ""
    read_at: str = ""
    tried_at: str = ""
    expires: str = ""
    reason: str = ""
    operation: str = ""
    permission: str = ""
    missing: int = 0
    baseline: int = 0
    fingerprint: str = ""
    nodes: int = 0
    run: int = 0

    @property
    def key(self) -> str:
        return f"{self.collector}/{self.account}/{self.region}/{self.name}"


COLUMNS = Coverage.__struct_fields__
NEXT = "select 1 + max((select coalesce(max(id), 0) from scope), (select coalesce(max(id), 0) from scope_gone))"
"""A number that no scope ever had: history would take a new scope for the one that had it."""
Place = tuple[str, str, str]
"""(collector, account, region)"""
Yields = dict[tuple[str, str], frozenset[str]]
"""(collector, scope's name) → kinds"""


def load(connection: sqlite3.Connection) -> dict[str, Coverage]:
    """All stored scopes by key."""
    rows = (Coverage(*row) for row in connection.execute(f"select {', '.join(COLUMNS)} from scope"))
    return {row.key: row for row in rows}


def load_quiet(connection: sqlite3.Connection) -> dict[Place, set[str]]:
    rows = connection.execute("select collector, account, region, names from scope_quiet")
    return {(c, a, r): set(json.loads(names)) for c, a, r, names in rows}


def load_served(connection: sqlite3.Connection) -> dict[Place, str]:
    """Up to when all empty scopes of a place were asked whenever it was their turn."""
    return {
        (c, a, r): at
        for c, a, r, at in connection.execute("select collector, account, region, served_at from scope_quiet")
    }


def save_served(connection: sqlite3.Connection, places: Iterable[Place], served: str, read: str) -> None:
    """`read`: each of them was asked then or later."""
    connection.executemany(
        "update scope_quiet set served_at = ?, read_at = max(read_at, ?) "
        "where (collector, account, region) = (?, ?, ?)",
        ((served, read, *place) for place in places),
    )


def save_quiet(connection: sqlite3.Connection, places: Iterable[tuple[Place, set[str]]], now: str) -> None:
    """One row a place; a place without names has none. The run says at its end when they were read."""
    for place, names in places:
        if names:
            connection.execute(
                "insert into scope_quiet (collector, account, region, names, read_at) values (?, ?, ?, ?, ?) "
                "on conflict do update set names = excluded.names",
                (*place, json.dumps(sorted(names)), now),
            )
        else:
            connection.execute("delete from scope_quiet where (collector, account, region) = (?, ?, ?)", place)


def load_kinds(connection: sqlite3.Connection) -> Yields:
    """Which kinds the scopes of each name can yield."""
    found: Yields = {}
    for collector, name, kind in connection.execute("select collector, name, kind from scope_kind"):
        found[(collector, name)] = found.get((collector, name), frozenset()) | {kind}
    return found


def save_kinds(connection: sqlite3.Connection, changed: Yields) -> None:
    for (collector, name), kinds in sorted(changed.items()):
        connection.execute("delete from scope_kind where (collector, name) = (?, ?)", (collector, name))
        connection.executemany("insert into scope_kind values (?, ?, ?)", [(collector, name, k) for k in sorted(kinds)])


def remembered(row: Coverage, now: str) -> bool:
    """The negative cache: serves only scopes that were never complete, until it expires."""
    return row.state == "disabled" and not row.baseline and row.expires > now


def place_of(scope: Scope) -> Place:
    return scope.collector, scope.account, scope.region


def fresh(scope: Scope, baseline: bool) -> Coverage:
    """The row of a scope that has none yet; `baseline` when it is known to have been complete and empty."""
    return Coverage(
        0,
        scope.collector,
        scope.account,
        scope.region,
        scope.name,
        baseline=int(baseline),
        fingerprint=scope.fingerprint,
    )


def store(journal: Journal, old: Coverage, new: Coverage) -> Coverage:
    """Writes a row, keeps the history of its state, and tells a change of state. Returns the row with its id."""
    if old.state != new.state:
        new = replace(new, since=journal.now)
    values = [getattr(new, column) for column in COLUMNS[1:]]
    if not new.id:
        places = ", ".join("?" * len(values))
        cursor = journal.connection.execute(
            f"insert into scope ({', '.join(COLUMNS)}) values (({NEXT}), {places})", values
        )
        new = replace(new, id=int(cursor.lastrowid or 0))
    elif new != old:
        sets = ", ".join(f"{column} = ?" for column in COLUMNS[1:])
        journal.connection.execute(f"update scope set {sets} where id = ?", (*values, new.id))
    if old.state != new.state:
        _remember(journal, old, new)
    return new


def _remember(journal: Journal, old: Coverage, new: Coverage) -> None:
    _close(journal, old)
    if new.state in QUIETLY and old.state in QUIETLY:
        return
    if old.state == "never" and new.state == "complete":
        return  # a first reading is told as scope.baselined, or is empty and of no interest
    body = {
        "state": new.state,
        "was": old.state,
        "reason": new.reason,
        "operation": new.operation,
        "permission": new.permission,
    }
    journal.tell(Event(f"scope.{new.state}", scope=new.key, body=body))


def _close(journal: Journal, old: Coverage) -> None:
    """The state that ends goes to the history."""
    if not old.id or not old.since:
        return
    last = journal.connection.execute("select max(to_commit) from scope_history where scope = ?", (old.id,)).fetchone()
    journal.connection.execute(
        "insert or replace into scope_history values (?, ?, ?, ?, ?, ?)",
        (old.id, last[0] or 0, journal.number, old.state, old.since, old.reason),
    )


def forget(journal: Journal, row: Coverage) -> None:
    """Removes the row of a scope that holds nothing any more; the history still knows its name and its states."""
    _close(journal, row)
    journal.connection.execute("delete from scope where id = ?", (row.id,))
    imprints.forget(journal.connection, row.id)
    journal.connection.execute(
        "insert into scope_gone values (?, ?, ?, ?, ?, ?)",
        (row.id, row.collector, row.account, row.region, row.name, journal.number),
    )


def chosen(rows: Iterable[Coverage], collector: str, account: str = "") -> Iterator[Coverage]:
    """The rows of one collector, or of one of its accounts."""
    return (row for row in rows if row.collector == collector and account in ("", row.account))
