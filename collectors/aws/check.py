"""Checks a catalog against botocore's models and syncd's kinds: one line a mistake, naming the nearest valid name."""

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache, partial
from pathlib import Path
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import OperationModel, OperationNotFoundError, ServiceModel, Shape, StructureShape
from msgspec.structs import replace

from collectors.aws import catalog
from collectors.aws.check_kind import check_common, check_facet_keys, check_hidden, check_identity, check_paths
from collectors.aws.entries import Catalog, Facet, KindEntry, Target
from collectors.aws.iam_actions import check_actions, known
from collectors.aws.outline import Outline, UnknownName, follow_output, tag_names
from collectors.aws.outlines import Operations, facet_outline, item_outline, taken, whole_outline
from collectors.aws.tables import Problems, nearest
from collectors.aws.templates import PLACE_NAMES, template
from syncd.kinds import KindRegistry

ENGINE_KINDS = frozenset(
    {
        "aws_account",
        "aws_region",
        "aws_organization",
        "aws_organizational_root",
        "aws_organizational_unit",
        "aws_resource",
    }
)


class Botocore:
    """botocore's own models, straight from its data files."""

    def __init__(self) -> None:
        self._loader = Loader()
        self._services = self._loader.list_available_services("service-2")

    def model(self, target: Target) -> OperationModel:
        service = self._service(target.service)
        try:
            return service.operation_model(target.operation)
        except OperationNotFoundError:
            hint = nearest(target.operation, service.operation_names)
            raise UnknownName(f"unknown operation {target}{hint}") from None

    @cache  # noqa: B019 - one instance a check
    def _service(self, name: str) -> ServiceModel:
        try:
            return ServiceModel(self._loader.load_service_model(name, "service-2"), name)
        except UnknownServiceError:
            raise UnknownName(f"unknown service {name}{nearest(name, self._services)}") from None


