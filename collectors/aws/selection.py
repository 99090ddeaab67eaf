"""Which scopes a configuration and a run ask for."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Literal

from collectors.aws.entries import Catalog, KindEntry
from syncd.plugin import Selection

Kinds = Literal["curated", "all"] | tuple[str, ...]


def wanted_kinds(catalog: Catalog, kinds: Kinds, excluded: tuple[str, ...]) -> list[KindEntry]:
    """The kinds of the catalog that the configuration means."""
    return [entry for entry in catalog.kinds.values() if _means(kinds, entry) and not _any(entry.kind, excluded)]


def _means(kinds: Kinds, entry: KindEntry) -> bool:
    if kinds == "curated":
        return not entry.derived
    return kinds == "all" or _any(entry.kind, kinds)


def by_scope(entries: Iterable[KindEntry]) -> dict[str, list[KindEntry]]:
    """Entries by scope, the services taking turns, so that a run does not ask one service for everything first."""
    services: dict[str, dict[str, list[KindEntry]]] = {}
    for entry in entries:
        services.setdefault(entry.call.service, {}).setdefault(entry.scope, []).append(entry)
    turns = [list(scopes.items()) for scopes in services.values()]
    longest = max(map(len, turns), default=0)
    return dict(scopes[index] for index in range(longest) for scopes in turns if index < len(scopes))


def is_selected(
    selection: Selection, key: str, region: str, kinds: Iterable[str], bases: Mapping[str, Iterable[str]]
) -> bool:
    """Whether a run asks for a scope; accounts are chosen when they are looked for."""
    if selection.scopes and not _any(key, selection.scopes):
        return False
    if selection.regions and not _any(region, selection.regions):
        return False
    return not selection.kinds or any(
        _any(name, selection.kinds) for kind in kinds for name in (kind, *bases.get(kind, ()))
    )


def accounts_of(selection: Selection) -> Selection:
    """Scope keys name their accounts: only those need to be looked into."""
    if selection.accounts or not selection.scopes:
        return selection
    accounts = tuple(key.split("/")[1] if key.count("/") >= 3 else "*" for key in selection.scopes)
    return Selection(accounts, selection.regions, selection.kinds, selection.scopes)


def _any(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)
