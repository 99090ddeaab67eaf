"""What a kind is: base kinds, properties, the edges it can have, and where there are some of it."""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from syncd.kinds import RESOURCE, Kind, KindRegistry
from syncd.plugin import Choosing, Collector, Describing, all_kinds
from syncd.store import census
from syncd.store.queries import Row


def anatomy(connection: sqlite3.Connection, name: str, collectors: Iterable[Collector]) -> Row:
    """{kind, title, service, bases, below, properties, edges, resources}; raises ConfigError for an unknown kind.

    `properties`: [{name, type, of}], `of` the base kind; `edges`: [{direction, type, kind}], `direction` out or in;
    `resources` as census.places. What its collector would tell is missing where that is not installed.
    """
    census.check(connection, name)
    above = census.bases(connection)
    family = {name, *(kind for kind, bases in above.items() if name in bases)}
    owners = _owners(collectors, family)
    registry = KindRegistry()
    for each in owners:
        registry.add(each.kinds())
        if name not in registry and isinstance(each, Choosing):
            registry.add(kind for kind in each.further() if kind.name in family)
    if name not in registry:
        registry.add([Kind(name, tuple(sorted(base for base in census.direct(name, above) if base in registry)))])
    kind = registry.get(name)
    return {
        "kind": name,
        "title": kind.title,
        "service": kind.service,
        "bases": list(registry.bases(name)[1:]),
        "below": sorted(family - {name}),
        "properties": list(_properties(registry, kind)),
        "edges": _edges(owners, family),
        "resources": census.places(connection, name),
    }


def documents(connection: sqlite3.Connection, name: str, collectors: Iterable[Collector]) -> list[Row]:
    """{path, type, description, mark} of every place in the documents of a kind; [] where nobody tells.

    Raises ConfigError for an unknown kind.
    """
    census.check(connection, name)
    telling = (each for each in _owners(collectors, {name}) if isinstance(each, Describing))
    return [asdict(place) for each in telling for place in each.schema(name)]


def _owners(collectors: Iterable[Collector], kinds: set[str]) -> list[Collector]:
    """Those that know one of the kinds."""
    return [each for each in collectors if any(kind.name in kinds for kind in all_kinds(each))]


def _properties(registry: KindRegistry, kind: Kind) -> Iterator[Row]:
    """Those of every resource, and of the others those that the kind fills; a base kind has all."""
    filled = kind.properties or registry.properties(kind.name)
    wanted = {**RESOURCE.properties, **filled}
    for name, type_ in wanted.items():
        owner = next(
            (base for base in reversed(registry.bases(kind.name)) if name in registry.get(base).properties), ""
        )
        yield {"name": name, "type": type_, "of": owner}


def _relations(collector: Collector, family: set[str]) -> Iterator[tuple[str, str, str]]:
    yield from collector.relations()
    if isinstance(collector, Choosing) and len(family) == 1:
        yield from collector.relations_of(*family)


def _edges(collectors: Iterable[Collector], family: set[str]) -> list[Row]:
    found = set()
    for collector in collectors:
        for source, type_, target in _relations(collector, family):
            if source in family:
                found.add(("out", type_, target))
            if target in family:
                found.add(("in", type_, source))
    rows = sorted(found, key=lambda edge: (edge[0] == "in", *edge[1:]))
    return [{"direction": direction, "type": type_, "kind": kind} for direction, type_, kind in rows]
