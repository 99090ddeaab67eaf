"""What is older than its window goes; inside it the past is what was recorded, and outside it is refused."""

import asyncio
import random
import sqlite3
from contextlib import closing
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from syncd.errors import StoreError, StoreFull
from syncd.model import Edge, Node
from syncd.settings import StoreSettings
from syncd.store import retention
from syncd.store.picture import at
from syncd.store.retention import Dropped, Windows
from syncd.store.store import Store
from syncd.upkeep import compact
from tests.fakes.cloud import box, urn
from tests.fakes.past import Picture, picture
from tests.fakes.world import World

A, B = "fake/1/r1/boxes", "fake/1/r1/bags"
KINDS = ("fake_box", "fake_jar")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "s.db")


@pytest.mark.parametrize(
    ("kind", "days"),
    [("aws_ec2_instance", 7), ("aws_ec2_volume", 30), ("aws_s3_bucket", 60), ("gcp_disk", 90), ("gcp_bucket", 0)],
)
def test_the_longest_glob_that_matches_decides(kind: str, days: float) -> None:
    windows = Windows(90, {"aws_*": 60, "aws_ec2_*": 30, "*_instance": 1, "aws_ec2_inst*": 7, "gcp_b*": 0})
    assert windows.of(kind) == days


def test_what_belongs_to_no_kind_is_kept_for_the_longest_time() -> None:
    assert Windows(90, {"a": 120, "b": 1}).longest == 120
    assert Windows(90, {"a": 120, "b": 0}).longest == Windows(0, {"a": 120}).longest == 0


def of_kinds(then: Picture, kinds: frozenset[str], numbers: dict[str, int]) -> Picture:
    wanted = {numbers[kind] for kind in kinds}
    known = {key: node for key, node in then[0].items() if node["kind"] in wanted}
    return known, {edge for edge in then[1] if edge[0] in known and edge[2] in known}


def estate(chance: random.Random) -> list[Node]:
    owner = chance.randrange(6)
    return [
        box(
            "1",
            f"{kind}{number}",
            kind=kind,
            size=chance.randrange(3),
            edges=(Edge("in", chance.choice(("h", urn("1", f"fake_box{number}")))),),
            handles=("h",) if number == owner and kind == "fake_jar" else (),
        )
        for kind in KINDS
        for number in range(6)
        if chance.random() < 0.7
    ]


def windows_of(chance: random.Random) -> Windows:
    return Windows(chance.choice((0, 2, 8, 20)), chance.choice(({}, {"fake_*": 3}, {"fake_jar": 12, "fake_*": 5})))


@pytest.mark.parametrize("seed", range(8))
async def test_inside_the_window_the_past_is_what_was_recorded_and_outside_it_is_refused(
    world: World, seed: int
) -> None:
    chance, windows = random.Random(seed), windows_of(random.Random(seed))
    recorded: dict[str, Picture] = {}
    async with world.store() as store:
        for _ in range(25):
            for scope in (A, B):
                world.cloud.put(scope, *estate(chance))
            await world.sync_in(store)
            recorded[world.now()] = await store.read(lambda c: picture(c, at(c, world.now(), world.now())))
            world.moment += timedelta(hours=chance.randrange(1, 60))
            if chance.random() < 0.4:
                await store.compact(windows)
        await store.compact(windows)
    with closing(sqlite3.connect(f"{world.path.as_uri()}?mode=ro", uri=True)) as connection:
        numbers = dict(connection.execute("select name, id from kind"))
        for when, then in recorded.items():
            for kinds in (frozenset(KINDS), frozenset({"fake_box"}), frozenset({"fake_jar"})):
                if lies_behind(connection, world, when, [windows.of(kind) for kind in kinds]):
                    with pytest.raises(StoreError, match="is kept from"):
                        at(connection, when, world.now(), kinds)
                else:
                    commit = at(connection, when, world.now(), kinds)
                    assert of_kinds(picture(connection, commit), kinds, numbers) == of_kinds(then, kinds, numbers)
        [(left, oldest)] = connection.execute("select count(*), min(to_commit) from node_history")
        assert not left or oldest > min(edges(connection, world, windows.of(kind)) for kind in KINDS)


