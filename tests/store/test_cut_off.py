"""A run that is cut off, or that the disk stops, leaves what the store knows in memory as it is in the file."""

import asyncio
from pathlib import Path

import pytest

from syncd.errors import Denied, StoreError
from syncd.store.runs import ScopeRun
from syncd.store.store import Store
from syncd.store.writer import on_thread
from tests.fakes.cloud import box
from tests.fakes.world import World

SCOPE = "fake/1/r1/boxes"
NO = Denied("no", operation="boxes:List")


async def bound(store: Store, pages: int) -> None:
    """The file takes no more than that."""
    await on_thread(store._connection, lambda c: c.execute(f"pragma max_page_count = {pages}").fetchall())


async def test_who_is_cancelled_while_it_is_written_leaves_no_state_that_is_told_twice(tmp_path: Path) -> None:
    world = World(tmp_path / "s.db")
    world.cloud.put(SCOPE, box("1", "a"))
    async with world.store() as store:
        await world.sync_in(store)
        scope = world.cloud.scope(SCOPE)
        marking = asyncio.create_task(store.mark([(scope, NO, "", ScopeRun(SCOPE, "denied", store.now(), 0.0))]))
        await asyncio.sleep(0)
        marking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await marking
        await store.ping()
        assert (world.state(SCOPE), store.rows[SCOPE].state) == ("denied", "denied")
        world.cloud.fail(SCOPE, NO)
        await world.sync_in(store)
    assert [type_ for type_, _ in world.events("scope.%")] == ["scope.baselined", "scope.denied"]


async def test_the_first_of_an_empty_scope_is_told_although_the_disk_was_full_when_it_came(tmp_path: Path) -> None:
    world = World(tmp_path / "s.db")
    world.cloud.put(SCOPE)
    async with world.store() as store:
        await world.sync_in(store)
        world.cloud.put(SCOPE, *(box("1", f"b{number}", text="x" * 5000) for number in range(20)))
        await store.begin("test")
        await bound(store, 1)
        with pytest.raises(StoreError, match="full"):
            await world.sync_in(store)
        await bound(store, 2**30)
        await world.sync_in(store)
    assert len(world.events("resource.created")) == 20
