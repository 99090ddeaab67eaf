"""What each path answers: status, shape, and one sentence where something is wrong."""

from typing import Any

import pytest

from tests.control.visitors import say
from tests.fakes.daemon import Running, until

RUN = {
    "run", "started", "finished", "state", "trigger", "seconds", "nodes", "created", "updated", "deleted", "calls",
    "retries", "throttles", "reason",
}  # fmt: skip
STATUS = {
    "version", "pid", "started", "uptime_seconds", "state", "paused", "store", "run", "pending", "schedule", "last",
    "coverage", "last_event", "configuration", "warnings",
}  # fmt: skip
GOING_ON = {
    "run", "trigger", "started", "selection", "scopes_done", "scopes_total", "discovering", "incomplete", "nodes",
    "calls", "created", "updated", "deleted", "seconds", "remaining_seconds",
}  # fmt: skip
PLACE = {"collector", "account", "name", "region", "scopes_total", "scopes_done", "incomplete", "nodes"}
LOG = {
    "scope", "state", "started", "seconds", "calls", "retries", "throttles", "bytes", "nodes", "created", "updated",
    "deleted", "reason",
}  # fmt: skip
COVERAGE = {
    "scope", "state", "since", "read_at", "tried_at", "nodes", "missing", "reason", "operation", "permission",
}  # fmt: skip
LANE = {"account", "region", "service", "limit", "under_way", "waiting", "throttles", "paused_seconds"}


def with_slow_run(daemon: Running) -> int:
    """The number of a run that goes on."""
    daemon.configure(delay="30.0")
    assert daemon.post("/v1/reload")[0] == 200
    daemon.post("/v1/sync", {})
    until(lambda: daemon.get("/v1/status")[1]["run"])
    return int(daemon.get("/v1/status")[1]["run"]["run"])


def with_denied(daemon: Running) -> None:
    daemon.configure(denied="true")
    daemon.post("/v1/reload")
    daemon.sync()


def test_version(quiet: Running) -> None:
    status, answer = quiet.get("/v1/version")
    assert (status, set(answer), answer["api"]) == (200, {"version", "api", "python", "sqlite"}, 1)


def test_status_of_a_daemon_that_has_done_nothing(daemon: Running) -> None:
    status, answer = daemon.get("/v1/status")
    assert status == 200
    assert set(answer) >= STATUS
    assert (answer["state"], answer["run"], answer["pending"], answer["last"]) == ("idle", None, [], [])
    assert set(answer["store"]) == {"path", "bytes", "wal_bytes", "sqlite"}
    assert set(answer["configuration"]) == {"files", "loaded", "refused"}
    assert daemon.process is not None
    assert answer["pid"] == daemon.process.pid


def test_status_while_a_run_goes_on_and_another_waits(daemon: Running) -> None:
    with_slow_run(daemon)
    daemon.post("/v1/sync", {"kinds": ["fake_box"]})
    until(lambda: daemon.get("/v1/status")[1]["run"]["places"])
    answer = daemon.get("/v1/status")[1]
    assert answer["state"] == "running"
    assert set(answer["run"]) >= GOING_ON | {"places"}
    assert set(answer["run"]["places"][0]) == PLACE
    assert set(answer["pending"][0]) >= {"request", "trigger", "asked", "by", "selection"}
    assert answer["pending"][0]["selection"]["kinds"] == ["fake_box"]


def test_the_last_five_runs_are_in_the_status_newest_first(daemon: Running) -> None:
    for _ in range(6):
        daemon.sync()
    assert [run["run"] for run in daemon.get("/v1/status")[1]["last"]] == [6, 5, 4, 3, 2]


def test_runs_come_oldest_first_and_limited(daemon: Running) -> None:
    for _ in range(3):
        daemon.sync()
    runs = daemon.get("/v1/runs?limit=2")[1]["runs"]
    assert [run["run"] for run in runs] == [2, 3]
    assert set(runs[0]) >= RUN


def test_one_run_and_its_log(daemon: Running) -> None:
    daemon.sync()
    status, answer = daemon.get("/v1/runs/1")
    assert (status, answer["run"]["run"], answer["summary"]["state"]) == (200, 1, "complete")
    rows = daemon.rows("/v1/runs/1/log")
    assert [row["scope"] for row in rows] == ["fake/1/r1/bags", "fake/1/r1/boxes"]
    assert set(rows[0]) == LOG


