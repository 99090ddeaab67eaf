"""The AWS collector at work during one run: discovers scopes and reads them."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from collectors.aws.asking import ERRORS
from collectors.aws.client import Client
from collectors.aws.compile import Compiler
from collectors.aws.containment import (
    ACCOUNT,
    ACCOUNT_KINDS,
    FINGERPRINT,
    ORGANIZATION,
    ORGANIZATION_KINDS,
    read_account,
    read_organization,
)
from collectors.aws.credentials import Source
from collectors.aws.endpoints import GLOBAL
from collectors.aws.engine import Engine
from collectors.aws.entries import KindEntry
from collectors.aws.offers import Offers, regions_of
from collectors.aws.places import COLLECTOR, Place, places
from collectors.aws.plans import ScopePlan
from collectors.aws.selection import accounts_of, by_scope, is_selected, wanted_kinds
from collectors.aws.settings import AwsSettings
from collectors.aws.signs import Signs
from collectors.aws.tagging import BulkTags
from collectors.aws.usage import Usage
from collectors.aws.wire import Wire
from syncd.errors import Failed
from syncd.model import Act, Blind, Doubt, Gap, Imprint, Node, Same, Scope
from syncd.plugin import Calls, Loose, Reader, Selection

if TYPE_CHECKING:
    from collectors.aws.acting import Acts


class AwsSession:
    """The connections, one catalog, the accounts found so far. Made by the collector's `open`."""

    def __init__(
        self,
        http: Wire,
        client: Client,
        compiler: Compiler,
        settings: AwsSettings,
        sources: Mapping[str, Source],
    ) -> None:
        self._http = http
        self._client = client
        self._compiler = compiler
        self._settings = settings
        self._sources = sources
        entries = wanted_kinds(compiler.catalog, settings.kinds, settings.excluded)
        self._entries = by_scope(entries)
        self._bases = {entry.kind: entry.bases for entry in entries}
        self._plans: dict[str, ScopePlan] = {}
        self._offers = Offers()
        self._places: dict[str, Place] = {}
        self._selection = Selection()
        self._types = frozenset(entry.tagging for entry in entries if entry.tagging)
        self._usage = Usage(client.models) if settings.usage else None
        self._engine = Engine(client, self._tags(), self._usage)

    def _tags(self) -> BulkTags:
        return BulkTags(self._client.models, self._types)

    async def scopes(self, calls: Calls, selection: Selection) -> AsyncIterator[Scope | Blind]:
        """Accounts as they are found; in each the frame first, then services and regions in turn."""
        self._selection = selection
        found = places(self._client, self._settings, calls, accounts_of(selection), given=self._sources)
        async for place in found:
            if isinstance(place, Blind):
                yield place
                continue
            self._places[place.account] = place
            for scope in self._scopes_of(place, selection):
                if scope.name in self._plans:
                    self._engine.expect(self._plans[scope.name], scope.account, scope.region)
                yield scope

    def _scopes_of(self, place: Place, selection: Selection) -> Iterator[Scope]:
        # Places hold only the regions that a run asks for: not enough for a whole reading of an account's frame.
        if not selection.regions:
            yield from (scope for scope in _frame(place) if self._is_wanted(scope, selection))
        yield from self._services_of(place, selection)

    def _services_of(self, place: Place, selection: Selection) -> Iterator[Scope]:
        for name, entries in self._entries.items():
            kinds = tuple(entry.kind for entry in entries)
            for region in self._regions(entries[0], place):
                if is_selected(selection, f"{COLLECTOR}/{place.account}/{region}/{name}", region, kinds, self._bases):
                    yield self._scope(place, region, name, entries)

    def _regions(self, entry: KindEntry, place: Place) -> Iterable[str]:
        """Where in a place a kind is read, as far as the place goes."""
        if not place.reads or (entry.organization and not place.organization):
            return ()
        return regions_of(entry, place.regions, self._compiler.catalog.services, self._offers)

    def _is_wanted(self, scope: Scope, selection: Selection) -> bool:
        return is_selected(selection, scope.key, scope.region, scope.kinds, self._bases)

    def _scope(self, place: Place, region: str, name: str, entries: list[KindEntry]) -> Scope:
        plan = self._plan(name, entries)
        return Scope(COLLECTOR, place.account, region, name, plan.kind_names, plan.fingerprint)

    def _plan(self, name: str, entries: list[KindEntry]) -> ScopePlan:
        plan = self._plans.get(name)
        if plan is None:
            plan = self._plans[name] = self._compiler.scope(entries)
        return plan

    def collect(self, scope: Scope, reader: Reader) -> AsyncIterator[Node | Gap | Doubt | Imprint | Same]:
        """All nodes of the scope, or that they are the same; or raises a ReadError."""
        engine, place = self._reached(scope)
        if scope.name == ACCOUNT:
            return read_account(self._client, place, reader)
        if scope.name == ORGANIZATION:
            return read_organization(self._client, place, reader)
        if scope.name not in self._entries:
            raise Failed(f"the catalog has no scope {scope.name}")
        plan = self._plan(scope.name, self._entries[scope.name])
        return engine.collect(plan, place, scope.region, reader)

    def _reached(self, scope: Scope) -> tuple[Engine, Place]:
        """What reads it, and where."""
        place = self._places.get(scope.account)
        if place is None:
            raise Failed(f"account {scope.account} was not found by this run")
        return self._engine, place

    async def signs(
        self, rests: Callable[[Scope], bool], loose: Iterable[Loose], reader: Reader
    ) -> AsyncIterator[Scope]:
        """Empty scopes of which a reference, an index of the estate or a tag says that something is there now."""
        signs = Signs(self._client, self._compiler, self._entries)
        told: set[str] = set()

        def sleeps(scope: Scope) -> bool:
            return scope.key not in told and self._is_wanted(scope, self._selection) and rests(scope)

        async for scope in self._pointed(signs, loose, reader):
            if sleeps(scope):
                told.add(scope.key)
                yield scope
        async for scope in signs.tagged(self._resting(sleeps), reader):
            yield scope

    async def _pointed(self, signs: Signs, loose: Iterable[Loose], reader: Reader) -> AsyncIterator[Scope]:
        """What references and indexes point to, as far as it is read."""
        for each in sorted(signs.referred(loose)):
            if (scope := self._told(*each)) is not None:
                yield scope
        indexes = [each for each in (self._settings.explorer, self._settings.aggregator) if each is not None]
        async for found in signs.indexed([(each, self._places.get(each.account)) for each in indexes], reader):
            if (scope := self._told(*found)) is not None:
                yield scope

    def _told(self, account: str, region: str, name: str) -> Scope | None:
        """The scope of which a sign tells, if it is one that is read."""
        place, entries = self._places.get(account), self._entries[name]
        if place is None or region not in self._regions(entries[0], place):
            return None
        return self._scope(place, region, name, entries)

    def _resting(self, rests: Callable[[Scope], bool]) -> Iterator[tuple[Place, str, list[Scope]]]:
        """By place and region, one after the other: all of a wide estate together would be millions."""
        for place in self._places.values():
            found: dict[str, list[Scope]] = {}
            for scope in self._services_of(place, self._selection):
                if rests(scope):
                    found.setdefault(scope.region, []).append(scope)
            yield from ((place, region, scopes) for region, scopes in found.items())

    async def read(self, scope: Scope, node: Node, reader: Reader) -> Node | None:
        """One resource again, fresh; None when it is gone."""
        return await self._acts.read(
            self._client, await self._place_of(scope.account, reader), scope.region, node, reader
        )

    async def act(self, scope: Scope, node: Node, act: Act, calls: Calls) -> None:
        """One act, in the resource's account and region."""
        place = await self._place_of(scope.account, calls)
        await self._acts.act(self._client, place, scope.region, node, act, calls)

    async def _place_of(self, account: str, calls: Calls) -> Place:
        """How the account is reached. It is found once for all acts of a session."""
        if account not in self._places:
            wanted = Selection(accounts=(account,))
            async for found in places(self._client, self._settings, calls, wanted, given=self._sources):
                if isinstance(found, Place):
                    self._places[found.account] = found
                elif found.account in ("", account):
                    raise ERRORS[found.state](found.reason, operation=found.operation, permission=found.permission)
        if account not in self._places:
            raise Failed(f"account {account} is not reached with this configuration")
        return self._places[account]

    @cached_property
    def _acts(self) -> "Acts":
        from collectors.aws.acting import Acts

        return Acts(self._compiler)

    def skip(self, scope: Scope) -> None:
        """Lists and tags are not kept for it."""
        if scope.name in self._plans:
            self._engine.done(self._plans[scope.name], scope.account, scope.region)

    def about(self) -> str:
        """Which credentials, and the accounts found with them."""
        credentials = ", ".join(sorted(source.about for source in self._sources.values()))
        accounts = sorted(f"{place.account} ({place.name})" for place in self._places.values())
        if len(accounts) > 5:
            accounts = [*accounts[:5], f"{len(accounts) - 5} more"]
        return f"AWS with {credentials}" + (f": {', '.join(accounts)}" if accounts else "")

    async def close(self) -> None:
        await self._http.close()


def _frame(place: Place) -> Iterator[Scope]:
    if place.organization:
        yield Scope(COLLECTOR, place.account, GLOBAL, ORGANIZATION, ORGANIZATION_KINDS, FINGERPRINT)
    if place.reads:
        yield Scope(COLLECTOR, place.account, GLOBAL, ACCOUNT, ACCOUNT_KINDS, FINGERPRINT)
