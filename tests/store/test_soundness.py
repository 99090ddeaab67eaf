"""A store that broke a promise is told which one, and where; one that kept them all hears nothing."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from syncd.store import figures
from syncd.store.files import migrations
from syncd.store.soundness import Problem, problems
from tests.fakes.cloud import box, inside
from tests.fakes.world import World

A = "fake/1/r1/boxes"
TWICE = "select src, type, dst, scope, 1, 3"


@pytest.fixture
async def world(tmp_path: Path) -> World:
    """After three runs: `a` changed twice and lost an edge, `b` has another name."""
    world = World(tmp_path / "s.db")
    for size in range(3):
        edges = () if size else (inside("1", "b"),)
        world.cloud.put(A, box("1", "a", size=size, edges=edges), box("1", "b", handles=(f"h{size}",), size=size))
        await world.sync()
    return world


def found(world: World, statement: str = "") -> list[Problem]:
    with closing(sqlite3.connect(world.path)) as connection:
        connection.executescript(f"pragma ignore_check_constraints = on; {statement}")
        return list(problems(connection))


def test_a_sound_store_has_no_problem(world: World) -> None:
    assert found(world) == []


@pytest.mark.parametrize(
    ("statement", "problem", "where"),
    [
        ("delete from document", "resources without a document", "urn:fake:1:box/a"),
        ("insert into document values (5, '{}', '{}', '{}')", "documents without a resource", "5"),
        ("insert into volatile values (5, '{}', '')", "volatile fields without a resource", "5"),
        ("insert into handle values (6, 5, 1)", "handles without a resource", "6"),
        ("update node set scope = 9 where name = 'b'", "resources of an unknown scope", "urn:fake:1:box/b"),
        ("update node set kind = 9999 where name = 'b'", "resources of an unknown kind", "urn:fake:1:box/b"),
        ("insert into edge values (1, 1, 2, 9, 1)", "edges of an unknown scope", "1 to 2"),
        ("insert into edge values (1, 99, 2, 1, 1)", "edges of an unknown type", "1 to 2"),
        ("insert into sighting values (9, 5, x'00')", "sightings of an unknown scope or resource", "9 sees 5"),
        ("update node_history set kind = 9999 where rowid = 1", "versions of an unknown kind", ""),
        ("update document set body = '{' where rowid > 0", "documents that are no JSON", ""),
        ("update node_history set to_commit = to_commit + 1", "versions of a resource that overlap", ""),
        ("update node_history set from_commit = to_commit where rowid = 1", "versions of a resource that overlap", ""),
        (f"insert into edge_history {TWICE} from edge_history", "versions of an edge that overlap", " to "),
        ("insert into handle_history select key, 1, 1, 99 from handle", "versions of a handle that overlap", ""),
        ("delete from event where seq = 3", "events that are missing before", "4"),
        ("delete from event where seq = (select max(seq) from event)", "counters that are not where", "event is "),
        ("delete from commit_log where number = 2", "commits that are missing before", "3"),
        ("update node set from_commit = 999 where name = 'a'", "commits without a time", "999"),
        ("update counter set value = 99 where name = 'run'", "counters that are not where", "run is 99, the last is 3"),
        ("update counter set value = 99 where name = 'commit'", "counters that are not where", "commit is 99"),
        ("update node_history set data = x'00' where rowid = 1", "versions that cannot be read", "from commit"),
    ],
)  # fmt: skip
def test_a_broken_promise_is_named_with_its_place(world: World, statement: str, problem: str, where: str) -> None:
    told = found(world, statement)
    assert any(each.problem.startswith(problem) and where in each.where for each in told), told


def test_only_the_first_places_are_named(world: World) -> None:
    [told] = found(world, "insert into document select value, '{}', '{}', '{}' from json_each('[1,2,3,4,5]')")
    assert told == ("documents without a resource", "1, 2, 3 …")


def test_a_damaged_page_is_named_and_the_rest_is_looked_at(world: World) -> None:
    [(page,)] = world.query("select rootpage from sqlite_master where name = 'event'")
    content = bytearray(world.path.read_bytes())
    content[(page - 1) * 4096 : (page - 1) * 4096 + 64] = b"\xff" * 64
    world.path.write_bytes(content)
    told = found(world)
    assert told[0].problem == "the file is damaged"
    assert any("cannot be looked for" in each.problem for each in told)


async def test_figures_count_rows_bytes_and_the_past_of_each_kind(world: World) -> None:
    with closing(sqlite3.connect(world.path)) as connection:
        told = figures.figures(connection, world.path)
    rows = {row["table"]: row["rows"] for row in told["tables"]}
    assert (rows["node"], rows["node_history"], told["schema"], told["log_bytes"]) == (2, 4, max(migrations()), 0)
    [history] = told["history"]
    assert (history["kind"], history["versions"], history["oldest"]) == ("fake_box", 4, "2026-03-01T12:01:00Z")
    assert told["first_commit"] == {"number": 1, "at": "2026-03-01T12:01:00Z", "run": 1}
    assert told["bytes"] == world.path.stat().st_size


def test_without_the_table_that_knows_sizes_are_left_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "_BYTES", "select * from no_such_module")
    with closing(sqlite3.connect(world.path)) as connection:
        assert {row["bytes"] for row in figures.tables(connection)} == {None}
