"""Kinds that a tool derived from the provider's models (../derived): read only where somebody asks for them.

The index names them all; the files of a service are read when one of its kinds is meant.
"""

from collections.abc import Collection, Container, Iterable, Mapping
from fnmatch import filter as matching
from functools import lru_cache
from pathlib import Path

from msgspec.structs import replace

from collectors.aws.catalog import read_file
from collectors.aws.entries import Catalog, KindEntry, Service
from collectors.aws.selection import Kinds
from collectors.aws.tables import Problems
from syncd.errors import ConfigError

FOLDER = Path(__file__).with_name("derived")
INDEX = "index.table"


@lru_cache(maxsize=1)
def index(folder: Path = FOLDER) -> Mapping[str, str]:
    """Kind → its service: a few milliseconds, where reading the kinds themselves takes a second."""
    return dict(line.split() for line in (folder / INDEX).read_text("utf-8").splitlines())


def services_of(kinds: Kinds, curated: Container[str]) -> frozenset[str]:
    """The services whose derived kinds are meant. Where only curated kinds are named, nothing is read."""
    if kinds == "curated":
        return frozenset()
    if kinds == "all":
        return frozenset(index().values())
    others = [glob for glob in kinds if glob not in curated]
    return frozenset(index()[kind] for glob in others for kind in matching(index(), glob))


def extended(catalog: Catalog, services: Collection[str], folder: Path = FOLDER) -> Catalog:
    """The catalog with the derived kinds of these services. What a person wrote of a service stands above."""
    if not services:
        return catalog
    problems = Problems()
    about, kinds = dict(catalog.services), dict(catalog.kinds)
    for name in sorted(services):
        service, entries = read_file(folder / f"{name}.toml", problems)
        about[name] = _both(service, about.get(name))
        kinds.update(_derived(entries, kinds))
    if problems.lines:
        raise ConfigError(f"the derived AWS catalog cannot be used: {problems.lines[0]}")
    return Catalog(about, kinds, catalog.rules)


def _derived(entries: Iterable[KindEntry], known: Container[str]) -> dict[str, KindEntry]:
    return {entry.kind: replace(entry, derived=True) for entry in entries if entry.kind not in known}


def _both(derived: Service, curated: Service | None) -> Service:
    if curated is None:
        return derived
    actions = {**derived.actions, **curated.actions}
    return replace(
        curated, prefix=curated.prefix or derived.prefix, endpoint=curated.endpoint or derived.endpoint, actions=actions
    )
