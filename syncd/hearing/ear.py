"""One collector's queues: messages come in, what they concern is read, and they are done with once that is kept."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from syncd.errors import ReadError, StoreError
from syncd.hearer import Hearer, Message
from syncd.hearing.around import AGAIN, ASIDE, GIVEN_UP, NOTHING, READ, Around, Queue
from syncd.hearing.readings import Readings
from syncd.hearing.turns import Ended
from syncd.store import aside
from syncd.store.aside import Aside
from syncd.sync.calls import HostCalls, Patience
from syncd.sync.limits import Limits

log = structlog.get_logger()

TIMES = 5
"""A message whose reading fails is waited for so often; the next run makes up for it then."""
AT_HAND = 5000
"""Messages that wait for a reading; while there are as many, no more are taken."""
TOGETHER = 10
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
COUNTED_EVERY = 60.0
FORGET_EVERY = 900.0
LISTENING = Patience(attempts=1, call=45.0)
ANSWERING = Patience(attempts=3, cap=5.0, call=30.0)


@dataclass(slots=True)
class _Held:
    queue: Queue
    message: Message


class Ear:
    """Listens with one session. Lanes of its own: a long poll takes no place from readings."""

    def __init__(self, around: Around, collector: str, hearer: Hearer, queues: Iterable[Queue]) -> None:
        self._around = around
        self._collector = collector
        self._hearer = hearer
        self._queues = list(queues)
        self._limits = Limits(32)
        self._held: dict[str, _Held] = {}
        self._readings = Readings(around, hearer, self._ended)
        self._over: list[Ended] = []
        self._changed = True  # what a process that was killed has kept may not have been looked at
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        """Messages at hand."""
        return len(self._held)

    async def serve(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._readings.serve(), name="hearing-readings")
            group.create_task(self._finish(), name="hearing-end")
            group.create_task(self._forget(), name="hearing-forget")
            for queue in self._queues:
                group.create_task(self._listen(queue), name=f"hearing-{queue.name}")

    async def _forget(self) -> None:
        while True:
            await self._around.sleep(FORGET_EVERY)
            self._hearer.forget()

    # -- in

    async def _listen(self, queue: Queue) -> None:
        pause, counted = FIRST_PAUSE, float("-inf")
        while True:
            if self._around.paused() or len(self._held) >= AT_HAND:
                await self._around.sleep(FIRST_PAUSE)
                continue
            try:
                if self._around.clock() - counted >= COUNTED_EVERY:
                    counted = self._around.clock()
                    queue.waiting = await self._waiting(queue)
                messages = await self._hearer.hear(queue.name, HostCalls(self._limits, LISTENING))
            except ReadError as error:
                self._troubled(queue, error)
                await self._around.sleep(pause)
                pause = min(LONGEST_PAUSE, pause * 2)
                continue
            pause, queue.trouble = FIRST_PAUSE, ""
            for message in messages:
                await self._take(queue, message)

    async def _waiting(self, queue: Queue) -> int:
        try:
            return await self._hearer.waiting(queue.name, HostCalls(self._limits, ANSWERING))
        except ReadError:
            return -1

    def _troubled(self, queue: Queue, error: ReadError) -> None:
        missing = f" ({error.permission} is missing)" if error.state == "denied" and error.permission else ""
        if not queue.trouble:  # told once, shown by status
            log.warning("hearing.deaf", collector=self._collector, queue=queue.name, reason=error.reason)
        queue.trouble = f"{error.reason}{missing}"

    async def _take(self, queue: Queue, message: Message) -> None:
        queue.last = self._around.store.now()
        key = f"{queue.name} {message.id}"
        again = key in self._held
        self._held[key] = _Held(queue, message)
        if again:  # given out once more while it waits for its reading
            return
        try:
            scopes = frozenset(self._hearer.touched(message.body))
        except ValueError as error:
            await self._set_aside(key, str(error))
            return
        except Exception as bug:
            # A collector's bug, told by name: the message is kept to find it with.
            log.exception("hearing.crashed", collector=self._collector)
            await self._set_aside(key, f"{type(bug).__name__}: {bug}")
            return
        if scopes:
            self._readings.heard(key, scopes)
        else:
            self._over_with(NOTHING, [key])

    async def _set_aside(self, key: str, reason: str) -> None:
        """Kept, then done with: it would come back for ever."""
        held = self._held[key]
        one = Aside(self._collector, held.queue.name, held.message.id, reason, held.message.body)
        log.warning("hearing.set_aside", collector=self._collector, queue=one.queue, reason=reason)
        try:
            await self._around.store.change(lambda journal: aside.put(journal, one))
        except StoreError as error:  # a full disk: it comes again
            log.warning("hearing.waits", reason=str(error))
            del self._held[key]
        else:
            self._over_with(ASIDE, [key])

    # -- out

    def _over_with(self, outcome: str, keys: Iterable[str]) -> None:
        """They need no reading."""
        found = tuple(keys)
        self._count(outcome, len(found))
        self._over.append(Ended(found))
        self._wake.set()

    def _count(self, outcome: str, count: int) -> None:
        if count:
            self._around.counted(self._collector, outcome, count)

    def _ended(self, ended: Ended, changed: bool) -> None:
        self._changed = self._changed or changed
        self._count(READ, len(ended.done))
        often = tuple(key for key in ended.failed if self._held[key].message.times >= TIMES)
        for key in set(ended.failed).difference(often):
            del self._held[key]
        self._count(AGAIN, len(ended.failed) - len(often))
        self._count(GIVEN_UP, len(often))
        if often:
            log.warning("hearing.given_up", collector=self._collector, messages=len(often))
        self._over.append(Ended(ended.done + often))
        self._wake.set()

    async def _finish(self) -> None:
        """Rules look at what was read, then its messages are done with: a crash in between has them told again."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            over, self._over = self._over, []
            keys = [key for ended in over for key in ended.done]
            kept = await self._kept()
            held = [self._held.pop(key) for key in keys]
            for queue in self._queues if kept else ():
                await self._done(queue, [each.message for each in held if each.queue is queue])

    async def _kept(self) -> bool:
        """Whether all that was read is in the file, and rules have looked at it; else its messages come again."""
        changed, self._changed = self._changed, False
        try:
            await self._around.store.flush()
            if changed:
                await self._around.react()
        except StoreError as error:  # a full disk
            log.warning("hearing.waits", reason=str(error))
            self._changed = True
            return False
        return True

    async def _done(self, queue: Queue, messages: list[Message]) -> None:
        for start in range(0, len(messages), TOGETHER):
            some = messages[start : start + TOGETHER]
            try:
                await self._hearer.done(queue.name, some, HostCalls(self._limits, ANSWERING))
            except ReadError as error:  # they come again, and are read again: no harm
                log.warning("hearing.not_done", queue=queue.name, messages=len(some), reason=error.reason)
        if sent := [message.sent for message in messages if message.sent]:
            seconds = round(self._around.wall() - min(sent), 3)
            log.info("hearing.done", queue=queue.name, messages=len(messages), seconds=seconds)
