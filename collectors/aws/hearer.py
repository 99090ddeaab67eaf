"""The AWS collector as it hears of changes: one session that stays open, with the accounts that it has found."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from msgspec.structs import replace

from collectors.aws.client import Client
from collectors.aws.compile import Compiler
from collectors.aws.credentials import Source
from collectors.aws.endpoints import GLOBAL
from collectors.aws.engine import Engine
from collectors.aws.entries import KindEntry
from collectors.aws.events import Concerns, event_of
from collectors.aws.places import COLLECTOR, Place, places
from collectors.aws.plans import ScopePlan
from collectors.aws.queues import Queue, Queues
from collectors.aws.session import AwsSession
from collectors.aws.settings import AwsSettings
from collectors.aws.wire import Wire
from syncd.errors import Failed
from syncd.hearer import Message
from syncd.model import Blind, Scope
from syncd.plugin import Calls, Selection


class AwsHearer(AwsSession):
    """Implements syncd.hearer.Hearer.

    Tags are read by each service's own call where it has one: the tagging API is behind, by up to minutes.
    """

    def __init__(
        self,
        http: Wire,
        client: Client,
        compiler: Compiler,
        settings: AwsSettings,
        sources: Mapping[str, Source],
    ) -> None:
        super().__init__(http, client, compiler, settings, sources)
        self._queues = Queues(client, next(iter(sources.values())))
        self._own = Compiler(compiler.catalog, compiler.models, bulk_tags=False)
        self._concerns = Concerns.of(compiler.catalog, (entry for each in self._entries.values() for entry in each))
        self._at: dict[str, tuple[Engine, Place]] = {}
        self._unknown: set[str] = set()

    # -- the queue

    async def hear(self, queue: str, calls: Calls) -> Sequence[Message]:
        return await self._queues.receive(Queue.of(queue), calls)

    async def done(self, queue: str, messages: Sequence[Message], calls: Calls) -> None:
        await self._queues.delete(Queue.of(queue), messages, calls)

    async def waiting(self, queue: str, calls: Calls) -> int:
        return await self._queues.waiting(Queue.of(queue), calls)

    def touched(self, body: str) -> Iterable[str]:
        event = event_of(body)
        if event is None:
            return ()
        return {
            f"{COLLECTOR}/{event.account}/{GLOBAL if entry.worldwide else event.region}/{entry.scope}"
            for entry in self._concerns.concerned(event)
        }

    # -- the scopes

    async def scopes(self, calls: Calls, selection: Selection) -> AsyncIterator[Scope | Blind]:
        """Those of `selection.scopes`, which are keys. What they share is read anew: it is newer than the message."""
        wanted = [tuple(key.split("/", 3)) for key in selection.scopes]
        async for blind in self._look({account for _, account, _, _ in wanted}, calls):
            yield blind
        engine = Engine(self._client, self._tags(), self._usage)
        for _, account, region, name in wanted:
            place, entries = self._places.get(account), self._entries.get(name)
            if place is None or entries is None or region not in self._regions(entries[0], place):
                continue
            plan = self._plan(name, entries)
            scope = Scope(COLLECTOR, account, region, name, plan.kind_names, plan.fingerprint)
            engine.expect(plan, account, region)
            self._at[scope.key] = engine, place
            yield scope

    async def _look(self, accounts: set[str], calls: Calls) -> AsyncIterator[Blind]:
        """Accounts that were not looked for yet."""
        new = accounts - self._places.keys() - self._unknown
        if not new:
            return
        blind: set[str] = set()
        wanted = Selection(accounts=tuple(sorted(new)))
        async for found in places(self._client, self._settings, calls, wanted, given=self._sources):
            if isinstance(found, Place):
                self._places[found.account] = found
            else:
                blind.add(found.account)
                yield found
        if "" not in blind:
            self._unknown |= new - self._places.keys() - blind

    def _reached(self, scope: Scope) -> tuple[Engine, Place]:
        if scope.key not in self._at:
            raise Failed(f"{scope.key} was not asked for")
        return self._at[scope.key]

    def skip(self, scope: Scope) -> None:
        """Nothing is kept beyond its reading."""

    def forget(self) -> None:
        self._places.clear()
        self._unknown.clear()

    def _plan(self, name: str, entries: list[KindEntry]) -> ScopePlan:
        """What runs read, with tags from where they are written; to the store both mean the same."""
        found = self._plans.get(name)
        if found is None:
            usual, own = self._compiler.scope(entries), self._own.scope(entries)
            written = all(kind.tags_call or kind.shaping.tags_key or not kind.entry.tagging for kind in own.kinds)
            found = self._plans[name] = replace(own, fingerprint=usual.fingerprint) if written else usual
        return found
