"""What the daemon measures of itself, in Prometheus text format: one registry of its own, gauges read at the scrape."""

import asyncio
import platform
import sqlite3
import time
from collections import Counter as Sums
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from syncd import __version__
from syncd.sync.summary import RunSummary

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
LARGEST = 1000
OTHER = "other"
WINDOW = 60.0
DURATIONS = (1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200)
CHANGES = ("created", "updated", "deleted")

Resources = Mapping[tuple[str, str, str], int]
"""(collector, account, kind) → how many"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The daemon at one moment. Lags in seconds, timestamps in Unix seconds.

    scopes              (collector, state) → how many
    scopes_total, scopes_done   of the run that goes on, 0 when there is none
    loop_lag_worst      over the last minute: between two scrapes the latest alone would miss most
    last_complete_run   0 when there was none: an alert on its age then fires, as it should
    next_run            None when none is planned: then there is no sample
    hearing_deaf        queues that cannot be listened to; hearing_last: when the last message came, 0 for none
    deliveries          (target, state) → how many; oldest_delivery: age of the first that has not ended
    """

    scopes: Mapping[tuple[str, str], int]
    resources: Resources
    last_event: int
    writer_queue: int
    writer_lag: float
    loop_lag: float
    loop_lag_worst: float
    control_connections: int
    database_bytes: int
    wal_bytes: int
    paused: bool
    running: bool
    scopes_total: int
    scopes_done: int
    pending_requests: int
    calls_under_way: int
    lanes_throttled: int
    last_complete_run: float
    next_run: float | None
    deliveries: Mapping[tuple[str, str], int] = field(default_factory=dict)
    oldest_delivery: float = 0.0
    hearing_deaf: int = 0
    hearing_waiting: int = 0
    hearing_last: float = 0.0


GAUGES: tuple[tuple[str, str, Callable[[Facts], float | None]], ...] = (
    ("syncd_last_event_number", "Number of the last event in the store.", lambda f: f.last_event),
    ("syncd_writer_queue_depth", "Changes that wait for the writer of the store.", lambda f: f.writer_queue),
    ("syncd_writer_lag_seconds", "How far the writer of the store is behind.", lambda f: f.writer_lag),
    ("syncd_loop_lag_seconds", "How late the event loop was when last looked at.", lambda f: f.loop_lag),
    ("syncd_loop_lag_worst_seconds", "How late the event loop was at worst in a minute.", lambda f: f.loop_lag_worst),
    ("syncd_control_connections", "Open connections to the control socket.", lambda f: f.control_connections),
    ("syncd_database_bytes", "Size of the database file.", lambda f: f.database_bytes),
    ("syncd_wal_bytes", "Size of the write-ahead log of the database.", lambda f: f.wal_bytes),
    ("syncd_paused", "Whether the daemon is paused, 1 or 0.", lambda f: f.paused),
    ("syncd_run_under_way", "Whether a run goes on, 1 or 0.", lambda f: f.running),
    ("syncd_run_scopes", "Scopes that the run under way has found so far.", lambda f: f.scopes_total),
    ("syncd_run_scopes_done", "Scopes that the run under way is done with.", lambda f: f.scopes_done),
    ("syncd_pending_requests", "Requests that wait for their turn.", lambda f: f.pending_requests),
    ("syncd_calls_under_way", "Calls to providers that wait for an answer.", lambda f: f.calls_under_way),
    ("syncd_lanes_throttled", "Lanes that pause because their provider throttles them.", lambda f: f.lanes_throttled),
    (
        "syncd_last_complete_run_timestamp_seconds",
        "When the last complete run ended, 0 when there was none.",
        lambda f: f.last_complete_run,
    ),
    (
        "syncd_oldest_delivery_age_seconds",
        "How long the oldest delivery that has not ended has been under way, 0 when there is none.",
        lambda f: f.oldest_delivery,
    ),
    ("syncd_hearing_deaf", "Queues of providers that cannot be listened to.", lambda f: f.hearing_deaf),
    ("syncd_hearing_waiting", "Messages of providers that wait, about.", lambda f: f.hearing_waiting),
    (
        "syncd_hearing_last_message_timestamp_seconds",
        "When the last message of a provider came, 0 when none did.",
        lambda f: f.hearing_last,
    ),
    ("syncd_next_run_timestamp_seconds", "When the next run is planned, if one is.", lambda f: f.next_run),
)


