"""Makes notices of what has waited long enough."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

import structlog

from syncd.errors import StoreError
from syncd.outbox.drafts import Subject, drafts
from syncd.outbox.grouping import Batch, batches
from syncd.outbox.setting import Clock, Waits, hushed, manner
from syncd.outbox.waiting import Pair, Waiting
from syncd.settings import Config
from syncd.store import notices, outbox
from syncd.store.outbox import Delivery
from syncd.store.store import Store
from syncd.sync.scope_run import iso

log = structlog.get_logger()

AT_ONCE = 50_000
"""Deliveries of a target and rule that are looked at together: what is more comes in the next notice."""
TOGETHER = 20
"""Notices of a transaction."""
LOOK_AGAIN = 30.0
"""Seconds after which quiet and clocks are looked at again."""


class Maker:
    """`made` is called after notices were committed."""

    def __init__(self, store: Store, config: Callable[[], Config], clock: Clock, made: Callable[[], None]) -> None:
        self._store = store
        self._config = config
        self._clock = clock
        self._made = made
        self._waiting = Waiting()
        self._wake = asyncio.Event()
        self._name = ""

    async def begin(self, name: str) -> None:
        """`name` is the store's own."""
        self._name = name
        stored = await self._store.read(outbox.waiting)
        self._waiting.load(stored, Waits(self._config()), self._clock.wall(), self._clock.mono())

    def put(self, deliveries: Iterable[Delivery]) -> None:
        pairs = {(each.target, each.rule) for each in deliveries}
        if pairs:
            self._waiting.add(pairs, Waits(self._config()), self._clock.mono())
            self._wake.set()

    async def serve(self) -> None:
        """Until it is cancelled."""
        while True:
            self._wake.clear()
            await self.make()
            await self._rest()

    async def _rest(self) -> None:
        due = self._waiting.next()
        pause = LOOK_AGAIN if due is None else min(LOOK_AGAIN, max(0.0, due - self._clock.mono()))
        try:
            async with asyncio.timeout(pause):
                await self._wake.wait()
        except TimeoutError:
            return

    async def make(self) -> None:
        """Notices of all that is due, but for what nobody is to be told of now."""
        due = self._waiting.next()
        if due is None or due > self._clock.mono():
            return
        now = self._clock.wall()
        silences = {rule: until for rule, (_, until) in (await self._store.read(outbox.switches)).items()}
        hush = hushed(self._config(), silences, now)
        for pair in self._waiting.take(self._clock.mono()):
            if until := hush.get(pair[1]):
                self._put_off(pair, min(until - now, timedelta(seconds=LOOK_AGAIN)).total_seconds())
                continue
            try:
                await self._make(pair, now)
            except StoreError as error:  # a full disk: all of it waits on
                log.warning("outbox.waits", reason=str(error))
                self._put_off(pair, LOOK_AGAIN)
            except Exception:  # what one rule and target stumble over must not keep others from being told
                log.exception("outbox.crashed", target=pair[0], rule=pair[1])
                self._put_off(pair, LOOK_AGAIN)

    def _put_off(self, pair: Pair, seconds: float) -> None:
        self._waiting.put_off(pair, self._clock.mono() + seconds)

    async def _make(self, pair: Pair, now: datetime) -> None:
        config, (target, rule) = self._config(), pair
        how = manner(config, target)
        subject = Subject(self._name, target, rule, config.rule.get(rule), how)
        rows = await self._store.read(partial(outbox.gathered, target=target, rule=rule, limit=AT_ONCE))
        if not rows:
            return
        if len(rows) == AT_ONCE:
            self._put_off(pair, 0.0)
        nodes = {row.node for row in rows if row.change != "happened"}
        told = await self._store.read(partial(outbox.told, target=target, rule=rule, nodes=nodes))
        found = await asyncio.to_thread(batches, rows, told, how.cap, how.most if how.every_item else 0)
        for start in range(0, len(found), TOGETHER):
            await self._write(iso(now), subject, found[start : start + TOGETHER])
            self._made()

    async def _write(self, now: str, subject: Subject, some: list[Batch]) -> None:
        made = await self._store.read(partial(drafts, now=now, subject=subject, batches=some))
        await self._store.write(partial(notices.make, now=now, store=self._name, drafts=made))
