"""How long the past is kept: what is older than its window goes, and what is left of the past is whole.

First a horizon is raised, behind which nobody may ask; then what ended before it is dropped, a little at a time. So a
process may die at any moment in between.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial
from typing import NamedTuple, Protocol, TypeVar

import orjson
from msgspec import Struct, field

from syncd.store.picture import LAST_AT, moment
from syncd.store.writer import Transaction

T = TypeVar("T")

TOGETHER = 1000
"""Rows of one transaction: a scope that is to be written waits no longer than for these."""
SEEN = 100_000
"""Rows that are looked up at one time."""
COMPACTED = "compacted"


class Windows(Struct, frozen=True):
    """Days that closed versions are kept, 0 for ever. `by_kind`: globs, of which the longest that matches decides."""

    days: float = 90.0
    by_kind: Mapping[str, float] = field(default_factory=dict)

    def of(self, kind: str) -> float:
        fits = [glob for glob in self.by_kind if fnmatchcase(kind, glob)]
        return self.by_kind[max(fits, key=lambda glob: (len(glob), glob))] if fits else self.days

    @property
    def longest(self) -> float:
        """That of edges, names and coverage, which belong to no kind."""
        windows = [self.days, *self.by_kind.values()]
        return 0 if 0 in windows else max(windows)


class Dropped(NamedTuple):
    """Rows of the past that are gone."""

    versions: int = 0
    edges: int = 0
    handles: int = 0
    states: int = 0


class Writing(Protocol):
    """The store's writer."""

    def write(self, change: Transaction[T]) -> Awaitable[T]: ...


class Reading(Protocol):
    """The store's reading connection."""

    def __call__(self, query: Callable[[sqlite3.Connection], T]) -> Awaitable[T]: ...


_ALL = "coalesce((select from_commit from horizon where kind = ''), 0)"
_OLD_VERSIONS = (
    "select h.rowid from node_history h left join kind k on k.id = h.kind left join horizon z on z.kind = k.name "
    "where h.to_commit <= (select max(from_commit) from horizon) "
    f"and h.to_commit <= max(coalesce(z.from_commit, 0), {_ALL}) limit ?"
)
_OLD_EDGES = f"select rowid from edge_history where to_commit <= {_ALL} limit ?"
_OLD_HANDLES = f"select rowid from handle_history where to_commit <= {_ALL} limit ?"
_OLD_STATES = f"select json_array(scope, from_commit) from scope_history where to_commit <= {_ALL} limit ?"
_DROP_STATES = (
    "delete from scope_history where (scope, from_commit) in "
    "(select value ->> '$[0]', value ->> '$[1]' from json_each(?))"
)
_DEAD_ENTRIES = (
    "select i.id from indexed_past i where not exists "
    "(select 1 from node_history h where h.node = i.node and h.from_commit = i.from_commit) limit ?"
)
_DEAD_BARE = (
    "select json_array(b.to_commit, b.node, b.from_commit) from bare b where not exists "
    "(select 1 from node_history h where h.node = b.node and h.from_commit = b.from_commit) limit ?"
)
_DROP_BARE = (
    "delete from bare where (to_commit, node, from_commit) in "
    "(select value ->> '$[0]', value ->> '$[1]', value ->> '$[2]' from json_each(?))"
)
_STEPS = (
    (_OLD_VERSIONS, "delete from node_history where rowid in (select value from json_each(?))"),
    (_OLD_EDGES, "delete from edge_history where rowid in (select value from json_each(?))"),
    (_OLD_HANDLES, "delete from handle_history where rowid in (select value from json_each(?))"),
    (_OLD_STATES, _DROP_STATES),
    (_DEAD_ENTRIES, "delete from indexed_past where id in (select value from json_each(?))"),
    (_DEAD_BARE, _DROP_BARE),
)


async def compact(writer: Writing, read: Reading, windows: Windows, now: str) -> Dropped:
    """Drops what is older than its window. What else is to be written comes in between."""
    await writer.write(partial(raise_horizons, windows=windows, now=now))
    dropped = []
    for doomed, drop in _STEPS:
        count, more = 0, True
        while more:
            rows = await read(partial(_look, query=doomed))
            for chunk in _chunks(rows):
                count += await writer.write(partial(_drop, statement=drop, rows=chunk))
            more = len(rows) == SEEN
        dropped.append(count)
    await writer.write(partial(_note, now=now))
    return Dropped(*dropped[: len(Dropped._fields)])


def raise_horizons(connection: sqlite3.Connection, windows: Windows, now: str) -> None:
    """A horizon never goes back: what was dropped stays so though windows grow."""
    days = {kind: windows.of(kind) for (kind,) in connection.execute("select name from kind")}
    # Once for each window: the log of commits is long, and there are hundreds of kinds.
    reached = {each: _reached(connection, each, now) for each in {windows.longest, *days.values()}}
    everything = reached[windows.longest]
    found = {kind: reached[each] for kind, each in days.items() if reached[each] > everything}
    connection.executemany(
        "insert into horizon values (?, ?) on conflict do update set from_commit = excluded.from_commit "
        "where from_commit < excluded.from_commit",
        [*found.items(), *([("", everything)] if everything else [])],
    )


def _reached(connection: sqlite3.Connection, days: float, now: str) -> int:
    """The last commit that is as old as that; 0 for none."""
    if not days:
        return 0
    row = connection.execute(LAST_AT, (moment(f"{round(days * 86400)}s", now),)).fetchone()
    return int(row[0]) if row else 0


def _look(connection: sqlite3.Connection, query: str) -> list[object]:
    """Rows that nobody may ask for any more: by number, or by JSON text where they have none."""
    return [orjson.loads(row) if isinstance(row, str) else row for (row,) in connection.execute(query, (SEEN,))]


def _chunks(rows: list[object]) -> Iterator[list[object]]:
    return (rows[start : start + TOGETHER] for start in range(0, len(rows), TOGETHER))


def _drop(connection: sqlite3.Connection, statement: str, rows: list[object]) -> int:
    return connection.execute(statement, (orjson.dumps(rows).decode(),)).rowcount


def _note(connection: sqlite3.Connection, now: str) -> None:
    connection.execute("insert or replace into meta values (?, ?)", (COMPACTED, now))


def is_due(connection: sqlite3.Connection, now: str) -> bool:
    """Once a day; a clock that was turned back puts nothing off."""
    row = connection.execute("select value from meta where name = ?", (COMPACTED,)).fetchone()
    if row is None:
        return True
    age = datetime.fromisoformat(now) - datetime.fromisoformat(row[0])
    return not timedelta(0) <= age < timedelta(days=1)
