"""What AWS says about its own operations, and no more of it in memory than is used."""

import gzip
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import botocore
import msgspec
import orjson
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, StructureShape
from botocore.serialize import create_serializer

import syncd
from collectors.aws.paging import NO_PAGES, Pages, pages_of
from collectors.aws.readers import Reader, Skip, compile_reader
from collectors.aws.shelf import NOTHING_KEPT, Shelf, stamp
from syncd.errors import Failed

PROTOCOLS = ("json", "rest-json", "query", "rest-xml", "ec2")


@dataclass(frozen=True, eq=False)
class Operation:
    """One call of one service: how it is asked, where its pages go on, and how its answer is read.

    `made_of` changes with the service's model.
    """

    service: str
    name: str
    model: OperationModel
    protocol: str
    signing_name: str
    pages: Pages = NO_PAGES
    made_of: str = ""
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
    def token_name(self) -> str:
        """How the wire calls the one member that asks for the next page, "" where that is no plain member."""
        outputs = self.pages.outputs
        if self.output_shape is None or len(outputs) != 1 or len(outputs[0]) != 1 or len(outputs[0][0]) != 1:
            return ""
        members = self.output_shape.members.items()
        found = (
            shape.serialization.get("name", name) for name, shape in members if xform_name(name) == outputs[0][0][0]
        )
        return str(next(found, ""))

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
Decode = Callable[[msgspec.Raw], Any]


class _Kept(msgspec.Struct):
    """What was reached of a service's document, kept for the next start. It has no operations that are `unknown`."""

    document: _Service
    pages: dict[str, Any]
    unknown: frozenset[str]


_KEPT = msgspec.msgpack.Decoder(_Kept)


class Models:
    """Operations by service and name, loaded when first asked for and kept.

    Only the metadata, the wanted operations and the shapes they reach are kept of a service. `expect` names the
    operations that will be wanted, so that each service's document is parsed once.
    """

    def __init__(
        self,
        expected: Mapping[str, Collection[str]] | None = None,
        *,
        documentation: bool = False,
        shelf: Shelf = NOTHING_KEPT,
    ) -> None:
        self._expected: dict[str, set[str]] = {}
        self._documentation = documentation
        self._shelf = NOTHING_KEPT if documentation else shelf
        self._services: dict[str, ServiceModel] = {}
        self._pages: dict[str, dict[str, Any]] = {}
        self._stamps: dict[str, str] = {}
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
        return Operation(service, name, model, protocol, known.signing_name, pages, self._stamps[service])

    def _load(self, service: str, names: set[str]) -> ServiceModel:
        wanted = self._expected.setdefault(service, set()) | names
        try:
            found = self._found(service, wanted)
        except FileNotFoundError:
            raise Failed(f"the installed models know no service {service}", operation=f"{service}:*") from None
        missing = names - found["operations"].keys()
        if missing:
            name = missing.pop()
            raise Failed(f"the installed model of {service} has no operation {name}", operation=f"{service}:{name}")
        self._expected[service] = set(found["operations"])
        self._pages[service] = found.pop("pages")
        known = self._services[service] = ServiceModel(found, service)
        return known

    def _found(self, service: str, wanted: set[str]) -> dict[str, Any]:
        """What the wanted operations reach of a service's document, with its `pages`: as kept, else from the models."""
        source = _newest(service, "service-2")
        made_of = self._stamps[service] = stamp((syncd.__version__, botocore.__version__), (source, Path(__file__)))
        kept = self._kept(service, made_of)
        if kept is not None and wanted <= kept.document.operations.keys() | kept.unknown:
            here = wanted & kept.document.operations.keys()
            found = _trimmed(kept.document, here, msgspec.msgpack.decode)
            return found | {"pages": {name: kept.pages[name] for name in here if name in kept.pages}}
        document = _SERVICE.decode(_unpacked(source))
        # Other runs ask for other operations: what was kept for them stays.
        asked = wanted | kept.document.operations.keys() | kept.unknown if kept is not None else wanted
        here = asked & document.operations.keys()
        found = _trimmed(document, here, msgspec.json.decode)
        if not self._documentation:
            _drop_documentation(found)
        found["pages"] = {name: pages for name, pages in self._paginators(service).items() if name in here}
        self._keep(service, made_of, found, asked - here)
        return found

    def _paginators(self, service: str) -> dict[str, Any]:
        try:
            pages: dict[str, Any] = orjson.loads(_raw(service, "paginators-1"))["pagination"]
        except FileNotFoundError:
            return {}
        return pages

    def _kept(self, service: str, made_of: str) -> _Kept | None:
        raw = self._shelf.get(f"model-{service}", made_of)
        try:
            return None if raw is None else _KEPT.decode(raw)
        except msgspec.DecodeError:
            return None

    def _keep(self, service: str, made_of: str, found: dict[str, Any], unknown: set[str]) -> None:
        document = {name: part for name, part in found.items() if name != "pages"}
        kept = {"document": document, "pages": found["pages"], "unknown": sorted(unknown)}
        self._shelf.put(f"model-{service}", made_of, msgspec.msgpack.encode(kept))


def _protocol(metadata: Mapping[str, Any]) -> str | None:
    offered = metadata.get("protocols") or [metadata.get("protocol")]
    return next((protocol for protocol in PROTOCOLS if protocol in offered), None)


def _raw(service: str, kind: str) -> bytes:
    """One file of botocore's data, newest version; read anew each time, since a cache would hold all of it."""
    return _unpacked(_newest(service, kind))


def _newest(service: str, kind: str) -> Path:
    folders = [*_search_paths()]
    versions = sorted(
        (path for folder in folders for path in (Path(folder) / service).glob("*/") if _file(path, kind)),
        key=lambda path: path.name,
    )
    file = _file(versions[-1], kind) if versions else None
    if file is None:
        raise FileNotFoundError(f"{service}/{kind}")
    return file


def _unpacked(file: Path) -> bytes:
    raw = file.read_bytes()
    return gzip.decompress(raw) if file.suffix == ".gz" else raw


def _search_paths() -> Iterable[str]:
    return Loader(include_default_search_paths=True).search_paths  # type: ignore[no-any-return]


def _file(folder: Path, kind: str) -> Path | None:
    candidates = (folder / f"{kind}.json", folder / f"{kind}.json.gz")
    return next((path for path in candidates if path.is_file()), None)


def _trimmed(document: _Service, names: Iterable[str], decode: Decode) -> dict[str, Any]:
    """The part of a service's document that the named operations reach."""
    operations = {name: decode(document.operations[name]) for name in names}
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
            shapes[name] = decode(document.shapes[name])
            waiting.extend(_references(shapes[name]))
    for operation in operations.values():
        operation.pop("errors", None)
    kept = {"metadata": document.metadata, "operations": operations, "shapes": shapes}
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
