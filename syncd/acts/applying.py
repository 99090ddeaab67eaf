"""Carries out one plan, a resource at a time: look, decide, note, act, look again, record."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog

from syncd.acts.decide import Sight, item_fault
from syncd.acts.making import Known, stored
from syncd.errors import ConfigError, CredentialsError, Failed, ReadError, Temporary, Throttled
from syncd.model import Act, Node, Scope
from syncd.plugin import Actor, Collector
from syncd.settings import Config
from syncd.store import plans
from syncd.store.diff import changes
from syncd.store.journal import Journal
from syncd.store.nodes import comparable, fetch
from syncd.store.plans import Row
from syncd.store.reading import Known as KnownNodes
from syncd.store.records import Record, encode
from syncd.store.store import Store
from syncd.sync.calls import HostCalls
from syncd.sync.limits import Limits
from syncd.sync.perform import patience_of
from syncd.sync.scope_run import ScopeReader

log = structlog.get_logger()

PAUSES = (0.2, 0.5, 1.0, 2.0)
"""Seconds between looks at what was done: providers show some changes only a little later."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A resource right before the act."""

    known: Known
    scope: Scope
    sight: Sight
    fresh: Node | None = None


@dataclass(slots=True)
class Applier:
    """For one plan, or what others left open. `config` is asked each time: acts may be switched off meanwhile."""

    store: Store
    config: Callable[[], Config]
    collectors: Mapping[str, Collector]
    limits: Callable[[], Limits]
    pauses: Sequence[float] = PAUSES
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    _actors: dict[str, Actor] = field(default_factory=dict)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> "Applier":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def apply(self, item: Row) -> None:
        """Raises StoreError: then the item stays as it was noted, and nobody acts on it again."""
        act = _act_of(item)
        try:
            looked = await self._look(item)
        except ConfigError as error:
            await self.spare(item, str(error))
            return
        fault = item_fault(self.config().plans, looked.sight)
        if fault or looked.fresh is None:
            await self.spare(item, fault or "it is gone")
            return
        wanted = act.wanted(looked.fresh.tags)
        begin = partial(plans.begin_item, item=item, before=looked.fresh.tags, after=wanted)
        if fault := await self.store.change(begin):
            await self.spare(item, fault)
            return
        await self._act(item, act, looked, looked.fresh)

    async def spare(self, item: Row, reason: str) -> None:
        """Nothing is done to it."""
        await self._end(item, "refused", reason)

    async def settle(self, item: Row) -> None:
        """An item of which nobody knows whether it was done: looked at, never acted on."""
        act = _act_of(item)
        try:
            looked = await self._look(item)
        except ConfigError:
            return
        if looked.fresh is None or looked.sight.unseen:
            return
        if act.wanted(looked.fresh.tags) == looked.fresh.tags:
            await self._done(item, looked.scope, looked.fresh, "it was found done")
        else:
            await self._end(item, "failed", f"{item['reason']}; it was found not done")

    # -- looking

    async def _look(self, item: Row) -> Looked:
        key = item["node"]
        known = await self.store.read(lambda c: stored(c, key, item["resource"]))
        protection = await self.store.read(lambda c: plans.protection(c, key))
        row = self.store.rows[known.scope]
        scope = Scope(row.collector, row.account, row.region, row.name, (known.node.kind,), row.fingerprint)
        sight = partial(Sight, known.node.account, known.owner, known.coverage, protection)
        try:
            fresh = await self._read(scope, known.node)
            drift = await self._drift(item, known, encode(fresh, self._largest)) if fresh is not None else ()
        except (ReadError, CredentialsError) as error:
            return Looked(known, scope, sight(unseen=told(error)))
        if fresh is None:
            return Looked(known, scope, sight(there=False))
        return Looked(known, scope, sight(tags=fresh.tags, drift=drift), fresh)

    async def _drift(self, item: Row, known: Known, record: Record) -> tuple[str, ...]:
        """Paths in which the resource is not what the plan saw; the order of what has no order is none."""
        if record.hash == item["hash"]:
            return ()
        if known.hash != item["hash"]:
            return ("a later reading saw it changed",)
        old = await self.store.read(lambda c: fetch(c, record.key))
        new = comparable(record.name, record.zone, record.tags, record.common, record.body)
        ordered = next(
            (k.ordered for k in self.collectors[known.collector].kinds() if k.name == record.kind), frozenset()
        )
        found = changes(old.fields(), new, ordered) if old is not None else []
        moved = old is not None and (old.id, old.created_at) != (record.id, record.created_at)
        return tuple(change["path"] for change in found) + (("created_at",) if moved else ())

    async def _read(self, scope: Scope, node: Node) -> Node | None:
        actor = await self._actor(scope.collector)
        calls = HostCalls(self.limits(), patience_of(self.config().sync))
        return await actor.read(scope, node, ScopeReader(calls, self.store, KnownNodes(), again=False))

    async def _actor(self, name: str) -> Actor:
        """The collector's session, opened once. Raises CredentialsError or Failed."""
        if name not in self._actors:
            session = await self.collectors[name].open(self.config().collectors[name])
            self._stack.push_async_callback(session.close)
            if not isinstance(session, Actor):
                raise Failed(f"{name} can only be read")
            self._actors[name] = session
        return self._actors[name]

    @property
    def _largest(self) -> int:
        return self.config().sync.max_document_bytes

    # -- acting

    async def _act(self, item: Row, act: Act, looked: Looked, fresh: Node) -> None:
        patience = patience_of(self.config().sync, once=act.verb == "call")
        calls = HostCalls(self.limits(), patience)
        problem: ReadError | None = None
        try:
            await (await self._actor(looked.scope.collector)).act(looked.scope, fresh, act, calls)
        except ReadError as error:
            problem = error
        if act.verb == "call":
            await self._called(item, looked, fresh, problem)
            return
        after = await self._seen_after(looked.scope, fresh, None if problem else act.wanted(fresh.tags))
        if after is not None and after.tags == act.wanted(fresh.tags):
            await self._done(item, looked.scope, after, "")
        elif problem is not None:
            await self._end(
                item, "unknown" if after is None or _may_be_done(problem) else "failed", told(problem), after
            )
        elif after is None:
            await self._end(item, "unknown", "it was done, and could not be looked at afterwards")
        else:
            lines = [change["path"] for change in changes(act.wanted(fresh.tags), after.tags)]
            await self._end(item, "failed", f"its tags are not what they were to be: {', '.join(lines)}", after)

    async def _called(self, item: Row, looked: Looked, fresh: Node, problem: ReadError | None) -> None:
        """Of a call nothing is known but its answer; what it changed is seen as far as it is to be seen already."""
        if problem is not None:
            await self._end(item, "unknown" if _may_be_done(problem) else "failed", told(problem))
            return
        after = await self._again(looked.scope, fresh)
        if after is None:
            await self._end(item, "done", "")
        else:
            await self._done(item, looked.scope, after, "")

    async def _seen_after(self, scope: Scope, node: Node, wanted: Mapping[str, str] | None) -> Node | None:
        """The resource once its tags are what they are to be, or as it is when that has taken too long.

        `wanted`: None where nothing is waited for; no tag at all may be wanted too.
        """
        after = await self._again(scope, node)
        for seconds in self.pauses if wanted is not None else ():
            if after is not None and after.tags == wanted:
                break
            await self.pause(seconds)
            after = await self._again(scope, node)
        return after

    async def _again(self, scope: Scope, node: Node) -> Node | None:
        """None too where it could not be looked at: what was done is done."""
        try:
            return await self._read(scope, node)
        except ReadError as error:
            log.warning("act.unseen", urn=node.urn, reason=told(error))
            return None

    # -- recording

    async def _done(self, item: Row, scope: Scope, after: Node, reason: str) -> None:
        """The act, and the resource as it is now, in one transaction."""

        def note(journal: Journal) -> None:
            plans.end_item(journal, item, "done", reason, after.tags)

        log.info("resource.acted", plan=item["plan"], urn=after.urn, state="done")
        try:
            await self.store.renew(scope, after, self._largest, note)
        except Failed:  # it has become too large to be kept: the next reading of its scope says so
            await self.store.change(note)

    async def _end(self, item: Row, state: str, reason: str, after: Node | None = None) -> None:
        tags = after.tags if after is not None else None
        log.info("resource.acted", plan=item["plan"], urn=item["resource"]["urn"], state=state, reason=reason)
        await self.store.change(lambda journal: plans.end_item(journal, item, state, reason, tags))


def _act_of(item: Row) -> Act:
    return Act(**{**item["act"], "keys": tuple(item["act"].get("keys", ()))})


def _may_be_done(error: ReadError) -> bool:
    """Whether it is the answer that is missing, and not the act."""
    return isinstance(error.__cause__, Temporary) and not isinstance(error.__cause__, Throttled)


def told(error: Any) -> str:
    """With the permission that is missing, where one is."""
    if not isinstance(error, ReadError):
        return str(error)
    missing = error.permission and error.permission not in error.reason and error.state == "denied"
    return f"{error.reason} ({error.permission} is missing)" if missing else error.reason
