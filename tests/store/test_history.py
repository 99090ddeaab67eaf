"""The past stays as it was: every version, edge, handle and owner, of files of earlier schemas as well."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from syncd.errors import Denied, StoreError
from syncd.model import Edge, Node, Scope
from syncd.store import nodes
from syncd.store.files import migrations
from syncd.store.journal import Journal
from syncd.store.keys import node_key
from syncd.store.soundness import problems
from tests.fakes.cloud import box, urn
from tests.fakes.past import Picture, picture
from tests.fakes.world import World

A, B, C = "fake/1/r1/boxes", "fake/1/r1/bags", "fake/1/r1/cans"
HERE = Path(__file__).parent


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "s.db")


def last(world: World) -> int:
    return int(world.query("select value from counter where name = 'commit'")[0][0])


def past(world: World, commit: int) -> Picture:
    with closing(sqlite3.connect(f"{world.path.as_uri()}?mode=ro", uri=True)) as connection:
        return picture(connection, commit)


def named(picture: Picture) -> set[tuple[str, str]]:
    """The edges by the names of their ends."""
    known, edges = picture
    return {(known[src]["name"], known[dst]["name"]) for src, _, dst in edges}


def pointing(name: str, handle: str) -> Node:
    return box("1", name, edges=(Edge("in", handle),))


async def test_an_edge_to_a_handle_shows_the_node_that_had_it_then(world: World) -> None:
    world.cloud.put(A, box("1", "a", handles=("h",)), box("1", "b"), pointing("c", "h"))
    await world.sync()
    first = last(world)
    world.cloud.put(A, box("1", "a", size=1), box("1", "b", size=1, handles=("h",)), pointing("c", "h"))
    await world.sync()
    second = last(world)
    world.cloud.put(A, box("1", "a", size=1), pointing("c", "h"))
    await world.sync()
    assert named(past(world, first)) == {("c", "a")}
    assert named(past(world, second)) == {("c", "b")}
    assert named(past(world, last(world))) == set()


async def test_a_handle_that_another_scope_takes_over_ends_for_the_first(world: World) -> None:
    world.cloud.put(A, box("1", "a", handles=("h",)))
    world.cloud.put(B, pointing("c", "h"))
    await world.sync()
    first = last(world)
    world.cloud.put(B, pointing("c", "h"), box("1", "z", handles=("h",)))
    await world.sync()
    assert (named(past(world, first)), named(past(world, last(world)))) == ({("c", "a")}, {("c", "z")})


def journal(world: World, run: int = 1) -> Journal:
    connection = sqlite3.connect(world.path, isolation_level=None)
    return Journal(connection, world.now(), run)


async def test_a_handle_made_and_ended_in_one_commit_leaves_no_row(world: World) -> None:
    async with world.store():
        pass
    once = journal(world)
    with closing(once.connection):
        nodes.write_handles(once, {7: 1, 8: 1})
        nodes.write_handles(once, {7: 2})
        nodes.close_handles(once, [8])
    assert world.query("select key, node, from_commit from handle") == [(7, 2, 1)]
    assert world.query("select count(*) from handle_history") == [(0,)]


async def test_a_handle_that_stays_keeps_its_commit(world: World) -> None:
    async with world.store():
        pass
    for nodes_of in ({7: 1}, {7: 1, 8: 1}):
        one = journal(world)
        with closing(one.connection):
            nodes.write_handles(one, nodes_of)
    assert world.query("select key, from_commit from handle order by key") == [(7, 1), (8, 2)]


async def test_a_node_that_another_scope_inherits_had_its_owner_then(world: World) -> None:
    world.cloud.put(A, box("1", "a"))
    await world.sync()
    world.cloud.put(B, box("1", "a"))
    await world.sync()
    before, owner = last(world), past(world, last(world))[0][node_key(urn("1", "a"))]["scope"]
    world.cloud.put(A, box("1", "b"))
    await world.sync()
    then, now = (past(world, commit)[0][node_key(urn("1", "a"))]["scope"] for commit in (before, last(world)))
    assert (then, world.names(), world.events("resource.deleted")) == (owner, ["a", "b"], [])
    assert world.query("select name from scope where id = ?", now) == [("bags",)]


async def test_what_another_scope_sees_outlives_the_scope_that_owned_it(world: World) -> None:
    world.cloud.put(A, box("1", "a"), box("1", "b"))
    await world.sync()
    world.cloud.put(B, box("1", "a"))
    await world.sync()
    del world.cloud.boxes[A]
    await world.sync()
    await world.sync(accept=(A,))
    await world.sync()
    assert (world.names(), world.events()) == (["a"], [("resource.deleted", "b")])
    assert world.query("select count(*) from sighting") == [(0,)]


async def test_a_scope_that_is_forgotten_takes_its_edges_along_and_its_number_is_not_given_again(world: World) -> None:
    world.cloud.put(A, box("1", "a"))
    await world.sync()
    world.cloud.put(B, pointing("a", urn("1", "a")))
    await world.sync()
    [(number,)] = world.query("select id from scope where name = 'bags'")
    del world.cloud.boxes[B]
    await world.sync()
    await world.sync(accept=(B,))
    assert world.query("select count(*) from edge") == [(0,)]
    world.cloud.put(C, box("1", "c"))
    await world.sync()
    assert world.query("select id, name from scope_ever order by id") == [
        (1, "boxes"),
        (number, "bags"),
        (number + 1, "cans"),
    ]
    states = world.query("select state from scope_history where scope = ? order by from_commit", number)
    assert states == [("complete",), ("retired",)]


async def test_a_resource_made_anew_is_replaced_though_another_scope_sees_it(world: World) -> None:
    world.cloud.put(A, box("1", "a", created_at="2026-01-01T00:00:00Z"))
    await world.sync()
    world.cloud.put(B, box("1", "a", created_at="2026-01-01T00:00:00Z"))
    await world.sync()
    world.cloud.put(A, box("1", "a", created_at="2026-02-01T00:00:00Z"))
    world.cloud.put(B, box("1", "a", created_at="2026-02-01T00:00:00Z"))
    await world.sync()
    assert world.events() == [("resource.deleted", "a"), ("resource.created", "a")]
    assert world.state(A) == world.state(B) == "complete"


async def test_what_scopes_can_yield_is_known_though_they_hold_nothing(world: World) -> None:
    world.cloud.put(A)
    world.cloud.put(B)
    world.cloud.fail(B, Denied("no"))
    await world.sync()
    assert world.query("select * from scope_kind order by name") == [
        ("fake", "bags", "fake_box"),
        ("fake", "boxes", "fake_box"),
    ]


async def test_another_catalog_changes_what_a_scope_can_yield(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.cloud.put(A, box("1", "a"))
    await world.sync()
    scope = Scope("fake", "1", "r1", "boxes", ("fake_box", "fake_jar"), "1")
    monkeypatch.setattr(world.cloud, "scope", lambda _key: scope)
    for _ in range(2):
        await world.sync()
        assert world.query("select kind from scope_kind order by kind") == [("fake_box",), ("fake_jar",)]


def estate(chance: random.Random) -> dict[str, list[Node]]:
    """Some of ten boxes, in one scope or in two, pointing at each other by URN or by handles that wander."""
    handles = {f"h{n}": f"b{chance.randrange(10)}" for n in range(4)}
    scopes: dict[str, list[Node]] = {A: [], B: [], C: []}
    for number in range(10):
        name = f"b{number}"
        targets = (f"h{chance.randrange(4)}", urn("1", f"b{chance.randrange(10)}"))
        made = f"2026-0{chance.choice('11112')}-01T00:00:00Z"
        edges = tuple(Edge("in", target) for target in targets)
        own = tuple(handle for handle, owner in handles.items() if owner == name)
        size = chance.randrange(3)
        for scope in chance.choice(((), (A,), (A,), (B,), (A, B), (A, B, C))):
            scopes[scope].append(
                box("1", name, size=size, own=own, edges=edges, handles=own, created_at=made, tags={"n": str(size)})
            )
    return scopes


@pytest.mark.parametrize("seed", range(6))
async def test_the_past_is_what_was_recorded(world: World, seed: int) -> None:
    chance = random.Random(seed)
    recorded: dict[int, Picture] = {}
    async with world.store() as store:
        for _ in range(15):
            for scope, boxes in estate(chance).items():
                world.cloud.put(scope, *boxes)
                if chance.random() < 0.1:
                    world.cloud.boxes.pop(scope)
            await world.sync_in(store, accept=("*",) if chance.random() < 0.5 else ())
            recorded[last(world)] = past(world, last(world))
    for commit, then in recorded.items():
        assert past(world, commit) == then
    async with world.store() as store:
        assert await store.read(lambda c: list(problems(c))) == []


def of_schema_2(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for number in (1, 2):
            connection.executescript(migrations()[number])
        connection.executescript((HERE / "schema2.sql").read_text() + "pragma user_version = 2;")


async def test_a_file_of_schema_2_is_brought_up_to_date_and_goes_on(world: World) -> None:
    of_schema_2(world.path)
    world.cloud.put(A, box("1", "a", size=3, handles=("h:a",)), pointing("b", "h:a"))
    world.cloud.put(B)
    await world.sync()
    assert world.query("pragma user_version") == [(max(migrations()),)]
    assert world.events()[-1] == ("resource.updated", "a")
    sizes = [past(world, commit)[0][node_key(urn("1", "a"))]["document"]["size"] for commit in (4, 8, last(world))]
    assert sizes == [1, 2, 3]
    assert all(named(past(world, commit)) == {("b", "a")} for commit in (4, 8, last(world)))
    assert world.query("select kind from scope_kind where name = 'bags'") == [("fake_box",)]


async def test_what_earlier_versions_left_of_scopes_is_mended(world: World) -> None:
    of_schema_2(world.path)
    with closing(sqlite3.connect(world.path)) as connection:
        connection.executescript("insert into edge values (1, 3, 2, 9, 5); insert into sighting values (2, 77, x'00');")
    async with world.store() as store:
        assert await store.read(lambda c: list(problems(c))) == []
    assert world.query("select src, dst, scope, from_commit, to_commit from edge_history") == [(1, 2, 9, 5, 8)]


async def test_a_migration_that_fails_leaves_the_file_as_it_was(world: World) -> None:
    of_schema_2(world.path)
    with closing(sqlite3.connect(world.path)) as connection:
        connection.execute("create table horizon (theirs)")
    before = world.query("select sql from sqlite_master order by name")
    with pytest.raises(StoreError, match="migration 3 failed and was undone"):
        async with world.store():
            pass
    assert world.query("select sql from sqlite_master order by name") == before
    assert world.query("pragma user_version") == [(2,)]
