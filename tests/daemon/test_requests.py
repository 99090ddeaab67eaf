"""Requests wait in order, join their like, and become runs one after the other."""

from tests.fakes.daemon import Running, until

BOXES = {"kinds": ["fake_box"]}


def test_the_same_selection_joins_the_one_that_waits(daemon: Running) -> None:
    daemon.post("/v1/pause")
    assert daemon.post("/v1/sync") == (202, {"request": 1, "joined": False})
    assert daemon.post("/v1/sync", {"kinds": []}) == (202, {"request": 1, "joined": True})
    assert daemon.post("/v1/sync", BOXES) == (202, {"request": 2, "joined": False})
    assert [each["request"] for each in daemon.status["pending"]] == [1, 2]


def test_the_order_of_globs_makes_no_other_selection(daemon: Running) -> None:
    daemon.post("/v1/pause")
    daemon.post("/v1/sync", {"kinds": ["a", "b"], "regions": ["r"]})
    assert daemon.post("/v1/sync", {"regions": ["r"], "kinds": ["b", "a"]})[1]["joined"]


def test_the_run_that_goes_on_is_not_joined_since_it_may_have_passed_by(slow: Running) -> None:
    slow.begin()
    assert slow.post("/v1/sync")[1] == {"request": 2, "joined": False}
    assert slow.post("/v1/sync")[1] == {"request": 2, "joined": True}


def test_a_follower_sees_it_wait_go_on_and_end(daemon: Running) -> None:
    daemon.post("/v1/pause")
    daemon.post("/v1/sync")
    stream = daemon.streaming("/v1/requests/1/follow")
    assert b'"waiting"' in stream.readline()
    daemon.configure(delay="1.0")
    daemon.post("/v1/reload")
    daemon.post("/v1/resume")
    lines = stream.readlines()
    assert [b'"progress"' in line for line in lines] == [True] * (len(lines) - 1) + [False]
    assert len(lines) > 1
    assert b'"finished"' in lines[-1]


def test_runs_follow_each_other_in_the_order_of_their_requests_and_never_overlap(daemon: Running) -> None:
    daemon.configure(delay="0.1")
    daemon.post("/v1/reload")
    for number in range(5):
        daemon.post("/v1/sync", {"accounts": ["1", str(number)]})
    until(lambda: len(daemon.runs) == 5 and all(run["finished"] for run in daemon.runs))
    told = daemon.query("select type, run from event where type like 'run.%' order by seq")
    assert told == [(f"run.{what}", run) for run in range(1, 6) for what in ("started", "finished")]
    assert daemon.query("select request from run order by id") == [(1,), (2,), (3,), (4,), (5,)]


def test_a_pause_lets_the_run_that_goes_on_end_and_no_other_begin(slow: Running) -> None:
    number = slow.begin()
    assert slow.post("/v1/pause") == (200, {"paused": True})
    slow.post("/v1/sync")
    status = slow.status
    assert (status["state"], status["paused"]) == ("running", True)
    slow.post(f"/v1/runs/{number}/cancel")
    until(lambda: slow.status["state"] == "paused")
    assert len(slow.runs) == 1


def test_a_pause_outlives_the_process_until_it_is_taken_back(daemon: Running) -> None:
    daemon.post("/v1/pause")
    daemon.stop()
    daemon.start()
    assert daemon.status["paused"]
    daemon.post("/v1/sync")
    assert daemon.post("/v1/resume") == (200, {"paused": False})
    assert daemon.rows("/v1/requests/1/follow")[-1]["run"]["state"] == "complete"
    daemon.restart()
    assert not daemon.status["paused"]


def test_a_cancelled_run_says_so_and_the_next_one_begins(slow: Running) -> None:
    number = slow.begin()
    slow.post("/v1/sync", BOXES)
    assert slow.post(f"/v1/runs/{number}/cancel") == (202, {"run": number})
    until(lambda: slow.going_on == number + 1)
    first = slow.runs[0]
    assert (first["state"], first["reason"]) == ("cancelled", "stopped before the end; what was committed stands")
    assert slow.rows("/v1/requests/1/follow")[-1]["run"]["state"] == "cancelled"


def test_only_the_run_that_goes_on_can_be_cancelled(slow: Running) -> None:
    assert slow.post("/v1/runs/1/cancel")[0] == 409
    number = slow.begin()
    status, answer = slow.post(f"/v1/runs/{number + 1}/cancel")
    assert (status, answer["error"]["code"]) == (409, "not_going_on")
    assert slow.going_on == number
