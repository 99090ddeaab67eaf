"""What the document of a kind can hold: the list item, what is lifted and kept, and what each facet adds."""

from collections.abc import Mapping
from typing import Protocol

from botocore.model import OperationModel, Shape, StructureShape

from collectors.aws.entries import Facet, KindEntry, Target
from collectors.aws.outline import PAGING_MEMBERS, Outline, UnknownName, follow_output, members


class Operations(Protocol):
    """Where botocore's operation models come from."""

    def model(self, target: Target) -> OperationModel:
        """Raises UnknownName for a service or operation that botocore does not have."""
        ...


def item_outline(entry: KindEntry, operations: Operations) -> Outline:
    """The document as the list call gives it, with what is lifted from above and kept from the parent."""
    output = operations.model(entry.call).output_shape
    item = follow_output(output, entry.path)
    if entry.single and not entry.item:
        raise UnknownName(f"the path must end with [], or `item` name the key of the one there is: {entry.path!r}")
    roots: dict[str, Shape | None] = dict(members(item))
    if entry.single:
        roots = {entry.item: item}
    elif not isinstance(item, StructureShape):
        if not entry.item:
            raise UnknownName(f"items are of type {item.type_name}: `item` must name the key they get")
        roots = {entry.item: None}
    for key, member in entry.lift.items():
        roots[key] = lifted(output, entry.path, member)
    for key in entry.parent.keep if entry.parent else ():
        roots[key] = None
    return Outline(roots)


def lifted(output: Shape | None, path: str, member: str) -> Shape:
    """The shape of a member of one of the structures that enclose the items. Raises UnknownName."""
    way = path.split(".")
    for depth in range(len(way) - 1, -1, -1):
        shape = follow_output(output, ".".join(way[:depth]))
        if isinstance(shape, StructureShape) and member in shape.members:
            return shape.members[member]
    raise UnknownName(f"no structure on the way to the items has the member {member}")


def taken(facet: Facet, operations: Operations) -> Shape:
    """The shape of what a facet takes; of one item for a batch."""
    return follow_output(operations.model(facet.call).output_shape, facet.take)


def facet_outline(facet: Facet, operations: Operations) -> Outline:
    """The top-level keys that a facet can give: none for tags."""
    if facet.tags:
        return Outline()
    shape = taken(facet, operations)
    if facet.member:
        shape = follow_output(shape, facet.member)
    if facet.into:
        return Outline({facet.into: shape})
    if not isinstance(shape, StructureShape):
        raise UnknownName(f"takes a {shape.type_name}: `into` must name the key it gets")
    return Outline({key: inner for key, inner in members(shape).items() if key not in PAGING_MEMBERS})


def whole_outline(entry: KindEntry, operations: Operations) -> Outline:
    """Everything that the document can hold."""
    outline = item = item_outline(entry, operations)
    for facet in entry.facets:
        given = facet_outline(facet, operations)
        outline |= Outline({key: shape for key, shape in given.roots.items() if richer(item, key, shape)})
    return outline


def richer(item: Outline, key: str, shape: Shape | None) -> bool:
    """Whether a facet's value of `key` stands above the list item's: it has none, or a thinner structure."""
    if key not in item.roots:
        return True
    own = item.roots[key]
    scalar = own is None or shape is None or shape.type_name not in ("structure", "list", "map")
    return not scalar and own is not None and shape is not None and own.name != shape.name


def input_members(operations: Operations, target: Target) -> Mapping[str, Shape]:
    shape = operations.model(target).input_shape
    return shape.members if isinstance(shape, StructureShape) else {}


def required_members(operations: Operations, target: Target) -> tuple[str, ...]:
    shape = operations.model(target).input_shape
    return tuple(shape.required_members) if isinstance(shape, StructureShape) else ()
