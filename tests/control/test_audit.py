"""Every command is written down once: who gave it, what it was, how it ended. What cannot be written is not done."""

import os
from typing import Any

import pytest

from tests.control.visitors import connect, say
from tests.fakes.daemon import Running, until


def written(daemon: Running, since: int = 0) -> list[dict[str, Any]]:
    return [event["body"] for event in daemon.rows(f"/v1/events?type=control.command&limit=1000&since={since}")]


def last(daemon: Running) -> int:
    """The number of the last event."""
    return int(daemon.get("/v1/status")[1]["last_event"])


def test_a_command_that_was_done_is_one_event_with_who_and_what(daemon: Running) -> None:
    daemon.post("/v1/sync", {"scopes": ["fake/1/*"]})
    assert written(daemon) == [
        {
            "command": "POST /v1/sync",
            "body": '{"scopes": ["fake/1/*"]}',
            "user": "root" if os.getuid() == 0 else written(daemon)[0]["user"],
            "uid": os.getuid(),
            "pid": os.getpid(),
            "outcome": "done",
        }
    ]


@pytest.mark.parametrize(
    ("path", "body", "outcome"),
    [
        ("/v1/sync", {"collectors": ["none"]}, "bad_request"),
        ("/v1/sync", {"wrong": 1}, "bad_request"),
        ("/v1/accept", {"scopes": ["fake/1/*"]}, "not_found"),
        ("/v1/runs/7/cancel", None, "not_going_on"),
        ("/v1/pause", "x" * 70000, "too_large"),
    ],
)
def test_a_command_that_was_refused_by_an_error_is_one_event(
    quiet: Running, path: str, body: Any, outcome: str
) -> None:
    before = last(quiet)
    assert quiet.post(path, body)[0] >= 400
    assert [(each["command"], each["outcome"]) for each in written(quiet, before)] == [(f"POST {path}", outcome)]


def test_a_refused_reload_is_one_event(daemon: Running) -> None:
    (daemon.desk.place / "syncd.toml").write_text("[sync]\nattempts = 'many'\n")
    assert daemon.post("/v1/reload")[0] == 422
    assert [each["outcome"] for each in written(daemon)] == ["refused"]


def test_looking_is_not_written_down(quiet: Running) -> None:
    before = last(quiet)
    quiet.get("/v1/runs/7")
    assert last(quiet) == before


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Type: application/json; charset=nonsense\r\nContent-Length: 2\r\n\r\n{}",
        b"Content-Length: 2\r\n\r\n\xff\xfe",
        b"Content-Length: 3\r\n\r\n\x00\xed\xa0",
    ],
)
def test_no_body_keeps_a_command_from_being_written_down(quiet: Running, body: bytes) -> None:
    before = last(quiet)
    say(quiet.socket, b"POST /v1/pause HTTP/1.1\r\nHost: syncd\r\n" + body)
    assert quiet.get("/v1/status")[1]["paused"]
    assert [each["outcome"] for each in written(quiet, before)] == ["done"]
    assert '"level": "error"' not in quiet.log


def test_a_command_whose_body_never_arrived_is_not_done(daemon: Running) -> None:
    say(
        daemon.socket,
        b"POST /v1/pause HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\xff\xfe",
    )
    assert [each["outcome"] for each in written(daemon)] == ["bad_request"]
    assert daemon.get("/v1/status")[1]["paused"] is False
    assert '"level": "error"' not in daemon.log


def test_a_command_is_done_and_written_down_also_when_its_giver_has_left(daemon: Running) -> None:

    with connect(daemon.socket) as line:
        line.sendall(b"POST /v1/pause HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        line.recv(1)
    until(lambda: [each["outcome"] for each in written(daemon)] == ["done"])


def test_a_long_body_is_cut(daemon: Running) -> None:
    daemon.post("/v1/sync", {"scopes": ["x" * 60000]})
    assert len(written(daemon)[0]["body"]) == 2000
