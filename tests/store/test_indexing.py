"""Properties of documents in the index: found there, made up for when the list changes, and observed."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from syncd.errors import StoreError
from syncd.search import indexed
from syncd.settings import SearchSettings
from syncd.store import index, indexing, observed
from syncd.store.figures import figures
from syncd.store.indexing import Wanted
from syncd.store.observed import OFTEN, Observed, Use
from syncd.store.store import Store
from syncd.upkeep import brought_up_to_date, named
from tests.fakes.cloud import box
from tests.fakes.world import World
from tests.search.graphs import RichCloud
from tests.store.test_index import A, asked, found

NOW = "2026-03-01T12:00:00Z"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Forty boxes with a state, a size, a time and two disks each."""
    world = World(tmp_path / "s.db")
    world.cloud.put(A, *(box("1", f"b{i}", **document(i)) for i in range(40)))
    return world


def document(number: int) -> dict[str, Any]:
    return {
        "state": {"name": f"s{number % 4}"},
        "size": number,
        "open": number % 2 == 0,
        "made": f"2026-02-{1 + number % 28:02}T10:00:00Z",
        "disks": [{"id": f"d{number}", "ends": ["a", str(number)]}, {"id": "x" * 300 + str(number)}],
    }


async def indexed_with(world: World, *paths: str) -> int:
    async with world.store() as store:
        return await store.index(named(paths))


def looked_up(world: World, text: str) -> str:
    """The property that the search starts from."""
    asking = asked(world, text)
    asking.explain()
    return asking.choice.shown


async def test_a_property_of_documents_that_is_named_is_looked_up(world: World) -> None:
    await world.sync()
    assert looked_up(world, "state.name = s1") == ""
    await indexed_with(world, "state.name", "size", "open", "made", "disks[*].id", "disks[*].ends[*]")
    for text, count in {
        "state.name = s1": 10,
        "state.name in [s1, s2] and size < 20": 10,
        "size = 7": 1,
        "size >= 38": 2,
        "open = true": 20,
        "made > 2026-02-27": 2,
        "made = 2026-02-28T10:00:00Z": 1,
        "disks[*].id = d7": 1,
        f"disks[*].id = {'x' * 300}7": 1,
        "disks[*].ends[*] = 9": 1,
        'disks[*].{id = d7 and ends any = "7"}': 1,
        "is(fake_box) and state.name >= s3": 10,
    }.items():
        assert looked_up(world, text), text
        assert len(found(world, text)) == count, text
    for text in (
        "state.name != s1",
        "state.name = null",
        "disks[*].id none = d7",
        "disks[*].id all = d7",
        "size =~ 7",
        "disks[*].ends any = 9",
    ):
        assert looked_up(world, text) in ("", "signatures"), text


async def test_a_change_of_the_list_reads_only_the_new_property(world: World) -> None:
    await world.sync()
    assert await indexed_with(world, "size") == 40
    before = world.query("select * from indexed"), world.query("select * from property")
    assert await indexed_with(world, "size", "state.name") == 40
    assert await indexed_with(world, "size", "state.name") == 0
    assert world.query("select * from indexed") == before[0]
    assert set(before[1]) < set(world.query("select * from property"))
    assert looked_up(world, "state.name = s1") == "state.name"
    await indexed_with(world, "size")
    assert (world.query("select * from indexed"), world.query("select * from property")) == before
    assert world.query("select count(*) from property_name where name glob '$*'") == [(1,)]
    assert (looked_up(world, "state.name = s1"), len(found(world, "state.name = s1"))) == ("signatures", 10)


async def test_a_property_that_is_half_made_is_looked_up_there_and_in_the_rest(world: World) -> None:
    await world.sync()
    await indexed_with(world)
    with closing(sqlite3.connect(world.path)) as connection:
        plan = indexing.planned(connection, named(["state.name"]))
        assert indexing.make_up(connection, plan, 15) == 15
        connection.commit()
        assert figures(connection, world.path)["index"] == [{"property": "state.name", "values": 15, "waiting": 25}]
    assert (looked_up(world, "state.name = s1"), len(found(world, "state.name = s1"))) == ("state.name", 10)


async def test_what_changed_since_a_property_was_indexed_is_found(world: World) -> None:
    await world.sync()
    await indexed_with(world, "state.name")
    world.cloud.put(A, *(box("1", f"b{i}", **document(i + (i < 5))) for i in range(40)))
    await world.sync()
    for _ in range(2):
        assert looked_up(world, "state.name = s1") == "state.name"
        assert len(found(world, "state.name = s1")) == 10 - 1 + 2
        assert "b0" in found(world, "state.name = s1")
        await indexed_with(world, "state.name")


async def test_a_property_of_one_kind_is_looked_up_for_that_kind_only(world: World) -> None:
    await world.sync()
    await indexed_with(world, "fake_box.state.name")
    assert looked_up(world, "is(fake_box) and state.name = s1") == "fake_box.state.name"
    assert (looked_up(world, "state.name = s1"), len(found(world, "state.name = s1"))) == ("signatures", 10)


