"""The daemon at one moment, for its metrics."""

import asyncio
import time
from datetime import datetime
from pathlib import Path

from syncd.control.core import Core
from syncd.store import notices, queries
from syncd.telemetry import Facts


async def facts_of(core: Core) -> Facts:
    """Asks the store, and the writer for how long it takes to come round."""
    store, runs = core.store, core.runs
    begun = time.monotonic()
    await store.ping()
    writer_lag = time.monotonic() - begun
    lanes = core.limits.show().values()
    loop = asyncio.get_running_loop().time()
    run = runs.current.run if runs.current else None
    deliveries = await store.read(notices.counts)
    planned = core.timetable.next().values()
    queues = core.ears.queues
    return Facts(
        scopes=await store.read(queries.scopes),
        resources=await store.read(queries.resources),
        last_event=await store.events(),
        writer_queue=store.backlog,
        writer_lag=writer_lag,
        loop_lag=core.lag.latest,
        loop_lag_worst=core.lag.worst,
        control_connections=len(core.door),
        database_bytes=size(store.path),
        wal_bytes=size(store.path.with_name(store.path.name + "-wal")),
        paused=runs.paused,
        running=run is not None,
        scopes_total=run.found if run else 0,
        scopes_done=run.states.total() if run else 0,
        pending_requests=len(store.requests),
        calls_under_way=sum(lane.under_way for lane in lanes),
        lanes_throttled=sum(lane.until > loop for lane in lanes),
        last_complete_run=_seconds(await store.read(queries.last_complete)),
        deliveries=deliveries.states,
        oldest_delivery=max(0.0, time.time() - _seconds(deliveries.oldest)) if deliveries.oldest else 0.0,
        hearing_deaf=sum(bool(queue.trouble) for queue in queues),
        hearing_waiting=sum(max(0, queue.waiting) for queue in queues),
        hearing_last=max((_seconds(queue.last) for queue in queues), default=0.0),
        next_run=min((when.timestamp() for when in planned), default=None),
    )


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp() if moment else 0.0


def size(file: Path) -> int:
    """In bytes; 0 for a file that is not there."""
    try:
        return file.stat().st_size
    except OSError:
        return 0
