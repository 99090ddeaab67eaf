"""Notices and targets over the control socket: what became of them, once more, and a test message."""

from functools import partial
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from syncd.control import answers
from syncd.control.answers import bad, not_found
from syncd.control.changing import read
from syncd.control.core import Core
from syncd.control.reading import number
from syncd.outbox.work import STATES
from syncd.store import notices
from syncd.store.notices import Wanted

MOST = 1000


class Replay(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/deliveries/replay: numbers, or `dead` for all dead letters, of `target` if one is named."""

    ids: Annotated[list[int], Meta(max_length=1000)] = []
    dead: bool = False
    target: str = ""


class Delivering:
    """Handlers about notices and targets."""

    def __init__(self, core: Core) -> None:
        self.core = core

    async def deliveries(self, request: web.Request) -> web.Response:
        query = request.query
        state = query.get("state", "")
        if state and state not in STATES:
            raise bad(f"state: found {state[:40]!r}, expected one of: {', '.join(STATES)}")
        wanted = Wanted(state, query.get("target", ""), query.get("rule", ""))
        limit = number(request, "limit", 100, MOST)
        rows = await self.core.store.read(partial(notices.listed, wanted=wanted, limit=limit))
        return answers.json({"deliveries": rows})

    async def delivery(self, request: web.Request) -> web.Response:
        wanted = int(request.match_info["delivery"])
        row = await self.core.store.read(partial(notices.shown, number=wanted))
        if row is None:
            raise not_found(f"there is no delivery {wanted}: syncctl deliveries lists them")
        return answers.json({"delivery": row})

    async def replay(self, request: web.Request) -> web.Response:
        asked: Replay = await read(request, Replay)
        if bool(asked.ids) == asked.dead:
            raise bad("expected either ids, or dead = true for all dead letters")
        found = await self.core.outbox.replay(None if asked.dead else asked.ids, asked.target)
        if missing := sorted(set(asked.ids) - set(found)):
            raise not_found(
                f"nothing to send again of {', '.join(map(str, missing))}: not there, not of that target, or still due"
                + (f"; sent again: {', '.join(map(str, found))}" if found else "")
            )
        return answers.json({"replayed": found})

    async def targets(self, _request: web.Request) -> web.Response:
        counts = await self.core.store.read(notices.counts)
        return answers.json({"targets": self.core.outbox.targets(counts)})

    async def test(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        targets = self.core.setting.config.targets
        if name not in targets:
            raise not_found(f"there is no target {name[:40]}; expected one of: {', '.join(targets) or 'none'}")
        return answers.json(await self.core.outbox.test(name))
