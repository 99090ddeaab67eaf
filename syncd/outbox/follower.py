"""Reads events behind its cursor, and puts deliveries here for those whom they concern."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial

import structlog

from syncd.errors import StoreError
from syncd.outbox.routing import Table, deliveries
from syncd.outbox.table import table_of
from syncd.settings import Config
from syncd.store import outbox
from syncd.store.outbox import Delivery
from syncd.store.queries import Row
from syncd.store.snapshots import snapshots
from syncd.store.store import Store
from syncd.sync.perform import now

log = structlog.get_logger()

BATCH = 500
"""Events of a transaction."""
GATHERING = 0.2
"""Seconds after a commit in which more of them come: a run must not pay for a look after each of its commits."""
FAR = 10_000
"""Events that concern nobody, after which that is noted; a crash has them looked at again, and nothing else."""
NOTED_EVERY = 30.0
AGAIN = 30.0
CROWDED = 4
"""Changes that wait for the writer, above which the follower lets them go first."""
PATIENCE = 1.0
SHARE = 0.08
"""Of the time of a run that is spent on telling what it finds; the rest is told right after it."""


class Follower:
    """`put` is told what was put here, after its commit; `busy`: a run goes on, which goes first."""

    def __init__(
        self,
        store: Store,
        config: Callable[[], Config],
        put: Callable[[Iterable[Delivery]], None],
        busy: Callable[[], bool],
    ) -> None:
        self._store = store
        self._busy = busy
        self._config = config
        self._put = put
        self.position = 0
        self._noted = 0
        self._noted_at = time.monotonic()

    def begin(self, cursor: int) -> None:
        self.position = self._noted = cursor

    async def serve(self) -> None:
        """Until it is cancelled."""
        with self._store.waking() as wake:
            while True:
                wake.clear()
                if await self._caught_up():
                    await self._woken(wake)
                    await asyncio.sleep(GATHERING)
                else:
                    await asyncio.sleep(AGAIN)

    async def _woken(self, wake: asyncio.Event) -> None:
        """Where nothing happens any more it is noted that nothing concerned anybody: new rules look at new events."""
        if self.position != self._noted:
            with suppress(TimeoutError):
                async with asyncio.timeout(NOTED_EVERY):
                    await wake.wait()
                    return
            with suppress(StoreError):
                await self._note(self.position, [])
        await wake.wait()

    async def _caught_up(self) -> bool:
        """False when the store takes nothing now (a full disk): nothing is lost, it is looked at again."""
        try:
            await self.follow()
        except StoreError as error:
            log.warning("outbox.waits", reason=str(error))
            return False
        except Exception:  # the daemon goes on reading, and nothing is skipped
            log.exception("outbox.crashed", event=self.position)
            return False
        return True

    async def follow(self) -> None:
        """All that is committed now."""
        last = await self._store.events()
        if last <= self.position:
            return
        table = await self._store.read(partial(table_of, config=self._config()))
        while self.position < last:
            begun = time.monotonic()
            rows = await self._store.read(partial(_events, since=self.position, last=last, globs=table.globs))
            upto = rows[-1]["seq"] if len(rows) == BATCH else last
            found = await self._routed(rows, table) if rows else []
            if found or upto - self._noted >= FAR or time.monotonic() - self._noted_at > NOTED_EVERY:
                await self._others_first()
                await self._note(upto, found)
            self.position = upto
            self._put(found)
            if self._busy():
                await asyncio.sleep(min(PATIENCE, (time.monotonic() - begun) * (1 / SHARE - 1)))

    async def _routed(self, rows: list[Row], table: Table) -> list[Delivery]:
        nodes = {row["node"] for row in rows if row["node"] and "resource" not in row["body"]}
        resources = await self._store.read(partial(snapshots, nodes=nodes))
        return await asyncio.to_thread(lambda: list(deliveries(rows, resources, table)))

    async def _note(self, upto: int, found: list[Delivery]) -> None:
        if upto == self._noted and not found:
            return
        await self._store.write(partial(outbox.follow, now=now(), upto=upto, deliveries=found))
        self._noted, self._noted_at = upto, time.monotonic()

    async def _others_first(self) -> None:
        """What a run commits goes before what is told of it, for a while."""
        end = time.monotonic() + PATIENCE
        while self._store.backlog > CROWDED and time.monotonic() < end:  # noqa: ASYNC110  (a queue has no such event)
            await asyncio.sleep(0.01)


def _events(connection: sqlite3.Connection, since: int, last: int, globs: list[str]) -> list[Row]:
    return outbox.events(connection, since, last, globs, BATCH)
