"""What still fires is told again to targets that would forget it. Nothing of it is stored: the next time comes soon."""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import structlog

from syncd.errors import StoreError
from syncd.notice import BEGIN, Notice
from syncd.outbox.dispatcher import Dispatcher
from syncd.outbox.drafts import items_of
from syncd.outbox.sending import Gateway, Try, attempted
from syncd.outbox.setting import Clock, manner
from syncd.settings import Config, Target
from syncd.store import notices, outbox
from syncd.store.queries import Row
from syncd.store.store import Store
from syncd.sync.scope_run import iso

log = structlog.get_logger()

LOOK = 1.0
"""Seconds between two looks at whose time it is."""


class Alive:
    """Tells the targets whose reaction wants that. It shares their breakers: who is down is not asked for more."""

    def __init__(
        self, store: Store, config: Callable[[], Config], clock: Clock, gateway: Gateway, dispatcher: Dispatcher
    ) -> None:
        self._store = store
        self._config = config
        self._clock = clock
        self._gateway = gateway
        self._dispatcher = dispatcher
        self._due: dict[str, float] = {}

    async def serve(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                log.warning("outbox.waits", reason=str(error))
            except Exception:
                log.exception("outbox.crashed")
            await asyncio.sleep(LOOK)

    async def look(self) -> None:
        """At once after a start: who was told before may be about to forget."""
        config = self._config()
        for target in list(config.targets.values()):
            how = manner(config, target.name)
            if how.repeat <= 0 or self._clock.mono() < self._due.get(target.name, 0.0):
                continue
            self._due[target.name] = self._clock.mono() + how.repeat
            await self._tell(target, how.most)

    async def _tell(self, target: Target, most: int) -> None:
        breaker = self._dispatcher.lane(target.name).breaker
        for last in await self._store.read(partial(notices.incidents_firing, target=target.name)):
            after = 0
            while breaker.places(self._clock.mono(), 0, 1):
                notice, after = await self._store.read(partial(self._page, target.name, last, after, most))
                if notice is None:
                    break
                done = await attempted(
                    self._gateway,
                    self._config().egress,
                    self._clock.wall(),
                    Try(target, notice, 1, await self._memory(target, last)),
                )
                if done.error:
                    breaker.failed(self._clock.mono(), done.after)
                    log.info("delivery.repeat_failed", target=target.name, incident=last["incident"], reason=done.error)
                    return
                breaker.succeeded()

    async def _memory(self, target: Target, last: Row) -> dict[str, str]:
        return await self._store.read(partial(notices.memory, target=target.name, incident=last["incident"]))

    def _page(
        self, target: str, last: Row, after: int, most: int, connection: sqlite3.Connection
    ) -> tuple[Notice | None, int]:
        """Some of the resources that still fire, behind event `after`; None where there are no more."""
        group = (target, last["rule"], last["grouped"])
        numbers = outbox.still_firing(connection, group, after, most)
        if not numbers:
            return None, after
        rows = outbox.facts(connection, numbers)
        items = tuple(items_of(connection, rows, dict.fromkeys(numbers, BEGIN)))
        now = iso(self._clock.wall())
        known: Notice = last["body"]
        name = notices.uid(known.id, now, str(numbers[0]))
        firing = replace(known, id=name, at=now, state="firing", items=items, total=len(items), repeated=True)
        return firing, numbers[-1]
