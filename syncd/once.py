"""One run in the foreground, without a daemon."""

from collections.abc import Callable

from syncd.config import Config
from syncd.plugin import Selection, load_collectors
from syncd.store.requests import COLLECT, Request
from syncd.sync.limits import Limits
from syncd.sync.perform import Performer, now, open_store
from syncd.sync.summary import Progress, RunSummary


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
    store = await open_store(config, collectors)
    try:
        performer = Performer(config, store, collectors, Limits(config.sync.max_in_flight), progress=progress)
        return await performer.perform(Request(0, now(), trigger, "", COLLECT, selection, accept))
    finally:
        await store.close()
