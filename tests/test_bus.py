"""Events are told after they were committed, in order and once, to whoever asked; no handler disturbs another."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from syncd.bus import BATCH, Bus, Told, publish_committed
from syncd.store.journal import Event, Journal
from syncd.store.store import Store
from tests.fakes.cloud import box
from tests.fakes.world import World


def told(type_: str, seq: int = 1) -> Told:
    return Told(seq, "2026-03-01T12:00:00Z", 1, type_, "", "", "", "", {})


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "s.db")


@pytest.mark.parametrize(
    ("pattern", "types"),
    [
        ("*", ["resource.created", "resource.deleted", "run.started", "resources.x"]),
        ("resource.*", ["resource.created", "resource.deleted"]),
        ("resource.created", ["resource.created"]),
        ("r[u]n.*", ["run.started"]),
        ("nothing", []),
    ],
)
async def test_a_handler_gets_the_types_that_match_its_glob(bus: Bus, pattern: str, types: list[str]) -> None:
    got: list[str] = []
    bus.on(pattern, lambda event: got.append(event.type))
    for type_ in ("resource.created", "resource.deleted", "run.started", "resources.x"):
        bus.publish(told(type_))
    await bus.finish()
    assert got == types


async def test_each_handler_gets_what_was_published_in_order(bus: Bus) -> None:
    first: list[int] = []
    second: list[int] = []

    async def slowly(event: Told) -> None:
        second.append(event.seq)
        await asyncio.sleep(0)

    bus.on("*", lambda event: first.append(event.seq))
    bus.on("run.*", slowly)
    for seq in range(200):
        bus.publish(told("run.x", seq))
    await bus.finish()
    assert first == second == list(range(200))


@pytest.mark.parametrize("waits", [False, True])
async def test_a_handler_that_fails_is_logged_and_disturbs_no_other(bus: Bus, waits: bool) -> None:
    got: list[str] = []

    async def broken_later(_event: Told) -> None:
        await asyncio.sleep(0)
        raise ValueError("later")

    def broken(_event: Told) -> None:
        raise ValueError("now")

    bus.on("*", lambda event: got.append(event.type))
    bus.on("*", broken_later if waits else broken)
    bus.on("run.*", lambda event: got.append(event.type))
    with capture_logs() as logs:
        bus.publish(told("run.started"))
        await bus.finish()
    assert got == ["run.started", "run.started"]
    assert [(line["event"], line["log_level"]) for line in logs] == [("bus.handler_failed", "error")]


async def test_a_handler_that_never_ends_holds_nobody_up(bus: Bus) -> None:
    got: list[int] = []

    async def stuck(_event: Told) -> None:
        await asyncio.sleep(3600)

    bus.on("*", stuck)
    bus.on("*", lambda event: got.append(event.seq))
    bus.publish(told("run.x", 1))
    bus.publish(told("run.x", 2))
    await asyncio.sleep(0.01)
    assert got == [1, 2]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await bus.finish()


async def test_what_was_taken_back_hears_nothing_more_and_the_others_do(bus: Bus) -> None:
    got: list[str] = []
    off = bus.on("*", lambda event: got.append("first"))
    bus.on("*", lambda event: got.append("second"))
    bus.publish(told("run.x"))
    await bus.finish()
    off()
    bus.publish(told("run.x"))
    await bus.finish()
    assert got == ["first", "second", "second"]


async def test_without_handlers_nothing_happens(bus: Bus) -> None:
    bus.publish(told("run.x"))
    await bus.finish()


# -- from the store


@asynccontextmanager
async def telling(store: Store, bus: Bus) -> AsyncIterator[list[Told]]:
    """What the bus told so far, in order; at the end all that was committed has been told."""
    got: list[Told] = []
    bus.on("*", got.append)
    task = asyncio.create_task(publish_committed(store, bus))
    await asyncio.sleep(0.05)
    try:
        yield got
        async with asyncio.timeout(10):
            while not got or got[-1].seq < await store.events():
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        await asyncio.wait([task])
        await bus.finish()


async def test_each_committed_event_is_told_once_and_in_order_while_scopes_commit(world: World, bus: Bus) -> None:
    for scope in range(40):
        world.cloud.put(f"fake/1/r1/s{scope}", *(box("1", f"{scope}-{number}") for number in range(5)))
    async with world.store() as store, telling(store, bus) as got:
        await world.sync_in(store)
        for scope in range(40):
            world.cloud.put(f"fake/1/r1/s{scope}", *(box("1", f"{scope}-{number}", size=2) for number in range(5)))
        await world.sync_in(store)
    assert [event.seq for event in got] == [seq for (seq,) in world.query("select seq from event order by seq")]
    assert sum(event.type == "resource.updated" for event in got) == 200


async def test_only_what_is_committed_from_now_on_is_told(world: World, bus: Bus) -> None:
    async with world.store() as store:
        await store.tell(Event("earlier"))
        async with telling(store, bus) as got:
            await store.tell(Event("later", body={"a": 1}))
    assert [(event.seq, event.type, event.body) for event in got] == [(2, "later", {"a": 1})]


async def test_more_events_than_are_read_at_once_are_all_told(world: World, bus: Bus) -> None:
    def write(connection: sqlite3.Connection) -> None:
        journal = Journal(connection, "2026-03-01T12:00:00Z", 0)
        for _ in range(2 * BATCH + 1):
            journal.tell(Event("many"))
        journal.close()

    async with world.store() as store, telling(store, bus) as got:
        await store._writer.write(write)
    assert [event.seq for event in got] == list(range(1, 2 * BATCH + 2))


def changes(that_fails: int) -> Iterator[str]:
    yield from ("kept" if number != that_fails else "undone" for number in range(5))


async def test_what_is_rolled_back_is_never_told(world: World, bus: Bus) -> None:
    def write(connection: sqlite3.Connection, type_: str) -> None:
        journal = Journal(connection, "2026-03-01T12:00:00Z", 0)
        journal.tell(Event(type_))
        journal.close()
        if type_ == "undone":
            raise ValueError(type_)

    async with world.store() as store, telling(store, bus) as got:
        together = [store._writer.write(partial(write, type_=type_)) for type_ in changes(that_fails=2)]
        results = await asyncio.gather(*together, return_exceptions=True)
    assert [type(result) for result in results].count(ValueError) == 1
    assert [(event.seq, event.type) for event in got] == [(seq, "kept") for seq in range(1, 5)]


async def test_nothing_is_told_before_it_is_committed(world: World, bus: Bus) -> None:
    seen: list[bool] = []

    def is_there(event: Told) -> None:
        seen.append(world.query("select count(*) from event where seq = ?", event.seq) == [(1,)])

    bus.on("*", is_there)
    async with world.store() as store, telling(store, bus):
        for _ in range(20):
            await store.tell(Event("x"))
    assert seen == [True] * 20
