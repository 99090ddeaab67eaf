"""Answers made from the output shape of any operation: N items in each top-level list, the same at every call."""

import datetime as dt
import hashlib
from dataclasses import dataclass, replace
from typing import Any

from botocore.model import Shape

from bench.fakeaws.documents import Document
from bench.fakeaws.wire.request import Call
from bench.fakeaws.wire.response import empty
from bench.fakeaws.world import UTC, World

Value = Any  # whatever the shape says

WHEN = dt.datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
PAGING = ("token", "marker", "truncated", "hasmore", "nextkey", "lastevaluated")
CONTAINERS = ("structure", "list", "map")
DEEPEST_STRUCTURE, DEEPEST_CONTAINER, DEEPEST_LIST = 6, 4, 5


@dataclass(frozen=True, slots=True)
class Maker:
    """Where a made item is and how deep in it we are; `number` tells it from its neighbours."""

    service: str
    account: str
    region: str
    operation: str
    number: int = 0
    depth: int = 1
    seen: frozenset[str] = frozenset()

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
        tag = hashlib.blake2b(f"{place}{self.number}".encode(), digest_size=5).hexdigest()
        if low.endswith("arn"):
            kind = low.removesuffix("arn") or self.operation.lower()
            return f"arn:aws:{self.service}:{self.region}:{self.account}:{kind}/{tag}"
        if low.endswith(("account", "accountid")) or low == "ownerid":
            return self.account
        return self.region if low.endswith("region") else f"{low}-{tag}"


def answer(call: Call, world: World, count: int) -> Document:
    """A whole output: `count` items in every top-level list, no further page."""
    shape = call.service.output_shape(call.operation)
    document = empty(call.service, call.operation)
    if shape is None:
        return document
    seen = frozenset({str(shape.name)})
    maker = Maker(call.service.signing_name, world.account, world.region, call.operation, seen=seen)
    for key, member in shape.members.items():
        if any(word in key.lower() for word in PAGING) or member.serialization.get("location"):
            continue
        if member.type_name == "list":
            document[key] = [replace(maker, number=i).value(member.member, key) for i in range(count)]
        elif member.type_name == "structure":
            document[key] = maker.value(member, key)
    return document
