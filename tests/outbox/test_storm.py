"""50,000 changes in one run, and a slow target: memory is bounded, the run is not slowed, nobody is flooded."""

import asyncio
import resource
import time
from contextlib import suppress

import pytest

from syncd.outbox.work import Outbox
from syncd.store.store import Store
from tests.fakes.cloud import box
from tests.outbox.office import Office

CHANGES, SCOPES = 50_000, 50


def grow(office: Office, size: int) -> None:
    """Every box gets another size."""
    for scope in range(SCOPES):
        boxes = (box("1", f"b{scope}-{i}", size=size, tags={"team": "red"}) for i in range(CHANGES // SCOPES))
        office.world.cloud.put(f"fake/1/r1/s{scope}", *boxes)


async def cost(office: Office, store: Store, size: int) -> float:
    """Seconds of CPU that a run takes: of this process, since others are at work on the machine."""
    grow(office, size)
    begun = time.process_time()
    await office.world.sync_in(store)
    return time.process_time() - begun


def memory() -> float:
    """The most so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_a_storm_is_bounded_in_memory_time_and_messages(office: Office) -> None:
    chat, pager = office.target("chat", wait=5.0), office.target("pager", "apart", wait=5.0)
    chat.seconds = pager.seconds = 2.0
    office.rule("changes", on=("resource.updated",), to=("chat", "pager"))
    going = True
    grow(office, 0)
    async with office.world.store() as store:
        await office.world.sync_in(store)
        first = await cost(office, store, 1)
        outbox = Outbox(store, lambda: office.config, busy=lambda: going)
        task = asyncio.create_task(outbox.serve())
        await asyncio.sleep(1)
        before = memory()
        together = await cost(office, store, 3)
        going = False
        while sum(n.total for n in chat.got) < CHANGES or sum(n.total for n in pager.got) < CHANGES:
            await asyncio.sleep(0.5)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        more = memory() - before
        alone = (first + await cost(office, store, 4)) / 2  # each run is slower than the last: the past grows
    print(f"alone {alone:.1f} s, with the outbox {together:.1f} s; {more:.0f} MiB more")
    print(f"messages: {len(chat.got)} to the chat, {len(pager.got)} to the pager")
    assert together < alone * 1.1 + 0.2
    assert more < 64
    assert sum(n.total for n in chat.got) == sum(n.total for n in pager.got) == CHANGES
    assert len(chat.got) < 60
    assert {dict(n.group)["summary"] for n in pager.got} == {"many"}
