"""After a run: the index of searches is brought up to date, and once a day what is older than its window is dropped."""

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from syncd.errors import StoreError
from syncd.settings import Config, OutboxSettings, SearchSettings, StoreSettings
from syncd.store import notices, retention
from syncd.store.indexing import Wanted
from syncd.store.observed import Observed
from syncd.store.retention import Windows
from syncd.store.store import Store
from syncd.sync.perform import now
from syncd.sync.scope_run import iso

log = structlog.get_logger()

TOGETHER = 500
"""Notices of a transaction."""


async def keep(store: Store, config: Callable[[], Config], observed: Observed, ran: asyncio.Event) -> None:
    """Whenever a run has ended, until it is cancelled. It holds up none that begins meanwhile."""
    while True:
        await index(store, config().search, observed)
        await ran.wait()
        ran.clear()
        await compact(store, config().store)
        await prune(store, config().outbox)


async def index(store: Store, settings: SearchSettings, observed: Observed) -> None:
    """A store that cannot be written (a full disk) is indexed the next time: searches only take longer."""
    try:
        await brought_up_to_date(store, settings, observed)
    except StoreError as error:
        log.warning("store.index_waits", reason=str(error))


async def brought_up_to_date(store: Store, settings: SearchSettings, observed: Observed) -> int:
    """The index, with the properties that are named and those that were asked for. Returns how much there was to do."""
    uses = observed.take()
    try:
        asked = await store.observed(uses, settings.index_observed)
    except StoreError:
        observed.give_back(uses)
        raise
    return await store.index([*named(settings.index), *asked])


def named(paths: Iterable[str]) -> list[Wanted]:
    from syncd.search.parse import parse_path

    return [Wanted(parse_path(path).steps) for path in paths]


async def compact(store: Store, settings: StoreSettings) -> None:
    """If it is due. A store that cannot be written (a full disk) is compacted the next time."""
    try:
        if not await store.read(lambda connection: retention.is_due(connection, now())):
            return
        begun = time.monotonic()
        dropped = await store.compact(windows_of(settings))
    except StoreError as error:
        log.warning("store.compaction_waits", reason=str(error))
        return
    if any(dropped):
        log.info("store.compacted", seconds=round(time.monotonic() - begun, 3), **dropped._asdict())


async def prune(store: Store, settings: OutboxSettings) -> None:
    """Drops notices that ended long ago, a little at a time; never what has not ended."""
    before = iso(datetime.now(UTC) - timedelta(days=settings.keep_days))
    dropped = 0
    try:
        while settings.keep_days and (old := await store.read(lambda c: notices.prunable(c, before, TOGETHER))):
            dropped += await store.write(partial(notices.prune, numbers=old))
    except StoreError as error:
        log.warning("outbox.pruning_waits", reason=str(error))
    if dropped:
        log.info("outbox.pruned", notices=dropped)


def windows_of(settings: StoreSettings) -> Windows:
    return Windows(settings.history_days, settings.history_days_by_kind)
