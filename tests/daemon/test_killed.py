"""After kill -9 the next process tells honestly what became of runs, and loses and doubles nothing."""

from typing import Any

from tests.fakes.daemon import Running

OPEN = "select count(*) from run where state = 'running'"
TOLD = "select type, json_extract(body, '$.run') from event where type in ('run.started', 'run.finished') order by seq"


def gapless(daemon: Running) -> bool:
    numbers = [number for (number,) in daemon.query("select seq from event order by seq")]
    return numbers == list(range(1, len(numbers) + 1))


def told(daemon: Running) -> list[tuple[Any, ...]]:
    """Beginnings and ends of runs."""
    return daemon.query(TOLD)


def test_an_idle_daemon_tells_nothing_twice(daemon: Running) -> None:
    daemon.sync()
    before = daemon.query("select seq, at, run, number, type, scope, name, body from event order by seq")
    daemon.restart()
    assert daemon.query("select seq, at, run, number, type, scope, name, body from event order by seq") == before
    assert daemon.sync()["run"] == 2
    assert told(daemon) == [("run.started", 1), ("run.finished", 1), ("run.started", 2), ("run.finished", 2)]
    assert gapless(daemon)


def test_a_run_that_was_killed_is_closed_as_interrupted(slow: Running) -> None:
    slow.begin()
    slow.restart()
    (run,) = slow.runs
    assert (run["run"], run["state"]) == (1, "failed")
    assert run["finished"]
    assert run["reason"].startswith("interrupted: the process ended")
    assert (slow.query(OPEN), slow.status["state"]) == ([(0,)], "idle")
    assert told(slow) == [("run.started", 1), ("run.finished", 1)]
    assert gapless(slow)


def test_who_followed_a_killed_run_hears_of_its_end_afterwards_which_is_told_once(slow: Running) -> None:
    slow.begin()
    slow.restart()
    (line,) = slow.rows("/v1/requests/1/follow")
    assert (line["type"], line["run"]["state"]) == ("finished", "failed")
    slow.restart()
    assert told(slow) == [("run.started", 1), ("run.finished", 1)]


def test_what_waited_behind_a_killed_run_is_performed_once(slow: Running) -> None:
    slow.begin()
    slow.post("/v1/sync", {"kinds": ["fake_box"]})
    slow.kill()
    slow.configure()
    slow.start()
    assert slow.rows("/v1/requests/2/follow")[-1]["run"]["state"] == "complete"
    slow.restart()
    assert slow.rows("/v1/requests/2/follow")[-1]["run"]["run"] == 2
    assert slow.query("select request, state from run order by id") == [(1, "failed"), (2, "complete")]
    assert slow.status["pending"] == []
    assert gapless(slow)


def test_what_waited_while_paused_waits_on_and_is_performed_once(daemon: Running) -> None:
    daemon.post("/v1/pause")
    daemon.post("/v1/sync")
    daemon.restart()
    assert (daemon.status["state"], [each["request"] for each in daemon.status["pending"]]) == ("paused", [1])
    daemon.post("/v1/resume")
    assert daemon.rows("/v1/requests/1/follow")[-1]["run"]["state"] == "complete"
    daemon.restart()
    assert daemon.query("select request from run") == [(1,)]
