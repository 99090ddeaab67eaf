"""Answers made from the output shape of any operation: N items in each top-level list, the same at every call."""

import datetime as dt
import hashlib
from dataclasses import dataclass, replace
from typing import Any

from botocore.model import Shape

from bench.fakeaws.documents import Document
from bench.fakeaws.pages import go_on, tokens
from bench.fakeaws.wire.request import Call
from bench.fakeaws.wire.response import empty
from bench.fakeaws.world import UTC, World

Value = Any  # whatever the shape says

WHEN = dt.datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
PAGING = ("token", "marker", "truncated", "hasmore", "nextkey", "lastevaluated")
TOKEN = "page-"
CONTAINERS = ("structure", "list", "map")
DEEPEST_STRUCTURE, DEEPEST_CONTAINER, DEEPEST_LIST = 6, 4, 5


@dataclass(frozen=True, slots=True)
class Maker:
    """Where a made item is and how deep in it we are; `number` tells it from its neighbours.

    `asked`: what the call named, so that the things of one parent are not those of another.
    """

    service: str
    account: str
    region: str
    operation: str
    number: int = 0
    depth: int = 1
    seen: frozenset[str] = frozenset()
    asked: str = ""

    def value(self, shape: Shape, name: str) -> Value:
        match shape.type_name:
            case "structure":
                return self._structure(shape)
            case "list":
                return [self._deeper().value(shape.member, name)] if self.depth < DEEPEST_LIST else []
            case "map":
                key = f"key-{self.number}"
                return {key: self._deeper().value(shape.value, name)} if self.depth < DEEPEST_LIST else {}
            case "string" | "character":
                return self._string(shape, name)
        plain: dict[str, Value] = {
            "timestamp": WHEN,
            "boolean": self.number % 2 == 0,
            "integer": self.number,
            "long": self.number,
            "float": self.number + 0.5,
            "double": self.number + 0.5,
            "blob": b"blob",
        }
        return plain[shape.type_name] if shape.type_name in plain else self._string(shape, name)

    def items(self, shape: Shape, name: str, numbers: range) -> list[Value]:
        return [replace(self, number=number).value(shape.member, name) for number in numbers]

    def _structure(self, shape: Shape) -> Document:
        if shape.name in self.seen or self.depth > DEEPEST_STRUCTURE:
            return {}
        inner = replace(self._deeper(), seen=self.seen | {shape.name})
        return {
            key: inner.value(member, key)
            for key, member in shape.members.items()
            if member.type_name not in CONTAINERS or self.depth < DEEPEST_CONTAINER
        }

    def _deeper(self) -> "Maker":
        return replace(self, depth=self.depth + 1)

    def _string(self, shape: Shape, name: str) -> str:
        if choices := shape.metadata.get("enum"):
            return str(choices[self.number % len(choices)])
        low = name.lower()
        place = "/".join((self.service, self.account, self.region, self.operation))
        tag = hashlib.blake2b(f"{place}{self.asked}{self.number}".encode(), digest_size=5).hexdigest()
        if low.endswith("arn"):
            kind = low.removesuffix("arn") or self.operation.lower()
            return f"arn:aws:{self.service.lower()}:{self.region}:{self.account}:{kind}/{tag}"
        if low.endswith(("account", "accountid")) or low == "ownerid":
            return self.account
        return self.region if low.endswith("region") else f"{low}-{tag}"


def answer(call: Call, world: World, count: int, pages: int = 1) -> Document:
    """An output with `count` items in every top-level list, in each of its pages."""
    given = [str(call.parameters[name]) for name, _ in tokens(call) if name in call.parameters]
    page = int(given[0].removeprefix(TOKEN)) if given and given[0].startswith(TOKEN) else 1
    document = _page(call, world, range((page - 1) * count, page * count))
    return go_on(call, document, f"{TOKEN}{page + 1}") if page < pages else document


def _page(call: Call, world: World, numbers: range) -> Document:
    shape = call.service.output_shape(call.operation)
    document = empty(call.service, call.operation)
    if shape is None:
        return document
    seen = frozenset({str(shape.name)})
    place = (call.service.signing_name, world.account, world.region, call.operation)
    maker = Maker(*place, seen=seen, asked=_asked(call))
    for key, member in shape.members.items():
        if member.serialization.get("location") or (_is_paging(key) and member.type_name != "list"):
            continue
        if member.type_name == "list":
            document[key] = maker.items(member, key, numbers)
        elif member.type_name == "structure":
            document[key] = _wrapped(maker, member, key, numbers)
    return document


def _wrapped(maker: Maker, shape: Shape, key: str, numbers: range) -> Value:
    """A structure, which for some services (CloudFront) is the list with its paging."""
    made = maker.value(shape, key)
    lists = {name: member for name, member in shape.members.items() if member.type_name == "list"}
    if not any(_is_paging(name) for name in shape.members):
        return made
    made = {name: value for name, value in made.items() if not _is_paging(name)}
    return made | {name: maker.items(member, name, numbers) for name, member in lists.items()}


def _is_paging(name: str) -> bool:
    return any(word in name.lower() for word in PAGING)


def _asked(call: Call) -> str:
    """The arguments that are no paging, as the things of one parent are asked for."""
    shape = call.service.input_shape(call.operation)
    needed = shape.required_members if shape is not None else ()
    return "".join(f"{name}={call.parameters[name]}" for name in sorted(needed) if name in call.parameters)
