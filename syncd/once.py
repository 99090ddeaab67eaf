"""One run, or one piece of upkeep, in the foreground, without a daemon."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from syncd.installed import load_collectors
from syncd.plugin import Selection
from syncd.settings import Config
from syncd.store import outbox
from syncd.store.figures import free_bytes
from syncd.store.observed import Observed
from syncd.store.requests import COLLECT, Request
from syncd.store.retention import Dropped
from syncd.store.store import Store
from syncd.sync.limits import Limits
from syncd.sync.perform import Collect, Performer, now, open_store
from syncd.sync.summary import Progress, RunSummary
from syncd.upkeep import brought_up_to_date, compact, windows_of

# Rules and plans bring searches and templates: a tenth of a second that a sync without them need not pay.
if TYPE_CHECKING:
    from syncd.acts.plans import Plans
    from syncd.rules.shell import Rules

AFTER = "post_collect"
"""The step at which rules are looked at here as well; whom they tell, the daemon does."""


async def sync_once(
    config: Config,
    selection: Selection,
    *,
    accept: tuple[str, ...] = (),
    trigger: str = "cli",
    progress: Callable[[Progress], None] | None = None,
) -> RunSummary:
    """Reads every configured account once and leaves the result in the store, with what rules say of it.

    Raises StoreLocked, StoreError, CredentialsError, ConfigError. Cancellation leaves a consistent file.
    """
    collectors = load_collectors(config.collectors)
    store = await open_store(config, collectors)
    try:
        rules = await _rules(config, store) if config.rule else None

        async def steps(_request: Request, collect: Collect) -> None:
            await collect()
            if rules is not None:
                await rules.step(AFTER)

        limits = Limits(config.sync.max_in_flight)
        performer = Performer(config, store, collectors, limits, steps=steps, progress=progress)
        summary = await performer.perform(Request(0, now(), trigger, "", COLLECT, selection, accept))
        await compact(store, config.store)
        return summary
    finally:
        await store.close()


async def _rules(config: Config, store: Store) -> "Rules":
    from syncd.rules.shell import Rules

    rules = Rules(store)
    await rules.load(config, settle=False)  # another configuration than the daemon's may lack rules
    if any(rule.to for rule in rules.active.values()):
        await store.write(outbox.begin)  # whoever is to be told hears of what comes, also from a daemon's first start
    return rules


@asynccontextmanager
async def plans_once(config: Config) -> AsyncIterator["Plans"]:
    """Plans without a daemon: what a crash left open is settled first.

    Raises StoreLocked, StoreError.
    """
    from syncd.acts.plans import Plans

    collectors = load_collectors(config.collectors)
    store = await open_store(config, collectors)
    limits = Limits(config.sync.max_in_flight)
    try:
        plans = Plans(store, lambda: config, collectors, lambda: limits, lambda: datetime.now(UTC))
        await plans.load()
        await plans.settle()
        yield plans
        await plans.close()
    finally:
        await store.close()


async def compact_once(config: Config) -> tuple[Dropped, int]:
    """Drops what is older than its window, due or not, and empties the log. Returns the bytes that became free as well.

    Raises StoreLocked, StoreError.
    """
    store = await open_store(config, load_collectors(config.collectors))
    try:
        before = await store.read(free_bytes)
        dropped = await store.compact(windows_of(config.store))
        await store.truncate_log()
        return dropped, await store.read(free_bytes) - before
    finally:
        await store.close()


async def index_once(config: Config) -> int:
    """Brings the index of searches up to date. Returns how much there was to do.

    Raises StoreLocked, StoreError.
    """
    store = await open_store(config, load_collectors(config.collectors))
    try:
        return await brought_up_to_date(store, config.search, Observed())
    finally:
        await store.close()
