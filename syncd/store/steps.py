"""The steps of a run, and what was answered at each. Functions of a running transaction."""

import sqlite3
from typing import Any, NamedTuple

import orjson

from syncd.store.journal import Event, Journal


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
