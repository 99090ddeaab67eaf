"""Events over the socket: those there are, those to come, and only those that were asked for."""

import json
from contextlib import closing
from typing import Any

import pytest

from tests.fakes.daemon import Line, Running, until

EVENT = {"seq", "at", "run", "number", "type", "scope", "kind", "name", "urn", "body"}


def followed(daemon: Running, query: str, count: int) -> list[dict[str, Any]]:
    """The first so many lines of a stream that goes on."""
    with closing(Line(daemon.socket)) as line:
        line.request("GET", f"/v1/events?follow=true{query}")
        answer = line.getresponse()
        assert answer.getheader("Content-Type") == "application/x-ndjson"
        return [json.loads(answer.readline()) for _ in range(count)]


def with_boxes(daemon: Running, **boxes: int) -> None:
    inside = ", ".join(f"{name} = {size}" for name, size in boxes.items())
    daemon.configure(boxes=f"{{{inside}}}")
    assert daemon.post("/v1/reload")[0] == 200
    daemon.sync()


@pytest.fixture(scope="module")
def lively(quiet: Running) -> Running:
    """One box was there from the start, two more came."""
    with_boxes(quiet, a=1)
    with_boxes(quiet, a=1, web1=1, web2=1)
    return quiet


def test_an_event_has_all_its_fields(lively: Running) -> None:
    event = lively.rows("/v1/events?type=resource.created")[-1]
    assert set(event) == EVENT
    assert (event["kind"], event["name"], event["scope"]) == ("fake_box", "web2", "fake/1/r1/boxes")


def test_events_are_told_in_order_without_a_gap(lively: Running) -> None:
    numbers = [event["seq"] for event in lively.rows("/v1/events")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert lively.get("/v1/status")[1]["last_event"] == numbers[-1]


def test_the_last_ones_are_told_up_to_the_limit(lively: Running) -> None:
    everything = lively.rows("/v1/events")
    assert lively.rows("/v1/events?limit=2") == everything[-2:]
    assert lively.rows("/v1/events?limit=0") == []


def test_those_since_a_number(lively: Running) -> None:
    everything = lively.rows("/v1/events")
    assert lively.rows("/v1/events?since=3") == everything[3:]
    assert lively.rows("/v1/events?since=999999") == []


def test_those_of_a_type_by_glob(lively: Running) -> None:
    assert {event["type"] for event in lively.rows("/v1/events?type=run.*")} == {"run.started", "run.finished"}


def test_those_of_a_resource_by_part_of_its_name_in_any_case(lively: Running) -> None:
    assert {event["name"] for event in lively.rows("/v1/events?type=resource.*&resource=WEB")} == {"web1", "web2"}


def test_what_looks_like_sql_or_a_pattern_is_only_text(lively: Running) -> None:
    for text in ("%25", "'", "web_", "%27%20or%201=1--", "%00"):
        assert lively.rows(f"/v1/events?type=resource.*&resource={text}") == []


def test_following_since_a_number_tells_what_was_and_what_comes(daemon: Running) -> None:
    with closing(Line(daemon.socket)) as line:
        daemon.post("/v1/pause")
        line.request("GET", "/v1/events?follow=true&since=0")
        answer = line.getresponse()
        assert json.loads(answer.readline())["body"]["command"] == "POST /v1/pause"
        daemon.post("/v1/resume")
        assert json.loads(answer.readline())["body"]["command"] == "POST /v1/resume"


def test_following_without_a_number_tells_only_what_comes(daemon: Running) -> None:
    daemon.post("/v1/pause")
    with closing(Line(daemon.socket)) as line:
        line.request("GET", "/v1/events?follow=true")
        answer = line.getresponse()
        daemon.post("/v1/resume")
        assert json.loads(answer.readline())["body"]["command"] == "POST /v1/resume"


def test_following_a_type_passes_over_the_others(lively: Running) -> None:
    told = followed(lively, "&since=0&type=resource.created&resource=web", 2)
    assert [event["name"] for event in told] == ["web1", "web2"]


def test_more_events_than_a_page_are_followed_without_gap_or_repetition(daemon: Running) -> None:
    with_boxes(daemon)
    with_boxes(daemon, **{f"box{number}": 1 for number in range(1500)})
    last = daemon.get("/v1/status")[1]["last_event"]
    assert last > 1500
    assert [event["seq"] for event in followed(daemon, "&since=0", last)] == list(range(1, last + 1))


def test_a_stream_ends_with_the_daemon(daemon: Running) -> None:
    with closing(Line(daemon.socket)) as line:
        line.request("GET", "/v1/events?follow=true")
        line.getresponse()
        assert daemon.stop() == 0
        until(lambda: not daemon.socket.exists())


@pytest.mark.soak
def test_a_stream_on_which_nothing_happens_says_every_15_s_that_it_goes_on(daemon: Running) -> None:
    assert followed(daemon, "", 2) == [{"type": "alive"}] * 2
