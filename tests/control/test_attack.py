"""Crowds, those who stay and those who never read: real requests get through, and nothing grows."""

import math
import time
from contextlib import ExitStack

import psutil
import pytest

from tests.cli.conftest import Desk
from tests.control.visitors import connect, crowd, needs_root
from tests.fakes.daemon import Running, running, until

MIB = 2**20
FOLLOW = b"GET /v1/events?follow=true&since=0 HTTP/1.1\r\nHost: syncd\r\n\r\n"


def asked_again_and_again(daemon: Running, times: int) -> list[float]:
    """Seconds of each status, shortest first."""
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        assert daemon.get("/v1/status")[0] == 200
        seconds.append(time.perf_counter() - begun)
    return sorted(seconds)


def memory(daemon: Running) -> float:
    assert daemon.process
    return float(psutil.Process(daemon.process.pid).memory_info().rss) / MIB


def tasks(daemon: Running) -> int:
    return len(daemon.get("/v1/debug/tasks")[1]["tasks"])


@needs_root
@pytest.mark.parametrize("user", ["nobody", pytest.param("root", marks=pytest.mark.soak)])
def test_200_slow_visitors_who_come_again_delay_nobody_while_a_sync_goes_on(open_desk: Desk, user: str) -> None:
    with running(open_desk) as daemon:
        daemon.socket.chmod(0o666)
        daemon.configure(delay="30.0")
        daemon.post("/v1/reload")
        daemon.post("/v1/sync", {})
        asked_again_and_again(daemon, 50)
        before = memory(daemon)
        with crowd(daemon.socket, 200, user):
            seconds = asked_again_and_again(daemon, 100)
        p99 = seconds[math.ceil(0.99 * len(seconds)) - 1]
        print(f"status beside 200 slow visitors ({user}): p99 {p99 * 1000:.1f} ms, {memory(daemon) - before:+.1f} MiB")
        assert p99 < 2
        assert memory(daemon) - before < 10
        assert daemon.get("/v1/status")[1]["state"] == "running"
        assert '"level": "error"' not in daemon.log


def connections(daemon: Running) -> float:
    """The one that asks is among them."""
    lines = str(daemon.get("/metrics")[1]).splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("syncd_control_connections ")))


def with_many_events(daemon: Running) -> None:
    """More than fits between a socket's ends. What is there from the start is no event."""
    daemon.sync()
    boxes = ", ".join(f"{'a-long-name-' * 10}{number} = 1" for number in range(2000))
    daemon.configure(boxes=f"{{{boxes}}}")
    daemon.post("/v1/reload")
    assert daemon.sync()["created"] == 2000


def test_those_who_follow_events_and_never_read_hold_up_nobody(daemon: Running) -> None:
    with_many_events(daemon)
    before = memory(daemon)
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(connect(daemon.socket)).sendall(FOLLOW)
        until(lambda: connections(daemon) == 21)
        assert asked_again_and_again(daemon, 20)[-1] < 2
        assert daemon.sync()["state"] == "complete"
        assert memory(daemon) - before < 60
    until(lambda: connections(daemon) == 1)


@pytest.mark.soak
def test_one_who_follows_events_and_never_reads_is_sent_away_after_30_s(daemon: Running) -> None:
    with_many_events(daemon)
    with connect(daemon.socket) as line:
        line.sendall(FOLLOW)
        until(lambda: connections(daemon) == 2)
        begun = time.monotonic()
        until(lambda: connections(daemon) == 1, 60)
        assert 25 < time.monotonic() - begun < 40


@pytest.mark.parametrize("path", ["/v1/events?follow=true", "/v1/requests/1/follow"])
def test_whoever_follows_and_leaves_takes_everything_along(daemon: Running, path: str) -> None:
    daemon.post("/v1/pause")
    daemon.post("/v1/sync", {})
    before = tasks(daemon)
    for _ in range(200):
        with connect(daemon.socket) as line:
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: syncd\r\n\r\n".encode())
            line.recv(10)
    until(lambda: tasks(daemon) <= before, 3)
    assert '"level": "error"' not in daemon.log
