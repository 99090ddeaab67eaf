"""What the next run will cost: each scope's calls at its last reading, and of what was never read the least. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from math import ceil

from msgspec import Struct, field

from syncd.forecast import Asked, Forecast
from syncd.model import Scope
from syncd.store.coverage import Coverage, Place, Yields, remembered
from syncd.sync.cadence import Cadence

USUAL = Asked(least=0, calls=1)
"""A scope of a collector that tells nothing beforehand: where nothing is, its list."""


class Cost(Struct):
    """What a run asks in one part of the estate.

    resting  scopes that it leaves out
    new      scopes that it reads for the first time
    unknown  those of them that were read nowhere so far: of these `calls` has only the least
    least    calls that it makes however little there is
    calls    about so many
    """

    scopes: int = 0
    resting: int = 0
    new: int = 0
    unknown: int = 0
    resources: int = 0
    least: int = 0
    calls: float = 0.0

    def add(self, other: "Cost") -> None:
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Estate(Struct, frozen=True):
    """What a store knows of scopes: see syncd.store.coverage. `calls`: row's number → calls at its last reading."""

    rows: Mapping[str, Coverage]
    quiet: Mapping[Place, set[str]]
    served: Mapping[Place, str]
    yields: Yields
    calls: Mapping[int, int]

    def nodes(self, place: Place, name: str) -> int:
        row = self.rows.get("/".join((*place, name)))
        return row.nodes if row is not None else 0


class _List(Struct):
    """A list that scopes of a place share. `known`: what it took is among the calls of one of them."""

    part: str
    calls: int
    known: bool = False


class Reckoning(Struct, dict=True):
    """Adds up what a run will cost, scope by scope, by part of the estate."""

    estate: Estate
    forecasts: Mapping[str, Forecast]
    cadence: Cadence
    now: str
    part: Callable[[Scope], str]
    found: dict[str, Cost] = field(default_factory=dict)
    lists: dict[tuple[Place, str], _List] = field(default_factory=dict)
    looked: set[Place] = field(default_factory=set)
    accounts: set[tuple[str, str]] = field(default_factory=set)
    leaving: set[str] = field(default_factory=set)

    def add(self, scope: Scope) -> None:
        """One scope that the run finds."""
        asked = self._asked(scope)
        if asked is None:
            return
        place = (scope.collector, scope.account, scope.region)
        row = self.estate.rows.get(scope.key)
        quiet = row is None and scope.name in self.estate.quiet.get(place, ())
        cost = self._cost(scope)
        cost.resources += row.nodes if row else 0
        self.accounts.add(place[:2])
        if self._rests(scope, row, self.estate.served.get(place, "") if quiet else None):
            cost.resting += 1
            self._look(place, asked, row)
            return
        cost.scopes += 1
        cost.least += asked.least
        known = self.estate.calls.get(row.id) if row is not None else None
        if asked.above:
            shared = self.lists.setdefault((place, asked.above), _List(self.part(scope), asked.shared))
            shared.known = shared.known or known is not None
        if known is None and row is None and not quiet:
            cost.calls += self._guess(scope, asked, place, cost)
        else:
            cost.calls += self._empty(asked, place) if known is None else known

    def _asked(self, scope: Scope) -> Asked | None:
        """None for what is not read any more."""
        forecast = self.forecasts.get(scope.collector)
        return USUAL if forecast is None else forecast.asked.get(scope.name)

    def _rests(self, scope: Scope, row: Coverage | None, served: str | None) -> bool:
        return self.cadence.rests(scope, row, served, self.now) or (row is not None and remembered(row, self.now))

    def _look(self, place: Place, asked: Asked, row: Coverage | None) -> None:
        """What is left out since nothing was there is looked at for signs of life."""
        if row is None:
            self.leaving.add(place[0])
            if asked.looked:
                self.looked.add(place)

    def _empty(self, asked: Asked, place: Place) -> float:
        """Calls of a scope in which nothing is: its list, for each of those that it is asked about."""
        return asked.calls + ceil(self.estate.nodes(place, asked.parent) / asked.batch if asked.parent else 0)

    def _guess(self, scope: Scope, asked: Asked, place: Place, cost: Cost) -> float:
        """What the scopes of that name took elsewhere, best in the same region; where there are none, its list."""
        cost.new += 1
        for region in (scope.region, ""):
            many, calls = self._read.get((scope.collector, scope.name, region), (0, 0.0))
            if many:
                return calls / many
        cost.unknown += 1
        return self._empty(asked, place)

    @cached_property
    def _read(self) -> Mapping[tuple[str, str, str], tuple[int, float]]:
        """(collector, name, region) → how many were read and their calls; under region "" those of all regions."""
        found: dict[tuple[str, str, str], tuple[int, float]] = {}

        def count(collector: str, region: str, name: str, took: float) -> None:
            for where in {region, ""}:
                many, calls = found.get((collector, name, where), (0, 0.0))
                found[collector, name, where] = many + 1, calls + took

        for row in self.estate.rows.values():
            if row.id in self.estate.calls and row.state != "retired":
                count(row.collector, row.region, row.name, self.estate.calls[row.id])
        for place, names in self.estate.quiet.items():
            for name in names:
                asked = self._asked(Scope(*place, name))
                count(place[0], place[2], name, self._empty(asked, place) if asked is not None else 0.0)
        return found

    def discovered(self, collector: str, calls: int) -> None:
        """Accounts and regions were looked for just now, which took so many calls; the run will do it again."""
        self.accounts = {each for each in self.accounts if each[0] != collector}
        self._beside(Scope(collector, "", "", "discovery"), calls, calls)

    def ended(self) -> dict[str, Cost]:
        """With what belongs to no scope: finding the accounts, lists that scopes share, looks for signs of life."""
        for shared in self.lists.values():
            calls = 0 if shared.known else shared.calls
            self.found[shared.part].add(Cost(least=1, calls=calls))
        for collector, forecast in self.forecasts.items():
            accounts = sorted(account for of, account in self.accounts if of == collector)
            if accounts:
                self._beside(Scope(collector, "", "", "discovery"), forecast.once, forecast.once)
            for account in accounts:
                self._beside(Scope(collector, account, "", "discovery"), forecast.account, forecast.account)
            if collector in self.leaving and forecast.indexes:
                self._beside(Scope(collector, "", "", "signs"), forecast.indexes, forecast.indexes)
        for collector, account, region in sorted(self.looked):
            least = 0 if self.forecasts[collector].indexes else 1  # what an index tells of need not be looked at
            self._beside(Scope(collector, account, region, "signs"), least, 1)
        return self.found

    def _beside(self, scope: Scope, least: int, calls: int) -> None:
        self._cost(scope).add(Cost(least=least, calls=calls))

    def _cost(self, scope: Scope) -> Cost:
        return self.found.setdefault(self.part(scope), Cost())


def stored(estate: Estate, wanted: Callable[[str, str], bool] = lambda _collector, _name: True) -> Iterator[Scope]:
    """The scopes that a store knows, of those collectors and names that are wanted."""

    def named(place: Place, name: str) -> Scope:
        return Scope(*place, name, tuple(sorted(estate.yields.get((place[0], name), ()))), "")

    for row in estate.rows.values():
        if row.state != "retired" and wanted(row.collector, row.name):
            yield named((row.collector, row.account, row.region), row.name)
    for place, names in estate.quiet.items():
        yield from (named(place, name) for name in names if wanted(place[0], name))


def total(found: Iterable[Cost]) -> Cost:
    whole = Cost()
    for cost in found:
        whole.add(cost)
    return whole
