"""Events inside the process: told after they were committed, to whoever asked for such a type. The bus keeps nothing.

A subscriber that must not miss anything reads the store by sequence number; the bus only wakes it.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from fnmatch import translate
from functools import partial
from typing import NamedTuple

import structlog
from pyee.asyncio import AsyncIOEventEmitter

from syncd.store import queries
from syncd.store.queries import Filter, Row
from syncd.store.store import Store

log = structlog.get_logger()

Handler = Callable[["Told"], Awaitable[None] | None]

BATCH = 500


class Told(NamedTuple):
    """A committed event. `body` is what happened, by type (docs/events.md)."""

    seq: int
    at: str
    run: int
    type: str
    scope: str
    kind: str
    name: str
    urn: str
    body: Row


class Bus:
    """Handlers by pattern, such as `resource.*`. A handler that fails is logged and disturbs no other.

    `last`: number of the event that was told last.
    """

    def __init__(self) -> None:
        self._emitter = AsyncIOEventEmitter()
        self._emitter.on("error", self._failed)  # without it an error would end in the caller of publish
        self._patterns: dict[str, re.Pattern[str]] = {}
        self.last: int | None = None

    def on(self, pattern: str, handler: Handler) -> Callable[[], None]:
        """Calls `handler` for each event whose type matches the glob. Returns what takes it back."""
        self._patterns[pattern] = re.compile(translate(pattern))
        kept = _guarded(handler)
        self._emitter.on(pattern, kept)

        def off() -> None:
            self._emitter.remove_listener(pattern, kept)

        return off

    def publish(self, told: Told) -> None:
        self.last = told.seq
        for pattern, form in self._patterns.items():
            if form.match(told.type):
                self._emitter.emit(pattern, told)

    async def finish(self) -> None:
        """Waits for handlers that are still at work."""
        await self._emitter.wait_for_complete()

    def _failed(self, error: BaseException) -> None:
        log.error("bus.handler_failed", error=f"{type(error).__name__}: {error}")


def _guarded(handler: Handler) -> Callable[[Told], Awaitable[None]]:
    """pyee lets the error of a plain function through to who publishes; that of a coroutine goes to its listener."""

    async def call(told: Told) -> None:
        result = handler(told)
        if result is not None:
            await result

    return call


async def publish_committed(store: Store, bus: Bus) -> None:
    """Tells the bus every event that is committed from now on, in order, once, until it is cancelled.

    Called again it goes on where it ended.
    """
    last = await store.events() if bus.last is None else bus.last
    bus.last = last
    with store.waking() as wake:
        while True:
            wake.clear()
            while rows := await store.read(partial(queries.events, wanted=Filter(since=last), limit=BATCH)):
                for row in rows:
                    row.pop("number")
                    bus.publish(Told(**row))
                last = rows[-1]["seq"]
                await asyncio.sleep(0)
            await wake.wait()
