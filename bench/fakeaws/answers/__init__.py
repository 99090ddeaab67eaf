"""What each AWS call answers about a world: lists as pages, some calls per resource, nothing for all others."""

from bench.fakeaws.answers import account, compute, data, iam, indexes, s3, tagging
from bench.fakeaws.answers.lists import LISTS, listing
from bench.fakeaws.answers.table import HANDLERS, RefusedError
from bench.fakeaws.documents import Document
from bench.fakeaws.wire.request import Call
from bench.fakeaws.wire.response import empty
from bench.fakeaws.world import World

__all__ = [
    "HANDLERS",
    "LISTS",
    "RefusedError",
    "account",
    "answer",
    "compute",
    "data",
    "iam",
    "indexes",
    "knows",
    "s3",
    "tagging",
]


def knows(call: Call) -> bool:
    """Whether the estate has something of its own to say to this call."""
    key = (call.service.folder, call.operation)
    return key in HANDLERS or key in LISTS


def answer(world: World, call: Call) -> Document:
    key = (call.service.folder, call.operation)
    if key in HANDLERS:
        return HANDLERS[key](world, call.parameters)
    if key in LISTS:
        return listing(world, *key, call.parameters)
    return empty(call.service, call.operation)
