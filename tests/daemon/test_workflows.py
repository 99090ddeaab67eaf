"""Workflows of the real daemon: by hand, on events, with programs that take part, and killed in the middle."""

import json
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from syncd.workflow import STEPS, WORKFLOWS
from tests.cli.conftest import Desk
from tests.fakes.daemon import Line, Running, running, until


class Program:
    """Something outside that takes part; `told` are the steps that it was sent."""

    def __init__(self, daemon: Running, name: str, *steps: str, limit: float = 30) -> None:
        self.told: list[dict[str, Any]] = []
        self._line = Line(daemon.socket)
        body = {"name": name, "steps": steps, "limit_seconds": limit}
        self._line.request("POST", "/v1/workflows/subscribe", json.dumps(body))
        self._socket = self._line.sock
        self._answer = self._line.getresponse()
        assert self._answer.status == 200
        assert json.loads(self._answer.readline())["type"] == "subscribed"
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with suppress(OSError, ValueError, AttributeError):  # the daemon was killed, or the test is over
            while line := self._answer.readline():
                self.told.append(json.loads(line))

    def close(self) -> None:
        with suppress(OSError):  # the daemon has gone
            self._socket.shutdown(socket.SHUT_RDWR)
        self._line.close()


@contextmanager
def program(daemon: Running, name: str, *steps: str, limit: float = 30) -> Iterator[Program]:
    taking_part = Program(daemon, name, *steps, limit=limit)
    try:
        yield taking_part
    finally:
        taking_part.close()


def steps_of(daemon: Running, run: int) -> dict[str, str]:
    return {step["name"]: step["state"] for step in daemon.get(f"/v1/runs/{run}")[1]["steps"]}


def test_a_program_outside_is_told_its_step_and_the_run_waits_for_its_answer(daemon: Running) -> None:
    with program(daemon, "backup", "post_collect") as backup:
        request = daemon.post("/v1/workflows/collect/run")[1]["request"]
        until(lambda: backup.told)
        assert daemon.get("/v1/workflows")[1]["waiting"] == {
            "task": "1:post_collect",
            "for": ["backup"],
            "progress": {},
        }
        said = {"task": backup.told[0]["task"], "name": "backup", "state": "done", "message": "saved"}
        assert daemon.post("/v1/workflows/answer", said) == (200, {"taken": True})
        assert daemon.post("/v1/workflows/answer", said)[0] == 409
    assert daemon.rows(f"/v1/requests/{request}/follow")[-1]["run"]["state"] == "complete"
    told = daemon.rows("/v1/events?type=step.finished")
    assert [event["body"]["answers"][0]["message"] for event in told] == ["saved"]


def test_a_step_of_a_program_that_has_gone_ends_and_says_so(daemon: Running) -> None:
    with program(daemon, "backup", "*_metrics", limit=2) as backup:
        request = daemon.post("/v1/workflows/metrics/run")[1]["request"]
        until(lambda: backup.told)
    run = daemon.rows(f"/v1/requests/{request}/follow")[-1]["run"]
    assert steps_of(daemon, run["run"]) == dict.fromkeys(WORKFLOWS["metrics"], "done") | {
        "pre_generate_metrics": "late"
    }


@pytest.mark.parametrize(
    ("path", "body", "status", "part"),
    [
        ("nonsense/run", None, 404, "expected one of: collect, cleanup"),
        ("subscribe", {"name": "x", "steps": ["nothing"]}, 400, "none of these is one"),
        ("subscribe", {"name": "", "steps": ["*"]}, 400, "length >= 1"),
        ("answer", {"task": "1:x", "name": "x", "state": "maybe"}, 400, "maybe"),
        ("answer", {"task": "1:x", "name": "x", "state": "done"}, 409, "no step 1:x waits for x"),
    ],
)
def test_what_cannot_be_is_refused(daemon: Running, path: str, body: Any, status: int, part: str) -> None:
    answer = daemon.post(f"/v1/workflows/{path}", body)
    assert (answer[0], part in answer[1]["error"]["message"]) == (status, True), answer


def test_an_event_starts_a_workflow_and_what_that_tells_does_not(desk: Desk) -> None:
    sections: dict[str, Any] = {"workflows.metrics": {"on": ["run.finished", "generate_metrics"]}}
    with running(desk, **sections) as daemon:
        daemon.sync()
        until(lambda: len(daemon.get("/v1/runs")[1]["runs"]) >= 2 and daemon.get("/v1/status")[1]["state"] == "idle")
        daemon.get("/healthz")
        runs = daemon.get("/v1/runs")[1]["runs"]
        assert [(run["workflow"], run["trigger"]) for run in runs] == [("collect", "control"), ("metrics", "event")]


