"""What can be done to a kind: the calls that change its tags, made of acting.toml and the provider's models."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from botocore.model import ListShape, Shape, StructureShape

from collectors.aws.arguments import Arguments
from collectors.aws.entries import Catalog, KindEntry, Target
from collectors.aws.models import Models, Operation
from collectors.aws.outline import KEY_MEMBERS, VALUE_MEMBERS, UnknownName, snake, tag_names
from collectors.aws.permissions import permission
from collectors.aws.templates import maker
from syncd.model import Act, Node

Document = dict[str, Any]
FILE = Path(__file__).with_name("acting.toml")
_ONE = "one"
_INNER = ("TagSet", "Items")
"""Where an argument is a structure around the tags."""


@dataclass(frozen=True, slots=True)
class Tagging:
    """One kind's entry of acting.toml, with what its service says."""

    service: str
    tag: str = ""
    untag: str = ""
    whole: str = ""
    none: str = ""
    args: Mapping[str, Any] | None = None
    item: Mapping[str, Any] | None = None
    region: str = ""
    new_only: bool = False
    any_case: bool = False

    def operations(self) -> list[str]:
        """In the order: putting, taking off; each once."""
        return [*dict.fromkeys(name for name in (self.whole or self.tag, self.none or self.untag) if name)]


@dataclass(frozen=True, slots=True)
class Sending:
    """One call that is ready: how often it is sent makes no difference."""

    operation: Operation
    args: Document
    permission: str
    region: str


@cache
def table() -> Mapping[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def tagging_of(entry: KindEntry) -> Tagging | None:
    """None for a kind whose tags cannot be changed here."""
    service = entry.call.service
    told: Mapping[str, Any] = table().get(service, {})
    plain = {key: value for key, value in told.items() if not key.startswith("aws_")}
    found = Tagging(service, **plain | told.get(entry.kind, {}))
    return found if found.tag or found.whole else None


def narrowing(kind: str) -> Mapping[str, Any] | None:
    """What the list is asked with for one resource, None where it cannot be asked for one."""
    found: Mapping[str, Any] | None = table()[_ONE].get(kind)
    return found


class TagCalls:
    """The calls that change tags of one kind, compiled against the models when they are first needed."""

    def __init__(self, catalog: Catalog, models: Models, tagging: Tagging) -> None:
        self.tagging = tagging
        self._catalog = catalog
        self._models = models

    @cached_property
    def _args(self) -> Arguments:
        return Arguments(self.tagging.args or {})

    @cached_property
    def _item(self) -> Arguments:
        return Arguments(self.tagging.item or {})

    def fault(self, act: Act, tags: Mapping[str, str]) -> str:
        """Why this act cannot be done to a resource with these tags, "" when it can."""
        for key in sorted(act.tags.keys() & tags.keys()) if self.tagging.new_only else ():
            return f"{key} is there already, and what is set beside its value would be lost: untag it first"
        have = {key.lower(): key for key in tags} if self.tagging.any_case else {}
        for key in sorted(act.tags):
            if (old := have.get(key.lower(), key)) != key:
                return f"{key} would take the place of {old}: their letters' case makes no difference here"
        return ""

    def sending(self, act: Act, node: Node, place: Mapping[str, str]) -> Sending | None:
        """The call for one act, None where a field that it needs has no value."""
        name, value = self._said(act, node)
        operation = self._models.operation(self.tagging.service, name)
        document = document_of(node)
        args = self._args.one(document, place)
        region = maker(self.tagging.region)(document, place) if self.tagging.region else ""
        if args is None or (self.tagging.region and not region):
            return None
        if value is not None:
            beside = self._item.one(document, place) or {}
            args = args | argument(operation, args, value, beside)
        allowed = permission(self._catalog, Target(self.tagging.service, name))
        return Sending(operation, args, allowed, region)

    def _said(self, act: Act, node: Node) -> tuple[str, Mapping[str, str] | tuple[str, ...] | None]:
        """The operation, and the tags or keys that it is given."""
        tagging = self.tagging
        if not tagging.whole:
            return (tagging.tag, act.tags) if act.verb == "tag" else (tagging.untag, act.keys)
        left = act.wanted(node.tags)
        return (tagging.whole, left) if left else (tagging.none, None)


def document_of(node: Node) -> Document:
    """What templates are filled from."""
    return {**node.document, "node": {"urn": node.urn, "id": node.id, "name": node.name}}


def argument(
    operation: Operation, given: Mapping[str, Any], value: Mapping[str, str] | tuple[str, ...], beside: Document
) -> Document:
    """The argument that takes tags (a mapping) or keys of tags, as this operation wants it."""
    name, shape = member_of(operation, given, keys=not isinstance(value, Mapping))
    if isinstance(shape, StructureShape):
        inner = next(each for each in _INNER if each in shape.members)
        return {name: {inner: _spelled(shape.members[inner], value, beside)}}
    return {name: _spelled(shape, value, beside)}


def member_of(operation: Operation, given: Mapping[str, Any], *, keys: bool) -> tuple[str, Shape]:
    """Raises UnknownName where the model has none, or more than one."""
    shape = operation.model.input_shape
    others = {name: each for name, each in (shape.members.items() if shape else ()) if name not in given}
    plain = [(name, each) for name, each in others.items() if keys and _is_keys(name, each)]
    found = plain or [(name, each) for name, each in others.items() if _is_tags(each, keys=keys)]
    if len(found) != 1:
        raise UnknownName(f"{operation.label}: which argument holds {'keys' if keys else 'tags'} is not clear")
    return found[0]


def _is_keys(name: str, shape: Shape) -> bool:
    return _is_texts(shape) and "tag" in name.lower()


def _is_texts(shape: Shape) -> bool:
    return isinstance(shape, ListShape) and shape.member.type_name == "string"


def _is_tags(shape: Shape, *, keys: bool) -> bool:
    if isinstance(shape, StructureShape):
        inner = [shape.members[name] for name in _INNER if name in shape.members]
        return any(_is_tags(each, keys=keys) or (keys and _is_texts(each)) for each in inner)
    return tag_names(shape) is not None or (keys and _name_in(shape, KEY_MEMBERS) != "")


def _name_in(shape: Shape, wanted: frozenset[str]) -> str:
    """The member of a list's structures whose name is one of these."""
    inner = shape.member if isinstance(shape, ListShape) else None
    names = inner.members if isinstance(inner, StructureShape) else ()
    return next((name for name in names if snake(name) in wanted), "")


def _spelled(shape: Shape, value: Mapping[str, str] | tuple[str, ...], beside: Document) -> Any:
    if not isinstance(shape, ListShape):
        return dict(value)  # type: ignore[arg-type]  # keys are never a map
    key, text = _name_in(shape, KEY_MEMBERS), _name_in(shape, VALUE_MEMBERS)
    if isinstance(value, Mapping):
        return [{**beside, key: name, text: each} for name, each in value.items()]
    if not key:
        return list(value)
    fit = shape.member.members if isinstance(shape.member, StructureShape) else {}
    return [{**{n: v for n, v in beside.items() if n in fit}, key: name} for name in value]


def permissions(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """(kind, IAM action) of everything that changes tags."""
    for entry in catalog.kinds.values():
        tagging = tagging_of(entry)
        for name in tagging.operations() if tagging else ():
            yield entry.kind, permission(catalog, Target(entry.call.service, name))
