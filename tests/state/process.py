"""A process that may die at any commit: all parts of the daemon over one file, and what a crash leaves of it.

What a dead process leaves is its files as they are on the disk. They are copied at that moment; whatever the process
still does concerns files that nobody reads any more, and those outside listen to it no longer.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from syncd.acts.applying import Applier
from syncd.acts.plans import Plans
from syncd.errors import StoreError
from syncd.kinds import KindRegistry
from syncd.outbox.setting import Clock
from syncd.outbox.work import Outbox
from syncd.plugin import Selection
from syncd.rules.shell import Rules
from syncd.settings import Config
from syncd.store.store import Store
from syncd.store.writer import on_thread
from syncd.sync.limits import Limits
from tests.fakes.world import World
from tests.state.estate import Estate

KILL, STOP, FULL = "kill", "stop", "full"
NO_BOUND = 2**30


class Loop(asyncio.SelectorEventLoop):
    """Its clock can be put ahead: what waits for a time waits no longer."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


@dataclass(frozen=True)
class Fate:
    """What comes over the process at the `moment`-th begin or end of a transaction, or right before what it sends or
    does arrives: it dies, or what it does is cancelled. With FULL the disk is, from the start."""

    what: str
    moment: int = 0


@dataclass
class Machinery:
    """What outlives a process. `seconds`: the monotonic clock; the wall clock is the world's."""

    world: World
    cloud: Estate
    config: Config
    seconds: float = 0.0
    lives: int = 0

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.world.moment, lambda: self.seconds, lambda: 0.5)

    def wait(self, seconds: float) -> None:
        self.seconds += seconds
        self.world.moment += timedelta(seconds=seconds)

    def copied(self) -> Path:
        """The files as they are on the disk, elsewhere."""
        self.lives += 1
        old, new = self.world.path, self.world.path.with_name(f"{self.lives}.db")
        for end in ("", "-wal"):
            with suppress(FileNotFoundError):
                shutil.copy(f"{old}{end}", f"{new}{end}")
        return new


@dataclass
class Process:
    """`left`: where a dead one left its files. `cut`: what it did last was not done to its end."""

    machinery: Machinery
    store: Store
    rules: Rules
    outbox: Outbox
    plans: Plans
    fate: Fate | None = None
    left: Path | None = None
    cut: bool = False
    _moments: int = 0
    _doing: asyncio.Task[Any] | None = None
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    @classmethod
    async def start(cls, machinery: Machinery) -> "Process":
        """As the daemon does, up to where it serves."""
        world, cloud = machinery.world, machinery.cloud
        registry = KindRegistry()
        registry.add(cloud.kinds())
        store = await Store.open(world.path, registry, now=world.now, edge_types=cloud.edge_types(), autocheckpoint=20)
        limits = Limits(16)
        collectors: dict[str, Any] = {"fake": cloud}
        config = lambda: machinery.config  # noqa: E731
        rules = Rules(store, now=lambda: world.moment, clock=lambda: machinery.seconds)
        plans = Plans(store, config, collectors, lambda: limits, lambda: world.moment)
        plans.applier = lambda: Applier(store, config, collectors, lambda: limits, pauses=(0.0,))
        self = cls(machinery, store, rules, Outbox(store, config, clock=machinery.clock), plans)
        await on_thread(store._connection, lambda c: c.set_trace_callback(self._said))
        return self

    async def begin(self) -> None:
        await self.rules.load(self.machinery.config)
        await self.plans.load()
        await self.outbox.begin()
        await self.plans.settle()

    @property
    def dead(self) -> bool:
        return self.left is not None

    # -- what comes over it

    def _said(self, statement: str) -> None:
        """In the writer's thread, before each statement. What is copied here is what a crash here leaves."""
        if statement in ("begin immediate", "commit"):
            self._pass()

    async def arrives(self) -> None:
        """Right before something of it has an effect outside: a moment as well."""
        await on_thread(self.store._connection, lambda _: self._pass())

    def _pass(self) -> None:
        if self.fate is None or self.fate.what == FULL:
            return
        if self._moments == self.fate.moment:
            if self.fate.what == KILL:
                self.left = self.machinery.copied()
            elif self._doing:
                self._loop.call_soon_threadsafe(self._doing.cancel)
        self._moments += 1

    async def do(self, work: Callable[[], Coroutine[Any, Any, Any]], fate: Fate | None = None) -> Any:
        """Its result; None when something came over it, as `cut` says."""
        self.fate, self._moments, self.cut = fate, 0, False
        full = fate is not None and fate.what == FULL
        if full:
            await self.bound(0)
        self._doing = asyncio.create_task(work())
        try:
            return await self._doing
        except StoreError:
            self.cut = True
            assert self.dead or full, "only a full disk keeps the store from being written"
        except asyncio.CancelledError:
            self.cut = True
        finally:
            self.cut = self.cut or self.dead or full  # parts of it may take what the disk says
            self._doing = self.fate = None
            await self.bound(NO_BOUND)
            await self.store.ping()

    async def bound(self, pages: int) -> None:
        """The file takes no more than that; at least what it has."""
        await on_thread(
            self.store._connection, lambda c: c.execute(f"pragma max_page_count = {max(1, pages)}").fetchall()
        )

    # -- what it does

    async def sync(self, *scopes: str) -> None:
        world = self.machinery.world
        try:
            await world.sync_in(self.store, self.rules, selection=Selection(scopes=scopes))
        except (StoreError, asyncio.CancelledError):
            with suppress(StoreError):
                await asyncio.shield(self.store.finish({"state": "failed", "reason": "cut"}, 100))
            raise

    async def dispatch(self) -> None:
        """All that is due, and what becomes due by it. What the store does not take is waited for, until it does."""
        before: object = None
        while before != (before := await self._open()):
            await self.outbox.dispatcher.look()
            await self._idle()

    async def _idle(self) -> None:
        idle = asyncio.create_task(self.outbox.dispatcher.idle())
        tries = 0
        while not idle.done():
            full = self.fate is not None and self.fate.what == FULL
            await asyncio.wait({idle}, timeout=0.01 if full else None)
            if full and not idle.done():
                tries += 1
                assert isinstance(self._loop, Loop)
                self._loop.ahead += 31
                if tries == 3:
                    await self.bound(NO_BOUND)

    async def _open(self) -> list[Any]:
        return await self.store.read(
            lambda c: c.execute("select id, attempts from notice where state = 'due'").fetchall()
        )

    # -- how it ends

    async def close(self) -> None:
        await self.outbox.dispatcher.idle()
        await self.plans.close()
        await self.outbox.close()
        await self.store.close()

    async def die(self) -> None:
        """What is left of it goes on elsewhere; this one is not asked any more."""
        old = self.machinery.world.path
        self.left = self.left or self.machinery.copied()
        with suppress(StoreError, sqlite3.Error):
            await self.close()
        for end in ("", "-wal", "-shm", ".lock"):
            Path(f"{old}{end}").unlink(missing_ok=True)
        self.machinery.world.path = self.left
