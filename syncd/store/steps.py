"""The steps of a run, and what was answered at each. Functions of a running transaction."""

import sqlite3
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from syncd.store.journal import Event, Journal
from syncd.store.requests import COLLECT

_COLLECT = ("pre_collect", COLLECT, "post_collect")
_CLEANUP = ("pre_cleanup_plan", "cleanup_plan", "post_cleanup_plan", "pre_cleanup", "cleanup", "post_cleanup")
_METRICS = ("pre_generate_metrics", "generate_metrics", "post_generate_metrics")

WORKFLOWS: Mapping[str, tuple[str, ...]] = {
    COLLECT: _COLLECT + _METRICS,
    "cleanup": _CLEANUP + _METRICS,
    "metrics": _METRICS,
    "collect_and_cleanup": _COLLECT + _CLEANUP + _METRICS,
}
STEPS = _COLLECT + _CLEANUP + _METRICS


class Place(NamedTuple):
    """Which step of which run; `position` counts from 1."""

    run: int
    position: int
    name: str


def begin(connection: sqlite3.Connection, now: str, place: Place, body: dict[str, Any]) -> None:
    """Noted, and told as an event that is called like the step."""
    journal = Journal(connection, now, place.run)
    connection.execute(
        "insert into step (run, position, name, started, state) values (?, ?, ?, ?, 'running')", (*place, now)
    )
    journal.tell(Event(place.name, body={"run": place.run, **body}))
    journal.close()


def finish(connection: sqlite3.Connection, now: str, place: Place, state: str, answers: list[dict[str, Any]]) -> None:
    """What the others answered is told where there were any."""
    journal = Journal(connection, now, place.run)
    connection.execute(
        "update step set finished = ?, state = ?, answers = ? where run = ? and position = ?",
        (now, state, orjson.dumps(answers).decode(), place.run, place.position),
    )
    if answers:
        journal.tell(
            Event("step.finished", body={"run": place.run, "step": place.name, "state": state, "answers": answers})
        )
    journal.close()


def interrupt(connection: sqlite3.Connection, now: str, run: int) -> str:
    """Closes the step in which a run ended without a word. Returns its name, "" when there was none."""
    row = connection.execute("select name from step where run = ? and state = 'running'", (run,)).fetchone()
    connection.execute(
        "update step set state = 'interrupted', finished = ? where run = ? and state = 'running'", (now, run)
    )
    return row[0] if row else ""
