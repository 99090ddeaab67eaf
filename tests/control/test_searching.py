"""The picture over the control socket: searches, resources, kinds, what changed; none of it in the loop's way."""

import json
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any
from urllib.parse import quote

import pytest

from syncd.search import indexed
from tests.cli.conftest import desk_at
from tests.control.visitors import needs_root, open_place, somebody
from tests.fakes.daemon import Line, Running, running, until

GROUP = 4711
SLOW = " and ".join(f'name !~ "x{number}.*y.*z$"' for number in range(400))
"""A search that costs as much as there are resources."""


@pytest.fixture(scope="module")
def estate() -> Iterator[Running]:
    """A daemon whose store has seen three runs: `a` grew twice, `b` went, `c` came."""
    with open_place() as place, running(desk_at(place), search={"templates": {"large": "size >= {{size}}"}}) as daemon:
        for boxes in ("{ a = 1, b = 2 }", "{ a = 3, b = 2 }", "{ a = 4, c = 4 }"):
            daemon.configure(boxes=boxes)
            assert daemon.post("/v1/reload")[0] == 200
            daemon.sync()
        yield daemon


@pytest.fixture(scope="module")
def large() -> Iterator[Running]:
    """A daemon with 5,000 boxes, which lets a search take a second."""
    with open_place() as place:
        boxes = ", ".join(f"b{number} = 1" for number in range(5000))
        with running(desk_at(place), {"boxes": f"{{ {boxes} }}"}, search={"timeout_seconds": 1.0}) as daemon:
            daemon.sync()
            yield daemon


