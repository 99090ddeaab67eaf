"""What `syncctl` promises: it tells what the store holds, to people and programs, and cannot change it."""

import csv
import io
import json
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from syncd.cli import sql
from syncd.cli.events import since
from syncd.cli.syncctl import main
from syncd.errors import ConfigError, StoreError
from syncd.store.reader import reading
from tests.cli.conftest import Ask, Desk, desk_at
from tests.control.visitors import needs_root, open_place, somebody


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store after two runs: `a` grew, `b` went, `c` came, and the bags were not to be seen the second time."""
    desk = desk_at(tmp_path_factory.mktemp("estate"))
    assert desk.sync(boxes="{ a = 1, b = 2 }").code == 0
    assert desk.sync(boxes="{ a = 3, c = 4 }", denied="true").code == 3
    return desk.store


@pytest.fixture
def ctl(ask: Ask, estate: Path) -> Ask:
    return lambda *arguments: ask(main, *arguments, "--db", estate)


@pytest.fixture
def rows(ctl: Ask) -> Callable[..., list[dict[str, Any]]]:
    """The rows that a command prints as JSON."""

    def read(*arguments: str) -> list[dict[str, Any]]:
        answer = ctl(*arguments, "-o", "json")
        assert (answer.code, answer.err) == (0, "")
        found: list[dict[str, Any]] = json.loads(answer.out)
        return found

    return read


Rows = Callable[..., list[dict[str, Any]]]


def test_coverage_tells_the_state_of_every_scope(rows: Rows) -> None:
    states = {row["scope"]: row["state"] for row in rows("coverage")}
    assert states == {"fake/1/r1/bags": "denied", "fake/1/r1/boxes": "complete"}


def test_coverage_of_the_incomplete_says_why(rows: Rows) -> None:
    (row,) = rows("coverage", "--incomplete", "--why")
    assert (row["scope"], row["permission"], row["operation"]) == ("fake/1/r1/bags", "bags:ListBags", "bags:List")


def test_events_show_field_diffs(ctl: Ask) -> None:
    done = ctl("events", "--type", "resource.*")
    assert [line.split("  ", 2)[2] for line in done.out.splitlines() if not line.startswith(" ")] == [
        "resource.deleted  fake_box b  urn:fake:1:box/b",
        "resource.updated  fake_box a  urn:fake:1:box/a",
        "resource.created  fake_box c  urn:fake:1:box/c",
    ]
    assert "    size: 1 → 3\n" in done.out


def test_events_can_be_narrowed_by_number_time_resource_and_count(rows: Rows) -> None:
    everything = rows("events")
    last = int(everything[-1]["seq"])
    assert [row["seq"] for row in everything] == list(range(1, last + 1))
    assert rows("events", "--since", str(last - 2)) == everything[-2:]
    assert rows("events", "--limit", "3") == everything[-3:]
    assert rows("events", "--since", "1h", "--limit", "-1") == everything
    assert rows("events", "--since", "2999-01-01") == []
    assert [row["type"] for row in rows("events", "--resource", "BOX/a")] == ["resource.updated"]


def test_events_have_all_there_is_for_programs(rows: Rows, ctl: Ask) -> None:
    (event,) = rows("events", "--type", "resource.updated")
    assert event["body"] == {"changes": [{"path": "size", "old": 1, "new": 3}]}
    text = ctl("events", "--type", "resource.updated", "-o", "csv").out
    (row,) = csv.DictReader(io.StringIO(text))
    assert json.loads(row["body"]) == event["body"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (0, "")),
        ("120", (120, "")),
        ("2h", (0, "2026-03-01T10:00:00Z")),
        ("7d", (0, "2026-02-22T12:00:00Z")),
        ("2026-02-01", (0, "2026-02-01T00:00:00Z")),
        ("2026-02-01T12:00:00+02:00", (0, "2026-02-01T10:00:00Z")),
    ],
)
def test_since_is_a_number_an_age_or_a_time(text: str, expected: tuple[int, str]) -> None:
    assert since(text, datetime(2026, 3, 1, 12, tzinfo=UTC)) == expected


def test_a_since_that_is_none_of_these_is_explained(ctl: Ask) -> None:
    with pytest.raises(ConfigError, match="found yesterday, expected an event's number"):
        since("yesterday", datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert ctl("events", "--since", "x").code == 2


def test_runs_tell_how_they_ended_and_what_they_cost(rows: Rows) -> None:
    assert [(row["run"], row["state"], row["deleted"]) for row in rows("runs")] == [
        (1, "complete", 0),
        (2, "incomplete", 1),
    ]
    assert len(rows("runs", "--limit", "1")) == 1


def test_kinds_are_counted_and_told_apart_by_place(rows: Rows, ctl: Ask) -> None:
    assert rows("kinds") == [{"kind": "fake_box", "resources": 3, "accounts": 1, "regions": 1}]
    place = "kind,account,region,resources\nfake_box,1,r1,3\n"
    assert ctl("kinds", "resource", "-o", "csv").out == ctl("kinds", "fake_box", "-o", "csv").out == place
    unknown = ctl("kinds", "fake_bx")
    wanted = "syncctl: no kind fake_bx in this store; did you mean fake_box, fake_jar?"
    assert (unknown.code, unknown.told) == (2, wanted)


def test_sql_answers_a_select(rows: Rows, ctl: Ask) -> None:
    assert rows("sql", "select name, document ->> '$.size' as size from resource where name < 'b'") == [
        {"name": "a", "size": 3}
    ]
    assert ctl("sql", "select 'a\tb' as x, null as y", "-o", "tsv").out == "x\ty\na\\tb\t\n"


@pytest.mark.parametrize(
    "statement",
    [
        "delete from node",
        "drop table node",
        "attach 'x.db' as x",
        "pragma query_only = off",
        "select load_extension('x')",
        "create temp table t (x)",
        "vacuum into 'x.db'",
        "select 1; delete from node",
        "selec",
        "",
    ],
)
def test_sql_can_only_read(rows: Rows, ctl: Ask, statement: str) -> None:
    done = ctl("sql", statement)
    if statement:
        assert done.code == 1
        assert done.told.startswith("syncctl: ")
    assert rows("kinds")[0]["resources"] == 3


def test_sql_shows_a_limited_number_of_rows_and_says_so(ctl: Ask) -> None:
    numbers = "with recursive n(x) as (select 1 union all select x + 1 from n where x < 10001) select x from n"
    done = ctl("sql", numbers, "-o", "csv")
    assert len(done.out.splitlines()) == 10_001
    assert done.err == "syncctl: only the first 10000 rows are shown; add a WHERE or a LIMIT\n"


def test_a_statement_that_takes_too_long_is_ended(estate: Path) -> None:
    endless = "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n"
    with reading(estate) as connection, pytest.raises(StoreError, match=r"took more than 0.05 s; narrow it with"):
        sql.asked(connection, endless, 0.05)


@pytest.mark.parametrize(
    "words",
    [
        (),
        *(("search",), ("count",), ("aggregate",), ("show",), ("walk",)),
        *(("coverage",), ("events",), ("runs",), ("kinds",), ("sql",)),
    ],
)
def test_every_command_has_help_with_examples(ask: Ask, words: tuple[str, ...]) -> None:
    done = ask(main, *words, "--help")
    assert done.code == 0
    assert "examples:" in done.out
    assert ask(main, "help", *words) == done


def test_a_store_that_is_not_there_yet_is_explained(desk: Desk) -> None:
    done = desk.run("syncctl", "runs")
    assert done.code == 1
    assert (
        done.told == f"syncctl: {desk.store}: no store there yet; run syncd sync first, or name another file with --db"
    )


def test_files_that_are_no_store_of_this_syncd_are_refused(desk: Desk) -> None:
    desk.store.write_text("not a database, but long enough to be looked at as one")
    with pytest.raises(StoreError, match="cannot be read as a store"), reading(desk.store):
        pass
    other = desk.place / "other.db"
    sqlite3.connect(other).execute("create table t (x)").connection.close()
    with pytest.raises(StoreError, match="not a store of syncd"), reading(other):
        pass
    desk.store.unlink()
    desk.sync()
    newer = sqlite3.connect(desk.store)
    newer.execute("pragma user_version = 999")
    newer.close()
    with pytest.raises(StoreError, match="schema 999"), reading(desk.store):
        pass


def test_a_reader_that_goes_away_is_no_error(desk: Desk, estate: Path) -> None:
    # more than a pipe holds: what fits into it can be written before the reader leaves
    numbers = "with recursive n(x) as (select 1 union all select x + 1 from n where x < 9999)"
    lines = f"{numbers} select printf('%099d', x) from n"
    with desk.start("syncctl", "sql", lines, "-o", "csv", "--db", str(estate)) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.read(1)
        process.stdout.close()
        assert process.wait(timeout=60) == 141
        assert process.stderr.read() == ""


@needs_root
@pytest.mark.parametrize("going_on", [True, False])
def test_who_may_only_read_the_file_reads_it_whether_or_not_a_daemon_has_it_open(going_on: bool, estate: Path) -> None:
    with open_place() as place:
        file = place / "s.db"
        shutil.copy(estate, file)
        writer = sqlite3.connect(file)
        writer.execute("pragma journal_mode = wal")
        writer.execute("update meta set value = value")
        writer.commit()
        if not going_on:
            writer.close()
        for each in place.iterdir():
            each.chmod(0o644)
        with reading(estate):
            pass  # what is imported on the way may lie where others may not look
        with somebody(), reading(file) as connection:
            assert connection.execute("select count(*) from run").fetchone() != (0,)
        writer.close()
