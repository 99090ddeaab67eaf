"""What a search may name: kinds, base kinds, edge types, units of common properties. Read once from the store."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from types import MappingProxyType

from syncd.kinds import BASE_KINDS
from syncd.search import indexed
from syncd.search.indexed import Indexed

_BASES = frozenset(kind.name for kind in BASE_KINDS)
UNITS: Mapping[str, str] = MappingProxyType(
    {name: unit for kind in BASE_KINDS for name, unit in kind.properties.items()}
)


@dataclass(frozen=True, slots=True)
class Schema:
    """`kinds`: kind or base kind → the numbers of the kinds below it. `types`: label → numbers of edge types.

    `units`: common property → type and unit, such as "number (GB)". `moving`: names that volatile documents hold.
    `documents`: properties of documents that are indexed; `entries`: the last entry of the index.
    """

    kinds: Mapping[str, frozenset[int]]
    names: Mapping[int, str]
    types: Mapping[str, tuple[int, ...]]
    units: Mapping[str, str]
    moving: frozenset[str] = frozenset()
    documents: tuple[Indexed, ...] = ()
    entries: int = 0

    def is_concrete(self, name: str) -> bool:
        """Whether this is the kind of some provider, and no base kind."""
        return name in self.kinds and name not in _BASES

    def nearest_kind(self, name: str) -> str:
        """`did you mean …?`, or where to look."""
        close = get_close_matches(name.lower(), self.kinds, n=3)
        return f"did you mean {', '.join(close)}?" if close else "syncctl kinds lists them"

    def nearest_type(self, name: str) -> str:
        close = get_close_matches(name.lower(), self.types, n=3)
        return f"did you mean {', '.join(close)}?" if close else f"edge types: {', '.join(sorted(self.types))}"


def load_schema(connection: sqlite3.Connection) -> Schema:
    kinds = tuple(connection.execute("select name, id from kind"))
    bases = tuple(connection.execute("select kind, base from kind_base"))
    types: dict[str, tuple[int, ...]] = {}
    for label, number in connection.execute("select label, id from edge_type order by id"):
        types[label] = (*types.get(label, ()), number)
    moving = frozenset(name for (name,) in connection.execute("select name from moving"))
    below, names = _kinds(kinds, bases)
    return Schema(below, names, types, UNITS, moving, indexed.load(connection), indexed.entries(connection))


@lru_cache(maxsize=4)
def _kinds(
    kinds: tuple[tuple[str, int], ...], bases: tuple[tuple[str, str], ...]
) -> tuple[Mapping[str, frozenset[int]], Mapping[int, str]]:
    """Kept: hundreds of kinds hardly ever change, and each search asks for them."""
    numbers = dict(kinds)
    below: dict[str, set[int]] = {name: {number} for name, number in kinds}
    for kind, base in bases:
        below.setdefault(base, set())
        if kind in numbers:
            below[base].add(numbers[kind])
    for base_kind in BASE_KINDS:
        below.setdefault(base_kind.name, set())
    found = {name: frozenset(each) for name, each in below.items()}
    return MappingProxyType(found), MappingProxyType({number: name for name, number in kinds})
