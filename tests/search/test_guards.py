"""A search can do nothing but read, and ends in time."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from syncd.errors import LimitReached
from syncd.model import Edge
from syncd.search.answer import Answer, Asking, Question
from syncd.search.guard import guarded
from tests.fakes.cloud import box, urn
from tests.fakes.world import World
from tests.search.graphs import reading

FORBIDDEN = (
    "insert into node select * from node", "delete from node", "update node set name = ''", "drop table node",
    "create table x (y)", "create temp table x (y)", "create view v as select 1", "attach 'other.db' as other",
    "attach ':memory:' as other", "detach main", "pragma query_only = off", "pragma journal_mode = delete",
    "pragma writable_schema = on", "select load_extension('x')", "vacuum", "vacuum into 'copy.db'", "reindex",
    "analyze", "select writefile('x', 'y')", "select readfile('/etc/passwd')", "begin immediate", "savepoint s",
    "commit", "with x as (select 1) delete from node", "select * from pragma_database_list",
)  # fmt: skip
EVIL = ("(a+)+$", "(a|aa)+$", "(a|a)*b", "(.*)*x", "([a-zA-Z]+)*$", "(x+x+)+y", "a{0,500}a{500}", "(?:a?){60}a{60}")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Boxes of which each points at the next four. One for all: nobody can write to it."""
    world = World(tmp_path_factory.mktemp("guards") / "s.db")
    count = 10_010
    world.cloud.put(
        "fake/1/r1/boxes",
        *(
            box("1", f"b{n}", edges=tuple(Edge("in", urn("1", f"b{(n + step) % count}")) for step in range(1, 5)))
            for n in range(count)
        ),
    )
    asyncio.run(world.sync())
    return world


@pytest.fixture
def connection(world: World) -> Iterator[sqlite3.Connection]:
    with closing(reading(world)) as connection:
        yield connection


def ask(connection: sqlite3.Connection, world: World, question: Question) -> Answer:
    return Asking(connection, question, world.moment).answer()


@pytest.mark.parametrize(
    "text",
    [
        "all with(count > 20000, -[0:]-> all with(count > 20000, -[0:]-> all))",
        "all -[0:100]-> all -[0:100]-> all -[0:100]-> all",
        'all with(any, -[1:50]-> "nothing")',
    ],
)
def test_an_expensive_search_is_ended_when_its_time_is_over(
    world: World, connection: sqlite3.Connection, text: str
) -> None:
    start = time.monotonic()
    with pytest.raises(LimitReached, match=r"0\.2 s"):
        ask(connection, world, Question(text, seconds=0.2))
    assert time.monotonic() - start < 5
    assert len(ask(connection, world, Question("name = b1", seconds=20)).rows) == 1


def test_the_guard_lets_nothing_pass_but_reading(world: World, connection: sqlite3.Connection) -> None:
    before = world.path.read_bytes()
    for statement in FORBIDDEN:
        with guarded(connection, 5), pytest.raises(sqlite3.Error):
            connection.execute(statement).fetchall()
    with guarded(connection, 5):
        assert connection.execute("select count(*) from node").fetchone() == (10_010,)
    assert (world.path.read_bytes(), connection.total_changes, connection.in_transaction) == (before, 0, False)


def test_an_endless_recursion_is_ended(connection: sqlite3.Connection) -> None:
    endless = "with recursive x(n) as (select 1 union all select n + 1 from x) select count(*) from x"
    with pytest.raises(LimitReached), guarded(connection, 0.1):
        connection.execute(endless).fetchall()


@pytest.mark.parametrize("pattern", EVIL)
async def test_a_pattern_that_kills_other_engines_finishes(tmp_path: Path, pattern: str) -> None:
    world = World(tmp_path / "s.db")
    world.cloud.put("fake/1/r1/boxes", box("1", "a", said="a" * 50_000 + "!"), box("1", "b", said="x" * 50_000))
    await world.sync()
    with closing(reading(world)) as connection:
        start = time.monotonic()
        ask(connection, world, Question(f'said =~ "{pattern}"', seconds=20))
        assert time.monotonic() - start < 5


def test_rows_beyond_the_limit_are_cut_and_it_is_said(world: World, connection: sqlite3.Connection) -> None:
    for limit, more in ((10_000, True), (10_009, True), (10_010, False), (20_000, False)):
        found = ask(connection, world, Question("all", limit=limit, seconds=60))
        assert (len(found.rows), found.more) == (min(limit, 10_010), more)
    found = ask(connection, world, Question("all limit 5", limit=3, seconds=60))
    assert (len(found.rows), found.more) == (3, True)
