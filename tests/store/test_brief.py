"""Briefs: each resource has its own or waits for it, and what is made of them is what a look at all would make."""

import random
import sqlite3
from pathlib import Path

import pytest

from syncd.search.answer import Asking, Question
from tests.fakes.cloud import box
from tests.fakes.world import World
from tests.search.graphs import RichCloud
from tests.search.histories import History

A, B = "fake/1/r1/boxes", "fake/1/r1/bins"
SIZES = "aggregate(region: sum(volume_size) as size, count(volume_size) as n): is(fake_box)"
COUNTS = "aggregate(kind: sum(1) as n): all"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "s.db")


def asking(world: World, text: str, commit: int | None = None) -> Asking:
    connection = sqlite3.connect(f"{world.path.as_uri()}?mode=ro", uri=True)
    return Asking(connection, Question(text, commit, seconds=60), world.moment)


def rows(world: World, text: str, commit: int | None = None) -> list[dict[str, object]]:
    return asking(world, text, commit).answer().rows


async def index(world: World) -> None:
    async with world.store() as store:
        await store.index()


def last(world: World) -> int:
    return int(world.query("select max(number) from commit_log")[0][0])


async def test_every_resource_has_its_brief_or_waits_for_one(world: World) -> None:
    world.cloud = RichCloud()
    history = History(world.cloud, random.Random(7))
    wrong = (
        "select n.key, n.urn from node n left join brief b on (b.kind, b.key) = (n.kind, n.key) "
        "where n.key not in (select node from stale) and (b.from_commit, b.account, b.region, b.common) is not "
        "(n.from_commit, n.account, n.region, (select common from document where node = n.key))"
    )
    nobodys = "select key from brief where key not in (select key from node) or entry not in (select id from indexed)"
    unknown = (
        "select 1 from node_history h where h.to_commit <= (select value from counter where name = 'past') "
        "and not exists (select 1 from indexed_past where (node, from_commit) = (h.node, h.from_commit)) "
        "and not exists (select 1 from bare where (node, to_commit) = (h.node, h.to_commit))"
    )
    for number in range(60):
        await world.sync(accept=("*",))
        if number % 5 == 0:
            await index(world)
            assert world.query("select value from counter where name = 'past'") == [(last(world),)]
        assert world.query(unknown) == []
        assert world.query(wrong) == []
        assert world.query(nobodys) == []
        history.step()
    for table in ("brief", "bare", "indexed_past"):
        assert world.query(f"select count(*) > 1 from {table}") == [(1,)]


async def test_a_common_property_is_added_up_from_briefs_also_where_they_are_behind(world: World) -> None:
    world.cloud.put(A, *(box("1", f"b{i}", common={"volume_size": i}) for i in range(10)))
    await world.sync()
    await index(world)
    assert "from brief b" in asking(world, SIZES).explain()[0].sql
    assert rows(world, SIZES) == [{"region": "r1", "size": 45, "n": 10}]
    world.cloud.put(A, *(box("1", f"b{i}", common={"volume_size": i + (i < 3) * 100}) for i in range(1, 12)))
    await world.sync()
    for _ in range(2):
        assert rows(world, SIZES) == [{"region": "r1", "size": 66 + 200, "n": 11}]
        await index(world)


async def test_what_stands_in_the_document_alone_is_added_up_too(world: World) -> None:
    world.cloud.put(A, box("1", "a", common={"volume_size": 1}, volume_size=50), box("1", "b", volume_size=7))
    await world.sync()
    await index(world)
    assert rows(world, SIZES) == [{"region": "r1", "size": 8, "n": 2}]


async def test_a_resource_that_came_back_under_another_kind_is_counted_once(tmp_path: Path) -> None:
    world = World(tmp_path / "s.db", RichCloud())
    world.cloud.put(A, box("1", "a"), box("1", "b"))
    await world.sync()
    await index(world)
    other = box("1", "b", changed=True)
    other.kind = "fake_net"
    world.cloud.put(A, box("1", "a"), other)
    await world.sync()
    for _ in range(2):
        assert rows(world, COUNTS) == [{"kind": "fake_box", "n": 1}, {"kind": "fake_net", "n": 1}]
        await index(world)
    assert world.query("select count(*) from brief") == [(2,)]


async def test_a_kind_of_which_there_was_nothing_is_not_counted_then(tmp_path: Path) -> None:
    world = World(tmp_path / "s.db", RichCloud())
    world.cloud.put(A, box("1", "a"))
    await world.sync()
    first = last(world)
    net = box("1", "n")
    net.kind = "fake_net"
    world.cloud.put(A, net)
    await world.sync()
    for _ in range(2):
        await index(world)
        assert rows(world, COUNTS) == [{"kind": "fake_net", "n": 1}]
        assert rows(world, COUNTS, first) == [{"kind": "fake_box", "n": 1}]


async def test_what_another_scope_took_over_is_counted_once_at_each_commit(world: World) -> None:
    world.cloud.put(A, box("1", "a"), box("1", "keeps"))
    await world.sync()
    world.cloud.put(B, box("1", "a"))
    await world.sync()
    await index(world)
    first = last(world)
    world.cloud.put(A, box("1", "keeps"))
    await world.sync(accept=("*",))
    assert world.query("select count(*) from node_history") == [(1,)], "it belongs to another scope since"
    for _ in range(2):
        assert rows(world, COUNTS) == rows(world, COUNTS, first) == [{"kind": "fake_box", "n": 2}]
        await index(world)


async def test_a_property_of_documents_is_looked_for_by_signatures(world: World) -> None:
    world.cloud.put(A, *(box("1", f"b{i}", state={"name": f"s{i % 7}"}, items=[{"size": i}]) for i in range(60)))
    await world.sync()
    await index(world)
    for text, count in (
        ("state.name = s3", 9),
        ("is(fake_box) and state.name = s3 and items[*].size = 10", 1),
        ("items[0].size in [1, 2, 500]", 2),
        ("items[*].{size = 4}", 1),
        ("state.name = s9", 0),
    ):
        search = asking(world, text)
        assert len(search.answer().rows) == count, text
        assert search.choice.shown == "signatures", text
        assert search.choice.entries < count + 6, text
