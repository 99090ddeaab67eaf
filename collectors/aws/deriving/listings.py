"""Finds what an operation lists: the path to its items, and the shape of one."""

from collections.abc import Iterable, Iterator

from botocore.model import ListShape, OperationModel, Shape, StructureShape
from msgspec import Struct

from collectors.aws.deriving.words import noun_of, singular
from collectors.aws.outline import snake

# Lists beside the one that is asked for: what went wrong, and what is said of the answer.
_BESIDE = frozenset(
    {
        "errors", "failures", "failed", "unprocessed", "warnings", "query_errors", "error_list", "failed_accounts",
        "unprocessed_accounts", "unprocessed_items", "response_metadata", "errors_list", "invalid_nodes", "not_found",
    }
)  # fmt: skip


class Listing(Struct, frozen=True, eq=False):
    """`path` as the catalog writes it; `item` is the shape of an element, `key` the name of the list."""

    path: str
    key: str
    item: Shape


def listing_of(operation: OperationModel, results: Iterable[str]) -> Listing | None:
    """The one list of an answer, or of its one structure; None where it cannot be told which is meant.

    `results` are the members that the pagination model names.
    """
    output = operation.output_shape
    if not isinstance(output, StructureShape):
        return None
    found = [*_lists(output, "")]
    if not found:
        inner = [(name, shape) for name, shape in output.members.items() if isinstance(shape, StructureShape)]
        found = [*_lists(inner[0][1], f"{inner[0][0]}.")] if len(inner) == 1 else []
    return _chosen(found, tuple(results), noun_of(operation.name))


def _lists(shape: StructureShape, above: str) -> Iterator[Listing]:
    for name, member in shape.members.items():
        if isinstance(member, ListShape) and snake(name) not in _BESIDE:
            yield Listing(f"{above}{name}[]", name, member.member)


def _chosen(found: list[Listing], results: tuple[str, ...], noun: str) -> Listing | None:
    if len(found) > 1:
        named = [each for each in found if each.path.removesuffix("[]") in results]
        found = named if len(named) == 1 else [each for each in found if _means(each.key, noun)]
    return found[0] if len(found) == 1 else None


def _means(key: str, noun: str) -> bool:
    first, _, last = snake(key).rpartition("_")
    return (f"{first}_{singular(last)}" if first else singular(last)) == noun


def names_of(shape: Shape) -> dict[str, Shape]:
    """Document key → shape of what an item holds itself."""
    return {snake(name): member for name, member in shape.members.items()} if isinstance(shape, StructureShape) else {}
