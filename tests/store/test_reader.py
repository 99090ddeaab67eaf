"""The file beside its writer: everybody may read it, nobody can write it, and what is documented can be read."""

import shutil
import sqlite3
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from syncd.errors import LimitReached, StoreError
from syncd.model import Edge
from syncd.search import past
from syncd.search.guard import LONGEST_VALUE, guarded
from syncd.store.reader import Readers, reading
from tests.fakes.cloud import box, urn
from tests.fakes.world import World

BOXES, BAGS = "fake/1/r1/boxes", "fake/1/r1/bags"
VIEWS = {"resource": 2, "relation": 1, "link": 1, "coverage": 2, "fake_box": 2}
"""View → its rows in the world below."""
ENDLESS = "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n"


@pytest.fixture
async def world(tmp_path: Path) -> World:
    world = World(tmp_path / "s.db")
    world.cloud.put(BOXES, box("1", "a"), box("1", "b", edges=(Edge("in", urn("1", "a")),)))
    world.cloud.put(BAGS)
    await world.sync()
    return world


@pytest.mark.parametrize("view", VIEWS)
def test_every_documented_view_can_be_read_under_guard(world: World, view: str) -> None:
    with reading(world.path) as connection, guarded(connection, 5):
        assert len(connection.execute(f"select * from {view}").fetchall()) == VIEWS[view]


@pytest.mark.skipif(not shutil.which("sqlite3"), reason="no sqlite3 shell here")
async def test_the_shell_of_sqlite_reads_while_the_store_is_open_for_writing(world: World) -> None:
    async with world.store():
        for view, rows in VIEWS.items():
            asked = ["sqlite3", "-readonly", str(world.path), f"select count(*) from {view}"]
            assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout == f"{rows}\n"
        refused = ["sqlite3", "-readonly", str(world.path), "delete from node"]
        assert subprocess.run(refused, capture_output=True, text=True, check=False).returncode != 0


async def test_what_is_committed_meanwhile_is_seen_by_the_next_statement(world: World) -> None:
    with reading(world.path) as connection:
        world.cloud.put(BOXES, box("1", "a"))
        await world.sync()
        assert connection.execute("select count(*) from node").fetchone() == (1,)


def test_a_reader_writes_nothing_even_unguarded(world: World) -> None:
    with reading(world.path) as connection:
        for statement in ("delete from node", "create temp table t (x)", "pragma user_version = 9"):
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "pragma query_only = off",
        "attach 'x.db' as x",
        "select load_extension('x')",
        "select * from pragma_table_info('node')",
        "create temp table t (x)",
        "begin",
    ],
)
def test_under_guard_nothing_but_a_select_is_possible(world: World, statement: str) -> None:
    refused = pytest.raises(sqlite3.DatabaseError, match=r"not authorized|prohibited")
    with reading(world.path) as connection, guarded(connection, 5), refused:
        connection.execute(statement)


def test_a_value_that_would_fill_the_memory_is_refused(world: World) -> None:
    refused = pytest.raises(sqlite3.DataError, match="too big")
    with reading(world.path) as connection, guarded(connection, 5), refused:
        connection.execute(f"select zeroblob({LONGEST_VALUE + 1})").fetchall()


def test_what_takes_too_long_is_ended_and_the_connection_goes_on(world: World) -> None:
    with reading(world.path) as connection:
        with pytest.raises(LimitReached), guarded(connection, 0.05):
            connection.execute(ENDLESS).fetchall()
        with guarded(connection, 5):
            assert connection.execute("select count(*) from node").fetchone() == (2,)


async def test_a_connection_that_is_kept_sees_what_was_written_since_and_writes_nothing(world: World) -> None:
    readers = Readers(world.path, 1)
    with readers.searching() as first:
        past.load(first, 1)
    world.cloud.put(BOXES, box("1", "a"))
    await world.sync()
    with readers.searching() as connection:
        assert connection is first
        assert connection.execute("select count(*) from node").fetchone() == (1,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("create temp table t (x)")
        with readers.searching() as second:
            assert second is not first
    readers.close()
    for each in (first, second):
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            each.execute("select 1")


def test_a_connection_that_had_an_error_is_not_kept_nor_one_after_the_end(world: World) -> None:
    readers = Readers(world.path, 1)
    found = []
    for statement in ("nonsense", "begin", "select 1"):
        with suppress(StoreError), readers.searching() as connection:
            found.append(connection)
            connection.execute(statement)
    with readers.searching() as connection:
        assert connection is found[-1]
        readers.close()
    assert len({*map(id, found)}) == 3
    for each in found:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            each.execute("select 1")
