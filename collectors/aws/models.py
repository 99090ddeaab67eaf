"""What AWS says about its own operations, and no more of it in memory than is used."""

import gzip
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import orjson
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, StructureShape
from botocore.serialize import create_serializer

from collectors.aws.paging import NO_PAGES, Pages, pages_of
from collectors.aws.readers import Reader, Skip, compile_reader
from syncd.errors import Failed

PROTOCOLS = ("json", "rest-json", "query", "rest-xml", "ec2")


@dataclass(frozen=True, eq=False)
class Operation:
    """One call of one service: how it is asked, where its pages go on, and how its answer is read."""

    service: str
    name: str
    model: OperationModel
    protocol: str
    signing_name: str
    pages: Pages = NO_PAGES
    readers: dict[Skip, Reader] = field(default_factory=dict, repr=False)

    @cached_property
    def label(self) -> str:
        """`ec2:DescribeInstances`: how errors and statistics name the call."""
        return f"{self.service}:{self.name}"

    @property
    def permission(self) -> str:
        """The IAM action, unless the catalog says that it is spelled otherwise."""
        return self.label

    @cached_property
    def output_shape(self) -> StructureShape | None:
        return self.model.output_shape

    @cached_property
    def serialize(self) -> Callable[[dict[str, Any], OperationModel], dict[str, Any]]:
        serializer = create_serializer(self.protocol, include_validation=False)
        return serializer.serialize_to_request  # type: ignore[no-any-return]

    def reader_for(self, skip: Skip = frozenset()) -> Reader:
        """A reader that never builds the members at the paths in `skip` (snake_case, lists and maps transparent)."""
        found = self.readers.get(skip)
        if found is None:
            found = self.readers[skip] = compile_reader(self.model, self.protocol, self.label, skip)
        return found

    def read(self, status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        return self.reader_for()(status, headers, body)


class _Service(msgspec.Struct):
    """A service's document. Its parts are parsed when something reaches them: of the 4 MB of EC2 less than a tenth."""

    metadata: dict[str, Any]
    operations: dict[str, msgspec.Raw]
    shapes: dict[str, msgspec.Raw]
    context: Any = msgspec.field(default=None, name="clientContextParams")


_SERVICE = msgspec.json.Decoder(_Service)


class Models:
    """Operations by service and name, loaded when first asked for and kept.

    Only the metadata, the wanted operations and the shapes they reach are kept of a service. `expect` names the
    operations that will be wanted, so that each service's document is parsed once.
    """

    def __init__(self, expected: Mapping[str, Collection[str]] | None = None, *, documentation: bool = False) -> None:
        self._expected: dict[str, set[str]] = {}
        self._documentation = documentation
        self._services: dict[str, ServiceModel] = {}
        self._pages: dict[str, dict[str, Any]] = {}
        self._operations: dict[tuple[str, str], Operation] = {}
        self._lock = threading.Lock()
        self.expect(expected or {})

    def expect(self, wanted: Mapping[str, Collection[str]]) -> None:
        for service, names in wanted.items():
            self._expected.setdefault(service, set()).update(names)

    def operation(self, service: str, name: str) -> Operation:
        """Raises Failed for a service or an operation that the installed models do not know."""
        found = self._operations.get((service, name))
        if found is None:
            with self._lock:
                found = self._operations[service, name] = self._make(service, name)
        return found

    def service(self, service: str) -> ServiceModel:
        """A service's metadata; its operations are only those wanted so far."""
        if service not in self._services:
            self._load(service, set())
        return self._services[service]

    def ruleset(self, service: str) -> dict[str, Any] | None:
        """The endpoint rules of a service, None where it has none. Not kept here."""
        try:
            rules: dict[str, Any] = orjson.loads(_raw(service, "endpoint-rule-set-1"))
        except FileNotFoundError:
            return None
        return rules

    def _make(self, service: str, name: str) -> Operation:
        known = self._services.get(service)
        if known is None or name not in known.operation_names:
            known = self._load(service, {name})
        model = known.operation_model(name)
        protocol = _protocol(known.metadata)
        if protocol is None:
            raise Failed(f"{service} offers no protocol that is spoken here", operation=f"{service}:{name}")
        pages = pages_of(service, model, self._pages[service].get(name))
        return Operation(service, name, model, protocol, known.signing_name, pages)

    def _load(self, service: str, names: set[str]) -> ServiceModel:
        wanted = self._expected.setdefault(service, set()) | names
        try:
            document = _SERVICE.decode(_raw(service, "service-2"))
        except FileNotFoundError:
            raise Failed(f"the installed models know no service {service}", operation=f"{service}:*") from None
        missing = names - document.operations.keys()
        if missing:
            name = missing.pop()
            raise Failed(f"the installed model of {service} has no operation {name}", operation=f"{service}:{name}")
        wanted &= document.operations.keys()
        self._expected[service] = wanted
        known = ServiceModel(_trimmed(document, wanted, self._documentation), service)
        self._services[service] = known
        try:
            pages = orjson.loads(_raw(service, "paginators-1"))["pagination"]
        except FileNotFoundError:
            pages = {}
        self._pages[service] = {name: pages[name] for name in wanted if name in pages}
        return known


def _protocol(metadata: Mapping[str, Any]) -> str | None:
    offered = metadata.get("protocols") or [metadata.get("protocol")]
    return next((protocol for protocol in PROTOCOLS if protocol in offered), None)


def _raw(service: str, kind: str) -> bytes:
    """One file of botocore's data, newest version; read anew each time, since a cache would hold all of it."""
    folders = [*_search_paths()]
    versions = sorted(
        (path for folder in folders for path in (Path(folder) / service).glob("*/") if _file(path, kind)),
        key=lambda path: path.name,
    )
    if not versions:
        raise FileNotFoundError(f"{service}/{kind}")
    file = _file(versions[-1], kind)
    assert file is not None
    raw = file.read_bytes()
    return gzip.decompress(raw) if file.suffix == ".gz" else raw


def _search_paths() -> Iterable[str]:
    return Loader(include_default_search_paths=True).search_paths  # type: ignore[no-any-return]


def _file(folder: Path, kind: str) -> Path | None:
    candidates = (folder / f"{kind}.json", folder / f"{kind}.json.gz")
    return next((path for path in candidates if path.is_file()), None)


def _trimmed(document: _Service, names: Iterable[str], documentation: bool) -> dict[str, Any]:
    """The part of a service's document that the named operations reach."""
    operations = {name: msgspec.json.decode(document.operations[name]) for name in names}
    shapes: dict[str, Any] = {}
    waiting = [
        operation[side]["shape"]
        for operation in operations.values()
        for side in ("input", "output")
        if side in operation
    ]
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = msgspec.json.decode(document.shapes[name])
            waiting.extend(_references(shapes[name]))
    for operation in operations.values():
        operation.pop("errors", None)
    kept = {"metadata": document.metadata, "operations": operations, "shapes": shapes}
    if not documentation:
        _drop_documentation(kept)
    if document.context is not None:
        kept["clientContextParams"] = document.context
    return kept


def _references(shape: dict[str, Any]) -> list[str]:
    found = [member["shape"] for member in shape.get("members", {}).values()]
    found.extend(shape[part]["shape"] for part in ("member", "key", "value") if part in shape)
    return found


def _drop_documentation(document: dict[str, Any]) -> None:
    for operation in document["operations"].values():
        operation.pop("documentation", None)
        operation.pop("documentationUrl", None)
    for shape in document["shapes"].values():
        for trait in ("documentation", "enum", "pattern"):
            shape.pop(trait, None)
        for member in shape.get("members", {}).values():
            member.pop("documentation", None)
