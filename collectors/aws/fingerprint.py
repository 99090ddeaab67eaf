"""Tells two meanings of a scope's documents apart: catalog entries, the model's shapes and the rules that apply."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from msgspec import Struct

from collectors.aws.outline import snake
from collectors.aws.plans import KindPlan
from collectors.aws.targets import Target

ENGINE = "1"
"""To be raised when the engine makes other documents or edges of the same answers."""


_SAME = frozenset({"known", "each", "absent"})  # say which calls are made, and when none: documents mean the same


def fingerprint(kinds: Iterable[KindPlan], referred: Iterable[Target]) -> str:
    digest = blake2b(ENGINE.encode(), digest_size=8)
    for plan in kinds:
        digest.update(_text(plan.entry).encode())
        digest.update(_text(plan.shaping.references).encode())
        digest.update(plan.tagging.encode())
        for key, shape in sorted(plan.shaping.outline.roots.items()):
            seen: set[str] = set()
            digest.update(f"\n{key}:{'|'.join(_shape(shape, seen)) if shape is not None else 'text'}".encode())
    for target in referred:
        digest.update(f"{target.kind} {target.reference} {target.form} {target.arn}".encode())
    return digest.hexdigest()


def _text(value: Any) -> str:
    """The value written out the same way in every process."""
    if isinstance(value, Struct):
        return _text({name: getattr(value, name) for name in value.__struct_fields__ if name not in _SAME})
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}={_text(part)}" for key, part in sorted(value.items())) + "}"
    if isinstance(value, (frozenset, set)):
        return _text(sorted(value))
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_text(part) for part in value) + "]"
    return repr(value)


def _shape(shape: Shape, seen: set[str]) -> Iterator[str]:
    """Names and types that can be reached, each structure once."""
    if isinstance(shape, ListShape):
        yield "["
        yield from _shape(shape.member, seen)
    elif isinstance(shape, MapShape):
        yield "{"
        yield from _shape(shape.value, seen)
    elif isinstance(shape, StructureShape):
        yield shape.name
        if shape.name not in seen:
            seen.add(shape.name)
            for name, member in sorted(shape.members.items()):
                yield snake(name)
                yield from _shape(member, seen)
    else:
        yield shape.type_name
