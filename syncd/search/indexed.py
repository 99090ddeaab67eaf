"""Which properties of documents the index of searches has, of which kinds, and how far."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

import orjson

STATE = "index"
"""The row of `meta` that tells."""
LATEST = 2**62
"""Beyond every entry."""
Steps = tuple[str | int | None, ...]


@dataclass(frozen=True, slots=True)
class Indexed:
    """`name`: in `property_name`. `kinds`: None for all. `upto`: entries after this one do not have it yet. `since`: of
    the past, those up to this one may never have had it.
    """

    name: str
    steps: Steps
    kinds: frozenset[int] | None
    upto: int
    shown: str
    since: int = 0

    def covers(self, steps: Steps, kinds: frozenset[int] | None) -> bool:
        """Whether a search for what stands there, on nodes of these kinds, finds all in this part of the index."""
        return self.steps == steps and (self.kinds is None or (kinds is not None and kinds <= self.kinds))


def load(connection: sqlite3.Connection) -> tuple[Indexed, ...]:
    row = connection.execute("select value from meta where name = ?", (STATE,)).fetchone()
    return tuple(
        Indexed(
            each["name"],
            tuple(each["steps"]),
            None if each["kinds"] is None else frozenset(each["kinds"]),
            each["upto"],
            each["shown"],
            each.get("since", LATEST),
        )
        for each in orjson.loads(row[0] if row else "[]")
    )


def save(connection: sqlite3.Connection, properties: Iterable[Indexed]) -> None:
    rows = [
        {
            "name": each.name,
            "steps": each.steps,
            "kinds": None if each.kinds is None else sorted(each.kinds),
            "upto": each.upto,
            "shown": each.shown,
            "since": each.since,
        }
        for each in properties
    ]
    connection.execute("insert or replace into meta values (?, ?)", (STATE, orjson.dumps(rows).decode()))


def entries(connection: sqlite3.Connection) -> int:
    """The number of the last entry of the index."""
    return int(connection.execute("select value from counter where name = 'index'").fetchone()[0])
