"""What differs between two pictures is what differs between them, whatever was told meanwhile."""

import random
from collections.abc import Set
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from syncd.errors import QueryError, StoreError
from syncd.model import Document
from syncd.search.answer import Question
from syncd.search.past import one_moment
from syncd.store import comparison, matching
from syncd.store.diff import changes
from syncd.store.keys import node_key
from syncd.store.reader import reading, searching
from tests.fakes.cloud import BOX, box, urn
from tests.fakes.past import picture
from tests.fakes.world import World
from tests.store.test_history import estate, last

A, B = "fake/1/r1/boxes", "fake/1/r1/bags"
NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "s.db")


def ordered(kind: str) -> Set[str]:
    return BOX.ordered if kind == BOX.name else frozenset()


def compared(world: World, first: int, end: int) -> list[dict[str, Any]]:
    with reading(world.path) as connection:
        return comparison.compared(connection, first, end, ordered)


def told(world: World, first: int, end: int) -> list[tuple[str, str]]:
    return [(row["change"], row["name"]) for row in compared(world, first, end)]


async def test_what_a_first_reading_found_is_created_though_no_event_says_so(world: World) -> None:
    world.cloud.put(A, box("1", "a"))
    await world.sync()
    first = last(world)
    world.cloud.put(B, box("1", "b"))
    await world.sync()
    assert world.events() == []
    assert told(world, first, last(world)) == [("created", "b")]


async def test_fields_of_a_new_catalog_differ_though_no_event_says_so(world: World) -> None:
    world.cloud.put(A, box("1", "a", size=1))
    await world.sync()
    first = last(world)
    world.cloud.fingerprint = "2"
    world.cloud.put(A, box("1", "a", size=1, colour="red"))
    await world.sync()
    (row,) = compared(world, first, last(world))
    assert (world.events(), row["changes"]) == ([], [{"path": "colour", "old": None, "new": "red"}])
    assert (row["id"], row["urn"], row["account"], row["region"]) == ("a", urn("1", "a"), "1", "r1")


async def test_what_went_and_came_between_is_told_once_for_the_whole_time(world: World) -> None:
    commits = []
    for boxes in ([box("1", "a", size=1)], [box("1", "a", size=2), box("1", "b")], [box("1", "a", size=1)]):
        world.cloud.put(A, *boxes)
        await world.sync()
        commits.append(last(world))
    assert told(world, commits[0], commits[2]) == []
    assert told(world, commits[0], commits[1]) == [("updated", "a"), ("created", "b")]
    assert told(world, commits[1], commits[2]) == [("updated", "a"), ("deleted", "b")]
    assert told(world, commits[1], commits[1]) == []


async def test_what_was_deleted_and_made_anew_is_both(world: World) -> None:
    world.cloud.put(A, box("1", "a", created_at="2026-01-01T00:00:00Z"))
    await world.sync()
    first = last(world)
    world.cloud.put(A, box("1", "a", created_at="2026-02-01T00:00:00Z"))
    await world.sync()
    assert told(world, first, last(world)) == [("deleted", "a"), ("created", "a")]
    world.cloud.put(A)
    await world.sync()
    world.cloud.put(A, box("1", "a", created_at="2026-02-01T00:00:00Z"))
    await world.sync()
    assert told(world, first, last(world)) == [("deleted", "a"), ("created", "a")]


async def test_another_owner_or_another_order_is_no_difference(world: World) -> None:
    world.cloud.put(A, box("1", "a", things=[1, 2], steps=[1, 2]))
    world.cloud.put(B)
    await world.sync()
    first = last(world)
    world.cloud.put(A)
    world.cloud.put(B, box("1", "a", things=[2, 1], steps=[1, 2]))
    await world.sync()
    world.cloud.put(A)
    await world.sync()
    second = last(world)
    assert [row for row in compared(world, first, second) if row["change"] == "updated"] == []
    world.cloud.put(B, box("1", "a", things=[2, 1], steps=[2, 1]))
    await world.sync()
    (row,) = compared(world, second, last(world))
    assert [change["path"] for change in row["changes"]] == ["steps"]


def naive(world: World, first: int, end: int) -> list[tuple[str, int, list[Any]]]:
    """From the two pictures as a whole."""
    with reading(world.path) as connection, closing(connection):
        old, new = (picture(connection, commit)[0] for commit in (first, end))
    found: list[tuple[str, int, list[Any]]] = []
    for key in old.keys() | new.keys():
        again = key in old and key in new and old[key]["first_seen"] != new[key]["first_seen"]
        if key not in new or again:
            found.append(("deleted", key, []))
        if key not in old or again:
            found.append(("created", key, []))
        elif key in new and (differs := changes(fields(old[key]), fields(new[key]), BOX.ordered)):
            found.append(("updated", key, differs))
    return sorted(found, key=lambda each: each[:2])


def fields(node: dict[str, Any]) -> Document:
    return {**node["document"], "name": node["name"], "zone": node["zone"], "tags": node["tags"]}


@pytest.mark.parametrize("seed", range(4))
async def test_any_two_pictures_of_a_wild_past_differ_as_they_do(world: World, seed: int) -> None:
    chance = random.Random(seed)
    commits = []
    async with world.store() as store:
        for _ in range(12):
            for scope, boxes in estate(chance).items():
                world.cloud.put(scope, *boxes)
            await world.sync_in(store)
            commits.append(last(world))
    for _ in range(20):
        first, end = sorted(chance.sample(commits, 2))
        rows = compared(world, first, end)
        found = sorted(((row["change"], node_key(row["urn"]), row["changes"]) for row in rows), key=lambda e: e[:2])
        assert found == naive(world, first, end)


async def test_more_than_may_be_looked_at_is_refused(world: World) -> None:
    world.cloud.put(A)
    await world.sync()
    first = last(world)
    world.cloud.put(A, box("1", "a"), box("1", "b"))
    await world.sync()
    with (
        reading(world.path) as connection,
        pytest.raises(StoreError, match="2 resources may differ, and at most 1 are"),
    ):
        comparison.compared(connection, first, last(world), ordered, most=1)


async def test_a_search_narrows_to_what_it_finds_at_either_time(world: World) -> None:
    world.cloud.put(A, box("1", "a", size=1), box("1", "b", size=5), box("1", "c", size=9))
    await world.sync()
    first = last(world)
    world.cloud.put(A, box("1", "a", size=6), box("1", "b", size=2), box("1", "c", size=8))
    await world.sync()
    with searching(world.path) as connection, one_moment(connection):
        found = matching.either(connection, Question("size >= 5 and size < 8"), (first, last(world)), NOW)
        rows = comparison.compared(connection, first, last(world), ordered, found)
        assert matching.kinds_of(connection, Question("is(fake_box)"), NOW) == frozenset({"fake_box"})
        with pytest.raises(QueryError, match="resources are compared"):
            matching.matching(connection, Question("aggregate(kind): all"), NOW)
    assert [row["name"] for row in rows] == ["a", "b"]


async def test_a_version_is_that_of_its_commit_or_none(world: World) -> None:
    commits = []
    for boxes in ([], [box("1", "a", size=1)], [box("1", "a", size=2)], []):
        world.cloud.put(A, *boxes)
        await world.sync()
        commits.append(last(world))
    with reading(world.path) as connection:
        versions = [comparison.version(connection, node_key(urn("1", "a")), commit) for commit in commits]
    assert [version and version.fields["size"] for version in versions] == [None, 1, 2, None]
