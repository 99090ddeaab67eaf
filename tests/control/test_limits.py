"""No visitor takes more than its share: of bytes, of time, of connections."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import orjson
import pytest

from tests.cli.conftest import desk_at
from tests.control.visitors import connect, needs_root, open_place, rest, say, seconds_until_dropped, somebody
from tests.fakes.daemon import Running, running, until

FOLLOW = b"GET /v1/events?follow=true HTTP/1.1\r\nHost: syncd\r\n\r\n"
STATUS = b"GET /v1/status HTTP/1.1\r\nHost: syncd\r\n\r\n"


@pytest.fixture(scope="module")
def narrow() -> Iterator[Running]:
    """A daemon that lets four in, whoever they are."""
    with open_place() as place, running(desk_at(place), control={"max_connections": 4}) as daemon:
        daemon.socket.chmod(0o666)
        yield daemon


def test_more_than_64_kib_are_refused_and_nothing_is_done(daemon: Running) -> None:
    status, answer = daemon.post("/v1/pause", "x" * 65536)
    assert (status, answer["error"]["code"]) == (413, "too_large")
    assert daemon.get("/v1/status")[1]["paused"] is False


def test_64_kib_are_taken(quiet: Running) -> None:
    status, answer = quiet.post("/v1/sync", {"scopes": ["x" * 65000]})
    assert status == 202, answer


def test_who_says_nothing_or_never_ends_is_sent_away_after_5_s(daemon: Running) -> None:
    starts = {
        "nothing": (b"", 0.0),
        "half a line": (b"GET /v1/sta", 0.0),
        "a header without end": (b"GET /v1/status HTTP/1.1\r\nHost: a\r\nX: ", 0.2),
    }
    with ThreadPoolExecutor(len(starts)) as together:
        waits = together.map(lambda each: seconds_until_dropped(daemon.socket, *each), starts.values())
    for what, seconds in zip(starts, waits, strict=True):
        assert 4 < seconds < 8, what


def test_a_body_that_takes_more_than_5_s_is_refused_and_nothing_is_done(daemon: Running) -> None:
    start = b"POST /v1/pause HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"
    assert 4 < seconds_until_dropped(daemon.socket, start, every=0.3) < 9
    assert daemon.get("/v1/status")[1]["paused"] is False
    assert daemon.rows("/v1/events?type=control.command")[-1]["body"]["outcome"] == "late"


def test_those_who_say_nothing_make_room_for_those_who_ask(narrow: Running) -> None:
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(connect(narrow.socket))
        assert all(narrow.get("/v1/version")[0] == 200 for _ in range(20))


def test_the_one_who_waits_longest_without_a_word_goes_first(narrow: Running) -> None:
    lines = [connect(narrow.socket) for _ in range(5)]
    assert rest(lines[0]) == b""
    lines[4].sendall(STATUS)
    assert rest(lines[4]).startswith(b"HTTP/1.1 200")
    for line in lines:
        line.close()


@needs_root
def test_the_last_place_is_kept_for_the_owner(narrow: Running) -> None:
    with ExitStack() as stack, somebody():
        lines = [stack.enter_context(connect(narrow.socket)) for _ in range(3)]
        for line in lines:
            line.sendall(FOLLOW)
            line.recv(10)
        refused = say(narrow.socket, STATUS)
        stack.enter_context(connect(narrow.socket))
    assert refused.startswith(b"HTTP/1.1 503")
    assert orjson.loads(refused.partition(b"\r\n\r\n")[2])["error"]["code"] == "busy"


@needs_root
def test_the_owner_gets_through_where_others_hold_all_that_they_may(narrow: Running) -> None:
    with ExitStack() as stack:
        with somebody():
            lines = [stack.enter_context(connect(narrow.socket)) for _ in range(3)]
            for line in lines:
                line.sendall(FOLLOW)
                line.recv(10)
        assert narrow.get("/v1/status")[0] == 200
        assert narrow.post("/v1/pause")[0] == 200


def test_whoever_hung_up_makes_room_at_once(narrow: Running) -> None:
    for _ in range(10):
        with ExitStack() as stack:
            for _ in range(3):
                line = stack.enter_context(connect(narrow.socket))
                line.sendall(FOLLOW)
                line.recv(10)
        until(lambda: narrow.get("/v1/version")[0] == 200, 2)