@pytest.mark.parametrize("path", ["/v1/runs/9", "/v1/runs/9/log", "/v1/requests/9/follow", "/v1/runs/" + "9" * 18])
def test_what_is_not_there_is_not_found(quiet: Running, path: str) -> None:
    status, answer = quiet.get(path)
    assert (status, answer["error"]["code"]) == (404, "not_found")


def test_the_run_that_goes_on_is_cancelled(daemon: Running) -> None:
    number = with_slow_run(daemon)
    assert daemon.post(f"/v1/runs/{number}/cancel") == (202, {"run": number})
    assert daemon.rows("/v1/requests/1/follow")[-1]["run"]["state"] == "cancelled"


def test_another_run_than_the_one_that_goes_on_is_not_cancelled(daemon: Running) -> None:
    number = with_slow_run(daemon)
    assert daemon.post(f"/v1/runs/{number + 1}/cancel")[0] == 409
    assert daemon.get("/v1/status")[1]["run"]["run"] == number


def test_a_request_is_followed_from_waiting_to_its_end(daemon: Running) -> None:
    daemon.configure(delay="1.0")
    daemon.post("/v1/reload")
    daemon.post("/v1/sync", {})
    asked = daemon.post("/v1/sync", {"kinds": ["fake_box"]})[1]["request"]
    rows = daemon.rows(f"/v1/requests/{asked}/follow")
    types = list(dict.fromkeys(row["type"] for row in rows))
    assert types == ["waiting", "progress", "finished"]
    assert set(rows[1]) >= GOING_ON
    assert "places" not in rows[1]
    assert rows[-1]["run"]["request"] == asked


def test_coverage_of_all_and_of_what_is_not_complete(daemon: Running) -> None:
    with_denied(daemon)
    rows = daemon.rows("/v1/coverage")
    assert [row["state"] for row in rows] == ["denied", "complete"]
    assert set(rows[0]) == COVERAGE
    assert rows[0]["permission"] == "bags:ListBags"
    assert [row["scope"] for row in daemon.rows("/v1/coverage?incomplete=true")] == ["fake/1/r1/bags"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/coverage?incomplete=maybe",
        "/v1/runs?limit=many",
        "/v1/runs?limit=-1",
        "/v1/events?since=x",
        "/v1/events?follow=2",
    ],
)
def test_a_query_that_is_no_number_or_switch_is_refused(quiet: Running, path: str) -> None:
    status, answer = quiet.get(path)
    assert (status, answer["error"]["code"]) == (400, "bad_request")
    assert "expected" in answer["error"]["message"]


def test_collectors_and_accounts(daemon: Running) -> None:
    with_denied(daemon)
    collector = daemon.get("/v1/collectors")[1]["collectors"][0]
    assert {name: collector[name] for name in ("name", "kinds", "configured", "scopes", "incomplete", "nodes")} == {
        "name": "fake", "kinds": 3, "configured": True, "scopes": 2, "incomplete": 1, "nodes": 1,
    }  # fmt: skip
    account = daemon.get("/v1/accounts")[1]["accounts"][0]
    assert set(account) == {"collector", "account", "name", "scopes", "incomplete", "nodes", "read_at"}
    assert (account["account"], account["scopes"], account["incomplete"]) == ("1", 2, 1)


def test_nothing_that_is_held_or_retired_can_be_accepted(daemon: Running) -> None:
    daemon.sync()
    status, answer = daemon.post("/v1/accept", {"scopes": ["fake/1/*"]})
    assert (status, answer["error"]["code"]) == (404, "not_found")


def test_accepting_nothing_is_refused(quiet: Running) -> None:
    assert quiet.post("/v1/accept", {"scopes": []})[0] == 400


def test_a_held_scope_is_accepted(daemon: Running) -> None:
    boxes = ", ".join(f"b{number} = 1" for number in range(40))
    daemon.configure(boxes=f"{{{boxes}}}")
    daemon.post("/v1/reload")
    daemon.sync()
    daemon.configure(boxes="{}")
    daemon.post("/v1/reload")
    daemon.sync()
    status, answer = daemon.post("/v1/accept", {"scopes": ["fake/1/*"]})
    assert (status, answer["scopes"], answer["joined"]) == (202, ["fake/1/r1/boxes"], False)
    assert daemon.rows(f"/v1/requests/{answer['request']}/follow")[-1]["run"]["deleted"] == 40


