"""The index of searches: it may be behind, never wrong, and no sync waits for it."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.search.answer import Asking, Question
from syncd.store import index
from syncd.store.retention import Windows
from tests.fakes.cloud import box
from tests.fakes.world import World

A = "fake/1/r1/boxes"
NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "s.db")


def found(world: World, text: str, commit: int | None = None) -> list[str]:
    return [str(row["name"]) for row in asked(world, text, commit).answer().rows]


def asked(world: World, text: str, commit: int | None = None) -> Asking:
    connection = sqlite3.connect(f"{world.path.as_uri()}?mode=ro", uri=True)
    return Asking(connection, Question(text, commit, seconds=60), NOW)


def uses_the_index(world: World, text: str) -> bool:
    return "indexed" in asked(world, text).explain()[0].sql


async def indexed(world: World) -> int:
    async with world.store() as store:
        return await store.index()


async def test_an_indexed_property_is_found_by_the_index_and_only_where_it_is(world: World) -> None:
    world.cloud.put(A, *(box("1", f"b{i}", tags={"owner": f"team-{i % 7}"}) for i in range(50)))
    await world.sync()
    assert await indexed(world) == 50
    assert await indexed(world) == 0
    for text in ("tags.owner = team-3", "name = b3", "id(b3)", "name in [b3, b10]", '"team-3"', '"b1"'):
        assert uses_the_index(world, text), text
    assert found(world, "tags.owner = team-3") == [f"b{i}" for i in (10, 17, 24, 3, 31, 38, 45)]
    assert found(world, "name in [b3, b10]") == ["b10", "b3"]
    assert "b3" in found(world, '"team-3"')


async def test_words_are_looked_for_once(world: World) -> None:
    world.cloud.put(A, *(box("1", f"b{i}", tags={"owner": "team one"}) for i in range(30)))
    await world.sync()
    await indexed(world)
    told: list[str] = []
    asking = asked(world, '"team one"')
    asking.connection.set_trace_callback(told.append)
    assert len(asking.answer().rows) == 30
    assert sum("from words where words match" in statement for statement in told) == 1


async def test_runs_end_and_columns_of_nodes_are_found_after_the_index_was_made(world: World) -> None:
    world.cloud.put(A, *(box("1", f"b{i}", common={"volume_size": i}) for i in range(50)))
    async with world.store() as store:
        await world.sync_in(store)
        await store.index()
        await world.sync_in(store)
    assert world.query("select state from run") == [("complete",), ("complete",)]
    for text in ("kind = fake_box", "account = 1", "region = r1", "cloud = fake", "zone != x", "created_at = null"):
        assert len(found(world, text)) == 50, text


async def test_what_changed_since_the_index_was_made_is_found_and_what_was_is_not(world: World) -> None:
    world.cloud.put(A, *(box("1", f"b{i}", tags={"owner": "old"}) for i in range(30)))
    await world.sync()
    await indexed(world)
    kept = [box("1", f"b{i}", tags={"owner": "old"}) for i in range(2, 30)]
    world.cloud.put(A, box("1", "b0", tags={"owner": "new"}), *kept, box("1", "b99", tags={"owner": "new"}))
    await world.sync()
    for _ in range(2):
        assert found(world, "tags.owner = new") == ["b0", "b99"]
        assert len(found(world, "tags.owner = old")) == 28
        assert found(world, "name = b1") == []
        await indexed(world)


async def test_values_that_change_without_a_commit_are_not_indexed(world: World) -> None:
    world.cloud.put(A, *(box("1", f"b{i}", volatile={"volume_size": i}) for i in range(30)))
    await world.sync()
    await indexed(world)
    world.cloud.put(A, *(box("1", f"b{i}", volatile={"volume_size": i + 1}) for i in range(30)))
    await world.sync()
    assert not uses_the_index(world, "volume_size = 30")
    assert found(world, "volume_size = 30") == ["b29"]


async def test_an_index_of_dead_entries_is_made_anew(world: World) -> None:
    count, commits = index.STEP // 2 - 100, []
    for number in range(4):
        world.cloud.put(A, *(box("1", f"b{i}", tags={"turn": str(number)}) for i in range(count)))
        await world.sync()
        await indexed(world)
        commits += [number for (number,) in world.query("select max(number) from commit_log")]
    assert world.query("select count(*), max(id) <= ? from indexed", 2 * count) == [(count, 1)]
    assert len(found(world, "tags.turn = 3")) == count
    assert found(world, "tags.turn = 2") == []
    for number, commit in enumerate(commits):
        assert len(found(world, f"tags.turn = {number}", commit)) == count
        assert found(world, f"tags.turn = {(number + 1) % 4}", commit) == []


async def test_what_the_index_said_of_a_version_is_forgotten_with_it(world: World) -> None:
    for turn in range(3):
        world.cloud.put(A, *(box("1", f"b{i}", tags={"turn": str(turn)}) for i in range(30 - turn)))
        async with world.store() as store:
            await world.sync_in(store)
            await store.index()
    assert world.query("select count(*) from indexed_past") == [(30 + 29,)]
    world.moment += timedelta(days=9)
    async with world.store() as store:
        await store.compact(Windows(1))
    assert (
        world.query("select count(*) from node_history") == world.query("select count(*) from indexed_past") == [(0,)]
    )


async def test_long_texts_and_odd_values_are_found_beside_the_index(world: World) -> None:
    long, odd = "x" * 300, "a\"'\u20ac%_"
    world.cloud.put(A, *(box("1", f"b{i}") for i in range(30)), box("1", "long", tags={"t": long, "o": odd}))
    await world.sync()
    await indexed(world)
    assert found(world, f"tags.t = {long}") == ["long"]
    quoted = odd.replace('"', '\\"')
    assert found(world, f'tags.o = "{quoted}"') == ["long"]


async def test_groups_of_what_is_true_or_not_are_told_as_such_beside_numbers_and_texts(world: World) -> None:
    values = (True, True, False, 1, 0, "true", None)
    world.cloud.put(A, *(box("1", f"b{i}", on=value) for i, value in enumerate(values)))
    await world.sync()
    rows = asked(world, "aggregate(on: sum(1) as n): all").answer().rows
    found = [(row["on"], row["n"]) for row in rows]
    assert repr(found) == "[(None, 1), (0, 1), (1, 1), ('true', 1), (False, 1), (True, 2)]"
