"""Documents to XML, as output shapes say."""

from typing import Any
from xml.sax.saxutils import escape

from botocore.model import Shape

from bench.fakeaws.wire.scalar import text

Value = Any  # whatever a document may hold

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def element(shape: Shape, value: Value, name: str, out: list[str]) -> None:
    match shape.type_name:
        case "structure":
            out.append(f"<{name}{_attributes(shape, value)}>")
            members(shape, value, out)
            out.append(f"</{name}>")
        case "list":
            _list(shape, value, name, out)
        case "map":
            _map(shape, value, name, out)
        case _:
            out.append(f"<{name}>{escape(text(shape, value))}</{name}>")


def members(shape: Shape, value: dict[str, Value], out: list[str]) -> None:
    for key, member in shape.members.items():
        placed = member.serialization.get("xmlAttribute") or member.serialization.get("location")
        if value.get(key) is not None and not placed:
            element(member, value[key], member.serialization.get("name", key), out)


def _attributes(shape: Shape, value: dict[str, Value]) -> str:
    found = ""
    for key, member in shape.members.items():
        if member.serialization.get("xmlAttribute") and key in value:
            name = member.serialization.get("name", key)
            if name.startswith("xsi:"):
                found += ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
            found += f' {name}="{escape(str(value[key]))}"'
    return found


def _list(shape: Shape, values: list[Value], name: str, out: list[str]) -> None:
    flat = shape.serialization.get("flattened")
    member_name = shape.member.serialization.get("name", name if flat else "member")
    if not flat:
        out.append(f"<{name}>")
    for value in values:
        element(shape.member, value, member_name, out)
    if not flat:
        out.append(f"</{name}>")


def _map(shape: Shape, values: dict[str, Value], name: str, out: list[str]) -> None:
    flat = shape.serialization.get("flattened")
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    entry = name if flat else "entry"
    if not flat:
        out.append(f"<{name}>")
    for key, value in values.items():
        out.append(f"<{entry}>")
        element(shape.key, key, key_name, out)
        element(shape.value, value, value_name, out)
        out.append(f"</{entry}>")
    if not flat:
        out.append(f"</{name}>")
