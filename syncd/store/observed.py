"""Properties of documents that searches ask for again and again: counted in memory, written down after a run.

A search writes nothing. One that was slow for want of an index counts; one that used an index keeps it from expiring.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import orjson

from syncd.search.indexed import Steps

STATE = "searched"
"""The row of `meta` that keeps what was counted."""
SLOW = 0.02
"""Seconds of a search that would have been worth an index."""
OFTEN = 5
"""Slow searches that make an index."""
FORGOTTEN = timedelta(days=30)
"""After which a property that nobody asked for loses its count, and its index."""
MOST = 200
"""Properties that are counted at a time: somebody may ask for a million."""


@dataclass(frozen=True, slots=True)
class Use:
    steps: Steps
    slow: int
    last: str


class Observed:
    """What was asked since it was last written down. Used by one thread."""

    def __init__(self) -> None:
        self._uses: dict[Steps, Use] = {}

    def note(self, places: Iterable[Steps], seconds: float, now: str) -> None:
        """A search looked up these places in documents, or would have if they were indexed."""
        for steps in places:
            if steps in self._uses or len(self._uses) < MOST:
                before = self._uses.get(steps, Use(steps, 0, now))
                self._uses[steps] = Use(steps, before.slow + (seconds >= SLOW), now)

    def take(self) -> list[Use]:
        taken, self._uses = list(self._uses.values()), {}
        return taken

    def give_back(self, uses: Iterable[Use]) -> None:
        """They could not be written down."""
        self._uses = {use.steps: use for use in together(uses, self._uses.values())[:MOST]}


def together(one: Iterable[Use], other: Iterable[Use]) -> list[Use]:
    """The most frequent first."""
    found: dict[Steps, Use] = {}
    for use in (*one, *other):
        known = found.get(use.steps)
        found[use.steps] = replace(use, slow=use.slow + known.slow, last=max(use.last, known.last)) if known else use
    return sorted(found.values(), key=lambda use: (-use.slow, use.last))


def load(connection: sqlite3.Connection) -> list[Use]:
    row = connection.execute("select value from meta where name = ?", (STATE,)).fetchone()
    return [Use(tuple(steps), slow, last) for steps, slow, last in orjson.loads(row[0] if row else "[]")]


def save(connection: sqlite3.Connection, uses: Iterable[Use], now: str) -> list[Use]:
    """Adds what was counted to what is known, and forgets what nobody asked for lately. Returns what is known then."""
    since = (datetime.fromisoformat(now) - FORGOTTEN).isoformat(timespec="seconds").replace("+00:00", "Z")
    before = load(connection)
    kept = [use for use in together(before, uses) if use.last > since][:MOST]
    if kept != before:
        text = orjson.dumps([(use.steps, use.slow, use.last) for use in kept]).decode()
        connection.execute("insert or replace into meta values (?, ?)", (STATE, text))
    return kept


def frequent(uses: Iterable[Use], most: int) -> list[Steps]:
    """Those that are worth an index."""
    return [use.steps for use in uses if use.slow >= OFTEN][:most]
