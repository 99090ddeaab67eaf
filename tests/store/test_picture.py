"""A time, an age or a run becomes the commit whose picture was valid then, or a line that says why not."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from syncd.errors import StoreError
from syncd.store.files import migrations
from syncd.store.picture import at, moment

NOW = "2026-03-10T12:00:00Z"


@pytest.fixture
def store() -> Iterator[sqlite3.Connection]:
    """Commits at noon of days in March, two of them on the second, one by a clock that was turned back."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for sql in migrations().values():
            connection.executescript(sql)
        days = ((1, 1, 1), (2, 2, 1), (3, 2, 2), (4, 5, 2), (5, 4, 3))
        commits = [(number, f"2026-03-{day:02}T12:00:00Z", run) for number, day, run in days]
        connection.executemany("insert into commit_log values (?, ?, ?)", commits)
        runs = [(run, "2026-03-01T12:00:00Z", "2026-03-02T12:00:00Z", "complete", "test") for run in (1, 2, 3, 7)]
        connection.executemany("insert into run (id, started, finished, state, trigger) values (?, ?, ?, ?, ?)", runs)
        connection.execute("insert into run (id, started, state, trigger) values (8, '', 'running', 'test')")
        yield connection


@pytest.mark.parametrize(
    ("when", "commit"),
    [
        ("2026-03-01T12:00:00Z", 1),
        ("2026-03-02T11:59:59Z", 1),
        ("2026-03-02T12:00:00Z", 3),
        ("2026-03-02T13:00:00+01:00", 3),
        ("2026-03-02T13:00", 3),
        ("2026-03-03", 3),
        ("2026-03-05T12:00:00Z", 5),
        ("2099-01-01", 5),
        ("8d", 3),
        ("-8d", 3),
        ("1w1d", 3),
        ("8d1s", 1),
        ("0s", 5),
        ("run:1", 2),
        ("run:2", 4),
        ("run:3", 5),
        ("run:7", 3),
        ("run:8", 5),
    ],
)
def test_a_time_an_age_or_a_run_is_the_last_commit_until_then(
    store: sqlite3.Connection, when: str, commit: int
) -> None:
    assert at(store, when, NOW) == commit


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("2026-03-01T11:59:59Z", "nothing is known of 2026-03-01T11:59:59Z: the first run began 2026-03-01T12:00:00Z"),
        ("1y", "nothing is known of 2025-03-10T12:00:00Z: the first run began 2026-03-01T12:00:00Z"),
        ("0500-01-01", "nothing is known of 0500-01-01T00:00:00Z"),
        ("run:99", "no run 99 in this store; the last one is run 8"),
        ("yesterday", "found yesterday, expected a time such as 2026-03-01 or .*, or a run such as run:12"),
        ("999999999w", "found 999999999w, expected"),
        ("0001-01-01T00:00:00+05:00", "found 0001-01-01T00:00:00\\+05:00, expected"),
        ("run:", "found run:, expected"),
        ("", "found , expected"),
    ],
)
def test_what_has_no_picture_is_refused_with_the_reason(store: sqlite3.Connection, when: str, told: str) -> None:
    with pytest.raises(StoreError, match=told):
        at(store, when, NOW)


def test_a_store_that_never_read_says_so(store: sqlite3.Connection) -> None:
    store.executescript("delete from commit_log; delete from run;")
    with pytest.raises(StoreError, match="nothing has been read yet"):
        at(store, "1h", NOW)
    with pytest.raises(StoreError, match="no run 1 in this store; there has been none yet"):
        at(store, "run:1", NOW)


def test_what_was_dropped_is_refused_for_the_kinds_that_it_concerns(store: sqlite3.Connection) -> None:
    store.executescript("insert into horizon values ('', 2), ('fake_box', 4)")
    assert at(store, "run:2", NOW) == 4
    assert at(store, "run:1", NOW, frozenset({"fake_jar"})) == 2
    for kinds in (None, frozenset({"fake_box", "fake_jar"})):
        with pytest.raises(StoreError, match="the past of fake_box is kept from 2026-03-05T12:00:00Z on, and run:1 is"):
            at(store, "run:1", NOW, kinds)
    with pytest.raises(StoreError, match="the past of everything is kept from 2026-03-02T12:00:00Z on, and 9d is"):
        at(store, "9d", NOW, frozenset())


def test_a_time_is_told_as_the_store_writes_it() -> None:
    assert moment("2026-03-01T12:00:00.75+02:00", NOW) == "2026-03-01T10:00:00Z"
    assert moment("1h30m", "2026-03-10T12:00:00+00:00") == "2026-03-10T10:30:00Z"
