"""Which collectors and reactions are installed here: found by their entry points, loaded when they are asked for."""

import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from syncd.errors import ConfigError
from syncd.plugin import Collector, Linking, Reaction


def installed_collectors() -> Mapping[str, EntryPoint]:
    """By name, from the entry point group `syncd.collectors`."""
    return _entry_points("syncd.collectors", tuple(sys.path))


def installed_reactions() -> Mapping[str, EntryPoint]:
    """By name, from the entry point group `syncd.reactions`."""
    return _entry_points("syncd.reactions", tuple(sys.path))


@lru_cache(maxsize=4)
def _entry_points(group: str, _places: tuple[str, ...]) -> Mapping[str, EntryPoint]:
    """To find them costs 20 ms: every installed distribution is looked at."""
    return {point.name: point for point in entry_points(group=group)}


def load_collectors(names: Iterable[str] | None = None) -> Mapping[str, Collector]:
    """The installed collectors by name. Raises ConfigError for a name that nobody provides."""
    return _load("collector", installed_collectors(), names)


def load_reactions(names: Iterable[str]) -> Mapping[str, Reaction]:
    """These reactions by name. Raises ConfigError for a name that nobody provides."""
    return _load("reaction", installed_reactions(), names)


def _load(word: str, found: Mapping[str, EntryPoint], names: Iterable[str] | None) -> dict[str, Any]:
    loaded: dict[str, Any] = {}
    for name in list(found) if names is None else list(names):
        if name not in found:
            known = ", ".join(sorted(found)) or "none"
            raise ConfigError(f"{word} {name} is not installed; installed: {known}")
        loaded[name] = found[name].load()
    return loaded


def link(collector: str, resource: Mapping[str, Any]) -> str:
    """The provider's page of a resource; "" too when its collector is not installed here, or fails: nobody who is to

    hear of the resource waits for that.
    """
    try:
        point = installed_collectors().get(collector)
        found = point.load() if point is not None else None
        return found.link(resource) if isinstance(found, Linking) else ""
    except Exception:  # noqa: BLE001  whatever a collector does
        return ""
