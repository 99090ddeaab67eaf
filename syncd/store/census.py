"""What there is, counted: kinds, the places they are found in, and the tree of base kinds. Read-only."""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from syncd.errors import ConfigError
from syncd.store.queries import Row, fetched

ALL = """
select k.name as kind, count(*) as resources, count(distinct n.account) as accounts, count(distinct n.region) as regions
  from node n join kind k on k.id = n.kind
 group by 1 order by 1
"""
PLACES = """
select k.name as kind, n.account, n.region, count(*) as resources
  from node n join kind k on k.id = n.kind
 where k.name = :kind or k.name in (select kind from kind_base where base = :kind)
 group by 1, 2, 3 order by 1, 2, 3
"""
KNOWN = "select name from kind union select base from kind_base order by 1"
ROOT = "resource"


@dataclass(frozen=True, slots=True)
class Branch:
    """A kind in the tree: `resources` are those of the kinds below it as well. `depth` 0 is the root."""

    kind: str
    depth: int
    bases: tuple[str, ...]
    resources: int


def kinds(connection: sqlite3.Connection) -> list[Row]:
    """Each kind of which there is something: {kind, resources, accounts, regions}."""
    return fetched(connection, ALL)


def places(connection: sqlite3.Connection, kind: str) -> list[Row]:
    """A kind or base kind by account and region: {kind, account, region, resources}."""
    return fetched(connection, PLACES, {"kind": kind})


def check(connection: sqlite3.Connection, kind: str) -> None:
    """Raises ConfigError with the nearest names for what is no kind of this store."""
    known = [name for (name,) in connection.execute(KNOWN)]
    if kind in known:
        return
    close = get_close_matches(kind, known, n=3)
    hint = f"did you mean {', '.join(close)}?" if close else "syncctl kinds lists those that are"
    raise ConfigError(f"no kind {kind} in this store; {hint}")


def bases(connection: sqlite3.Connection) -> dict[str, frozenset[str]]:
    """Kind → all its base kinds, without itself."""
    found: dict[str, set[str]] = {name: set() for (name,) in connection.execute(KNOWN)}
    for kind, base in connection.execute("select kind, base from kind_base where kind <> base"):
        found[kind].add(base)
    return {kind: frozenset(above) for kind, above in found.items()}


def tree(connection: sqlite3.Connection, root: str = ROOT) -> Iterator[Branch]:
    """The root and all below it, each kind once: under the base kind that has the fewest kinds below it."""
    above = bases(connection)
    counts = {row["kind"]: int(row["resources"]) for row in kinds(connection)}
    below = {kind: [each for each in above if kind in above[each]] for kind in above}
    children: dict[str, list[str]] = {}
    for kind in sorted(above):
        near = direct(kind, above)
        if near:
            children.setdefault(min(near, key=lambda base: (len(below[base]), base)), []).append(kind)

    def branches(kind: str, depth: int) -> Iterator[Branch]:
        resources = sum(counts.get(each, 0) for each in (kind, *below[kind]))
        yield Branch(kind, depth, tuple(sorted(direct(kind, above))), resources)
        for child in children.get(kind, ()):
            yield from branches(child, depth + 1)

    yield from branches(root, 0)


def direct(kind: str, above: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The base kinds that are not base kinds of another one."""
    return above[kind] - frozenset(further for base in above[kind] for further in above.get(base, ()))
