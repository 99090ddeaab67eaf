"""Without credentials or without room on the disk the daemon lives on, answers, and says what is wrong."""

import os
import resource
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException

import pytest

from syncd.runs import AGAIN
from tests.cli.conftest import Desk
from tests.fakes.daemon import Running, running, until


def test_without_credentials_it_starts_and_the_run_says_what_is_missing(desk: Desk) -> None:
    with running(desk, fake={"nobody": "true"}, schedule={"cron": "0 0 1 1 *"}) as daemon:
        until(lambda: daemon.status["last"] and not daemon.status["run"])
        (run,) = daemon.runs
        assert (run["state"], run["reason"]) == ("failed", "no login for the fake cloud: set fake.nobody = false")
        assert daemon.sync()["state"] == "failed"
        daemon.configure()
        daemon.post("/v1/reload")
        assert daemon.sync()["state"] == "complete"
        assert not daemon.logged("task.failed")


def test_a_missing_permission_is_a_warning_and_no_failure(desk: Desk) -> None:
    with running(desk, fake={"denied": "true"}) as daemon:
        assert daemon.sync()["state"] == "incomplete"
        assert daemon.status["coverage"] == {"complete": 1, "denied": 1}
        assert daemon.status["warnings"] == ["1 scopes are not complete: syncctl coverage --incomplete --why"]


BEYOND_THE_LOG = 50_000
"""The daemon's own log is shorter, the store's write-ahead log longer from the beginning."""


def allow(daemon: Running, length: int) -> None:
    """No file that the daemon writes may become longer."""
    assert daemon.process
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (length, resource.RLIM_INFINITY))


@pytest.fixture
def full(desk: Desk) -> Iterator[Running]:
    """The disk became full in the middle of its run."""
    with running(desk, fake={"delay": "1.0"}) as daemon:
        daemon.begin()
        allow(daemon, BEYOND_THE_LOG)
        until(lambda: daemon.status["run"] is None)
        yield daemon


def test_with_a_full_disk_it_goes_on_to_answer(full: Running) -> None:
    assert [full.get(path)[0] for path in ("/v1/status", "/v1/runs", "/healthz", "/metrics")] == [200] * 4
    assert full.status["state"] == "idle"
    assert "make room" in full.logged("run.failed")[0]["reason"]
    assert full.query("pragma integrity_check") == [("ok",)]


def test_with_a_full_disk_a_command_is_refused_with_the_reason_and_taken_when_there_is_room(full: Running) -> None:
    status, answer = full.post("/v1/sync", {"accounts": ["1"]})
    assert (status, "make room" in answer["error"]["message"]) == (503, True)
    allow(full, resource.RLIM_INFINITY)
    assert full.post("/v1/sync", {"accounts": ["1"]})[0] == 202


def test_with_a_full_disk_it_stops_in_order(full: Running) -> None:
    assert full.stop() == 0
    full.start()
    assert "interrupted" in full.runs[0]["reason"]


@pytest.mark.soak
def test_a_run_that_a_full_disk_ended_is_done_again_when_there_is_room(full: Running) -> None:
    allow(full, resource.RLIM_INFINITY)
    assert full.runs[0]["state"] == "running"
    until(lambda: [run["state"] for run in full.runs] == ["failed", "complete"], AGAIN + 15)
    assert "interrupted" in full.runs[0]["reason"]
    assert not full.status["pending"]


def test_a_log_that_nobody_takes_any_more_does_not_end_it(desk: Desk) -> None:
    os.mkfifo(desk.place / "daemon.log")
    reader = os.open(desk.place / "daemon.log", os.O_RDONLY | os.O_NONBLOCK)
    with running(desk, fake={"nobody": "true"}) as daemon:
        os.close(reader)
        with suppress(HTTPException):
            daemon.post("/v1/sync")
        assert daemon.process
        with pytest.raises(subprocess.TimeoutExpired):
            daemon.process.wait(1)
        assert daemon.post("/v1/pause")[0] == 200


def test_a_port_for_monitoring_that_is_taken_is_told_to_who_asks(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        with running(desk, telemetry={"listen": listen}) as daemon:
            until(lambda: daemon.logged("telemetry.not_listening"))
            assert not daemon.logged("task.failed")
            assert any("telemetry.listen" in line for line in daemon.status["warnings"])
