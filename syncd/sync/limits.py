"""How many calls may be under way, for the process and for each lane; a lane shrinks when its provider throttles it.

A lane is what a provider counts: one service of one account in one region. Its limit halves on throttling and grows by
one after as many calls without; after throttling it also pauses, for the time that the provider names or a short one.
"""

import asyncio
from collections import deque

from msgspec import Struct, field

from syncd.plugin import Lane

LARGEST = 32
SMALLEST = 1
START = 16


class LaneLimit(Struct):
    """The state of one lane. `limit` calls may be under way; none starts before `until` (loop time, seconds)."""

    limit: float = START
    under_way: int = 0
    until: float = 0.0
    throttles: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)

    def shrink(self, now: float, pause: float) -> None:
        """Once a pause: the answers to calls already under way say nothing new."""
        self.throttles += 1
        if now >= self.until:
            self.limit = max(SMALLEST, self.limit / 2)
        self.until = max(self.until, now + pause)

    def grow(self) -> None:
        if self.limit < LARGEST:
            self.limit = min(LARGEST, self.limit + 1 / self.limit)

    def leave(self) -> None:
        self.under_way -= 1
        if self.waiting:
            self.wake()

    def wake(self) -> None:
        """Hands free places to those who wait, in their order."""
        free = int(self.limit) - self.under_way
        while free > 0 and self.waiting:
            place = self.waiting.popleft()
            if not place.done():
                place.set_result(None)
                free -= 1


class Limits:
    """Shared by all that runs in the process. `in_flight` bounds all calls together."""

    def __init__(self, in_flight: int) -> None:
        self._all = asyncio.Semaphore(in_flight)
        self._lanes: dict[Lane, LaneLimit] = {}

    def lane(self, lane: Lane) -> LaneLimit:
        found = self._lanes.get(lane)
        if found is None:
            found = self._lanes[lane] = LaneLimit()
        return found

    async def enter(self, limit: LaneLimit) -> None:
        """Waits for a place in the lane, then for one in the process: a full lane must not hold back the others."""
        if limit.until or limit.under_way >= int(limit.limit):
            await self._wait(limit)
        limit.under_way += 1
        try:
            await self._all.acquire()
        except BaseException:
            limit.leave()
            raise

    def leave(self, limit: LaneLimit) -> None:
        """Gives both places back."""
        self._all.release()
        limit.leave()

    async def _wait(self, limit: LaneLimit) -> None:
        """Until the lane has a free place, which is to be taken before anything else is awaited."""
        loop = asyncio.get_running_loop()
        while True:
            if limit.until and (pause := limit.until - loop.time()) > 0:
                await asyncio.sleep(pause)
            elif limit.under_way < int(limit.limit):
                return
            else:
                place: asyncio.Future[None] = loop.create_future()
                limit.waiting.append(place)
                try:
                    await place
                except asyncio.CancelledError:
                    limit.wake()  # the place may have been handed over just now: it goes to the next
                    raise

    def show(self) -> dict[Lane, LaneLimit]:
        """The lanes as they are now."""
        return dict(self._lanes)
