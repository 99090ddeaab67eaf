"""Which parts of an item are secrets, and which move by themselves: found by their names and the model's own marks."""

from collections.abc import Collection, Iterator, Mapping

from botocore.model import ListShape, MapShape, Shape, StructureShape
from msgspec import Struct

from collectors.aws.deriving.rules import Rules
from collectors.aws.outline import snake

_DEEPEST = 7
_ONLY_MAPS = frozenset({"environment", "environment_variables", "env_vars", "variables"})
"""Elsewhere the word means something else: the name of a stage, a count."""


class Hidden(Struct, frozen=True):
    secret: Mapping[str, str]
    volatile: Mapping[str, str]


class _Part(Struct, frozen=True, eq=False):
    """`map` is the path of the first map on the way: what lies in it has no path of its own."""

    path: str
    name: str
    shape: Shape
    map: str = ""


def hidden(members: Mapping[str, Shape], needed: Collection[str], rules: Rules) -> Hidden:
    """`needed` are the top-level keys that identity and tags are made of: they stay."""
    secret: dict[str, str] = {}
    volatile: dict[str, str] = {}
    for key, shape in members.items():
        if key in needed:
            continue
        for part in _walk(_Part(key, key, shape), frozenset()):
            where = part.map or part.path
            if _below(where, secret):
                continue
            reason = _secret(part, rules)
            if reason:
                secret[where] = reason
            elif not part.map and "[]" not in part.path and (reason := _volatile(part, rules)):
                volatile[part.path] = reason
    return Hidden(secret, {path: why for path, why in volatile.items() if not _covered(path, volatile, secret)})


def _covered(path: str, volatile: Mapping[str, str], secret: Mapping[str, str]) -> bool:
    """A part of it, or all, is taken out already."""
    return _below(path, secret) or any(path.startswith(f"{other}.") for other in volatile)


def _below(path: str, found: Collection[str]) -> bool:
    return any(path == other or path.startswith((f"{other}.", f"{other}[].")) for other in found)


def _walk(part: _Part, seen: frozenset[str]) -> Iterator[_Part]:
    yield part
    shape, path = part.shape, part.path
    if part.path.count(".") >= _DEEPEST or shape.name in seen:
        return
    seen |= {shape.name}
    if isinstance(shape, ListShape):
        inner = shape.member
        if isinstance(inner, (StructureShape, MapShape)) and inner.name not in seen:
            yield from _inside(
                inner, f"{path}[]", part.map or ("" if isinstance(inner, StructureShape) else path), seen
            )
    elif isinstance(shape, (StructureShape, MapShape)):
        yield from _inside(shape, path, part.map, seen)


def _inside(shape: Shape, path: str, map_: str, seen: frozenset[str]) -> Iterator[_Part]:
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            yield from _walk(_Part(f"{path}.{snake(name)}", snake(name), member, map_), seen)
    elif isinstance(shape, MapShape) and isinstance(shape.value, StructureShape) and shape.value.name not in seen:
        yield from _inside(shape.value, path, map_ or path, seen | {shape.value.name})


def _secret(part: _Part, rules: Rules) -> str:
    if _is_marked(part.shape) and part.shape.type_name in ("string", "blob", "map"):
        return rules.marked
    if not rules.secret.form.fullmatch(part.name) or rules.spared.fullmatch(part.name):
        return ""
    if part.name in _ONLY_MAPS:
        return rules.secret.reason if isinstance(part.shape, MapShape) else ""
    return rules.secret.reason if part.shape.type_name in ("string", "blob", "map", "structure") else ""


def _is_marked(shape: Shape) -> bool:
    return bool(shape.metadata.get("sensitive"))


def _volatile(part: _Part, rules: Rules) -> str:
    if part.shape.type_name == "list":
        return ""
    return next((each.reason for each in rules.volatile if each.form.fullmatch(part.name)), "")
