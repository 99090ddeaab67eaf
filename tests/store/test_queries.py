"""What is asked of the store for people comes page by page, whole and in order."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from syncd.errors import Denied
from syncd.store import queries
from syncd.store.queries import Filter
from tests.fakes.cloud import box
from tests.fakes.world import World

SCOPES = 1203


@pytest.fixture(scope="module")
def read_once(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("read") / "s.db")
    for number in range(SCOPES):
        scope = f"fake/1/r1/s{number:04}"
        world.cloud.put(scope, box("1", f"b{number}"))
        if number % 10 == 0:
            world.cloud.fail(scope, Denied("not for you", operation="boxes:List", permission="boxes:ListBoxes"))
    asyncio.run(world.sync(workers=16))
    return world


@pytest.fixture
def world(read_once: World, tmp_path: Path) -> World:
    """Many scopes of one account, every tenth denied, in a file of the test's own."""
    return World(Path(shutil.copy(read_once.path, tmp_path / "s.db")), read_once.cloud, read_once.moment)


@pytest.fixture
def store(world: World) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{world.path.as_uri()}?mode=ro", uri=True)) as connection:
        yield connection


def scopes(store: sqlite3.Connection, size: int, *, incomplete: bool = False) -> list[str]:
    """Of all pages, one after the other."""
    found: list[str] = []
    while page := queries.coverage(store, incomplete, found[-1] if found else "", size):
        found += [row["scope"] for row in page]
    return found


def test_a_scope_that_goes_between_two_pages_hides_no_other(world: World, store: sqlite3.Connection) -> None:
    first = [row["scope"] for row in queries.coverage(store, False, "", 10)]
    with closing(sqlite3.connect(world.path)) as writer:
        writer.execute("delete from scope where name = 's0000'")
        writer.commit()
    after = queries.coverage(store, False, first[-1], 1)
    assert (first[-1], after[0]["scope"]) == ("fake/1/r1/s0009", "fake/1/r1/s0010")


@pytest.mark.parametrize("size", [100, 1000, 1203, 5000])
def test_coverage_is_whole_and_in_order_whatever_the_page(store: sqlite3.Connection, size: int) -> None:
    assert scopes(store, size) == [f"fake/1/r1/s{number:04}" for number in range(SCOPES)]


def test_coverage_of_what_is_incomplete_is_whole_as_well(store: sqlite3.Connection) -> None:
    assert scopes(store, 50, incomplete=True) == [f"fake/1/r1/s{number:04}" for number in range(0, SCOPES, 10)]


def test_the_log_of_a_run_has_every_scope(store: sqlite3.Connection) -> None:
    assert len(queries.log(store, 1)) == SCOPES
    assert queries.log(store, 2) == []


def test_an_account_is_summed_up(store: sqlite3.Connection) -> None:
    (account,) = queries.accounts(store)
    assert (account["scopes"], account["incomplete"], account["nodes"]) == (SCOPES, 121, SCOPES - 121)


def test_events_come_page_by_page_without_gap(store: sqlite3.Connection) -> None:
    seen: list[int] = []
    while page := queries.events(store, Filter(since=seen[-1] if seen else 0), 7):
        seen += [row["seq"] for row in page]
        if len(seen) > 100:
            break
    assert seen == list(range(1, len(seen) + 1))


def test_the_last_events_are_told_oldest_first(store: sqlite3.Connection) -> None:
    seen = [row["seq"] for row in queries.last_events(store, Filter(), 3)]
    assert seen == sorted(seen)
    assert seen[-1] == queries.last_events(store, Filter(), 1)[0]["seq"]


def test_what_is_not_there_is_none_or_empty(store: sqlite3.Connection) -> None:
    assert queries.run(store, 99) is None
    assert queries.run_of(store, 99) is None
    assert queries.summary(store, 99) == {}
