"""Finds the parent of a list that needs one argument: a kind of the same service that has what is asked for."""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from collectors.aws.deriving.candidates import Candidate
from collectors.aws.deriving.words import matches, singular
from collectors.aws.outline import snake

_ENDS = ("arn", "id", "identifier", "name")
_GENERIC = frozenset({*_ENDS, "resource_arn", "resource_id", "resource"})
_WAY = re.compile(r"([A-Za-z0-9_-]+)/\{([A-Za-z0-9]+)\+?\}")


class Provider(Struct, frozen=True):
    """A kind as a parent: its documents' keys, and which of them hold its ARN, id and name ("" for none).

    `nouns`: what it is called, by its operation and by its kind.
    """

    kind: str
    nouns: tuple[str, ...]
    keys: frozenset[str]
    arn: str
    id: str
    name: str


def parent_of(child: Candidate, providers: Iterable[Provider]) -> tuple[Provider, str] | None:
    """The parent and the template of its documents that gives the argument; None where no kind has it."""
    member = snake(child.needs)
    stem, end = _split(_by_way(child) if member in _GENERIC else member)
    found = sorted(_fits(providers, member, stem, end), key=lambda each: (each[0], len(each[1].kind), each[1].kind))
    return (found[0][1], found[0][2]) if found else None


def _by_way(child: Candidate) -> str:
    """`id` in /applications/{id}/environments is an `application_id`."""
    uri = child.operation.http.get("requestUri", "")
    for segment, member in _WAY.findall(uri):
        if member == child.needs or snake(member) == snake(child.needs):
            words, _, last = snake(segment.replace("-", "_")).rpartition("_")
            noun = f"{words}_{singular(last)}" if words else singular(last)
            return noun if snake(child.needs) == "resource" else f"{noun}_{snake(child.needs).rpartition('_')[2]}"
    return ""


def _split(member: str) -> tuple[str, str]:
    for end in _ENDS:
        if member.endswith(f"_{end}"):
            return member.removesuffix(f"_{end}"), end
    return member, ""


def _fits(providers: Iterable[Provider], member: str, stem: str, end: str) -> Iterator[tuple[int, Provider, str]]:
    for each in providers:
        if member not in _GENERIC and member in (each.arn, each.id, each.name):
            yield 0, each, f"{{{member}}}"
        elif stem and (value := _value(each, end)):
            if stem in each.nouns:
                yield 1, each, value
            elif any(matches(stem, noun) and noun.endswith(stem) for noun in each.nouns):
                yield 2, each, value


def _value(provider: Provider, end: str) -> str:
    arn, id_, name = provider.arn, provider.id, provider.name
    by_end = {"arn": (arn,), "id": (id_,), "name": (name,), "identifier": (id_, arn, name), "": (name, id_, arn)}
    found = next((key for key in by_end[end] if key), "")
    if end == "id" and found.endswith("name"):
        return ""
    return f"{{{found}}}" if found else ""
