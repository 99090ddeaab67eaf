"""One run: discover, read every scope with bounded work, mark what could not be seen, retire what is gone, sum up."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

import structlog
from msgspec import Struct, field

from syncd.errors import Denied, Disabled, Failed, ReadError
from syncd.model import Blind, Scope
from syncd.plugin import Selection, Sensing, Session
from syncd.store import queries
from syncd.store.coverage import Place, place_of, remembered
from syncd.store.reading import Known
from syncd.store.runs import ScopeRun
from syncd.store.store import Store
from syncd.sync.cadence import Cadence
from syncd.sync.calls import HostCalls, Patience, Tally
from syncd.sync.limits import Limits
from syncd.sync.scope_run import Guards, Result, ScopeReader, ScopeRunner, iso
from syncd.sync.summary import PlaceProgress, Progress

log = structlog.get_logger()

Work = tuple[ScopeRunner, Scope]
ERRORS: Mapping[str, type[ReadError]] = {"denied": Denied, "failed": Failed, "disabled": Disabled}
AHEAD = 512
"""Scopes that discovery may be ahead of the readers."""


class Plan(Struct, frozen=True):
    """What a run is to do. `retire_after` in seconds; `accept`: scope globs whose guards are off.

    `cadence`: what may be left out this time; None for a run that somebody asked for.
    """

    selection: Selection
    accept: tuple[str, ...] = ()
    workers: int = 48
    retire_after: float = 30 * 86400.0
    cadence: Cadence | None = None


class Run(Struct):
    """Everything that one run shares. `now` gives ISO 8601 text; `clock` monotonic seconds."""

    store: Store
    sessions: Mapping[str, Session]
    limits: Limits
    patience: Patience
    guards: Guards
    plan: Plan
    now: Callable[[], str]
    clock: Callable[[], float]
    progress: Callable[[Progress], None] | None = None
    total: Tally = field(default_factory=Tally)
    created: Counter[tuple[str, str]] = field(default_factory=Counter)
    updated: Counter[tuple[str, str]] = field(default_factory=Counter)
    deleted: Counter[tuple[str, str]] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    places: dict[Place, PlaceProgress] = field(default_factory=dict)
    nodes: int = 0
    found: int = 0
    resting: int = 0
    discovering: bool = True

    async def execute(self) -> None:
        """Reads all scopes of the plan. Raises StoreError; everything else ends in coverage."""
        begun, commits = self.now(), await self.store.read(queries.commits)
        discovery = Discovery(self.store)
        await self._read(lambda put: self._discover(put, discovery))
        if self.resting:
            await self._read(lambda put: self._wake(put, commits))
        await self._settle(discovery, begun)

    async def _read(self, feed: Callable[[Callable[[Work], Awaitable[None]]], Awaitable[None]]) -> None:
        """Reads what `feed` puts, many scopes at a time, and has all of it written."""
        queue: asyncio.Queue[Work | None] = asyncio.Queue(AHEAD)

        async def fed() -> None:
            await feed(queue.put)
            for _ in range(self.plan.workers):
                await queue.put(None)

        try:
            async with asyncio.TaskGroup() as group:
                for number in range(self.plan.workers):
                    group.create_task(self._work(queue), name=f"scope-worker-{number}")
                group.create_task(fed(), name="discovery")
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from errors
        await self.store.flush()

    # -- discovery

    async def _discover(self, put: Callable[[Work], Awaitable[None]], discovery: "Discovery") -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for name, session in self.sessions.items():
                    group.create_task(self._discover_one(name, session, put, discovery), name=f"discover-{name}")
        finally:
            self.discovering = False

    async def _discover_one(
        self, name: str, session: Session, put: Callable[[Work], Awaitable[None]], discovery: "Discovery"
    ) -> None:
        runner, calls = self._runner(session), self._calls()
        try:
            async for item in session.scopes(calls, self.plan.selection):
                if isinstance(item, Blind):
                    discovery.blind.append(item)
                    continue
                discovery.see(item)
                if not self._wanted(item):
                    session.skip(item)
                    continue
                if self._rests(item):
                    session.skip(item)
                    self.resting += 1
                    continue
                self._expect(item)
                await put((runner, item))
        except ReadError as error:
            discovery.blind.append(Blind(name, "", error.state, error.operation, error.permission, error.reason))
        self.total.add(calls.tally)

    def _wanted(self, scope: Scope) -> bool:
        scopes = self.plan.selection.scopes
        return not scopes or any(fnmatchcase(scope.key, pattern) for pattern in scopes)

    def _expect(self, scope: Scope) -> None:
        self.found += 1
        self._place(scope).scopes_total += 1

    def _rests(self, scope: Scope) -> bool:
        """Whether this run may leave the scope out; one that lost its row in this run was read by it."""
        if self.plan.cadence is None:
            return False
        return self.plan.cadence.rests(scope, self.store.row(scope), self.store.served(scope), self.now())

    def _sleeps(self, scope: Scope) -> bool:
        """Whether it is left out since nothing was in it: of what is left out for its age it is known what there is."""
        return self._wanted(scope) and self.store.row(scope) is None and self._rests(scope)

    async def _wake(self, put: Callable[[Work], Awaitable[None]], commits: int) -> None:
        """Reads those after all that show a sign of life: something refers to them, or a cheap look tells of them."""
        loose = await self.store.read(lambda connection: queries.loose(connection, commits))
        for name, session in self.sessions.items():
            if not isinstance(session, Sensing):
                continue
            runner, calls = self._runner(session), self._calls()
            reader, own = ScopeReader(calls, self.store, Known(), False), [each for of, each in loose if of == name]
            woken = set()
            try:
                async for scope in session.signs(self._sleeps, own, reader):
                    if scope.key not in woken:
                        woken.add(scope.key)
                        self.resting -= 1
                        self._expect(scope)
                        log.info("scope.woken", scope=scope.key)
                        await put((runner, scope))
            except ReadError as error:  # they have their turn
                log.info("signs.unseen", collector=name, reason=error.reason)
            self.total.add(calls.tally)

    def _runner(self, session: Session) -> ScopeRunner:
        return ScopeRunner(self.store, session, self.guards, self._calls, self.now, self.clock)

    def _calls(self) -> HostCalls:
        return HostCalls(self.limits, self.patience)

    # -- reading

    async def _work(self, queue: asyncio.Queue[Work | None]) -> None:
        while (item := await queue.get()) is not None:
            runner, scope = item
            if self._remembered(scope):
                runner.session.skip(scope)
                self.states["disabled"] += 1
                self._place(scope).scopes_done += 1
                continue
            accept = any(fnmatchcase(scope.key, pattern) for pattern in self.plan.accept)
            self._count(await runner.run(scope, accept))

    def _remembered(self, scope: Scope) -> bool:
        row = self.store.row(scope)
        return row is not None and remembered(row, self.now())

    def _count(self, result: Result) -> None:
        self.states[result.state] += 1
        self.total.add(result.tally)
        self.nodes += result.nodes
        self._place(result.scope).add(result.nodes, result.state)
        if result.outcome:
            account = (result.scope.collector, result.scope.account)
            self.created[account] += result.outcome.created
            self.updated[account] += result.outcome.updated
            self.deleted[account] += result.outcome.deleted
        if self.progress:
            self.progress(self.so_far())

    def _place(self, scope: Scope) -> PlaceProgress:
        return self.places.setdefault(place_of(scope), PlaceProgress())

    def so_far(self) -> Progress:
        return Progress(
            scopes_total=self.found,
            scopes_done=self.states.total(),
            nodes=self.nodes,
            calls=self.total.calls,
            created=self.created.total(),
            updated=self.updated.total(),
            deleted=self.deleted.total(),
            incomplete=self.states.total() - self.states["complete"],
            discovering=self.discovering,
        )

    # -- what was not discovered

    async def _settle(self, discovery: "Discovery", begun: str) -> None:
        """Marks what discovery could not look into; retires what a complete discovery did not find."""
        for blind in discovery.blind:
            await self._mark_blind(blind, discovery)
        if self.plan.selection.everything:
            retired = discovery.gone(self.sessions)
            for key in retired:
                if not self.store.rows[key].nodes:
                    await self.store.forget(key)
            await self.store.retire([key for key in retired if key in self.store.rows], "no longer discovered")
            await self.store.drop_quiet(discovery.gone_quiet(self.sessions))
            longest = self.plan.cadence.longest if self.plan.cadence else 0.0
            read = iso(datetime.fromisoformat(begun) - timedelta(seconds=longest))
            await self.store.serve_quiet(discovery.served(self.sessions), begun, read)
        await self._forget_old()

    async def _mark_blind(self, blind: Blind, discovery: "Discovery") -> None:
        error = ERRORS[blind.state](blind.reason, operation=blind.operation, permission=blind.permission)
        scope = Scope(
            blind.collector, blind.account or "unknown", "global", "account" if blind.account else "discovery"
        )
        discovery.unseen.discard(scope.key)
        stats = ScopeRun(scope.key, blind.state, self.now(), 0.0, reason=blind.reason)
        await self.store.mark([(scope, error, "", stats)])
        self.states[blind.state] += 1
        self.found += 1
        log.info(
            "scope.incomplete", scope=scope.key, state=blind.state, reason=blind.reason, permission=blind.permission
        )
        left = [key for key in discovery.unseen if discovery.under(key, blind)]
        await self.store.mark_rows(left, error)
        self.states[blind.state] += len(left)
        self.found += len(left)

    async def _forget_old(self) -> None:
        """Retired scopes go after their time, or when somebody accepts it."""
        limit = iso(datetime.fromisoformat(self.now()) - timedelta(seconds=self.plan.retire_after))
        for key, row in list(self.store.rows.items()):
            if row.state != "retired":
                continue
            accepted = any(fnmatchcase(key, pattern) for pattern in self.plan.accept)
            if accepted or row.since <= limit:
                self.deleted[(row.collector, row.account)] += await self.store.forget(key)


class Discovery:
    """Which scopes of the store have not been discovered yet in this run; `quiet` those without a row of their own."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.unseen = set(store.rows)
        self.quiet: dict[Place, set[str]] = {place: set(names) for place, names in store.quiet.items()}
        self.blind: list[Blind] = []

    def see(self, scope: Scope) -> None:
        self.unseen.discard(scope.key)
        self.quiet.get(place_of(scope), set()).discard(scope.name)

    def under(self, key: str, blind: Blind) -> bool:
        """Whether a stored scope lies in what could not be looked into."""
        row = self.store.rows[key]
        return row.collector == blind.collector and blind.account in ("", row.account) and row.state != "retired"

    def gone(self, sessions: Mapping[str, Session]) -> list[str]:
        """Stored scopes that a complete discovery did not find."""
        rows = self.store.rows
        return sorted(
            key
            for key in self.unseen
            if rows[key].collector in sessions and not any(self.under(key, blind) for blind in self.blind)
        )

    def gone_quiet(self, sessions: Mapping[str, Session]) -> dict[Place, set[str]]:
        """Empty scopes that a complete discovery did not find, by place."""
        return {
            (collector, account, region): names
            for (collector, account, region), names in self.quiet.items()
            if names and self._looked_into(sessions, collector, account)
        }

    def served(self, sessions: Mapping[str, Session]) -> list[Place]:
        """Places whose empty scopes were all discovered, and asked if it was their turn."""
        return [place for place in self.store.quiet if self._looked_into(sessions, *place[:2])]

    def _looked_into(self, sessions: Mapping[str, Session], collector: str, account: str) -> bool:
        blind = any(b.collector == collector and b.account in ("", account) for b in self.blind)
        return collector in sessions and not blind