def searched(daemon: Running, **asked: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The line about the answer, and the rows."""
    status, text = daemon.post("/v1/search", asked)
    assert status == 200, text
    first, *rows = map(json.loads, text.splitlines())
    assert first.pop("type") == "answer"
    return first, rows


def stream(daemon: Running, path: str) -> list[dict[str, Any]]:
    return daemon.rows(path)


def changes(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row["change"], row["name"]) for row in rows]


# -- searches


def test_a_search_is_a_line_about_the_answer_and_one_for_each_row(estate: Running) -> None:
    first, rows = searched(estate, query="is(fake_box) and size > 0")
    assert first == {"columns": [], "warnings": [], "incomplete": [], "more": False}
    assert [(row["name"], row["size"], row["kind"]) for row in rows] == [("a", 4, "fake_box"), ("c", 4, "fake_box")]


def test_columns_limits_and_aggregates(estate: Running) -> None:
    first, rows = searched(estate, query="is(fake_box)", columns=["name", "size"], limit=1)
    assert (first["columns"], first["more"], rows) == (["name", "size"], True, [{"name": "a", "size": 4}])
    first, rows = searched(estate, query="aggregate(kind: sum(size) as size): all")
    assert (first["columns"], rows) == (["kind", "size"], [{"kind": "fake_box", "size": 8}])


def test_a_search_of_the_past(estate: Running) -> None:
    _, rows = searched(estate, query="is(fake_box) and size > 0", at="run:1", columns=["name", "size"])
    assert rows == [{"name": "a", "size": 1}, {"name": "b", "size": 2}]


def test_templates_are_those_of_the_configuration(estate: Running) -> None:
    assert [row["name"] for row in searched(estate, query="expand(large, size=4)")[1]] == ["a", "c"]


def test_a_search_in_the_address(estate: Running) -> None:
    query = (
        f"/v1/search?q={quote('is(fake_box) and size > 0')}&columns=name,size&limit=1&complete_only=true&timeout=0.4"
    )
    first, row = stream(estate, query)
    assert (first["more"], row) == (True, {"name": "a", "size": 4})


def test_what_is_not_complete_is_told_beside_the_rows(daemon: Running) -> None:
    daemon.configure(denied="true")
    daemon.post("/v1/reload")
    daemon.sync()
    first, rows = searched(daemon, query="is(fake_box)")
    assert [(scope["scope"], scope["state"]) for scope in first["incomplete"]] == [("fake/1/r1/bags", "denied")]
    assert len(rows) == 1


@pytest.mark.parametrize(
    ("asked", "code", "told"),
    [
        ({"query": "is(fake_box) and and"}, "bad_search", "^"),
        ({"query": "is(fake_bx)"}, "bad_search", "fake_box"),
        ({"query": "expand(lage, size=1)"}, "bad_search", "large"),
        ({"query": "all", "at": "soon"}, "bad_request", "expected a time such as"),
        ({"query": "all", "at": "2020-01-01"}, "bad_request", "nothing is known of"),
        ({"query": "all", "columns": ["a b c"]}, "bad_request", "columns: "),
        ({"query": "all", "limit": 0}, "bad_request", "limit"),
        ({"query": "all", "timeout": -1}, "bad_request", "timeout"),
        ({"query": "all", "rows": 1}, "bad_request", "rows"),
        ({}, "bad_request", "query"),
    ],
)
def test_a_search_that_cannot_be_answered_is_explained(
    estate: Running, asked: dict[str, Any], code: str, told: str
) -> None:
    status, answer = estate.post("/v1/search", asked)
    assert (status, answer["error"]["code"]) == (400, code)
    assert told in answer["error"]["message"]


def test_an_error_of_a_search_has_its_place(estate: Running) -> None:
    error = estate.post("/v1/search", {"query": "is(fake_box) and size >"})[1]["error"]
    assert (error["at"], error["query"]) == (23, "is(fake_box) and size >")
    assert set(error) == {"code", "message", "at", "query", "expected", "hint"}


@needs_root
def test_a_member_of_the_sockets_group_may_search(estate: Running) -> None:
    estate.socket.chmod(0o666)
    with somebody(groups=[GROUP]):
        assert searched(estate, query="size = 4")[1]
    events = estate.rows("/v1/events?type=control.command&limit=1000")
    assert "POST /v1/search" not in {event["body"]["command"] for event in events}


@needs_root
def test_who_may_not_open_the_socket_may_not_search(estate: Running) -> None:
    estate.socket.chmod(0o660)
    with somebody(), pytest.raises(PermissionError):
        estate.post("/v1/search", {"query": "all"})


# -- what takes long


def test_what_is_looked_for_again_and_again_is_indexed_after_the_next_run(large: Running) -> None:
    work = " and ".join(f'name !~ "x{number}.*y.*z$"' for number in range(4))
    for number in range(5):
        assert large.post("/v1/search", {"query": f"size > {number + 1} and {work}"})[0] in (200, 422)  # or too slow
    large.sync()

    def looked_up() -> bool:
        with closing(sqlite3.connect(f"{large.desk.store.as_uri()}?mode=ro", uri=True)) as connection:
            return [each.shown for each in indexed.load(connection)] == ["size"]

    until(looked_up)
    assert searched(large, query="size > 1")[1] == []


def test_a_search_that_takes_too_long_is_ended_and_status_is_quick_beside_it(large: Running) -> None:
    with ThreadPoolExecutor(1) as beside:
        begun = time.monotonic()
        slow = beside.submit(large.post, "/v1/search", {"query": SLOW})
        waits = []
        while not slow.done():
            asked = time.monotonic()
            assert large.get("/v1/status")[0] == 200
            waits.append(time.monotonic() - asked)
            time.sleep(0.02)
        status, answer = slow.result()
    assert (status, answer["error"]["code"]) == (422, "too_long")
    assert 0.9 < time.monotonic() - begun < 5
    assert len(waits) >= 5
    assert sorted(waits)[len(waits) // 2] < 0.1


def test_who_asks_may_want_less_time(large: Running) -> None:
    answer = large.post("/v1/search", {"query": SLOW, "timeout": 0.1})[1]
    assert "took more than 0.1 s" in answer["error"]["message"]


def test_a_fifth_search_at_a_time_is_sent_away_for_a_moment(large: Running) -> None:
    with ThreadPoolExecutor(8) as beside:
        heads = list(beside.map(lambda _: head(large, {"query": SLOW}), range(8)))
    statuses = [status for status, _ in heads]
    assert statuses.count(422) >= 4
    assert {again for status, again in heads if status == 503} == {"1"}
    assert searched(large, query="name = b1")[1]


def head(daemon: Running, asked: dict[str, Any]) -> tuple[int, str | None]:
    """Status and Retry-After."""
    line = Line(daemon.socket)
    try:
        line.request("POST", "/v1/search", json.dumps(asked))
        answer = line.getresponse()
        answer.read()
        return answer.status, answer.getheader("Retry-After")
    finally:
        line.close()


def test_a_reader_that_stops_reading_holds_no_place(large: Running) -> None:
    lines = [large.streaming("/v1/search?q=all") for _ in range(6)]
    try:
        assert len(searched(large, query="all")[1]) == 5001
    finally:
        for line in lines:
            line.close()


# -- resources and kinds


def test_a_resource_by_urn_encoded_or_not_and_by_key(estate: Running) -> None:
    urn = "urn:fake:1:box/a"
    found = [estate.get(f"/v1/resources/{name}")[1]["resource"] for name in (urn, quote(urn, safe=""))]
    [(key,)] = estate.query(f"select key from node where urn = '{urn}'")
    assert found[0] == found[1] == estate.get(f"/v1/resources/{key}")[1]["resource"]
    assert (found[0]["name"], found[0]["size"], found[0]["coverage"]["state"]) == ("a", 4, "complete")
    assert estate.get(f"/v1/resources/{urn}?at=run:1")[1]["resource"]["size"] == 1


@pytest.mark.parametrize("name", ["urn:fake:1:box/b", "1", "x" * 300])
def test_a_resource_that_is_not_there_is_not_found(estate: Running, name: str) -> None:
    status, answer = estate.get(f"/v1/resources/{name}")
    assert (status, answer["error"]["code"]) == (404, "not_found")


def test_kinds_counted_and_as_a_tree(estate: Running) -> None:
    assert estate.get("/v1/kinds")[1]["kinds"] == [{"kind": "fake_box", "resources": 3, "accounts": 1, "regions": 1}]
    tree = estate.get("/v1/kinds?tree=true")[1]["kinds"]
    assert tree[0] == {"kind": "resource", "depth": 0, "bases": [], "resources": 3}


def test_one_kind(estate: Running) -> None:
    kind = estate.get("/v1/kinds/fake_box")[1]
    assert kind["resources"] == [{"kind": "fake_box", "account": "1", "region": "r1", "resources": 3}]
    assert {"direction": "out", "type": "in", "kind": "fake_box"} in kind["edges"]
    assert [place["path"] for place in kind["document"]] == ["size", "token"]
    status, answer = estate.get("/v1/kinds/fake_bx")
    assert (status, "did you mean fake_box" in answer["error"]["message"]) == (404, True)


# -- the past


def test_the_history_oldest_first(estate: Running) -> None:
    first, *rows = stream(estate, "/v1/history")
    assert first == {"type": "history"}
    assert changes(rows) == [("updated", "a"), ("deleted", "b"), ("updated", "a"), ("created", "c")]
    assert rows[0]["changes"] == [{"path": "size", "old": 1, "new": 3}]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("resource=b", [("deleted", "b")]),
        ("change=created,deleted&kind=resource", [("deleted", "b"), ("created", "c")]),
        ("limit=1", [("created", "c")]),
        ("since=-1h&until=2999-01-01", [("updated", "a"), ("deleted", "b"), ("updated", "a"), ("created", "c")]),
        ("until=1h", []),
        ("since=1000000", []),
    ],
)
def test_the_history_can_be_narrowed(estate: Running, query: str, found: list[tuple[str, str]]) -> None:
    assert changes(stream(estate, f"/v1/history?{query}")[1:]) == found


def test_the_difference_of_two_times(estate: Running) -> None:
    first, *rows = stream(estate, "/v1/diff?from=run:1&to=run:3")
    assert (first["type"], first["from"] < first["to"]) == ("diff", True)
    assert changes(rows) == [("updated", "a"), ("deleted", "b"), ("created", "c")]
    assert stream(estate, "/v1/diff?from=run:1")[1:] == rows
    assert changes(stream(estate, "/v1/diff?from=run:1&q=size%3D2")[1:]) == [("deleted", "b")]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/diff", 400, "bad_request"),
        ("/v1/diff?from=soon", 400, "bad_request"),
        ("/v1/diff?from=run:9", 400, "bad_request"),
        ("/v1/diff?from=run:1&q=((", 400, "bad_search"),
        ("/v1/history?change=moved", 400, "bad_request"),
        ("/v1/history?since=x", 400, "bad_request"),
        ("/v1/history?resource=x", 404, "not_found"),
        ("/v1/history?kind=x", 404, "not_found"),
        ("/v1/search?q=all&limit=x", 400, "bad_request"),
        ("/v1/resources/1?at=x", 400, "bad_request"),
    ],
)
def test_what_cannot_be_told_is_explained(estate: Running, path: str, status: int, code: str) -> None:
    found, answer = estate.get(path)
    assert (found, answer["error"]["code"]) == (status, code)


def test_the_daemon_stops_at_once_while_it_searches(large: Running) -> None:
    with ThreadPoolExecutor(1) as beside:
        slow = beside.submit(head, large, {"query": SLOW})
        time.sleep(0.3)
        begun = time.monotonic()
        large.stop()
        assert time.monotonic() - begun < 10
        with pytest.raises(ConnectionError):
            slow.result()
