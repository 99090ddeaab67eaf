"""What is said of documents holds for those that are stored: nothing in them is missing from the description."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from collectors.aws import collector
from syncd.plugin import Property


def test_every_place_in_a_stored_document_is_described(estate: sqlite3.Connection) -> None:
    missing, looked = [], 0
    commons = {kind.name: kind.properties for kind in collector.kinds()}
    for kind in collector.catalog.kinds:
        known = {each.path: each for each in collector.schema(kind)}
        known |= {name: Property(name, "") for name in commons[kind]}  # those made of volatile parts lie beside them
        query = "select document, coalesce(volatile, '{}') from resource where kind = ?"
        for texts in estate.execute(query, (kind,)):
            for text in texts:
                missing += [(kind, path) for path in _unknown(json.loads(text), "", known)]
                looked += 1
    assert sorted(set(missing)) == []
    assert looked > 200


def _unknown(value: Any, path: str, known: dict[str, Property]) -> Iterator[str]:
    """Paths that are not described. Where the description ends, what is inside is free: JSON, a map's texts."""
    if path in known and not any(each.startswith((f"{path}.", f"{path}[")) for each in known):
        return
    if isinstance(value, list):
        for each in value:
            yield from _unknown(each, f"{path}[*]", known)
    elif isinstance(value, dict):
        of_map = path in known and known[path].type.startswith("map of")
        for key, inner in value.items():
            yield from _unknown(inner, f"{path}.{'<key>' if of_map else key}" if path else key, known)
    elif path not in known:
        yield path
