"""What the models of a service offer: lists with an identity, and why all others are left out."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from botocore.model import OperationModel, ServiceModel, Shape, StructureShape
from msgspec import Struct, field

from collectors.aws.deriving.identity import Identity, identity_of
from collectors.aws.deriving.listings import Listing, listing_of, names_of
from collectors.aws.deriving.rules import Rules
from collectors.aws.deriving.words import VERBS, is_plural, noun_of
from collectors.aws.outline import snake
from collectors.aws.paging import pages_of

_TOKENS = ("next_token", "marker", "next_marker", "next_page_token", "page_token", "continuation_token")
_NAME_ENDS = (("arn", "arn"), ("name", "name"), ("id", "id"), ("url", "url"))


class Candidate(Struct, frozen=True, eq=False):
    """A list that a kind can be made of. `item` is the key that plain texts get; `needs` the argument of a parent."""

    service: str
    operation: OperationModel
    listing: Listing
    noun: str
    identity: Identity
    members: Mapping[str, Shape]
    item: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)
    needs: str = ""

    @property
    def label(self) -> str:
        return f"{self.service}.{self.operation.name}"

    @property
    def rank(self) -> tuple[bool, bool, int, bool, int, str]:
        """Of several lists of the same things the one that needs nobody, and tells most of each."""
        name = self.operation.name
        paged = bool(pages_of(self.service, self.operation, None))
        return bool(self.needs), bool(self.item), -len(self.members), not paged, len(name), name


def candidates(
    service: str, model: ServiceModel, pages: Mapping[str, Any], curated: Collection[str], rules: Rules
) -> Iterator[Candidate | tuple[str, str]]:
    """Candidates, and (operation, why it is none) for each list operation that is not."""
    for name in sorted(model.operation_names):
        if not name.startswith(VERBS) or (not name.startswith("List") and not is_plural(name)):
            continue
        operation = model.operation_model(name)
        if not _answers_with_a_list(operation):
            continue
        if f"{service}.{name}" in curated:
            continue
        reason = rules.why_not(service, name) or _unfit(service, operation, pages.get(name))
        yield (name, reason) if reason else _candidate(service, operation, pages.get(name), rules)


def _answers_with_a_list(operation: OperationModel) -> bool:
    output = operation.output_shape
    shapes = output.members.values() if isinstance(output, StructureShape) else ()
    inner = (part for shape in shapes if isinstance(shape, StructureShape) for part in shape.members.values())
    return any(shape.type_name == "list" for shape in (*shapes, *inner))


def _unfit(service: str, operation: OperationModel, stated: Any) -> str:
    if operation.deprecated:
        return "the model calls it outdated"
    if operation.auth_type in ("none", "bearer"):
        return "is not asked with an account's credentials"
    if getattr(operation, "endpoint_discovery", None) and operation.endpoint_discovery.get("required"):
        return "must be asked at an endpoint that an own call names first, which is not spoken here"
    if operation.has_event_stream_output or operation.has_streaming_output:
        return "answers with a stream"
    output = operation.output_shape
    tokens = [name for name in output.members if snake(name) in _TOKENS] if output is not None else []
    if tokens and not pages_of(service, operation, stated):
        return "has pages, and the model does not tell how they go on"
    return ""


def _candidate(service: str, operation: OperationModel, stated: Any, rules: Rules) -> "Candidate | tuple[str, str]":
    name = operation.name
    given = rules.constants.get(service, {})
    shape = operation.input_shape
    given_by_hand = rules.needs.get(f"{service}.{name}")
    needed = [member for member in (shape.required_members if shape is not None else ()) if member not in given]
    needed += [given_by_hand] if given_by_hand else []
    if len(needed) > 1:
        return name, f"needs several arguments: {len(needed)}"
    if needed and shape is not None and shape.members[needed[0]].type_name != "string":
        return name, "needs an argument that is no text"
    args = {member: text for member, text in given.items() if shape is not None and member in shape.members}
    args |= rules.arguments.get(f"{service}.{name}", {})
    results = stated.get("result_key", ()) if stated else ()
    listing = listing_of(operation, [results] if isinstance(results, str) else results)
    if listing is None:
        return name, "has no single list of things"
    noun = noun_of(name)
    found = _by_hand(listing, rules.identities.get(f"{service}.{name}")) or _identified(listing, noun)
    if found is None:
        return name, "its items have nothing that tells one from another for good"
    identity, members, item = found
    return Candidate(service, operation, listing, noun, identity, members, item, args, needed[0] if needed else "")


def _by_hand(listing: Listing, told: Mapping[str, Any] | None) -> tuple[Identity, Mapping[str, Shape], str] | None:
    if told is None:
        return None
    name, within = told.get("name", ""), tuple(told.get("within", ()))
    arn = told.get("arn", "")
    identity = Identity(arn, told.get("id") or ("" if arn else name), name, within)
    return identity, names_of(listing.item), ""


def _identified(listing: Listing, noun: str) -> tuple[Identity, Mapping[str, Shape], str] | None:
    item = listing.item
    if isinstance(item, StructureShape):
        members = names_of(item)
        identity = identity_of(members, noun, noun_of(f"List{item.name}"))
        return (identity, members, "") if identity is not None else None
    if item.type_name != "string" or getattr(item, "enum", None):
        return None
    words = (snake(listing.key).removesuffix("s"), snake(item.name))
    end = next((end for word in words for suffix, end in _NAME_ENDS if word.endswith(suffix)), "")
    if not end:
        return None
    key = f"{noun.removesuffix(f'_{end}')}_{end}"
    arn = key if end == "arn" else ""
    return Identity(arn, "" if arn else key, ""), {key: item}, key
