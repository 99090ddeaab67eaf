"""Reading one scope: stream, doubt, read again, guard, commit. What is not a complete reading keeps what was known."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog
from msgspec import Struct

from syncd.errors import Disabled, Failed, ReadError, StoreError
from syncd.model import Doubt, Gap, Last, Node, Scope
from syncd.plugin import Lane, Session, T
from syncd.store.commit import Outcome
from syncd.store.keys import node_key
from syncd.store.reading import Known, Reading
from syncd.store.runs import ScopeRun
from syncd.store.store import Store
from syncd.sync.calls import HostCalls, Tally

log = structlog.get_logger()


class Held(ReadError):
    """A reading that would remove too much: nobody believes it without a word from somebody."""

    state = "held"


class Guards(Struct, frozen=True):
    """What a reading must pass. `disabled_for` and `budget` in seconds."""

    hold_share: float = 0.5
    hold_minimum: int = 20
    budget: float = 1800.0
    disabled_for: float = 86400.0
    most_nodes: int = 1_000_000
    largest_document: int = 262_144


class ScopeReader(Struct):
    """Implements plugin.Reader for one reading."""

    calls: HostCalls
    store: Store
    known: Known
    again: bool

    def run(self, lane: Lane, operation: str, attempt: Callable[[], Awaitable[T]]) -> Awaitable[T]:
        return self.calls.run(lane, operation, attempt)

    def received(self, size: int) -> None:
        self.calls.received(size)

    async def last(self, urn: str) -> Last | None:
        return await self.store.last(urn) if self.known else None

    def had(self, urn: str, facet: str) -> bool:
        known = self.known.get(node_key(urn)) if self.known else None
        return known is not None and known.had(facet)


class Result(Struct, frozen=True):
    """How a scope ended in a run."""

    scope: Scope
    state: str
    outcome: Outcome | None
    error: ReadError | None
    nodes: int
    tally: Tally


class Attempt(Struct, frozen=True):
    """One try at one scope: when it began (ISO 8601 text and monotonic seconds) and what it called."""

    scope: Scope
    calls: HostCalls
    started: str
    begun: float


class ScopeRunner(Struct):
    """Reads scopes of one collector session. `now` gives ISO 8601 text; `clock` monotonic seconds.

    `outside`: what it reads belongs to no run.
    """

    store: Store
    session: Session
    guards: Guards
    calls: Callable[[], HostCalls]
    now: Callable[[], str]
    clock: Callable[[], float]
    outside: bool = False

    async def run(self, scope: Scope, accept: bool) -> Result:
        """Never raises a ReadError: it becomes coverage. Raises StoreError, which ends the run."""
        async with self.store.alone.reading(scope.key):
            return await self._run(scope, accept)

    async def _run(self, scope: Scope, accept: bool) -> Result:
        attempt = Attempt(scope, self.calls(), self.now(), self.clock())
        try:
            async with asyncio.timeout(self.guards.budget):
                reading = await self._believable(scope, attempt.calls, accept)
            state = "failed" if reading.broken else "partial" if reading.gaps else "complete"
            stats = self._stats(attempt, state, len(reading.seen))
            outcome = await self.store.commit(reading, stats, outside=self.outside)
            return Result(scope, state, outcome, None, len(reading.seen), attempt.calls.tally)
        except TimeoutError:
            error: ReadError = Failed(f"not read within sync.scope_timeout_seconds = {self.guards.budget:g}")
        except ReadError as raised:
            error = raised
        except StoreError:
            raise
        except Exception as bug:
            # One of the three supervisors: a collector's bug hurts its scope only, and is shown.
            log.exception("scope.crashed", scope=scope.key)
            error = Failed(f"{type(bug).__name__}: {bug}")
        stats = self._stats(attempt, error.state, 0, error.reason)
        await self.store.mark([(scope, error, self._expires(error), stats)], outside=self.outside)
        log.info(
            "scope.incomplete",
            scope=scope.key,
            state=error.state,
            reason=error.reason,
            permission=error.permission,
        )
        return Result(scope, error.state, None, error, 0, attempt.calls.tally)

    async def _believable(self, scope: Scope, calls: HostCalls, accept: bool) -> Reading:
        """A reading that passed the guards; raises Held for one that did not."""
        known = await self.store.known(scope)
        reading = await self._read(scope, calls, known, again=False)
        if doubt := reading.doubtful():
            log.info("scope.doubted", scope=scope.key, reason=doubt)
            reading = await self._read(scope, calls, known, again=True)
            if reading.grave:
                # Both readings contradict themselves. Where nothing is known, what they name is shown, but as failed.
                if known:
                    raise Failed(reading.grave[0])
                reading.broken = reading.grave[0]
        if not accept and (reason := reading.held(self.guards.hold_share, self.guards.hold_minimum)):
            raise Held(f"{reason}; if that is right: syncd accept {scope.key}")
        return reading

    async def _read(self, scope: Scope, calls: HostCalls, known: Known, *, again: bool) -> Reading:
        row = self.store.row(scope)
        rebase = row is not None and row.fingerprint != scope.fingerprint
        reading = Reading(scope, known, self.guards.largest_document, self.guards.most_nodes, rebase)
        reader = ScopeReader(calls, self.store, known, again)
        async for item in self.session.collect(scope, reader):
            if isinstance(item, Node):
                reading.add(item)
            elif isinstance(item, Gap):
                reading.gaps.append(item)
            elif isinstance(item, Doubt):
                (reading.grave if item.always else reading.doubts).append(item.reason)
        return reading

    def _expires(self, error: ReadError) -> str:
        if not isinstance(error, Disabled):
            return ""
        return iso(datetime.fromisoformat(self.now()) + timedelta(seconds=self.guards.disabled_for))

    def _stats(self, attempt: Attempt, state: str, nodes: int, reason: str = "") -> ScopeRun:
        tally, seconds = attempt.calls.tally, round(self.clock() - attempt.begun, 3)
        return ScopeRun(
            attempt.scope.key,
            state,
            attempt.started,
            seconds,
            tally.calls,
            tally.retries,
            tally.throttles,
            tally.bytes,
            nodes,
            reason=reason,
        )


def iso(moment: datetime) -> str:
    """`2026-03-01T12:00:00Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
