"""`syncctl history` and `syncctl diff`: what was told of changes, and what differs between two times."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from syncd.cli.syncctl import main
from tests.cli.conftest import Ask, desk_at

Rows = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store after three runs: `a` grew twice, `b` went, `c` came."""
    desk = desk_at(tmp_path_factory.mktemp("estate"))
    for boxes in ("{ a = 1, b = 2 }", "{ a = 3, b = 2 }", "{ a = 4, c = 4 }"):
        assert desk.sync(boxes=boxes).code == 0
    return desk.store


@pytest.fixture
def ctl(ask: Ask, estate: Path) -> Ask:
    return lambda *arguments: ask(main, *arguments, "--db", estate)


@pytest.fixture
def rows(ctl: Ask) -> Rows:
    def read(*arguments: str) -> list[dict[str, Any]]:
        answer = ctl(*arguments, "-o", "json")
        assert answer.code == 0, answer.err
        found: list[dict[str, Any]] = json.loads(answer.out)
        return found

    return read


def changes(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row["change"], row["name"]) for row in found]


ALL = [("updated", "a"), ("deleted", "b"), ("updated", "a"), ("created", "c")]


def test_the_history_of_everything_is_oldest_first(rows: Rows) -> None:
    found = rows("history")
    assert changes(found) == ALL
    assert found[0]["changes"] == [{"path": "size", "old": 1, "new": 3}]


@pytest.mark.parametrize("name", ["a", "urn:fake:1:box/a"])
def test_the_history_of_one_resource_by_name_id_or_urn(rows: Rows, name: str) -> None:
    assert [row["changes"][0]["new"] for row in rows("history", name)] == [3, 4]


def test_a_resource_that_is_gone_has_a_history_as_well(rows: Rows, ctl: Ask) -> None:
    assert changes(rows("history", "b")) == [("deleted", "b")]
    answer = ctl("history", "x")
    assert (answer.code, answer.told.startswith("syncctl: no resource x is or was in this store")) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("--change", "deleted", "--change", "created"), [ALL[1], ALL[3]]),
        (("--kind", "resource", "--limit", "1"), [ALL[3]]),
        (("--kind", "fake_jar"), []),
        (("--since", "1h"), ALL),
        (("--since", "999999w"), ALL),
        (("--until", "1h"), []),
        (("--until", "-1h"), []),
        (("--since", "2999-01-01"), []),
    ],
)
def test_the_history_can_be_narrowed(rows: Rows, arguments: tuple[str, ...], found: list[tuple[str, str]]) -> None:
    assert changes(rows("history", *arguments)) == found


def test_the_history_can_be_cut_at_event_numbers(rows: Rows) -> None:
    first, second, third, _ = (str(row["seq"]) for row in rows("history"))
    assert changes(rows("history", "--since", first, "--until", third)) == ALL[1:3]
    assert changes(rows("history", "--since", second)) == ALL[2:]


def test_the_history_is_told_to_people(ctl: Ask) -> None:
    answer = ctl("history", "a")
    assert "  resource.updated  fake_box a  urn:fake:1:box/a\n    size: 1 → 3\n" in answer.out
    assert "no such change is recorded" in ctl("history", "--kind", "fake_jar").err
    assert ctl("history", "--until", "x").told.startswith("syncctl: --until: found x, expected")
    assert ctl("history", "--kind", "bx").code == 2


def test_a_diff_between_two_runs(rows: Rows, ctl: Ask) -> None:
    assert ctl("diff", "run:1", "run:3").out.splitlines() == [
        "~ fake_box a  size: 1 → 4",
        "- fake_box b  urn:fake:1:box/b",
        "+ fake_box c  urn:fake:1:box/c",
        "1 created, 1 updated, 1 deleted",
    ]
    assert changes(rows("diff", "run:1", "run:2")) == [("updated", "a")]
    assert rows("diff", "run:3", "run:1") == rows("diff", "run:1", "run:3") == rows("diff", "run:1")
    assert rows("diff", "run:3", "now") == []


def test_a_diff_of_what_a_search_finds(rows: Rows) -> None:
    assert changes(rows("diff", "run:1", "run:3", "is(fake_box) and size = 2")) == [("deleted", "b")]
    assert changes(rows("diff", "run:1", 'name = "c"')) == [("created", "c")]


def test_a_diff_for_programs(ctl: Ask) -> None:
    row = next(csv.DictReader(io.StringIO(ctl("diff", "run:1", "run:2", "-o", "csv").out)))
    assert (row["change"], json.loads(row["changes"])) == ("updated", [{"path": "size", "old": 1, "new": 3}])


def test_the_document_of_one_resource_line_by_line(ctl: Ask) -> None:
    lines = ctl("diff", "run:1", "run:3", "--resource", "a").out.splitlines()
    assert lines[0].startswith("--- urn:fake:1:box/a at commit ")
    assert [line for line in lines if line.startswith(("+ ", "- "))] == ['-  "size": 1,', '+  "size": 4,']
    gone = ctl("diff", "run:1", "run:3", "--resource", "b").out.splitlines()
    assert [line[0] for line in gone[3:]] == ["-"] * (len(gone) - 3)
    same = ctl("diff", "run:2", "run:2", "--resource", "a")
    assert same.told == "syncctl: a was the same at both times, or not there at either"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("-2d",), 1, "nothing is known of"),
        (("run:9",), 1, "no run 9 in this store"),
        (("soon",), 1, "found soon, expected a time such as"),
        (("run:1", "run:2", "is(fake_bx)"), 2, "fake_box"),
        (("run:1", "run:2", "aggregate(kind): all"), 2, "resources are compared"),
        (("run:1", "a", "b"), 2, "found a and b, expected TIME1"),
        (("run:1", "a", "--resource", "b"), 2, "a search and --resource at once"),
    ],
)
def test_what_cannot_be_compared_is_explained(ctl: Ask, arguments: tuple[str, ...], code: int, told: str) -> None:
    answer = ctl("diff", *arguments)
    assert answer.code == code
    assert told in answer.err
    assert answer.out == ""


@pytest.mark.parametrize("command", ["history", "diff"])
def test_every_command_has_help_with_examples(ask: Ask, command: str) -> None:
    assert "examples:" in ask(main, command, "--help").out
