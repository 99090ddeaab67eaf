"""One run from its request to its summary, on an open store: however it ends, its end is recorded."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict
from datetime import UTC, datetime

import structlog
from msgspec import Struct

from syncd.errors import CredentialsError, StoreError, SyncdError
from syncd.kinds import KindRegistry
from syncd.plugin import Collector, Session, kinds_of
from syncd.settings import Config, SyncSettings
from syncd.store.requests import SCHEDULE, Request
from syncd.store.store import Store
from syncd.sync.cadence import Cadence, cadence_of
from syncd.sync.calls import Patience
from syncd.sync.limits import Limits
from syncd.sync.report import summary_of
from syncd.sync.run import Plan, Run
from syncd.sync.scope_run import Guards, iso
from syncd.sync.summary import Progress, RunSummary


def now() -> str:
    """The time as everything stored has it: `2026-03-01T12:00:00Z`."""
    return iso(datetime.now(UTC))


async def open_store(config: Config, collectors: Mapping[str, Collector]) -> Store:
    """The store, knowing every kind and relation of these collectors."""
    return await Store.open(
        config.store.file,
        registry_of(config, collectors),
        now=now,
        edge_types={type_ for collector in collectors.values() for type_ in collector.edge_types()},
        autocheckpoint=config.store.wal_autocheckpoint,
    )


def registry_of(config: Config, collectors: Mapping[str, Collector]) -> KindRegistry:
    """Every kind that these collectors may tell of with this configuration."""
    registry = KindRegistry()
    for name, collector in collectors.items():
        registry.add(kinds_of(collector, config.collectors.get(name)))
    return registry


Collect = Callable[[], Awaitable[None]]


async def _only_collect(_request: Request, collect: Collect) -> None:
    await collect()


class Performer(Struct):
    """What runs share. `config` may be exchanged between two runs; `watch` is handed each run as it begins.

    `steps` says what a run does, and calls what it is given where it is to collect.
    """

    config: Config
    store: Store
    collectors: Mapping[str, Collector]
    limits: Limits
    watch: Callable[[Run], None] | None = None
    steps: Callable[[Request, Collect], Awaitable[None]] = _only_collect
    progress: Callable[[Progress], None] | None = None

    async def perform(self, request: Request) -> RunSummary:
        """Raises StoreError, CredentialsError or ConfigError; what could not be read is in the summary.

        Cancellation leaves a consistent file.
        """
        settings, store = self.config.sync, self.store
        first, begun = await store.events(), time.monotonic()
        structlog.contextvars.bind_contextvars(run=await store.begin(request=request))
        sessions: dict[str, Session] = {}
        work = self._run(request, sessions)
        if self.watch:
            self.watch(work)
        state, reason = "failed", ""

        async def collect() -> None:
            async with AsyncExitStack() as stack:
                await self._open_sessions(request, sessions, stack)
                async with asyncio.timeout(settings.run_timeout_seconds):
                    await work.execute()

        try:
            await self.steps(request, collect)
            state = "complete" if work.states.total() == work.states["complete"] else "incomplete"
        except TimeoutError:  # what was not reached still looks as it did: no later step may act on it
            state = "incomplete"
            reason = f"not done within sync.run_timeout_seconds = {settings.run_timeout_seconds:g}"
        except asyncio.CancelledError:
            state, reason = "cancelled", "stopped before the end; what was committed stands"
            raise
        except SyncdError as error:
            reason = str(error)
            raise
        except Exception as bug:
            reason = f"{type(bug).__name__}: {bug}"
            raise
        finally:
            summary = await summary_of(work, store, state, reason, time.monotonic() - begun, first)
            with suppress(StoreError):  # on a full disk the next run closes this one
                await asyncio.shield(store.finish(asdict(summary), self.config.store.keep_runs))
        return await summary_of(work, store, state, reason, time.monotonic() - begun, first)

    def _run(self, request: Request, sessions: Mapping[str, Session]) -> Run:
        settings = self.config.sync
        retire_after = settings.retire_after_days * 86400
        plan = Plan(request.selection, request.accept, settings.max_scopes, retire_after, self.cadence(request))
        return Run(
            self.store,
            sessions,
            self.limits,
            patience_of(settings),
            guards_of(settings),
            plan,
            now,
            time.monotonic,
            self.progress,
        )

    def cadence(self, request: Request) -> Cadence | None:
        """Only what the schedule asks for as a whole leaves anything out: who asks by hand wants to know."""
        if request.trigger != SCHEDULE or not request.selection.everything:
            return None
        cadence = cadence_of(self.config.schedule)
        return cadence if cadence.leaves_out else None

    async def _open_sessions(self, request: Request, sessions: dict[str, Session], stack: AsyncExitStack) -> None:
        """Sessions of all collectors of the request that have something to read with.

        A collector without credentials is an error when it is configured, or when no collector has any.
        """
        without: list[CredentialsError] = []
        for name, collector in self.collectors.items():
            if request.selection.collectors and name not in request.selection.collectors:
                continue
            try:
                session = await collector.open(self.config.collectors[name])
            except CredentialsError as error:
                without.append(error)
                continue
            stack.push_async_callback(session.close)
            sessions[name] = session
        if without and (self.config.files or not sessions):
            raise without[0]


def patience_of(settings: SyncSettings, *, once: bool = False) -> Patience:
    """`once`: for what must not be sent twice."""
    return Patience(
        1 if once else settings.attempts,
        settings.retry_base_seconds,
        settings.retry_cap_seconds,
        settings.call_timeout_seconds,
    )


def guards_of(settings: SyncSettings) -> Guards:
    return Guards(
        settings.hold_share,
        settings.hold_minimum,
        settings.scope_timeout_seconds,
        settings.disabled_for_hours * 3600,
        settings.max_nodes_per_scope,
        settings.max_document_bytes,
        settings.recognise_unchanged,
    )