class Checker:
    """One run over a whole catalog."""

    def __init__(self, entries: Catalog, problems: Problems, operations: Operations) -> None:
        self.entries = entries
        self.problems = problems
        self.operations = operations

    def run(self) -> None:
        scopes: dict[str, KindEntry] = {}
        for entry in self.entries.kinds.values():
            first = scopes.setdefault(entry.scope, entry)
            if (first.listing, first.worldwide, first.organization) != (
                entry.listing,
                entry.worldwide,
                entry.organization,
            ):
                self._add(entry, "scope", f"{entry.scope} is the scope of {first.kind} too, whose list call differs")
            self._kind(entry)

    def _add(self, entry: KindEntry, key: str, text: str) -> None:
        self.problems.add(f"{entry.file}: {entry.kind}: {key}", text)

    def _try(self, entry: KindEntry, key: str, what: Callable[[], Any]) -> Any:
        """What a look into the model gives, or None and a line."""
        try:
            return what()
        except ValueError as error:
            self._add(entry, key, str(error))
            return None

    def _kind(self, entry: KindEntry) -> None:
        item = self._try(entry, "list", lambda: item_outline(entry, self.operations))
        if item is None:
            return
        self._arguments(entry, "args", entry.call, entry.args, None, self._other_args(entry))
        self._arguments(entry, "each", entry.call, entry.each, None, (*entry.args, *self._other_args(entry)))
        self._parent(entry)
        entry = replace(entry, facets=tuple(facet for facet in entry.facets if self._facet(entry, facet)))
        whole = whole_outline(entry, self.operations)
        for facet in entry.facets:
            self._facet_templates(entry, facet, whole)
        add = partial(self._add, entry)
        check_identity(entry, item, whole, add)
        check_paths(entry, whole, add)
        check_hidden(entry, add)
        check_common(entry, whole, add)
        check_facet_keys(entry, item, self.operations, add)
        self._relations(entry)

    def _other_args(self, entry: KindEntry) -> Iterable[str]:
        return (*entry.each, *(entry.parent.args if entry.parent else ()))

    def _parent(self, entry: KindEntry) -> None:
        if entry.parent is None:
            return
        parent = self.entries.kinds.get(entry.parent.kind)
        if parent is None:
            hint = nearest(entry.parent.kind, self.entries.kinds)
            self._add(entry, "parent: kind", f"unknown kind {entry.parent.kind}{hint}")
            return
        outline = self._try(entry, "parent", lambda: item_outline(parent, self.operations))
        if outline is None:
            return
        if entry.each:
            self._add(entry, "each", "is for lists without a parent")
        self._arguments(entry, "parent: args", entry.call, entry.parent.args, outline, entry.args)
        for key, text in entry.parent.keep.items():
            self._template(entry, f"parent: keep.{key}", text, outline)
        for key, path in (("where", entry.parent.where), ("own", entry.parent.own)):
            if path:
                self._try(entry, f"parent: {key}", partial(outline.at, path))

    def _arguments(
        self,
        entry: KindEntry,
        key: str,
        target: Target,
        args: Mapping[str, Any],
        outline: Outline | None,
        others: Iterable[str] = (),
    ) -> None:
        """Members exist in the input shape, fields in the document, and nothing required is missing."""
        model = self._try(entry, key, lambda: self.operations.model(target))
        shape = model.input_shape if model is not None else None
        self._members(entry, key, args, shape, outline)
        for name in shape.required_members if isinstance(shape, StructureShape) else ():
            if name not in args and name not in others:
                self._add(entry, key, f"{target} needs {name}")

    def _members(self, entry: KindEntry, key: str, value: Any, shape: Shape | None, outline: Outline | None) -> None:
        if isinstance(value, str) and outline is not None:
            self._template(entry, key, value, outline)
        elif isinstance(value, list):
            inner = getattr(shape, "member", None)
            for each in value:
                self._members(entry, f"{key}[]", each, inner, outline)
        elif isinstance(value, dict):
            known = shape.members if isinstance(shape, StructureShape) else None
            for name, each in value.items():
                if known is not None and name not in known:
                    self._add(entry, key, f"unknown argument {name}{nearest(name, known)}")
                else:
                    self._members(entry, f"{key}.{name}", each, known[name] if known else None, outline)

    def _template(
        self, entry: KindEntry, key: str, text: str, outline: Outline, extra: frozenset[str] = frozenset()
    ) -> None:
        parsed = self._try(entry, key, lambda: template(text))
        for name in parsed.names() if parsed is not None else ():
            if name not in PLACE_NAMES and name not in extra:
                self._try(entry, key, partial(outline.at, name))

    def _facet(self, entry: KindEntry, facet: Facet) -> bool:
        """Whether the call and what is taken of it exist, so that its keys are known."""
        where = f"facet {facet.name}"
        if self._try(entry, f"{where}: call", lambda: self.operations.model(facet.call)) is None:
            return False
        shape = self._try(entry, f"{where}: take", lambda: taken(facet, self.operations))
        if shape is None:
            return False
        self._facet_parts(entry, facet, shape)
        return self._try(entry, f"{where}: into", lambda: facet_outline(facet, self.operations)) is not None

    def _facet_parts(self, entry: KindEntry, facet: Facet, shape: Shape) -> None:
        where = f"facet {facet.name}"
        if facet.match is not None:
            match = facet.match.item
            self._try(entry, f"{where}: match.item", lambda: follow_output(shape, match))
        if (facet.batch > 1) != (facet.match is not None):
            self._add(entry, where, "batch and match are given together or not at all")
        if facet.known and not facet.into:
            self._add(entry, f"{where}: known", "needs into: one value, under a key of its own")
        if facet.tags and not facet.batch > 1:
            self._tags(entry, where, facet, shape)
        names = [each.name for each in entry.facets]
        if facet.after and facet.after not in names:
            self._add(entry, f"{where}: after", f"unknown facet {facet.after}{nearest(facet.after, names)}")
        if names.count(facet.name) > 1:
            self._add(entry, where, "declared twice")

    def _tags(self, entry: KindEntry, where: str, facet: Facet, shape: Shape) -> None:
        found = follow_output(shape, facet.member) if facet.member else shape
        if tag_names(found) is None:
            self._add(entry, f"{where}: take", f"a {found.type_name} named {found.name} is no list or map of tags")

    def _facet_templates(self, entry: KindEntry, facet: Facet, whole: Outline) -> None:
        where = f"facet {facet.name}"
        self._arguments(entry, f"{where}: args", facet.call, facet.args, whole)
        if facet.region:
            self._template(entry, f"{where}: region", facet.region, whole)
        if facet.known:
            self._template(entry, f"{where}: known", f"{{{facet.known}}}", whole)
        if facet.match is not None:
            self._template(entry, f"{where}: match.key", f"{{{facet.match.key}}}", whole)
        if facet.when is not None:
            self._template(entry, f"{where}: when", f"{{{facet.when.key}}}", whole)

    def _relations(self, entry: KindEntry) -> None:
        known = ENGINE_KINDS | self.entries.kinds.keys()
        for relation in entry.relations:
            for kind in relation.kinds:
                if kind not in known:
                    self._add(entry, f"relation {relation.path}", f"unknown kind {kind}{nearest(kind, known)}")


def check(folder: Path) -> tuple[list[str], int]:
    """Every mistake of a folder's catalog, and how many kinds it has."""
    entries, problems = catalog.read(folder)
    Checker(entries, problems, Botocore()).run()
    if (folder / catalog.RULES).exists():
        _check_rules(entries, problems)
    _check_bases(entries, problems)
    check_actions(entries, problems, known())
    return sorted(problems.lines), len(entries.kinds)


def _check_bases(entries: Catalog, problems: Problems) -> None:
    registry = KindRegistry()
    for entry in entries.kinds.values():
        properties: set[str] = set()
        for base in entry.bases:
            if base not in registry:
                hint = nearest(base, (kind.name for kind in registry))
                problems.add(f"{entry.file}: {entry.kind}: base", f"unknown base kind {base}{hint}")
            else:
                properties |= registry.properties(base).keys()
        properties -= registry.properties("resource").keys()
        for name in entry.common:
            if name not in properties:
                where = f"{entry.file}: {entry.kind}: common"
                problems.add(where, f"no base kind has the property {name}{nearest(name, properties)}")


def _check_rules(entries: Catalog, problems: Problems) -> None:
    known = ENGINE_KINDS | entries.kinds.keys()
    for rule in entries.rules:
        for kind in rule.kinds:
            if kind not in known:
                problems.add(f"{catalog.RULES}: {rule.member}", f"unknown kind {kind}{nearest(kind, known)}")
        for pattern in (*rule.within, *rule.except_):
            if not any(fnmatchcase(kind, pattern) for kind in known):
                problems.add(f"{catalog.RULES}: {rule.member}", f"no kind is named {pattern}")
