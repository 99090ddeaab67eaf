"""JSON answers become documents in one pass compiled from the output shape; a wrong type fails the reading."""

from collections.abc import Callable
from sys import intern
from typing import Any

import orjson
from botocore import xform_name
from botocore.model import ListShape, MapShape, Shape, StructureShape

from collectors.aws import values
from collectors.aws.shapes import EVERY_VALUE, Skip, beneath, is_dropped, is_free
from collectors.aws.values import Unreadable, wrong

Read = Callable[[Any], Any]
Table = dict[str, tuple[str, Read | None]]
"""Name on the wire → key in the document and reader; None reads text in place, the commonest member by far."""


def compile_json(shape: Shape, skip: Skip) -> Callable[[bytes], Any]:
    """A reader of a whole body, which must be an object with at least one member that the shape knows, or none."""
    compiler = _Compiler()
    read = compiler.compile(shape, "the body", skip)
    known = _wire_names(shape)

    def body(raw: bytes) -> Any:
        found = orjson.loads(raw)
        if b"\\u0000" in raw:
            _refuse_nul(found)
        if known and type(found) is dict and found and known.isdisjoint(found):
            raise Unreadable(f"none of the expected members, found {', '.join(sorted(found))[:60]}")
        return read(found)

    return body


def _wire_names(shape: Shape) -> frozenset[str]:
    if shape.type_name != "structure" or is_free(shape):
        return frozenset()
    return frozenset(member.serialization.get("name", name) for name, member in shape.members.items())


def _refuse_nul(found: Any) -> None:
    waiting = [found]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str) and "\0" in value:
            raise Unreadable("NUL in text")


class _Compiler:
    """Readers of one output shape; a structure that holds itself is compiled once for what is skipped in it."""

    def __init__(self) -> None:
        self._structures: dict[tuple[str, Skip], Table] = {}

    def compile(self, shape: Shape, name: str, skip: Skip) -> Read:
        if is_free(shape):
            return _free
        if isinstance(shape, StructureShape):
            return _structure(name, self._table(shape, skip))
        if isinstance(shape, ListShape):
            return _list(name, self.compile(shape.member, name, skip))
        if isinstance(shape, MapShape):
            return _map(name, _emptied if EVERY_VALUE in skip else self.compile(shape.value, name, skip))
        return _scalar(name, shape.type_name)

    def _table(self, shape: StructureShape, skip: Skip) -> Table:
        key = (shape.name, skip)
        table = self._structures.get(key)
        if table is None:
            table = self._structures[key] = {}
            for member, inner in shape.members.items():
                name = intern(xform_name(member))
                if (name,) in skip or is_dropped(inner):
                    continue
                plain_text = inner.type_name in ("string", "character") and not is_free(inner)
                read = None if plain_text else self.compile(inner, name, beneath(skip, name))
                table[intern(inner.serialization.get("name", member))] = (name, read)
        return table


def _structure(label: str, table: Table) -> Read:
    get = table.get

    def read(found: Any) -> dict[str, Any]:
        if type(found) is not dict:
            raise wrong(label, "an object", found)
        document = {}
        for key, value in found.items():
            entry = get(key)
            if entry is None or value is None:
                continue
            name, inner = entry
            if inner is not None:
                document[name] = inner(value)
            elif type(value) is str:
                document[name] = value
            else:
                raise wrong(name, "text", value)
        return document

    return read


def _list(name: str, inner: Read) -> Read:
    def read(found: Any) -> list[Any]:
        if type(found) is not list:
            raise wrong(name, "a list", found)
        return [inner(value) for value in found if value is not None]

    return read


def _map(name: str, inner: Read) -> Read:
    def read(found: Any) -> dict[str, Any]:
        if type(found) is not dict:
            raise wrong(name, "an object", found)
        return {key: inner(value) for key, value in found.items() if value is not None}

    return read


def _emptied(_found: Any) -> str:
    return ""


def _free(found: Any) -> Any:
    return found


def _scalar(name: str, kind: str) -> Read:
    if kind == "boolean":
        return lambda found: _typed(name, "true or false", found, bool)
    if kind in ("integer", "long"):
        return lambda found: _integer(name, found)
    if kind in ("float", "double"):
        return lambda found: _number(name, found)
    if kind == "timestamp":
        return lambda found: _moment(name, found)
    return lambda found: _typed(name, "text", found, str)


def _typed(name: str, expected: str, found: Any, kind: type) -> Any:
    if type(found) is not kind:
        raise wrong(name, expected, found)
    return found


def _integer(name: str, found: Any) -> int | float:
    if type(found) is int:
        return values.bounded(name, found)
    # Services written in JavaScript or Java write 5 as 5.0, and some models say integer of what has a fraction.
    number = _number(name, found)
    if not values.SMALLEST <= number <= values.LARGEST:
        raise wrong(name, "an integer of 64 bits", found)
    return int(number) if number.is_integer() else number


def _number(name: str, found: Any) -> float:
    if type(found) is int:
        return float(found) if abs(found) > values.LARGEST else found
    return values.finite(name, _typed(name, "a number", found, float))


def _moment(name: str, found: Any) -> str:
    if type(found) is int or type(found) is float:
        return values.moment_of_epoch(name, found)
    return values.moment(name, _typed(name, "a time", found, str))
