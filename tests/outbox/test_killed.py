"""SIGKILL between what was sent and its record, again and again: nothing is lost, and nothing is sent a third time."""

import os
import random
import signal
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import Any

from tests.fakes.born import Born, nursery
from tests.outbox.dying import AT_ONCE
from tests.outbox.office import install_reactions
from tests.outbox.receiver import Receiver, receiving

LIVES = 30


@dataclass
class Killer:
    """Kills when as many events of this life as `wanted` have come to the `moment`, and has none answered before it.

    What the last life left open is answered at once. `held` was received and never answered.
    """

    moment: str
    wanted: int
    old: int
    held: set[int] = field(default_factory=set)
    victim: Born | None = None
    born: Event = field(default_factory=Event)
    dead: Event = field(default_factory=Event)
    _come: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, events: tuple[int, ...], moment: str) -> None:
        if max(events) <= self.old:
            return
        with self._lock:
            self._come[moment] += 1
            if self.moment == "asked":
                self.held.update(events)
            last = moment == self.moment and self._come[moment] == self.wanted
        if last:
            self.kill()
        elif self.moment == "asked":
            self.dead.wait()

    def kill(self) -> None:
        self.born.wait()
        assert self.victim
        self.victim.kill()
        assert self.victim.wait(20) == -signal.SIGKILL
        self.dead.set()


class Office:
    """Where one life follows the other over one file."""

    def __init__(self, place: Path, receiver: Receiver) -> None:
        self.place = place
        self.receiver = receiver
        self.surroundings = {**os.environ, "PYTHONPATH": str(install_reactions(place))}

    def born(self, which: str) -> Born:
        arguments = (str(self.place / "s.db"), self.receiver.url, which)
        with (self.place / "log").open("a") as log:
            return nursery.bear(
                "tests.outbox.dying:main", *arguments,
                place=self.place, environment=self.surroundings, out=log, err=log,
            )  # fmt: skip

    def killed(self, moment: str, wanted: int) -> set[int]:
        """The events that were received and never answered."""
        killer = self.receiver.meanwhile = Killer(moment, wanted, max(self.committed(), default=0))
        killer.victim = self.born("more")
        killer.born.set()
        assert killer.dead.wait(30), (self.place / "log").read_text()
        return killer.held

    def committed(self) -> set[int]:
        if not (self.place / "s.db").exists():
            return set()
        return {event for (event,) in self.query("select seq from event where type like 'test.%'")}

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.place / "s.db")
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()


def test_killed_thirty_times_between_sending_and_recording_it_sends_twice_at_most_and_loses_nothing(
    tmp_path: Path,
) -> None:
    chance = random.Random(4711)
    with receiving() as receiver:
        office = Office(tmp_path, receiver)
        lives = [office.killed(("asked", "asked", "answered")[n % 3], chance.randint(1, AT_ONCE)) for n in range(LIVES)]
        receiver.meanwhile = lambda events, moment: None
        assert office.born("last").wait(30) == 0
    committed = office.committed()
    assert len(committed) == LIVES * AT_ONCE
    assert receiver.events == committed
    notices = dict(office.query("select uid, state from notice"))
    assert set(notices) == set(receiver.counts)
    assert set(notices.values()) == {"done"}
    assert len({name for name, _ in receiver.got}) == len(set(receiver.got)), "the same under the same id"
    twice = {event for name, events in receiver.got if receiver.counts[name] == 2 for event in events}
    assert set().union(*lives) <= twice
    assert max(receiver.counts.values()) == 2, "once more for what was under way, never a third time"
