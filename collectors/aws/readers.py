"""The bytes of an answer become its document, or the reading fails: never an empty document for an unreadable body."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from botocore import xform_name
from botocore.model import OperationModel, Shape, StructureShape
from lxml import etree

from collectors.aws import values
from collectors.aws.readers_json import compile_json
from collectors.aws.readers_xml import compile_xml
from collectors.aws.shapes import Skip, beneath, is_deep, is_dropped
from collectors.aws.values import Unreadable
from syncd.errors import Failed

__all__ = ["Reader", "Skip", "compile_reader"]

Document = dict[str, Any]
Reader = Callable[[int, Mapping[str, str], bytes], Document]
Body = Callable[[bytes], Document]
Header = Callable[[int, Mapping[str, str], Document], None]

_HEADER_LOCATIONS = ("header", "headers", "statusCode")


def compile_reader(model: OperationModel, protocol: str, label: str, skip: Skip = frozenset()) -> Reader:
    """A function of status, headers and body; raises Failed naming the operation and what was wrong."""
    shape = model.output_shape
    body = _body(model, shape, protocol, skip)
    headers = [] if shape is None else _headers(shape, protocol, skip)
    deep = shape is not None and is_deep(shape)

    def read(status: int, given: Mapping[str, str], raw: bytes) -> Document:
        try:
            document = {} if status == 204 and not raw else body(raw)
            for header in headers:
                header(status, given, document)
            if deep:
                values.plain(label, document)
        except Unreadable as error:
            raise _failed(label, str(error)) from None
        except (ValueError, etree.XMLSyntaxError) as error:
            raise _failed(label, _syntax(error)) from None
        except RecursionError:
            raise _failed(label, "nested too deeply") from None
        return document

    return read


def _failed(label: str, reason: str) -> Failed:
    return Failed(f"{label}: unreadable answer: {reason}", operation=label)


def _syntax(error: Exception) -> str:
    if isinstance(error, orjson.JSONDecodeError):
        return f"not JSON: {error.msg}"
    return f"not XML: {error}" if isinstance(error, etree.XMLSyntaxError) else str(error)


def _body(model: OperationModel, shape: StructureShape | None, protocol: str, skip: Skip) -> Body:
    if shape is None:
        return _nothing
    payload = shape.serialization.get("payload")
    if payload is not None and protocol.startswith("rest"):
        return _payload(model, shape, protocol, skip)
    in_body = [name for name, member in shape.members.items() if not _in_header(member, protocol)]
    if not in_body and protocol.startswith("rest"):
        return _nothing
    if protocol in ("json", "rest-json"):
        return compile_json(shape, skip)
    return compile_xml(model, shape, protocol, skip)


def _nothing(_raw: bytes) -> Document:
    return {}


def _in_header(member: Shape, protocol: str) -> bool:
    return protocol.startswith("rest") and member.serialization.get("location") in _HEADER_LOCATIONS


def _payload(model: OperationModel, shape: StructureShape, protocol: str, skip: Skip) -> Body:
    """The body is one member of the output."""
    member = shape.serialization["payload"]
    inner = shape.members[member]
    name = xform_name(member)
    if is_dropped(inner) or (name,) in skip:
        return _nothing
    if inner.type_name == "string":
        return _text_payload(name)
    below = beneath(skip, name)
    if protocol == "rest-json":
        read = compile_json(inner, below)
    else:
        read = compile_xml(model, inner, protocol, below, names=(inner.serialization.get("name", member), member))
    return lambda raw: {name: read(raw)}


def _text_payload(name: str) -> Body:
    """A text body: the only ones are policies and definitions in JSON, so anything else is not the answer."""

    def read(raw: bytes) -> Document:
        if not isinstance(orjson.loads(raw), dict):
            raise values.wrong(name, "a JSON object", raw[:40])
        text = raw.decode()
        values.plain(name, text)
        return {name: text}

    return read


def _headers(shape: StructureShape, protocol: str, skip: Skip) -> list[Header]:
    """Readers of the members that travel in headers; those of kinds that no inventory needs are left out."""
    found = []
    for member, inner in shape.members.items():
        name = xform_name(member)
        if not _in_header(inner, protocol) or (name,) in skip:
            continue
        location = inner.serialization["location"]
        if location == "statusCode":
            found.append(_status(name))
        elif location == "headers":
            found.append(_prefixed(name, inner.serialization.get("name", "")))
        elif inner.type_name in _SCALARS and not inner.serialization.get("jsonvalue"):
            found.append(_header(name, inner.serialization.get("name", member), _SCALARS[inner.type_name]))
    return found


def _status(name: str) -> Header:
    def read(status: int, _given: Mapping[str, str], document: Document) -> None:
        document[name] = status

    return read


def _prefixed(name: str, prefix: str) -> Header:
    start = prefix.lower()

    def read(_status: int, given: Mapping[str, str], document: Document) -> None:
        document[name] = {key[len(start) :]: value for key, value in given.items() if key.lower().startswith(start)}

    return read


_SCALARS: dict[str, Callable[[str, str], Any]] = {
    "string": lambda _name, text: text,
    "boolean": values.boolean,
    "integer": values.integer,
    "long": values.integer,
    "float": values.decimal,
    "double": values.decimal,
    "timestamp": values.moment,
}


def _header(name: str, wire: str, convert: Callable[[str, str], Any]) -> Header:
    def read(_status: int, given: Mapping[str, str], document: Document) -> None:
        text = given.get(wire)
        if text is not None:
            document[name] = convert(name, text)

    return read
