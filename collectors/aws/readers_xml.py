"""XML answers become documents in one pass compiled from the output shape; a wrong root or type fails the reading."""

import re
from collections.abc import Callable
from sys import intern
from typing import Any

from botocore import xform_name
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from lxml import etree

from collectors.aws import values
from collectors.aws.shapes import EVERY_VALUE, Skip, beneath, is_dropped
from collectors.aws.values import Unreadable, wrong

Element = Any  # lxml has no public name for the type
Read = Callable[[Element], Any]
Entry = tuple[str, values.Known | None, Read | None, bool]
"""Key in the document; values by their text; reader (neither: text); whether each such element adds to a list."""

Table = dict[str, Entry]

# Real roots of answers whose shapes are named after the operation. They matter where an answer may be empty.
_S3_ROOTS = {
    "GetBucketAccelerateConfiguration": "AccelerateConfiguration",
    "GetBucketAcl": "AccessControlPolicy",
    "GetBucketCors": "CORSConfiguration",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketLogging": "BucketLoggingStatus",
    "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetBucketTagging": "Tagging",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetBucketWebsite": "WebsiteConfiguration",
    "GetObjectTagging": "Tagging",
    "ListBucketAnalyticsConfigurations": "ListBucketAnalyticsConfigurationResult",
    "ListBucketInventoryConfigurations": "ListInventoryConfigurationsResult",
    "ListBucketMetricsConfigurations": "ListMetricsConfigurationsResult",
    "ListBuckets": "ListAllMyBucketsResult",
    "ListDirectoryBuckets": "ListAllMyDirectoryBucketsResult",
    "ListObjectsV2": "ListBucketResult",
    "ListObjects": "ListBucketResult",
}
_NO_ANSWER = ("html", "HTML", "Error", "ErrorResponse", "Response")

# Namespaces mean nothing to the readers, and names are read twice as fast without one.
_ROOT_NAMESPACE = re.compile(rb'\s*(?:<\?xml[^>]*\?>)?\s*<[\w.-]+(\s+xmlns="[^"]*")').match
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        load_dtd=False,
        collect_ids=False,
    )


_PARSER = _parser()


def parse(raw: bytes) -> Element:
    """The root element. Raises Unreadable or XMLSyntaxError; a document type is never accepted."""
    namespace = _ROOT_NAMESPACE(raw)
    if namespace is not None:
        start, end = namespace.span(1)
        raw = raw[:start] + raw[end:]
    root: Element = etree.fromstring(raw, _PARSER)
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("a document type declaration")
    return root


def local(tag: str) -> str:
    return tag.rpartition("}")[2]


def compile_xml(
    model: OperationModel, shape: Shape, protocol: str, skip: Skip, names: tuple[str, ...] = ()
) -> Callable[[bytes], Any]:
    """A reader of a whole body, which must have the root that the protocol prescribes."""
    if model.name == "GetBucketLocation":
        return _bucket_location
    read = _Compiler().compile(shape, "the body", skip)
    if protocol == "rest-xml":
        roots = {shape.name, *names, shape.serialization.get("name", shape.name)}
        roots |= {f"{model.name}Result", f"{model.name}Response", _S3_ROOTS.get(model.name, shape.name)}
        return _rest(read, frozenset(roots))
    wrapper = shape.serialization.get("resultWrapper") if protocol == "query" else None
    return _rpc(read, f"{model.name}Response", wrapper)


def _rpc(read: Read, root_name: str, wrapper: str | None) -> Callable[[bytes], Any]:
    def body(raw: bytes) -> Any:
        root = parse(raw)
        if local(root.tag) != root_name:
            raise Unreadable(f"root element {local(root.tag)}, expected {root_name}")
        if wrapper is None:
            return read(root)
        for child in root:
            if local(child.tag) == wrapper:
                return read(child)
        raise Unreadable(f"no element {wrapper} in {root_name}")

    return body


def _rest(read: Read, roots: frozenset[str]) -> Callable[[bytes], Any]:
    def body(raw: bytes) -> Any:
        root = parse(raw)
        name = local(root.tag)
        document = {} if name in _NO_ANSWER and name not in roots else read(root)
        # Models do not always spell the root as the service does; one known member proves the answer.
        if not document and name not in roots:
            raise Unreadable(f"root element {name}, expected {' or '.join(sorted(roots))}")
        return document

    return body


def _bucket_location(raw: bytes) -> dict[str, Any]:
    """The root itself is the value; empty stands for the oldest region, and EU for the second oldest.

    Stand-ins wrap it as other operations do.
    """
    root = parse(raw)
    if local(root.tag) not in ("LocationConstraint", "GetBucketLocationResult"):
        raise Unreadable(f"root element {local(root.tag)}, expected LocationConstraint")
    if len(root) == 1 and local(root[0].tag) == "LocationConstraint":
        root = root[0]
    return {"location_constraint": {"": "us-east-1", "EU": "eu-west-1"}.get(text := _text(root), text)}


