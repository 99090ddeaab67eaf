"""What providers told, over the control socket: how it is with their queues, and what was set aside."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from syncd.control import answers
from syncd.control.answers import bad, not_found
from syncd.control.changing import read
from syncd.control.core import Core
from syncd.store import aside
from syncd.store.queries import Row


class Forget(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/hearing/forget."""

    ids: Annotated[list[int], Meta(max_length=aside.MOST)] = []
    all: bool = False


class HearingOf:
    """Handlers about queues and their messages."""

    def __init__(self, core: Core) -> None:
        self.core = core

    async def hearing(self, _request: web.Request) -> web.Response:
        store = self.core.store
        queues = queues_of(self.core, await store.read(aside.counted))
        return answers.json({"queues": queues, "set_aside": await store.read(aside.listed)})

    async def message(self, request: web.Request) -> web.Response:
        wanted = int(request.match_info["message"])
        row = await self.core.store.read(partial(aside.shown, number=wanted))
        if row is None:
            raise not_found(f"there is no message {wanted}: syncctl hearing lists them")
        return answers.json({"message": row})

    async def forget(self, request: web.Request) -> web.Response:
        asked: Forget = await read(request, Forget)
        if bool(asked.ids) == asked.all:
            raise bad("expected either ids, or all = true")
        numbers = None if asked.all else asked.ids
        return answers.json({"forgotten": await self.core.store.write(partial(aside.forget, numbers=numbers))})


def queues_of(core: Core, put: Mapping[tuple[str, str], int]) -> list[Row]:
    """The queues that tell of changes. `waiting` is about, -1 where that cannot be asked; `put`: what was set aside."""
    return [
        {
            "collector": queue.collector,
            "queue": queue.name,
            "last": queue.last,
            "waiting": queue.waiting,
            "at_hand": core.ears.at_hand(queue.collector),
            "set_aside": put.get((queue.collector, queue.name), 0),
            "trouble": queue.trouble,
        }
        for queue in core.ears.queues
    ]


def warnings_of(core: Core) -> list[str]:
    """A line for each queue that cannot be listened to."""
    deaf = (queue for queue in core.ears.queues if queue.trouble)
    return [f"{queue.collector} does not hear of changes from {queue.name}: {queue.trouble}" for queue in deaf]
