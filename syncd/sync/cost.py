"""What the next run will cost: each scope's calls at its last reading, for those that it will read. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from syncd.model import Scope
from syncd.store.coverage import Coverage, Place, Yields, remembered
from syncd.sync.cadence import Cadence

EMPTY = 1
"""Calls for a scope in which nothing is: its list."""


class Cost(Struct):
    """What a run asks in one part of the estate; `resting`: scopes that it leaves out."""

    scopes: int = 0
    resting: int = 0
    resources: int = 0
    calls: int = 0


class Estate(Struct, frozen=True):
    """What a store knows of scopes: see syncd.store.coverage. `calls`: row's number → calls at its last reading."""

    rows: Mapping[str, Coverage]
    quiet: Mapping[Place, set[str]]
    served: Mapping[Place, str]
    yields: Yields
    calls: Mapping[int, int]


def costs(estate: Estate, cadence: Cadence, now: str, part: Callable[[Scope], str]) -> dict[str, Cost]:
    """The next run's costs by part of the estate."""
    found: dict[str, Cost] = {}
    for scope, row, served in _scopes(estate):
        cost = found.setdefault(part(scope), Cost())
        cost.resources += row.nodes if row else 0
        if cadence.rests(scope, row, served, now) or (row and remembered(row, now)):
            cost.resting += 1
        else:
            cost.scopes += 1
            cost.calls += estate.calls.get(row.id, EMPTY) if row else EMPTY
    return found


def _scopes(estate: Estate) -> Iterator[tuple[Scope, Coverage | None, str | None]]:
    def named(place: Place, name: str) -> Scope:
        return Scope(*place, name, tuple(sorted(estate.yields.get((place[0], name), ()))), "")

    for row in estate.rows.values():
        if row.state != "retired":
            yield named((row.collector, row.account, row.region), row.name), row, None
    for place, names in estate.quiet.items():
        for name in names:
            yield named(place, name), None, estate.served.get(place, "")


def total(found: Iterable[Cost]) -> Cost:
    whole = Cost()
    for cost in found:
        whole.scopes += cost.scopes
        whole.resting += cost.resting
        whole.resources += cost.resources
        whole.calls += cost.calls
    return whole