def edges(connection: sqlite3.Connection, world: World, days: float) -> int:
    """The commit at which a window begins, 0 where it holds everything."""
    if not days:
        return 0
    begins = f"{world.moment - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
    row = connection.execute("select max(number) from commit_log where at <= ?", (begins,)).fetchone()
    return int(row[0] or 0)


def lies_behind(connection: sqlite3.Connection, world: World, when: str, days: list[float]) -> bool:
    commit = connection.execute("select max(number) from commit_log where at <= ?", (when,)).fetchone()[0]
    return any(commit < edges(connection, world, each) for each in days)


async def changed(world: World, store: Store, boxes: int) -> None:
    for size in range(2):
        world.cloud.put(
            A, *(box("1", f"b{number}", size=size, edges=(Edge("in", f"h{size}"),)) for number in range(boxes))
        )
        await world.sync_in(store)


async def test_it_is_dropped_a_little_at_a_time_and_others_write_in_between(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "SEEN", 1100)
    async with world.store() as store:
        await changed(world, store, 1500)
        world.moment += timedelta(days=2)
        task = asyncio.create_task(store.compact(Windows(1)))
        left = []
        while not task.done():
            await store.ping()
            left.append(int((await store.read(lambda c: c.execute("select count(*) from node_history").fetchone()))[0]))
        assert await task == Dropped(1500, 1500, 0, 0)
    steps = {before - after for before, after in pairwise(left)}
    assert max(steps) <= 1000
    assert set(left) >= {500, 400, 0}


async def test_what_is_open_stays_however_old(world: World) -> None:
    async with world.store() as store:
        await changed(world, store, 3)
        before = world.rows()
        world.moment += timedelta(days=1000)
        await store.compact(Windows(1))
        assert world.rows() == before | {"history": []}
        assert (await store.compact(Windows(1))) == Dropped()


async def test_a_window_that_grows_brings_nothing_back(world: World) -> None:
    async with world.store() as store:
        await changed(world, store, 3)
        world.moment += timedelta(days=10)
        for windows in (Windows(1), Windows(100), Windows(0)):
            await store.compact(windows)
            with pytest.raises(StoreError, match="the past of everything is kept from 2026-03-01T12:02:00Z on"):
                await store.read(lambda c: at(c, "run:1", world.now()))


async def test_without_an_end_nothing_is_dropped(world: World) -> None:
    async with world.store() as store:
        await changed(world, store, 3)
        world.moment += timedelta(days=10_000)
        assert await store.compact(Windows(0, {"fake_jar": 1})) == Dropped()
        assert await store.read(lambda c: at(c, "run:1", world.now(), frozenset({"fake_box"}))) > 0


async def test_a_process_that_dies_in_between_leaves_no_gap_that_can_be_asked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object, **__: object) -> int:
        raise StoreFull("no room")

    async with world.store() as store:
        await changed(world, store, 3)
        world.moment += timedelta(days=10)
        with monkeypatch.context() as patch:
            patch.setattr(retention, "_note", dies)
            with pytest.raises(StoreFull):
                await store.compact(Windows(1))
        with pytest.raises(StoreError, match="is kept from"):
            await store.read(lambda c: at(c, "run:1", world.now()))


async def test_it_is_done_once_a_day(world: World) -> None:
    async with world.store() as store:

        async def due() -> bool:
            return await store.read(lambda c: retention.is_due(c, world.now()))

        assert await due()
        await store.compact(Windows())
        for days, expected in ((0.9, False), (0.2, True), (-3, True)):
            world.moment += timedelta(days=days)
            assert await due() is expected


async def test_upkeep_compacts_when_it_is_due_and_waits_for_room(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object) -> Dropped:
        raise StoreFull("no room")

    async with world.store() as store:
        await changed(world, store, 3)
        with monkeypatch.context() as patch:
            patch.setattr(store, "compact", full)
            await compact(store, StoreSettings(history_days=1))
        assert world.query("select count(*) from node_history") == [(3,)]
        world.moment += timedelta(days=10_000)
        for _ in range(2):
            await compact(store, StoreSettings(history_days=1))
        assert world.query("select count(*) from node_history") == [(0,)]
