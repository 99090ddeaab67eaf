"""Chooses what an item is known by: its ARN where it has one, else an id or a name that its list makes unique."""

import re
from collections.abc import Iterator, Mapping

from botocore.model import Shape
from msgspec import Struct

from collectors.aws.deriving.words import matches

_NUMBERS = ("integer", "long")
_GENERIC_IDS = ("id", "identifier")
_NAMES = ("name", "title")
_OTHERS = re.compile(
    r"(?:.*_)?(?:account|owner|creator|region|version|request|client|principal|resource)_(?:id|arn|name|identifier)"
)
"""What tells of something that many items share, unless it is what is listed."""


class Identity(Struct, frozen=True):
    """Document keys: `arn` "" where a URN must be built; `id` "" where only the ARN tells; `name` "" for none.

    `within`: keys of what the id is unique in, where that is not the account and region.
    """

    arn: str
    id: str
    name: str
    within: tuple[str, ...] = ()


def identity_of(members: Mapping[str, Shape], noun: str, shape: str) -> Identity | None:
    """By the first rule that finds something: `arn`, `<noun>_arn`; `<noun>_id`, `id`; `<noun>_name`, `name`.

    `noun` is what the operation lists, `shape` what the model calls an item; either may stand in a member's name.
    """
    texts = {key: member for key, member in members.items() if _is_text(member) and key != "account_id"}
    nouns = tuple(dict.fromkeys((noun, shape)))
    arn = next(_found(texts, ("arn",), ("_arn",), nouns), "")
    numbers = {key for key, member in members.items() if member.type_name in _NUMBERS}
    whole = texts | {key: members[key] for key in numbers}
    id_ = next(_found(whole, _GENERIC_IDS, ("_id", "_identifier"), nouns), "")
    name = next(_found(texts, _NAMES, ("_name",), nouns), "")
    if not (arn or id_ or name):
        return None
    return Identity(arn, id_ or ("" if arn else name), name)


def _found(
    members: Mapping[str, Shape], plain: tuple[str, ...], ends: tuple[str, ...], nouns: tuple[str, ...]
) -> Iterator[str]:
    for noun in nouns:
        for end in ends:
            if f"{noun}{end}" in members:
                yield f"{noun}{end}"
    for name in plain:
        if name in members:
            yield name
    for noun in nouns:
        for end in ends:
            yield from (key for key in members if _means(key, end, noun))


def _means(key: str, end: str, noun: str) -> bool:
    return key.endswith(end) and matches(key.removesuffix(end), noun) and not _OTHERS.fullmatch(key)


def _is_text(shape: Shape) -> bool:
    return shape.type_name == "string" and not getattr(shape, "enum", None)
