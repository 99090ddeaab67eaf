"""The queue of runs in this process: however a run ends, its end is written once and the next one begins."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from syncd.errors import StoreFull
from syncd.plugin import Selection
from syncd.runs import Runs
from syncd.settings import Config
from syncd.store.requests import Wish
from syncd.store.store import Store
from syncd.sync.limits import Limits
from syncd.sync.perform import Performer
from syncd.sync.summary import RunSummary
from tests.fakes.cloud import Cloud, box
from tests.fakes.world import World


@dataclass
class Desk:
    """A queue at work; `ended` has the state of each run and why it was wanted."""

    world: World
    store: Store
    runs: Runs
    ended: list[tuple[str, str]]

    async def ask(self, account: str = "1") -> int:
        request, _ = await self.runs.ask(Wish("test", selection=Selection(accounts=(account,))))
        return request.id

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not true():
                await asyncio.sleep(0.002)

    def states(self) -> list[tuple[Any, ...]]:
        return self.world.query("select state from run order by id")


@asynccontextmanager
async def working(world: World) -> AsyncIterator[Desk]:
    async with world.store() as store:
        performer = Performer(Config(collectors={"fake": {}}), store, {"fake": world.cloud}, Limits(4))
        desk = Desk(world, store, Runs(store, performer), [])
        await desk.runs.load()

        def finished(summary: RunSummary, trigger: str) -> None:
            desk.ended.append((summary.state, trigger))

        desk.runs.finished = finished
        task = asyncio.create_task(desk.runs.serve())
        try:
            yield desk
        finally:
            task.cancel()
            await asyncio.wait([task])


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "s.db")
    world.cloud.put("fake/1/r1/boxes", box("1", "a"))
    return world


async def test_what_was_read_before_a_cancel_stands(world: World) -> None:
    world.cloud.put("fake/1/r1/bags", box("1", "bag"))
    async with working(world) as desk:
        await desk.ask()
        await desk.until(lambda: desk.ended)
        world.cloud.delay = 60
        world.cloud.put("fake/1/r1/bags", box("1", "other"))
        await desk.ask()
        await desk.until(lambda: desk.runs.current)
        desk.runs.cancel(2)
        await desk.until(lambda: len(desk.ended) == 2)
    assert desk.ended == [("complete", "test"), ("cancelled", "test")]
    assert world.names() == ["a", "bag"]


async def test_a_run_that_is_cancelled_twice_says_that_it_was(world: World) -> None:
    world.cloud.delay = 60
    async with working(world) as desk:
        for turns in range(4):
            await desk.ask()
            await desk.until(lambda: desk.runs.current)
            await asyncio.sleep(0.02)
            number = desk.store.run
            desk.runs.cancel(number)
            for _ in range(turns):
                await asyncio.sleep(0)
            desk.runs.cancel(number)
            await desk.until(lambda: len(desk.ended) == turns + 1)  # noqa: B023  asked right here
        await asyncio.sleep(0.05)
        assert desk.states() == [("cancelled",)] * 4


async def test_a_bug_of_a_collector_is_the_reason_of_its_run(world: World) -> None:
    class Broken(Cloud):
        async def open(self, settings: Any) -> "Cloud":
            raise ValueError("not thought of")

    world.cloud = Broken()
    async with working(world) as desk:
        await desk.ask()
        await desk.until(lambda: desk.ended)
        ((state, reason),) = world.query("select state, reason from run")
    assert state == "failed"
    assert "not thought of" in reason


async def test_how_long_a_run_may_still_take_is_known_from_the_last_one_like_it(world: World) -> None:
    world.cloud.delay = 0.1
    async with working(world) as desk:
        await desk.ask()
        await desk.until(lambda: desk.runs.current)
        assert desk.runs.current
        assert desk.runs.current.remaining(desk.runs.current.begun) is None
        await desk.until(lambda: desk.ended)
        await desk.ask()
        await desk.until(lambda: desk.runs.current)
        again = desk.runs.current
        assert 0.1 <= (again.remaining(again.begun) or 0) < 5


async def test_a_run_that_may_not_begin_for_want_of_room_waits_in_the_store(world: World) -> None:
    class Full(Performer):
        async def perform(self, request: Any) -> RunSummary:
            raise StoreFull("make room")

    async with world.store() as store:
        runs = Runs(store, Full(Config(), store, {}, Limits(4)))
        task = asyncio.create_task(runs.serve())
        await runs.ask(Wish("test"))
        await asyncio.sleep(0.05)
        assert not task.done()
        assert [each.id for each in store.requests] == [1]
        task.cancel()
        await asyncio.wait([task])
    assert world.query("select id from request") == [(1,)]


async def test_it_is_known_after_a_restart_as_well(world: World) -> None:
    world.cloud.delay = 0.1
    async with working(world) as desk:
        await desk.ask()
        await desk.until(lambda: desk.ended)
    async with working(world) as desk:
        await desk.ask()
        await desk.until(lambda: desk.runs.current)
        assert desk.runs.current
        left = desk.runs.current.remaining(desk.runs.current.begun)
        assert left is not None
        assert left > 0.05