class Telemetry:
    """Counters are added to as runs finish; gauges are what `look` says at each scrape, which it is called once for."""

    def __init__(self, look: Callable[[], Facts]) -> None:
        # The switch is of the whole process: else every counter has a twin that says when it was made.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves it untyped
        self._registry = registry = CollectorRegistry()
        self._count_runs(registry)
        self._count_work(registry)
        registry.register(_Gauges(look))
        ProcessCollector(registry=registry)
        build = Info("syncd_build", "Versions of syncd and of what it runs on.", registry=registry)
        versions = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
        build.info({"version": __version__, **versions})

    def run_finished(self, summary: RunSummary, trigger: str) -> None:
        """`trigger`: what the run was begun for, one of a few words, never a text from outside."""
        self._runs.labels(summary.state, trigger).inc()
        self._durations.observe(summary.seconds)
        for state, count in summary.scopes.items():
            self._scopes.labels(state).inc(count)
        for change, count in zip(CHANGES, (summary.created, summary.updated, summary.deleted), strict=True):
            self._changes.labels(change).inc(count)
        self._calls.inc(summary.calls)
        self._retries.inc(summary.retries)
        self._throttles.inc(summary.throttles)
        self._bytes.inc(summary.bytes)

    def attempted(self, target: str, outcome: str) -> None:
        """`outcome`: done, retry or dead."""
        self._attempts.labels(target, outcome).inc()

    def heard(self, collector: str, outcome: str, count: int) -> None:
        """What became of messages of a collector's queues: read, nothing, aside, again or given_up."""
        self._heard.labels(collector, outcome).inc(count)

    def render(self) -> bytes:
        """All metrics as text, of type CONTENT_TYPE. Calls `look` in the caller's thread, and raises what it raises:

        half an answer would be a wrong one.
        """
        return generate_latest(self._registry)

    def _count_runs(self, to: CollectorRegistry) -> None:
        self._runs = Counter("syncd_runs_total", "Finished runs.", ["state", "trigger"], registry=to)
        about = "How long finished runs took."
        self._durations = Histogram("syncd_run_duration_seconds", about, buckets=DURATIONS, registry=to)
        about = "Scopes of finished runs by the state that they were left in."
        self._scopes = Counter("syncd_scopes_read_total", about, ["state"], registry=to)
        about = "Resources that finished runs created, updated or deleted in the store."
        self._changes = Counter("syncd_resource_changes_total", about, ["change"], registry=to)
        for change in CHANGES:
            self._changes.labels(change)  # there from the start, as 0: the first change is then seen as an increase

    def _count_work(self, to: CollectorRegistry) -> None:
        about = "Attempts to deliver notices, by target and how they ended: done, retry or dead."
        self._attempts = Counter("syncd_delivery_attempts_total", about, ["target", "outcome"], registry=to)
        about = "Messages of providers' queues, by what became of them: read, nothing, aside, again or given_up."
        self._heard = Counter("syncd_hearing_messages_total", about, ["collector", "outcome"], registry=to)
        self._calls = Counter("syncd_calls_total", "Calls to providers in finished runs.", registry=to)
        about = "Calls to providers in finished runs that were tried again."
        self._retries = Counter("syncd_call_retries_total", about, registry=to)
        about = "Calls to providers in finished runs that were throttled."
        self._throttles = Counter("syncd_call_throttles_total", about, registry=to)
        about = "Bytes of the answers of providers in finished runs."
        self._bytes = Counter("syncd_answer_bytes_total", about, registry=to)


class _Gauges(Collector):
    """One look for all gauges of a scrape, so that they agree with each other."""

    def __init__(self, look: Callable[[], Facts]) -> None:
        self._look = look

    def collect(self) -> Iterator[GaugeMetricFamily]:
        facts = self._look()
        scopes = GaugeMetricFamily("syncd_scopes", "Known scopes by state.", labels=["collector", "state"])
        for labels, count in facts.scopes.items():
            scopes.add_metric(labels, count)
        yield scopes
        about = "Resources in the store by kind, where the smallest of too many are counted as other."
        resources = GaugeMetricFamily("syncd_resources", about, labels=["collector", "account", "kind"])
        for series, count in capped(facts.resources).items():
            resources.add_metric(series, count)
        yield resources
        about = "Notices by target and state, and under waiting the events that are not in a notice yet."
        deliveries = GaugeMetricFamily("syncd_deliveries", about, labels=["target", "state"])
        for labels, count in facts.deliveries.items():
            deliveries.add_metric(labels, count)
        yield deliveries
        for name, about, value in GAUGES:
            yield GaugeMetricFamily(name, about, value(facts))


def capped(resources: Resources) -> Resources:
    """At most 1,000 series: the largest as they are, the rest summed into kind `other` of their account.

    Where accounts alone would take more than half of that, the rest is summed into account `other` of its collector.
    """
    if len(resources) <= LARGEST:
        return resources
    accounts = {(collector, account) for collector, account, _ in resources}
    apart = len(accounts) <= LARGEST // 2
    places = len(accounts) if apart else len({collector for collector, _ in accounts})
    largest = sorted(sorted(resources), key=resources.__getitem__, reverse=True)  # equal ones in a fixed order
    kept = LARGEST - places
    sums: Sums[tuple[str, str, str]] = Sums({series: resources[series] for series in largest[:kept]})
    for series in largest[kept:]:
        collector, account, _ = series
        sums[collector, account if apart else OTHER, OTHER] += resources[series]
    return sums


class Lag:
    """How late sleeps of the event loop return, in seconds: `latest`, and `worst` of the last 60 s."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._seen: deque[tuple[float, float]] = deque()
        self.latest = 0.0

    @property
    def worst(self) -> float:
        """0.0 when nothing was measured."""
        self._forget()
        return max((lag for _, lag in self._seen), default=0.0)

    async def watch(self, period: float = 0.5) -> None:
        """Looks every `period` seconds until it is cancelled."""
        while True:
            due = self._clock() + period
            await self._sleep(period)
            now = self._clock()
            self.latest = max(0.0, now - due)
            self._seen.append((now, self.latest))
            self._forget()

    def _forget(self) -> None:
        oldest = self._clock() - WINDOW
        while self._seen and self._seen[0][0] < oldest:
            self._seen.popleft()
