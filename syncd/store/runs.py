"""Runs and their statistics. Functions of a running transaction."""

import sqlite3
from typing import Any

from msgspec import Struct

from syncd.store import requests, steps
from syncd.store.journal import Event, Journal, advance
from syncd.store.records import dumps
from syncd.store.requests import Request


class ScopeRun(Struct, frozen=True):
    """What one reading of one scope cost and brought. `seconds` wall time, `bytes` of answers' bodies."""

    scope: str
    state: str
    started: str
    seconds: float
    calls: int = 0
    retries: int = 0
    throttles: int = 0
    bytes: int = 0
    nodes: int = 0
    created: int = 0
    updated: int = 0
    deleted: int = 0
    reason: str = ""


def begin(connection: sqlite3.Connection, now: str, request: Request) -> int:
    """A new run's number; what it was asked for by waits no longer. A run that never ended is closed first."""
    close_interrupted(connection, now)
    requests.take(connection, request)
    number = advance(connection, "run", 1)
    journal = Journal(connection, now, number)
    selected = requests.selected(request.selection)
    connection.execute(
        "insert into run (id, started, state, trigger, workflow, request, selection) "
        "values (?, ?, 'running', ?, ?, ?, ?)",
        (number, now, request.trigger, request.workflow, request.id, selected),
    )
    body = {"run": number, "trigger": request.trigger, "workflow": request.workflow}
    journal.tell(Event("run.started", body=body))
    journal.close()
    return number


def close_interrupted(connection: sqlite3.Connection, now: str) -> None:
    """Runs whose process died are closed honestly."""
    journal = Journal(connection, now, 0)
    for (run,) in connection.execute("select id from run where state = 'running'").fetchall():
        step = steps.interrupt(connection, now, run)
        where = f"in step {step}" if step else "in the middle"
        reason = f"interrupted: the process ended {where}; what was committed stands"
        connection.execute("update run set state = 'failed', finished = ?, reason = ? where id = ?", (now, reason, run))
        journal.tell(Event("run.finished", body={"run": run, "state": "failed", "reason": reason}))
    journal.close()


def finish(connection: sqlite3.Connection, run: int, now: str, summary: dict[str, Any]) -> None:
    """`summary` has at least state and reason."""
    steps.interrupt(connection, now, run)
    journal = Journal(connection, now, run)
    connection.execute(
        "update run set finished = ?, state = ?, reason = ?, summary = ? where id = ?",
        (now, summary["state"], summary["reason"], dumps(summary).decode(), run),
    )
    journal.tell(Event("run.finished", body={"run": run, "state": summary["state"], "reason": summary["reason"]}))
    journal.close()


def record(connection: sqlite3.Connection, run: int, rows: list[tuple[int, ScopeRun]]) -> None:
    """Statistics of scopes by their row's number."""
    connection.executemany(
        "insert or replace into scope_run values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                run, scope, s.state, s.started, s.seconds, s.calls, s.retries, s.throttles, s.bytes, s.nodes,
                s.created, s.updated, s.deleted, s.reason,
            )
            for scope, s in sorted(rows, key=lambda row: row[0])
        ),
    )  # fmt: skip


def prune(connection: sqlite3.Connection, keep: int) -> None:
    """Statistics per scope are kept for the last `keep` runs; runs themselves stay."""
    connection.execute("delete from scope_run where run <= (select max(id) from run) - ?", (keep,))
