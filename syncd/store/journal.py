"""What one transaction leaves beside the rows: its commit number and its events, numbered without gaps."""

import sqlite3
from typing import Any

from msgspec import Struct, field

from syncd.store.records import dumps


class Event(Struct, frozen=True):
    """One durable record of something that happened. `body` is written as JSON."""

    type: str
    scope: str = ""
    node: int = 0
    urn: str = ""
    kind: str = ""
    name: str = ""
    body: dict[str, Any] = field(default_factory=dict)


class Journal:
    """Collects what happens in one transaction and writes it at the end. `number` is the commit's number.

    `touched`: scopes whose nodes were changed by something else than a reading of theirs.
    """

    def __init__(self, connection: sqlite3.Connection, now: str, run: int) -> None:
        self.connection = connection
        self.now = now
        self.run = run
        self._number = 0
        self._events: list[Event] = []
        self.touched: set[int] = set()

    @property
    def number(self) -> int:
        """Taken when it is first needed: a transaction that changes nothing takes none."""
        if not self._number:
            self._number = advance(self.connection, "commit", 1)
            self.connection.execute("insert into commit_log values (?, ?, ?)", (self._number, self.now, self.run))
        return self._number

    def tell(self, event: Event) -> None:
        self._events.append(event)

    def close(self) -> int:
        """Writes the events; returns how many. Last act of the transaction."""
        if not self._events:
            return 0
        number = self.number
        last = advance(self.connection, "event", len(self._events))
        first = last - len(self._events) + 1
        self.connection.executemany(
            "insert into event values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    seq,
                    self.now,
                    self.run,
                    number,
                    e.type,
                    e.scope,
                    e.node,
                    e.urn,
                    e.kind,
                    e.name,
                    dumps(e.body).decode(),
                )
                for seq, e in enumerate(self._events, first)
            ),
        )
        return len(self._events)


def advance(connection: sqlite3.Connection, counter: str, by: int) -> int:
    """Moves a counter in the running transaction and returns its new value: a rollback moves it back."""
    row = connection.execute(
        "update counter set value = value + ? where name = ? returning value", (by, counter)
    ).fetchone()
    return int(row[0])
