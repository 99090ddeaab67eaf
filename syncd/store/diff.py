"""What changed between two readings of one resource, field by field. Pure.

Providers return most lists in no order, so lists compare as sets unless the kind says that their order means something.
"""

from collections.abc import Iterator, Set
from typing import Any

import orjson

from syncd.model import Document

Change = dict[str, Any]
"""{"path": "tags.owner", "old": …, "new": …}; for lists the path ends in [] and old/new are what left and what came."""


def canonical(value: Any, ordered: Set[str], path: str = "") -> Any:
    """The value with every list whose order means nothing sorted."""
    if isinstance(value, dict):
        return {k: canonical(v, ordered, f"{path}.{k}" if path else k) for k, v in value.items()}
    if isinstance(value, list):
        items = [canonical(v, ordered, path) for v in value]
        return items if path in ordered else sorted(items, key=_bytes)
    return value


def _bytes(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def changes(old: Document, new: Document, ordered: Set[str] = frozenset()) -> list[Change]:
    """All fields that differ, in the order of their paths; an absent field reads as null."""
    return list(_compare(canonical(old, ordered), canonical(new, ordered), "", ordered))


def _compare(old: Any, new: Any, path: str, ordered: Set[str]) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _compare(old.get(key), new.get(key), f"{path}.{key}" if path else key, ordered)
    elif isinstance(old, list) and isinstance(new, list) and path not in ordered:
        yield from _compare_sets(old, new, path, ordered)
    elif old != new or type(old) is not type(new):
        yield {"path": path, "old": old, "new": new}


def _compare_sets(old: list[Any], new: list[Any], path: str, ordered: Set[str]) -> Iterator[Change]:
    left, came = _without(old, new), _without(new, old)
    if len(left) == len(came) == 1 and isinstance(left[0], dict) and isinstance(came[0], dict):
        yield from _compare(left[0], came[0], f"{path}[]", ordered)
    elif left or came:
        yield {"path": f"{path}[]", "old": left, "new": came}


def _without(items: list[Any], others: list[Any]) -> list[Any]:
    """Items that `others` has not, counting repeats."""
    rest = [_bytes(x) for x in others]
    kept = []
    for item in items:
        data = _bytes(item)
        if data in rest:
            rest.remove(data)
        else:
            kept.append(item)
    return kept