def test_an_event_that_nobody_heard_before_a_crash_starts_its_workflow_after_it(desk: Desk) -> None:
    sections: dict[str, Any] = {"workflows.metrics": {"on": ["run.finished"]}}
    with running(desk, **sections) as daemon:
        until(lambda: daemon.query("select 1 from meta where name = 'heard:metrics'"))
        daemon.kill()
        daemon.query("update counter set value = value + 1 where name = 'event'")
        daemon.query("insert into event values (1, '2026-01-01', 0, 0, 'run.finished', '', 0, '', '', '', '{}')")
        daemon.start()
        until(lambda: [run["state"] for run in daemon.runs] == ["complete"])
        daemon.restart()
        assert [(run["workflow"], run["trigger"]) for run in daemon.runs] == [("metrics", "event")]


def test_a_collect_that_fails_ends_the_run_before_anything_acts(desk: Desk) -> None:
    with running(desk) as daemon:
        daemon.configure(nobody="true")
        assert daemon.post("/v1/reload")[0] == 200
        request = daemon.post("/v1/workflows/collect_and_cleanup/run")[1]["request"]
        run = daemon.rows(f"/v1/requests/{request}/follow")[-1]["run"]
        assert run["state"] == "failed"
        assert steps_of(daemon, run["run"]) == {"pre_collect": "done", "collect": "interrupted"}


def test_a_collect_that_runs_out_of_time_ends_the_run_before_anything_acts(desk: Desk) -> None:
    with running(desk, fake={"delay": "30.0"}, sync={"run_timeout_seconds": 0.2}) as daemon:
        request = daemon.post("/v1/workflows/collect_and_cleanup/run")[1]["request"]
        run = daemon.rows(f"/v1/requests/{request}/follow")[-1]["run"]
        assert (run["state"], "run_timeout_seconds" in run["reason"]) == ("incomplete", True)
        assert steps_of(daemon, run["run"]) == {"pre_collect": "done", "collect": "interrupted"}


def test_a_run_that_reads_nothing_is_no_picture(desk: Desk) -> None:
    with running(desk, fake={"nobody": "true"}) as daemon:
        for workflow in ("collect", "metrics"):
            request = daemon.post(f"/v1/workflows/{workflow}/run")[1]["request"]
            daemon.rows(f"/v1/requests/{request}/follow")
        assert daemon.get("/readyz")[0] == 503
        assert "syncd_last_complete_run_timestamp_seconds 0.0" in daemon.get("/metrics")[1]


@pytest.mark.parametrize("step", STEPS)
def test_killed_in_a_step_the_run_is_closed_honestly_and_what_waits_is_done(desk: Desk, step: str) -> None:
    with running(desk) as daemon:
        if step == "collect":
            daemon.configure(delay="30")
            daemon.post("/v1/reload")
        with program(daemon, "holder", step):
            daemon.post("/v1/workflows/collect_and_cleanup/run")
            until(lambda: going_on(daemon) == step)
            waits = daemon.post("/v1/workflows/metrics/run")[1]["request"]
            before = events(desk)
            daemon.kill()
        daemon.configure()
        daemon.start()
        assert daemon.rows(f"/v1/requests/{waits}/follow")[-1]["run"]["state"] == "complete"
        killed, after = daemon.get("/v1/runs")[1]["runs"]
        assert (killed["state"], f"in step {step};" in killed["reason"]) == ("failed", True)
        assert (after["workflow"], after["request"]) == ("metrics", waits)
        assert events(desk)[: len(before)] == before
        told = [seq for seq, _ in events(desk)]
        assert told == list(range(1, len(told) + 1))


def going_on(daemon: Running) -> str:
    """The step in which a run is, "" when it cannot be told."""
    running_now = daemon.get("/v1/status")[1]["run"]
    if not running_now:
        return ""
    steps = daemon.get(f"/v1/runs/{running_now['run']}")[1]["steps"]
    return next((step["name"] for step in steps if step["state"] == "running"), "")


def events(desk: Desk) -> list[tuple[int, str]]:
    connection = sqlite3.connect(desk.store)
    try:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
        return connection.execute("select seq, type from event order by seq").fetchall()
    finally:
        connection.close()


def test_every_step_can_be_taken_part_in(daemon: Running) -> None:
    with program(daemon, "all", "*", limit=0.2) as everyone:
        request = daemon.post("/v1/workflows/collect_and_cleanup/run")[1]["request"]
        daemon.rows(f"/v1/requests/{request}/follow")
        assert [told["step"] for told in everyone.told] == list(STEPS)