async def test_a_property_of_one_kind_is_looked_up_for_its_base_kind_where_there_is_no_other(tmp_path: Path) -> None:
    world = World(tmp_path / "s.db", RichCloud())
    world.cloud.put(A, *(replace(box("1", f"b{i}", size=i), kind="fake_net") for i in range(20)))
    await world.sync()
    await indexed_with(world, "fake_net.size", "fake_disk.size")
    assert (looked_up(world, "is(network) and size = 7"), found(world, "is(network) and size = 7")) == (
        "fake_net.size",
        ["b7"],
    )
    assert looked_up(world, "is(volume) and size = 7") == "fake_disk.size"
    assert looked_up(world, "is(fake_fast_disk) and size = 7") == "fake_disk.size"
    assert looked_up(world, "is(fake_vm) and size = 7") == "signatures"


async def test_an_index_that_is_made_anew_has_its_properties_again(world: World) -> None:
    await world.sync()
    await indexed_with(world, "size")
    with closing(sqlite3.connect(world.path)) as connection:
        index._empty(connection)
        connection.commit()
        assert [each.upto for each in indexed.load(connection)] == [40]
    await indexed_with(world, "size")
    assert (looked_up(world, "size = 7"), found(world, "size = 7")) == ("size", ["b7"])


async def test_volatile_properties_and_those_indexed_anyway_are_left_out(world: World) -> None:
    world.cloud.put(A, box("1", "a", volatile={"seen": 1}, common={"volume_size": 5}))
    await world.sync()
    await indexed_with(world, "seen", "volume_size", "name")
    assert world.query("select value from meta where name = 'index'") == []


# -- observed


async def observing(store: Store, uses: Observed, most: int = 10) -> list[str]:
    """What is indexed after the next run."""
    await brought_up_to_date(store, SearchSettings(index_observed=most), uses)
    return await store.read(lambda connection: [each.shown for each in indexed.load(connection)])


async def test_what_is_looked_for_often_and_slowly_is_indexed_also_after_a_restart(world: World) -> None:
    await world.sync()
    uses = Observed()
    for _ in range(OFTEN - 1):
        uses.note([("size",), ("state", "name")], 0.5, NOW)
    for _ in range(100):
        uses.note([("open",)], 0.001, NOW)
    async with world.store() as store:
        assert await observing(store, uses) == []
    uses = Observed()
    uses.note([("size",)], 0.5, NOW)
    async with world.store() as store:
        assert await observing(store, uses) == ["size"]
    assert looked_up(world, "size = 7") == "size"


async def test_the_most_frequent_are_indexed_and_no_more_than_may_be(world: World) -> None:
    await world.sync()
    uses = Observed()
    for number in range(500):
        uses.note([(f"p{number}",)], 0.5, NOW)
    for times, name in ((5, "size"), (9, "open"), (7, "made")):
        for _ in range(times):
            uses.note([(name,)], 0.5, NOW)
    async with world.store() as store:
        assert await observing(store, uses, 0) == []
        assert await observing(store, uses, 2) == []
    assert len(observed.load(sqlite3.connect(world.path))) == observed.MOST


async def test_an_observed_property_that_nobody_asked_for_in_a_month_expires(world: World) -> None:
    await world.sync()
    uses = Observed()
    for day in (1, 20):
        for name in ("size", "open") if day == 1 else ("open",):
            for _ in range(OFTEN):
                uses.note([(name,)], 0.5 if day == 1 else 0.001, f"2026-03-{day:02}T12:00:00Z")
    async with world.store() as store:
        assert sorted(await observing(store, uses)) == ["open", "size"]
        world.moment = world.moment.replace(month=4, day=5)
        assert await observing(store, uses) == ["open"]
        world.moment = world.moment.replace(month=5)
        assert await observing(store, uses) == []
    assert len(found(world, "size = 7")) == 1


async def test_what_could_not_be_written_down_is_kept(world: World) -> None:
    uses = Observed()
    uses.note([("size",)], 0.5, NOW)
    async with world.store() as store:
        pass
    with pytest.raises(StoreError):
        await brought_up_to_date(store, SearchSettings(), uses)
    uses.note([("size",)], 0.5, NOW)
    assert uses.take() == [Use(("size",), 2, NOW)]


def test_a_kind_in_front_is_part_of_the_name() -> None:
    assert Wanted(("a", None, 0, "b.c"), "k").name == '$k."a"[*][0]."b.c"'


@pytest.mark.parametrize("early", [False, True])
async def test_a_property_that_is_indexed_later_is_found_in_what_was_before(world: World, early: bool) -> None:
    await world.sync()
    await indexed_with(world)
    first = world.query("select max(number) from commit_log")[0][0]
    world.cloud.put(A, *(box("1", f"b{i}", **document(i or 100)) for i in range(40)))
    if early:
        await indexed_with(world, "size")
    await world.sync()
    await indexed_with(world, *(("size",) if early else ()))
    await indexed_with(world, "size")
    assert looked_up(world, "size = 0") == "size"
    assert (found(world, "size = 0"), found(world, "size = 0", first)) == ([], ["b0"])
    assert (found(world, "size = 100"), found(world, "size = 100", first)) == (["b0"], [])