@pytest.mark.parametrize("body", ["x", [], 1, None, {"scopes": "x"}, {"scopes": [1]}, {"other": []}, {"kinds": None}])
def test_a_body_that_is_not_what_was_expected_is_refused(quiet: Running, body: Any) -> None:
    status, answer = quiet.post("/v1/sync", body if body is not None else "null")
    assert (status, answer["error"]["code"]) == (400, "bad_request")
    assert quiet.get("/v1/status")[1]["pending"] == []


def test_an_empty_body_asks_for_everything(daemon: Running) -> None:
    assert daemon.post("/v1/sync") == (202, {"request": 1, "joined": False})


def test_pause_and_resume(daemon: Running) -> None:
    assert daemon.post("/v1/pause") == (200, {"paused": True})
    assert daemon.get("/v1/status")[1]["state"] == "paused"
    assert daemon.post("/v1/resume") == (200, {"paused": False})
    assert daemon.get("/v1/status")[1]["state"] == "idle"


def test_what_is_said_of_lanes_and_tasks(daemon: Running) -> None:
    daemon.sync()
    answer = daemon.get("/v1/debug/limits")[1]
    assert set(answer) == {"under_way", "max_in_flight", "writer_queue", "lanes"}
    assert set(answer["lanes"][0]) == LANE
    tasks = daemon.get("/v1/debug/tasks")[1]["tasks"]
    assert {"bus", "control", "runs", "schedule"} <= {task["name"] for task in tasks}
    assert all(set(task) == {"name", "where"} for task in tasks)


# -- the protocol


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/", "/v2/status", "/v1/status/", "/V1/STATUS", "/v1/runs/x", "/%00"])
def test_an_unknown_path_is_named(quiet: Running, path: str) -> None:
    status, answer = quiet.get(path)
    assert (status, answer["error"]["code"]) == (404, "unknown_path")


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/status"), ("GET", "/v1/sync"), ("PUT", "/v1/runs"), ("DELETE", "/v1/runs/1")],
)
def test_a_wrong_method_is_refused(quiet: Running, method: str, path: str) -> None:
    status, answer = quiet.ask(method, path)
    assert (status, answer["error"]["code"]) == (405, "wrong_method")


@pytest.mark.parametrize("path", [b"/v1/status", b"/v1/openapi.json", b"/metrics"])
def test_head_is_not_taken_and_its_answer_has_no_body(quiet: Running, path: bytes) -> None:
    heard = say(quiet.socket, b"HEAD " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    assert heard.startswith(b"HTTP/1.1 405 ")
    assert heard.endswith(b"\r\n\r\n")


def test_http_1_0_is_answered(quiet: Running) -> None:
    assert say(quiet.socket, b"GET /v1/version HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.0 200 OK\r\n")


def test_a_connection_serves_one_request(quiet: Running) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"
    assert say(quiet.socket, one, one, one).count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("what", [b"\x16\x03\x01\x02\x00", b"hello\r\n\r\n", b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n"])
def test_what_is_no_http_is_answered_in_json_and_not_logged(quiet: Running, what: bytes) -> None:
    heard = say(quiet.socket, what)
    assert b" 400 Bad Request\r\nContent-Type: application/json\r\n" in heard
    assert '"level": "error"' not in quiet.log


def test_who_waits_for_a_word_before_sending_the_body_gets_it(daemon: Running) -> None:
    head = b"POST /v1/sync HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    heard = say(daemon.socket, head, b"{}", pause=0.2)
    assert heard.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 ")


@pytest.mark.parametrize("path", [b"/v1/pause", b"/nothing"])
def test_an_expectation_that_is_not_known_is_refused_in_json(quiet: Running, path: bytes) -> None:
    heard = say(quiet.socket, b"POST " + path + b" HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n")
    assert heard.startswith(b"HTTP/1.1 417 ")
    assert b'{"error":{' in heard


def test_a_request_is_known_at_every_moment_between_its_begin_and_its_end(daemon: Running) -> None:
    """It waits no more before its run is known to go on, and a short run has ended before the next look."""
    for _ in range(20):
        assert daemon.sync(kinds=["nothing"])["state"]


def test_without_queues_nothing_is_heard_and_nothing_was_set_aside(quiet: Running) -> None:
    assert quiet.get("/v1/hearing") == (200, {"queues": [], "set_aside": []})
    assert quiet.post("/v1/hearing/forget", {"all": True}) == (200, {"forgotten": 0})
    assert quiet.get("/v1/hearing/1")[0] == 404
    assert quiet.post("/v1/hearing/forget", {})[0] == 400