class _Compiler:
    """Readers of one output shape; a structure that holds itself is compiled once for what is skipped in it."""

    def __init__(self) -> None:
        self._structures: dict[tuple[str, Skip], tuple[Table, dict[str, str]]] = {}

    def compile(self, shape: Shape, name: str, skip: Skip) -> Read:
        if isinstance(shape, StructureShape):
            return self._structure(shape, skip)
        if isinstance(shape, ListShape):
            return _list(self.compile(shape.member, name, skip), shape.member.type_name == "string")
        if isinstance(shape, MapShape):
            return self._map(shape, name, skip)
        known = values.known(name, shape.type_name)
        return _text if known is None else lambda element: known[_text(element)]

    def _structure(self, shape: StructureShape, skip: Skip) -> Read:
        key = (shape.name, skip)
        if key not in self._structures:
            table: Table = {}
            attributes: dict[str, str] = {}
            self._structures[key] = (table, attributes)
            for member, inner in shape.members.items():
                self._member(member, inner, skip, (table, attributes))
        table, attributes = self._structures[key]
        gathering = attributes or any(gathers for *_, gathers in table.values())
        return _gathering(table, attributes) if gathering else _structure(table)

    def _member(self, member: str, inner: Shape, skip: Skip, into: tuple[Table, dict[str, str]]) -> None:
        table, attributes = into
        name = intern(xform_name(member))
        wire = inner.serialization.get("name", member)
        if (name,) in skip or is_dropped(inner) or inner.serialization.get("location"):
            return
        below = beneath(skip, name)
        if inner.serialization.get("xmlAttribute"):
            attributes[_attribute(wire)] = name
        elif inner.serialization.get("flattened") and isinstance(inner, ListShape):
            wire = inner.member.serialization.get("name", wire)
            table[wire] = (name, None, self.compile(inner.member, name, below), True)
        elif inner.serialization.get("flattened") and isinstance(inner, MapShape):
            table[wire] = (name, None, self._pair(inner, name, below), True)
        elif isinstance(inner, (StructureShape, ListShape, MapShape)):
            table[intern(wire)] = (name, None, self.compile(inner, name, below), False)
        else:
            table[intern(wire)] = (name, values.known(name, inner.type_name), None, False)

    def _map(self, shape: MapShape, name: str, skip: Skip) -> Read:
        pair = self._pair(shape, name, skip)

        def read(element: Element) -> dict[str, Any]:
            document = dict(pair(child) for child in element)
            if not document:
                _expect_nothing(element)
            return document

        return read

    def _pair(self, shape: MapShape, name: str, skip: Skip) -> Callable[[Element], tuple[str, Any]]:
        key_name = shape.key.serialization.get("name", "key")
        value_name = shape.value.serialization.get("name", "value")
        inner = _emptied if EVERY_VALUE in skip else self.compile(shape.value, name, skip)

        def read(element: Element) -> tuple[str, Any]:
            parts = {local(child.tag): child for child in element}
            if key_name not in parts or value_name not in parts:
                raise Unreadable(f"{name}: an entry without {key_name} and {value_name}")
            return _text(parts[key_name]), inner(parts[value_name])

        return read


def _attribute(wire: str) -> str:
    prefix, _, name = wire.rpartition(":")
    return f"{_XSI}{name}" if prefix == "xsi" else name


def _structure(table: Table) -> Read:
    get = table.get

    def read(element: Element) -> dict[str, Any]:
        document = {}
        for child in element[:]:
            entry = get(child.tag) or _elsewhere(get, child)
            if entry is None:
                continue
            name, known, inner, _ = entry
            if inner is not None:
                document[name] = inner(child)
            elif known is not None:
                document[name] = known[child.text or _blank(child)]
            else:
                document[name] = child.text or _blank(child)
        if not document:
            _expect_nothing(element)
        return document

    return read


def _gathering(table: Table, attributes: dict[str, str]) -> Read:
    """A structure with attributes, or with lists and maps whose elements lie among its own."""
    get = table.get

    def read(element: Element) -> dict[str, Any]:
        document: dict[str, Any] = {}
        for attribute, name in attributes.items():
            value = element.get(attribute)
            if value is not None:
                document[name] = value
        for child in element[:]:
            entry = get(child.tag) or _elsewhere(get, child)
            if entry is not None:
                _gather(document, entry, child)
        if not document:
            _expect_nothing(element)
        return document

    return read


def _gather(document: dict[str, Any], entry: Entry, child: Element) -> None:
    name, known, inner, gathers = entry
    value = _text(child) if inner is None else inner(child)
    if not gathers:
        document[name] = value if known is None else known[value]
    elif isinstance(value, tuple):
        document.setdefault(name, {})[value[0]] = value[1]
    else:
        document.setdefault(name, []).append(value)


def _elsewhere(get: Callable[[str], Entry | None], child: Element) -> Entry | None:
    """A member under a namespace of its own; None for one that the model does not know."""
    tag = child.tag
    return get(local(tag)) if "}" in tag else None


def _list(inner: Read, of_text: bool) -> Read:
    def texts(element: Element) -> list[Any]:
        return [child.text or _blank(child) for child in element[:]] or _none(element)

    def others(element: Element) -> list[Any]:
        return [inner(child) for child in element[:]] or _none(element)

    return texts if of_text else others


def _none(element: Element) -> list[Any]:
    _expect_nothing(element)
    return []


def _expect_nothing(element: Element) -> None:
    text = element.text
    if text and not text.isspace():
        raise wrong(local(element.tag), "elements", text)


def _blank(element: Element) -> str:
    if len(element):
        raise Unreadable(f"{local(element.tag)}: text expected, found elements")
    return ""


def _text(element: Element) -> str:
    return element.text or _blank(element)


def _emptied(_element: Element) -> str:
    return ""
