"""The one retry layer and its limits: bounded, fair, patient as the provider asks, never a storm."""

import asyncio

import pytest

from syncd.errors import Denied, Failed, Temporary, Throttled
from syncd.plugin import Lane
from syncd.sync.calls import HostCalls, Patience
from syncd.sync.limits import LARGEST, LaneLimit, Limits

LANE = Lane("1", "r", "s")
OTHER = Lane("2", "r", "s")
QUICK = Patience(attempts=4, base=0.001, cap=0.002, call=0.05)


def calls(limits: Limits | None = None) -> HostCalls:
    return HostCalls(limits or Limits(8), QUICK, chance=lambda: 0.5)


async def test_a_call_that_is_refused_is_made_once() -> None:
    made = calls()

    async def refused() -> None:
        raise Denied("no", permission="s:Get")

    with pytest.raises(Denied):
        await made.run(LANE, "s:Get", refused)
    assert (made.tally.calls, made.tally.retries) == (1, 0)


async def test_a_passing_fault_is_tried_as_often_as_configured_and_then_fails_with_its_reason() -> None:
    made = calls()

    async def broken() -> None:
        raise Temporary("500", permission="s:Get")

    with pytest.raises(Failed, match=r"500 \(4 attempts\)") as caught:
        await made.run(LANE, "s:Get", broken)
    assert caught.value.permission == "s:Get"
    assert (made.tally.calls, made.tally.retries) == (4, 3)


async def test_an_answer_that_never_comes_ends_with_the_call_s_time() -> None:
    with pytest.raises(Failed, match="no answer within"):
        await calls().run(LANE, "s:Get", lambda: asyncio.sleep(60))


async def test_an_answer_in_time_leaves_no_timer_that_ends_what_comes_after() -> None:
    await calls().run(LANE, "s:Get", lambda: asyncio.sleep(0.001))
    await asyncio.sleep(QUICK.call * 1.5)


async def test_who_cancels_a_call_cancels_it_also_in_the_moment_when_its_time_is_over() -> None:
    made = calls()
    for early in (True, False):
        task = asyncio.create_task(made.run(LANE, "s:Get", lambda: asyncio.sleep(60)))
        loop = asyncio.get_running_loop()
        await asyncio.sleep(0)
        # Before the timer of the call in the same turn of the loop, and after it.
        loop.call_later(0 if early else QUICK.call, task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()
    assert made.limits.lane(LANE).under_way == 0


async def test_no_more_calls_are_under_way_than_allowed_in_all() -> None:
    limits, under_way, most = Limits(5), [0], [0]

    async def call() -> None:
        under_way[0] += 1
        most[0] = max(most[0], under_way[0])
        await asyncio.sleep(0.001)
        under_way[0] -= 1

    lanes = [Lane(str(n % 7), "r", "s") for n in range(60)]
    await asyncio.gather(*(calls(limits).run(lane, "s:Get", call) for lane in lanes))
    assert most[0] == 5


async def test_throttling_halves_the_lane_once_a_pause_and_spares_the_others() -> None:
    limits = Limits(64)

    async def throttled() -> None:
        raise Throttled("slow down", after=0.01)

    results = await asyncio.gather(
        *(calls(limits).run(LANE, "s:Get", throttled) for _ in range(6)), return_exceptions=True
    )
    assert all(isinstance(result, Failed) for result in results)
    assert limits.lane(LANE).limit < 16
    assert limits.lane(OTHER).limit == 16


def test_a_lane_shrinks_to_one_at_the_least_and_grows_to_the_most() -> None:
    lane = LaneLimit()
    for second in range(20):
        lane.shrink(float(second * 10), 1.0)
    assert lane.limit == 1
    for _ in range(5000):
        lane.grow()
    assert lane.limit == LARGEST


async def test_who_gives_up_waiting_leaves_the_place_to_the_next() -> None:
    limits = Limits(8)
    limits.lane(LANE).limit = 1
    gate = asyncio.Event()
    first = asyncio.create_task(calls(limits).run(LANE, "a", gate.wait))
    await asyncio.sleep(0)
    second = asyncio.create_task(calls(limits).run(LANE, "b", gate.wait))
    third = asyncio.create_task(calls(limits).run(LANE, "c", gate.wait))
    await asyncio.sleep(0)
    second.cancel()
    gate.set()
    assert await first
    assert await third
    assert limits.lane(LANE).under_way == 0


def test_a_wait_is_what_the_provider_asks_for_or_random_below_a_growing_bound() -> None:
    patience = Patience(attempts=6, base=1.0, cap=5.0)
    assert patience.wait(0, 7.0, 0.0) == 7.0
    assert patience.wait(0, None, 1.0) == 1.0
    assert patience.wait(9, None, 1.0) == 5.0
    assert patience.wait(3, None, 0.0) == 0.0
    assert patience.wait(0, 100_000.0, 0.0) == patience.longest_wait
