"""The composition root: opens store and collectors, runs once, closes in reverse whatever happened."""

import asyncio
import gc
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog
import uvloop

from syncd.config import Config
from syncd.errors import CredentialsError, StoreError
from syncd.kinds import KindRegistry
from syncd.plugin import Collector, Selection, Session, load_collectors
from syncd.store.store import Store
from syncd.sync.calls import Patience
from syncd.sync.limits import Limits
from syncd.sync.report import summary_of
from syncd.sync.run import Plan, Run
from syncd.sync.scope_run import Guards, iso
from syncd.sync.summary import Progress, RunSummary

T = TypeVar("T")
log = structlog.get_logger()


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs on uvloop. Documents are many and acyclic: the search for cycles is rare, and never among modules."""
    gc.freeze()
    gc.set_threshold(300_000, 10, 50)
    return uvloop.run(main)


def now() -> str:
    """The time as everything stored has it: `2026-03-01T12:00:00Z`."""
    return iso(datetime.now(UTC))


async def sync_once(
    config: Config,
    selection: Selection,
    *,
    accept: tuple[str, ...] = (),
    trigger: str = "cli",
    progress: Callable[[Progress], None] | None = None,
) -> RunSummary:
    """Reads every configured account once and leaves the result in the store.

    Raises StoreLocked, StoreError, CredentialsError, ConfigError. Cancellation leaves a consistent file.
    """
    collectors = load_collectors(config.collectors)
    async with AsyncExitStack() as stack:
        store = await open_store(config, collectors)
        stack.push_async_callback(store.close)
        sessions = await _open_sessions(config, collectors, stack)
        return await _run(config, store, sessions, _plan(config, selection, accept), trigger, progress)


async def open_store(config: Config, collectors: Mapping[str, Collector]) -> Store:
    """The store, knowing every kind and relation of these collectors."""
    registry = KindRegistry()
    types: set[str] = set()
    for collector in collectors.values():
        registry.add(collector.kinds())
        types.update(collector.edge_types())
    return await Store.open(
        config.store.file,
        registry,
        now=now,
        edge_types=types,
        autocheckpoint=config.store.wal_autocheckpoint,
    )


async def _open_sessions(
    config: Config, collectors: Mapping[str, Collector], stack: AsyncExitStack
) -> dict[str, Session]:
    """Sessions of all collectors that have something to read with.

    A collector without credentials is an error when it is configured, or when no collector has any.
    """
    sessions: dict[str, Session] = {}
    without: list[CredentialsError] = []
    for name, collector in collectors.items():
        try:
            session = await collector.open(config.collectors[name])
        except CredentialsError as error:
            without.append(error)
            continue
        stack.push_async_callback(session.close)
        sessions[name] = session
    if without and (config.files or not sessions):
        raise without[0]
    return sessions


async def _run(
    config: Config,
    store: Store,
    sessions: Mapping[str, Session],
    plan: Plan,
    trigger: str,
    progress: Callable[[Progress], None] | None,
) -> RunSummary:
    settings = config.sync
    patience = Patience(
        settings.attempts, settings.retry_base_seconds, settings.retry_cap_seconds, settings.call_timeout_seconds
    )
    guards = Guards(
        settings.hold_share,
        settings.hold_minimum,
        settings.scope_timeout_seconds,
        settings.disabled_for_hours * 3600,
        settings.max_nodes_per_scope,
        settings.max_document_bytes,
    )
    limits = Limits(settings.max_in_flight)
    first, begun = await store.events(), time.monotonic()
    await store.begin(trigger)
    work = Run(store, sessions, limits, patience, guards, plan, now, time.monotonic, progress)
    state, reason = "failed", ""
    try:
        async with asyncio.timeout(settings.run_timeout_seconds):
            await work.execute()
        state = "complete" if work.states.total() == work.states["complete"] else "incomplete"
    except TimeoutError:
        state, reason = "incomplete", f"not done within sync.run_timeout_seconds = {settings.run_timeout_seconds:g}"
    except asyncio.CancelledError:
        state, reason = "cancelled", "stopped before the end; what was committed stands"
        raise
    except StoreError as error:
        reason = str(error)
        raise
    finally:
        summary = await summary_of(work, store, state, reason, time.monotonic() - begun, first)
        with suppress(StoreError):  # on a full disk the next run closes this one
            await asyncio.shield(store.finish(asdict(summary), config.store.keep_runs))
    return await summary_of(work, store, state, reason, time.monotonic() - begun, first)


def _plan(config: Config, selection: Selection, accept: tuple[str, ...]) -> Plan:
    return Plan(selection, accept, config.sync.max_scopes, config.sync.retire_after_days * 86400)
