"""What a search may name: kinds, base kinds, edge types, units of common properties. Read once from the store."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from syncd.kinds import BASE_KINDS
from syncd.search import indexed
from syncd.search.indexed import Indexed

_BASES = frozenset(kind.name for kind in BASE_KINDS)


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
    numbers: dict[str, int] = dict(connection.execute("select name, id from kind"))
    below: dict[str, set[int]] = {name: {number} for name, number in numbers.items()}
    for kind, base in connection.execute("select kind, base from kind_base"):
        below.setdefault(base, set())
        if kind in numbers:
            below[base].add(numbers[kind])
    for base_kind in BASE_KINDS:
        below.setdefault(base_kind.name, set())
    types: dict[str, tuple[int, ...]] = {}
    for label, number in connection.execute("select label, id from edge_type order by id"):
        types[label] = (*types.get(label, ()), number)
    units = {name: unit for kind in BASE_KINDS for name, unit in kind.properties.items()}
    kinds = {name: frozenset(found) for name, found in below.items()}
    moving = frozenset(name for (name,) in connection.execute("select name from moving"))
    named = {number: name for name, number in numbers.items()}
    return Schema(kinds, named, types, units, moving, indexed.load(connection), indexed.entries(connection))
