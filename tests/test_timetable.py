"""The schedule at work on clocks that the test turns: each occasion is asked for once, whatever the wall clock does."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from syncd.errors import StoreFull
from syncd.plugin import Selection
from syncd.schedule import SLACK, Cron, Entry, Every
from syncd.settings import Config, ScheduleSettings, WorkflowSettings, WorkflowsSettings
from syncd.store.requests import Wish
from syncd.timetable import Planned, Timetable, plan
from tests.fakes.world import World

MONDAY = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)
HOURLY = Planned(Entry("all", Cron.parse("0 * * * *", "UTC")))
LOOK = 30.0
"""Seconds between two looks at the clocks."""


class Days:
    """Both clocks, and a timetable that is looked at as often as the daemon does; `asked`: when, and for what."""

    def __init__(self, *planned: Planned, started: str = "", chance: float = 0.0) -> None:
        self.wall, self.mono = MONDAY, 1000.0
        self.asked: list[tuple[datetime, str]] = []
        self.timetable = Timetable(self.ask, now=lambda: self.wall, clock=lambda: self.mono, chance=lambda: chance)
        before = started or "2026-03-02T00:00:00Z"
        self.timetable.load(planned, {each.entry.name: before for each in planned} if started != "never" else {})

    async def ask(self, wish: Wish) -> None:
        assert (wish.trigger, wish.asker) == ("schedule", wish.entry)
        self.asked.append((self.wall, wish.entry))

    async def go(self, hours: float) -> None:
        end = self.mono + hours * 3600
        while self.mono < end:
            await self.timetable.tick()
            self.wall += timedelta(seconds=LOOK)
            self.mono += LOOK

    def jump(self, hours: float) -> None:
        """Only the wall clock."""
        self.wall += timedelta(hours=hours)

    @property
    def hours(self) -> list[int]:
        """Hours since midnight before the beginning, of all that was asked for."""
        midnight = MONDAY.replace(hour=0, minute=0)
        return [round((when - midnight).total_seconds() / 3600) for when, _ in self.asked]


async def test_a_week_of_hours_is_168_runs_each_at_its_hour() -> None:
    days = Days(HOURLY)
    await days.go(24 * 7)
    assert days.hours == list(range(1, 169))
    assert all(when.minute == 0 for when, _ in days.asked)


async def test_what_never_ran_is_due_at_once() -> None:
    days = Days(HOURLY, started="never")
    await days.go(1)
    assert [when for when, _ in days.asked] == [MONDAY, MONDAY + timedelta(minutes=30)]


async def test_occasions_missed_while_it_was_down_are_one_run() -> None:
    days = Days(HOURLY, started="2026-02-20T07:00:00Z")
    await days.go(1.4)
    assert [when for when, _ in days.asked] == [MONDAY, MONDAY + timedelta(minutes=30)]


async def test_a_clock_that_jumps_two_hours_ahead_brings_one_run_for_those_missed() -> None:
    days = Days(HOURLY)
    await days.go(2.2)
    days.jump(2)
    await days.go(2)
    moments = [f"{when:%H:%M}" for when, _ in days.asked]
    assert moments == ["01:00", "02:00", "04:42", "05:00", "06:00"]


async def test_a_clock_that_is_set_back_two_hours_neither_stops_the_runs_nor_doubles_one() -> None:
    days = Days(HOURLY)
    await days.go(4)
    before = len(days.asked)
    days.jump(-2)
    begun = days.mono
    moments: list[float] = []
    for _ in range(int(4 * 3600 / LOOK)):
        count = len(days.asked)
        await days.go(LOOK / 3600)
        moments += [days.mono - begun] * (len(days.asked) - count)
    assert before == 4
    assert len(moments) in (4, 5)
    assert moments[0] <= 1800 + SLACK + 2 * LOOK
    assert all(later - earlier > 1800 for earlier, later in pairwise(moments))


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.99])
async def test_jitter_moves_a_run_later_and_loses_none(chance: float) -> None:
    entry = Entry("all", Cron.parse("0 * * * *", "UTC"), 300.0)
    days = Days(Planned(entry), chance=chance)
    await days.go(24)
    assert len(days.asked) == 24
    assert all(timedelta() <= when - when.replace(minute=0) <= timedelta(seconds=300 + LOOK) for when, _ in days.asked)


async def test_entries_are_asked_for_each_by_itself() -> None:
    often = Planned(Entry("max_age:fake_*", Every(600)), Selection(kinds=("fake_*",)))
    days = Days(HOURLY, often, started="2026-03-02T00:30:00Z")
    await days.go(6)
    assert [name for _, name in days.asked].count("all") == 6
    assert [name for _, name in days.asked].count("max_age:fake_*") in (35, 36)


async def test_an_entry_that_could_not_be_noted_is_asked_for_again() -> None:
    days, errors = Days(HOURLY, started="never"), [OSError("no room")]

    async def ask(wish: Wish) -> None:
        if errors:
            raise errors.pop()
        await days.ask(wish)

    days.timetable._ask = ask
    with pytest.raises(OSError, match="no room"):
        await days.timetable.tick()
    await days.go(0.1)
    assert days.asked == [(MONDAY, "all")]


async def test_a_new_plan_takes_the_place_of_the_old_one() -> None:
    days = Days(HOURLY)
    days.timetable.load([Planned(Entry("new", Every(3600)))], {"new": "2026-03-02T00:30:00Z"})
    assert days.timetable.next() == {"new": MONDAY + timedelta(hours=1)}
    days.timetable.load([], {})
    await days.go(5)
    assert days.asked == []


async def test_a_new_plan_is_looked_at_without_waiting() -> None:
    days = Days()
    task = asyncio.create_task(days.timetable.serve())
    await asyncio.sleep(0.01)
    days.timetable.load([HOURLY], {})
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.wait([task])
    assert days.asked == [(MONDAY, "all")]


async def test_what_was_asked_for_is_known_to_the_next_process(tmp_path: Path) -> None:
    world = World(tmp_path / "s.db", moment=MONDAY)
    for runs in (1, 1):
        async with world.store() as store:
            timetable = Timetable(store.ask, now=lambda: world.moment, clock=lambda: 0.0, chance=lambda: 0.0)
            timetable.load([HOURLY], await store.schedule())
            await timetable.tick()
            assert len(store.requests) == runs
        world.moment += timedelta(minutes=5)
    assert timetable.next() == {"all": MONDAY + timedelta(minutes=30)}


async def test_a_reload_while_an_entry_is_noted_does_not_double_it(tmp_path: Path) -> None:
    world = World(tmp_path / "s.db", moment=MONDAY)
    async with world.store() as store:
        asked: list[Wish] = []

        async def ask(wish: Wish) -> None:
            started = await store.schedule()  # as a reload does, at this very moment
            asked.append(wish)
            await store.ask(wish)
            timetable.load([HOURLY], started)

        timetable = Timetable(ask, now=lambda: world.moment, clock=lambda: 0.0, chance=lambda: 0.0)
        timetable.load([HOURLY], {})
        await timetable.tick()
        await timetable.tick()
        assert len(asked) == 1


async def test_while_the_disk_is_full_the_schedule_waits_and_then_asks_once() -> None:
    days, refused = Days(HOURLY, started="never"), [StoreFull("make room")]

    async def ask(wish: Wish) -> None:
        if refused:
            raise refused.pop()
        await days.ask(wish)

    days.timetable._ask = ask
    task = asyncio.create_task(days.timetable.serve())
    await asyncio.sleep(0.05)
    assert not task.done()
    days.timetable._changed.set()  # the next look, without waiting for it
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.wait([task])
    assert days.asked == [(MONDAY, "all")]


# -- what is planned


def planned(**settings: Any) -> dict[str, Selection]:
    config = Config(schedule=ScheduleSettings(**settings))
    return {each.entry.name: each.selection for each in plan(config, ("aws", "fake"))}


def test_everything_is_read_by_the_one_line() -> None:
    assert planned(cron="0 * * * *") == {"all": Selection()}


def test_without_a_line_nothing_is_planned() -> None:
    assert planned(cron="") == {}


def test_a_collector_with_its_own_line_is_left_out_of_the_other() -> None:
    assert planned(collectors={"fake": "@daily"}) == {
        "all": Selection(collectors=("aws",)),
        "collector:fake": Selection(collectors=("fake",)),
    }


def test_where_each_has_its_own_line_the_common_one_is_none() -> None:
    assert set(planned(collectors={"fake": "@daily", "aws": "@weekly"})) == {"collector:fake", "collector:aws"}


def test_a_glob_with_a_slash_is_one_of_scopes_any_other_of_kinds() -> None:
    assert planned(cron="", max_age_minutes={"aws_ec2_*": 10, "aws/1/*": 20}) == {
        "max_age:aws_ec2_*": Selection(kinds=("aws_ec2_*",)),
        "max_age:aws/1/*": Selection(scopes=("aws/1/*",)),
    }


def test_a_workflow_with_a_line_is_planned_beside_the_reading() -> None:
    workflows = WorkflowsSettings(metrics=WorkflowSettings(cron="@every 5m"))
    found = {each.entry.name: each for each in plan(Config(workflows=workflows), ("aws",))}
    assert set(found) == {"all", "workflow:metrics"}
    assert (found["workflow:metrics"].workflow, found["workflow:metrics"].entry.when) == ("metrics", Every(300))


async def test_a_workflow_that_never_ran_waits_for_its_time() -> None:
    days = Days(Planned(Entry("workflow:cleanup", Cron.parse("0 3 * * *", "UTC")), at_once=False), started="never")
    await days.go(24)
    assert days.hours == [3]
