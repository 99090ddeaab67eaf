"""Sends what is due: bounded in all and for each target, in order per resource, and records how it went."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from syncd.errors import StoreError
from syncd.outbox.attempts import LONGEST, Breaker, delay
from syncd.outbox.sending import Attempted, Gateway, Try, attempted
from syncd.outbox.setting import Clock, hushed
from syncd.settings import Config, Target
from syncd.store import notices, outbox
from syncd.store.notices import Claim
from syncd.store.store import Store
from syncd.sync.scope_run import iso

log = structlog.get_logger()

PER_TARGET = 4
FINISHING = 5.0
"""Seconds that attempts under way are given at the end."""
LOOK_AGAIN = 30.0
SOME = 100
REMOVED = "this target is not configured any more; put it back, then: syncctl replay"


@dataclass(slots=True)
class Lane:
    """One target at work: `busy` are its notices under way; `problem` is why it failed last, "" after a success."""

    breaker: Breaker = field(default_factory=Breaker)
    busy: set[int] = field(default_factory=set)
    problem: str = ""


class Dispatcher:
    """`counted(target, outcome)` is called after each attempt: done, retry or dead."""

    def __init__(
        self,
        store: Store,
        config: Callable[[], Config],
        clock: Clock,
        gateway: Gateway,
        counted: Callable[[str, str], None],
    ) -> None:
        self.lanes: dict[str, Lane] = {}
        self.wake = asyncio.Event()
        self._store = store
        self._config = config
        self._clock = clock
        self._gateway = gateway
        self._counted = counted
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing: float | None = None

    async def serve(self) -> None:
        """Until it is cancelled: then nothing more begins, and what is under way has its time to end."""
        try:
            while True:
                self.wake.clear()
                await self._rest(await self._looked())
        finally:
            await self._finish()

    def close_soon(self) -> None:
        """Nothing more begins; the time that attempts under way have to end runs from now."""
        self._closing = self._closing or self._clock.mono() + FINISHING

    async def _finish(self) -> None:
        """What is cut off is not recorded: it will be sent again, with the same id."""
        now = self._clock.mono()
        end = self._closing or now + FINISHING
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=max(0.0, end - now))
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _looked(self) -> float:
        try:
            return await self.look()
        except StoreError as error:  # a full disk
            log.warning("outbox.waits", reason=str(error))
            return LOOK_AGAIN
        except Exception:
            log.exception("outbox.crashed")
            return LOOK_AGAIN

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.wake.wait()
        except TimeoutError:
            return

    def lane(self, target: str) -> Lane:
        return self.lanes.setdefault(target, Lane())

    async def idle(self) -> None:
        """Returns when nothing is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    # -- what is due

    async def look(self) -> float:
        """Begins what may begin. Returns in how many seconds something may be due that is not now."""
        if self._closing is not None:
            return LOOK_AGAIN
        config, now = self._config(), self._clock.wall()
        silences = {rule: until for rule, (_, until) in (await self._store.read(outbox.switches)).items()}
        hush = hushed(config, silences, now)
        due = await self._store.read(notices.targets_with_due)
        for name in sorted(due, key=lambda name: len(self.lane(name).busy)):
            target = config.targets.get(name)
            if target is None:
                await self._bury(name, now)
            else:
                await self._begin(target, config, now, hush)
        self._forget(config, due)
        return await self._pause(now, due, hush.values())

    async def _begin(self, target: Target, config: Config, now: datetime, hush: Iterable[str]) -> None:
        lane = self.lane(target.name)
        free = config.outbox.max_in_flight - len(self._tasks)
        places = min(free, lane.breaker.places(self._clock.mono(), len(lane.busy), PER_TARGET))
        if places <= 0:
            return
        skipped = (tuple(lane.busy), tuple(hush))
        times = notices.Times(iso(now), iso(now + timedelta(seconds=LONGEST)))
        found = await self._store.read(
            partial(notices.candidates, target=target.name, times=times, skipped=skipped, limit=places)
        )
        for claim in found:
            self._start(target, lane, claim)

    def _start(self, target: Target, lane: Lane, claim: Claim) -> None:
        lane.busy.add(claim.id)
        task = asyncio.create_task(self._send(target, lane, claim), name=f"delivery-{claim.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pause(self, now: datetime, due: Iterable[str], quiet: Iterable[datetime]) -> float:
        mono = self._clock.mono()
        times = [LOOK_AGAIN, *((until - now).total_seconds() for until in quiet)]
        times += [lane.breaker.until - mono for name in due if (lane := self.lane(name)).breaker.until > mono]
        if following := await self._store.read(partial(notices.next_due, now=iso(now))):
            times.append((datetime.fromisoformat(following) - now).total_seconds())
        return max(0.01, min(times))

    def _forget(self, config: Config, due: Iterable[str]) -> None:
        """Targets that are gone, and of which nothing is left to do."""
        for name in [name for name in self.lanes if name not in config.targets and name not in due]:
            del self.lanes[name]

    async def _bury(self, target: str, now: datetime) -> None:
        """Dead letters that can be replayed when the target is back. What is under way ends by itself."""
        skipped = (tuple(self.lane(target).busy), ())
        while found := await self._store.read(partial(notices.due_of, target=target, skipped=skipped[0], limit=SOME)):
            await self._store.write(partial(notices.bury, now=iso(now), claims=found, reason=REMOVED))
            log.warning("delivery.dead", target=target, notices=[claim.id for claim in found], reason=REMOVED)

    # -- one attempt

    async def _send(self, target: Target, lane: Lane, claim: Claim) -> None:
        try:
            memory = await self._store.read(partial(notices.memory, target=claim.target, incident=claim.incident))
            wanted = Try(target, claim.notice, claim.attempts + 1, memory)
            done = await attempted(self._gateway, self._config().egress, self._clock.wall(), wanted)
            self._judge(target.name, lane, done)
            await self._record(claim, done)
        except Exception:
            log.exception("delivery.crashed", notice=claim.id, target=claim.target)
            lane.breaker.until = self._clock.mono() + LOOK_AGAIN
        finally:
            lane.busy.discard(claim.id)
            self.wake.set()

    def _judge(self, target: str, lane: Lane, done: Attempted) -> None:
        """A target that rejects is there."""
        lane.problem = done.error
        if done.error and not done.final:
            was_open = lane.breaker.open
            lane.breaker.failed(self._clock.mono(), done.after)
            if lane.breaker.open and not was_open:
                log.warning("target.failing", target=target, failures=lane.breaker.failures, reason=done.error)
        else:
            lane.breaker.succeeded()

    async def _record(self, claim: Claim, done: Attempted) -> None:
        """Until the store takes it: a full disk must not have it sent again and again."""
        outcome, change = self._outcome(claim, done)
        while True:
            try:
                await self._store.write(change)
                break
            except StoreError as error:
                log.warning("outbox.waits", notice=claim.id, reason=str(error))
                await asyncio.sleep(LOOK_AGAIN)
        self._counted(claim.target, outcome)
        level = log.warning if outcome == "dead" else log.info
        level(
            f"delivery.{outcome}", notice=claim.id, target=claim.target, rule=claim.rule,
            attempt=claim.attempts + 1, reason=done.error,
        )  # fmt: skip

    def _outcome(self, claim: Claim, done: Attempted) -> tuple[str, Callable[[Any], None]]:
        now = self._clock.wall()
        if not done.error:
            said, answer = done.receipt.memory, done.receipt.answer
            return "done", partial(notices.delivered, now=iso(now), claim=claim, said=said, answer=answer)
        pause = None if done.final else delay(claim.attempts + 1, self._clock.chance(), done.after)
        if pause is None:
            return "dead", partial(notices.died, now=iso(now), claim=claim, reason=done.error)
        due = iso(now + timedelta(seconds=pause))
        return "retry", partial(notices.failed, claim=claim, due=due, reason=done.error)
