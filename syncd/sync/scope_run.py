"""Reading one scope: stream, doubt, read again, guard, commit. What is not a complete reading keeps what was known."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from hashlib import blake2b

import structlog
from msgspec import Struct

from syncd import __version__
from syncd.errors import Disabled, Failed, ReadError, StoreError
from syncd.model import Doubt, Gap, Last, Node, Same, Scope
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
    """What a reading must pass. `disabled_for` and `budget` in seconds.

    `recognise`: whether a scope whose answers are what they were need not be read again.
    """

    hold_share: float = 0.5
    hold_minimum: int = 20
    budget: float = 1800.0
    disabled_for: float = 86400.0
    most_nodes: int = 1_000_000
    largest_document: int = 262_144
    recognise: bool = True

    @property
    def meaning(self) -> bytes:
        """What of this syncd decides what becomes of a reading: imprints of another are no use."""
        words = f"{__version__} {self.most_nodes} {self.largest_document}"
        return blake2b(words.encode(), digest_size=8).digest()


class ScopeReader(Struct):
    """Implements plugin.Reader for one reading. `known`: None until it is needed, where the reading has an imprint."""

    calls: HostCalls
    store: Store
    known: Known | None
    again: bool
    imprint: bytes = b""

    def run(self, lane: Lane, operation: str, attempt: Callable[[], Awaitable[T]]) -> Awaitable[T]:
        return self.calls.run(lane, operation, attempt)

    def received(self, size: int) -> None:
        self.calls.received(size)

    async def last(self, urn: str) -> Last | None:
        return await self.store.last(urn) if self.known is None or self.known else None

    def had(self, urn: str, facet: str) -> bool:
        if self.known is None:
            raise RuntimeError("a reading with an imprint asked what a resource had")
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
            stats = self._stats(attempt, state, reading.count)
            outcome = await self.store.commit(reading, stats, outside=self.outside)
            return Result(scope, state, outcome, None, reading.count, attempt.calls.tally)
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
        reading = await self._first(scope, calls)
        if doubt := reading.doubtful():
            log.info("scope.doubted", scope=scope.key, reason=doubt)
            reading = await self._read(scope, ScopeReader(calls, self.store, reading.known, again=True))
            if reading.grave:
                # Both readings contradict themselves. Where nothing is known, what they name is shown, but as failed.
                if reading.known:
                    raise Failed(reading.grave[0])
                reading.broken = reading.grave[0]
        if not accept and (reason := reading.held(self.guards.hold_share, self.guards.hold_minimum)):
            raise Held(f"{reason}; if that is right: syncd accept {scope.key}")
        return reading

    async def _first(self, scope: Scope, calls: HostCalls) -> Reading:
        """The first reading. Where the answers may be as they were, what is known is looked at when they are not."""
        imprint, meaning = self.store.begin_reading(scope), self.guards.meaning
        if self.guards.recognise and imprint.startswith(meaning) and imprint != meaning:
            reader = ScopeReader(calls, self.store, None, again=False, imprint=imprint[len(meaning) :])
            reading = await self._read(scope, reader)
            if reading.same is None or self.store.stands(scope):
                return reading
        return await self._read(scope, ScopeReader(calls, self.store, await self.store.known(scope), again=False))

    async def _read(self, scope: Scope, reader: ScopeReader) -> Reading:
        row = self.store.row(scope)
        rebase = row is not None and row.fingerprint != scope.fingerprint
        known = Known() if reader.known is None else reader.known
        reading = Reading(scope, known, self.guards.largest_document, self.guards.most_nodes, rebase)
        async for item in self.session.collect(scope, reader):
            if isinstance(item, Same):
                reading.same = row.nodes if row is not None else 0
                reader.calls.tally.same += item.answers
                continue
            if reader.known is None:
                reading.known = reader.known = await self.store.known(scope)
            if isinstance(item, Node):
                reading.add(item)
            elif isinstance(item, Gap):
                reading.gaps.append(item)
            elif isinstance(item, Doubt):
                (reading.grave if item.always else reading.doubts).append(item.reason)
            elif not reader.again:
                reading.imprint = self.guards.meaning + item.value
        return await self._whole(reading, reader)

    async def _whole(self, reading: Reading, reader: ScopeReader) -> Reading:
        """Raises Failed for a reading that says both."""
        if reading.same is not None:
            if reader.known is not None or not reader.imprint:
                raise Failed("what is as it was was told of besides, or nobody had said how it was")
        elif reader.known is None:
            reading.known = await self.store.known(reading.scope)
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
