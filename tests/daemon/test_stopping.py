"""The daemon stops in order and in time, idle or at work; told twice, at once. Its store is always consistent."""

import signal
import sqlite3
import time

import pytest

from tests.fakes.daemon import Running, until

BOTH = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])


def ended(daemon: Running, number: signal.Signals) -> int:
    """The exit code, which came within the promised time."""
    assert daemon.process
    daemon.tell(number)
    return daemon.process.wait(10)


def sound(daemon: Running) -> bool:
    return daemon.query("pragma integrity_check") == [("ok",)]


@BOTH
def test_an_idle_daemon_ends_with_0_and_takes_its_socket_with_it(daemon: Running, number: signal.Signals) -> None:
    daemon.sync()
    assert ended(daemon, number) == 0
    assert not daemon.socket.exists()
    assert sound(daemon)


@BOTH
def test_a_run_that_goes_on_is_cancelled_and_says_so(slow: Running, number: signal.Signals) -> None:
    slow.begin()
    assert ended(slow, number) == 0
    ((state, reason, finished),) = slow.query("select state, reason, finished from run")
    assert (state, reason) == ("cancelled", "stopped before the end; what was committed stands")
    assert finished
    assert not slow.socket.exists()
    assert sound(slow)


def test_what_waits_while_it_stops_is_performed_by_the_next_process(slow: Running) -> None:
    slow.begin()
    slow.post("/v1/sync", {"kinds": ["fake_box"]})
    assert slow.stop() == 0
    assert slow.query("select id from request") == [(2,)]
    slow.configure()
    slow.start()
    assert slow.rows("/v1/requests/2/follow")[-1]["run"]["state"] == "complete"


@BOTH
def test_told_again_while_it_stops_slowly_it_ends_at_once(slow: Running, number: signal.Signals) -> None:
    slow.begin()
    other = sqlite3.connect(slow.desk.store, isolation_level=None)
    other.execute("begin immediate")  # the end of the run cannot be written
    slow.tell(number)
    until(lambda: slow.logged("daemon.stopping"))
    begun = time.monotonic()
    assert ended(slow, number) == 1
    assert time.monotonic() - begun < 2
    other.close()
    assert sound(slow)
    slow.start()
    assert [run["state"] for run in slow.runs] == ["failed"]


def test_it_stops_in_time_though_another_program_holds_the_store(slow: Running) -> None:
    slow.begin()
    other = sqlite3.connect(slow.desk.store, isolation_level=None)
    other.execute("begin immediate")
    assert ended(slow, signal.SIGTERM) == 0
    other.close()
    slow.start()
    assert "interrupted" in slow.runs[0]["reason"]


def test_who_follows_events_or_a_run_is_let_go(slow: Running) -> None:
    slow.begin()
    followers = [slow.streaming("/v1/events?follow=true&since=0"), slow.streaming("/v1/requests/1/follow")]
    assert all(follower.readline() for follower in followers)
    assert ended(slow, signal.SIGTERM) == 0
    for follower in followers:
        follower.close()
