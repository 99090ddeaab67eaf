"""The schedule at work: looks at the clocks, and asks for the runs that are due."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import structlog

from syncd.errors import StoreError
from syncd.plugin import Selection
from syncd.schedule import LONGEST_SLEEP, Due, Entry, Every, soonest, when
from syncd.settings import Config, ScheduleSettings
from syncd.store.requests import COLLECT, SCHEDULE, Wish

log = structlog.get_logger()

ALL = "all"


class Planned(NamedTuple):
    """What an entry of the schedule asks for. `at_once`: what was never started is due now, not only at its time."""

    entry: Entry
    selection: Selection = Selection()
    workflow: str = COLLECT
    at_once: bool = True


def plan(config: Config, collectors: Iterable[str]) -> list[Planned]:
    """The configuration's schedule, whose lines have been checked."""
    planned = list(_readings(config.schedule, tuple(collectors)))
    for name, each in config.workflows.named().items():
        if each.cron:
            entry = Entry(f"workflow:{name}", when(each.cron, config.schedule.timezone), config.schedule.jitter_seconds)
            planned.append(Planned(entry, workflow=name, at_once=False))
    return planned


def _readings(settings: ScheduleSettings, collectors: tuple[str, ...]) -> Iterator[Planned]:
    own = {name: line for name, line in settings.collectors.items() if name in collectors}
    others = tuple(name for name in collectors if name not in own)
    zone, jitter = settings.timezone, settings.jitter_seconds
    if settings.cron and others:
        yield Planned(Entry(ALL, when(settings.cron, zone), jitter), Selection(collectors=others if own else ()))
    for name, line in own.items():
        if line:
            yield Planned(Entry(f"collector:{name}", when(line, zone), jitter), Selection(collectors=(name,)))
    for glob, minutes in settings.max_age_minutes.items():
        selection = Selection(scopes=(glob,)) if "/" in glob else Selection(kinds=(glob,))
        yield Planned(Entry(f"max_age:{glob}", Every(minutes * 60)), selection)


class Timetable:
    """The entries in force. `now` gives the wall time, `clock` monotonic seconds."""

    def __init__(
        self,
        ask: Callable[[Wish], Awaitable[object]],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._ask = ask
        self._now = now
        self._clock = clock
        self._chance = chance
        self._dues: dict[str, Due] = {}
        self._planned: dict[str, Planned] = {}
        self._started: dict[str, datetime] = {}
        self._changed = asyncio.Event()
        self.ticked = clock()

    def load(self, planned: Iterable[Planned], started: Mapping[str, str]) -> None:
        """Takes the place of what was planned before. `started`: entry → when it was last started, ISO 8601."""
        wall, mono = self._now(), self._clock()
        self._planned = {each.entry.name: each for each in planned}
        self._dues = {
            name: Due(
                each.entry, self._last(name, started) or (None if each.at_once else wall), wall, mono, self._chance
            )
            for name, each in self._planned.items()
        }
        self._changed.set()

    def _last(self, name: str, started: Mapping[str, str]) -> datetime | None:
        """What was started a moment ago may not have been noted when `started` was read."""
        noted = _moment(started.get(name, ""))
        known = [moment for moment in (noted, self._started.get(name)) if moment]
        return max(known, default=None)

    def next(self) -> dict[str, datetime]:
        """Entry → when it is due next."""
        return {name: due.next_due for name, due in self._dues.items()}

    async def serve(self) -> None:
        """Until it is cancelled."""
        while True:
            self._changed.clear()
            try:
                await self.tick()
                seconds = soonest(self._dues.values(), self._now(), self._clock())
            except StoreError as error:  # a full disk: what is due stays due
                log.warning("schedule.waits", reason=str(error))
                seconds = LONGEST_SLEEP
            try:
                async with asyncio.timeout(seconds):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def tick(self) -> None:
        """Asks for whatever is due. The entry and its request are noted together: neither is lost nor doubled."""
        self.ticked = self._clock()
        for name, due in list(self._dues.items()):
            if not due.is_due(self._now(), self._clock()):
                continue
            planned = self._planned[name]
            await self._ask(Wish(SCHEDULE, name, planned.selection, workflow=planned.workflow, entry=name))
            self._started[name] = self._now()
            planned_now = self._dues.get(name, due)  # another one after a reload meanwhile
            planned_now.started(self._started[name], self._clock())
            log.info("schedule.due", entry=name, next=planned_now.next_due.isoformat(timespec="seconds"))


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
