"""Plans over the control socket: made, looked at, applied, discarded; and what is protected."""

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeVar

import msgspec
from aiohttp import web

from syncd.acts.making import drafted, named
from syncd.acts.plans import Refused
from syncd.acts.wishes import Wish
from syncd.control import answers
from syncd.control.answers import VISIT, Problem, bad, not_found
from syncd.control.changing import read
from syncd.control.core import Core
from syncd.control.reading import number
from syncd.control.searching import Searching
from syncd.errors import ConfigError
from syncd.store.keys import node_key

T = TypeVar("T")

MOST = 1000
STATES = ("", "planned", "applying", "applied", "discarded", "expired", "failed")


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/plans. Texts in `tags` and `parameters` are templates."""

    query: str
    verb: Literal["tag", "untag", "call"]
    tags: dict[str, str] = {}
    keys: list[str] = []
    service: str = ""
    operation: str = ""
    parameters: dict[str, Any] = {}


class Named(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/protect and /v1/unprotect: a search, or URNs."""

    query: str = ""
    urns: list[str] = []
    reason: str = ""


class Planning:
    """Handlers about plans."""

    def __init__(self, core: Core, searching: Searching) -> None:
        self.core = core
        self.searching = searching

    async def make(self, request: web.Request) -> web.Response:
        asked: Wanted = await read(request, Wanted)
        wish = Wish(
            asked.query, asked.verb, asked.tags, tuple(asked.keys), asked.service, asked.operation, asked.parameters
        )
        ground = self.core.plans.ground()
        draft = await self._asked(lambda c: drafted(c, wish, ground))
        return answers.json({"plan": await self.core.plans.made(draft, _user(request))}, 201)

    async def plans(self, request: web.Request) -> web.Response:
        state = request.query.get("state", "")
        if state not in STATES:
            raise bad(f"state: found {state[:40]!r}, expected one of {', '.join(STATES[1:])}")
        return answers.json({"plans": await self.core.plans.listed(number(request, "limit", 20, MOST), state)})

    async def plan(self, request: web.Request) -> web.Response:
        try:
            return answers.json({"plan": await self.core.plans.show(_number(request))})
        except Refused as error:
            raise not_found(str(error)) from None

    async def apply(self, request: web.Request) -> web.Response:
        await self._done(self.core.plans.begin(_number(request), _user(request)))
        return answers.json({"applying": _number(request)}, 202)

    async def discard(self, request: web.Request) -> web.Response:
        return answers.json({"plan": await self._done(self.core.plans.discard(_number(request), _user(request)))})

    async def protect(self, request: web.Request) -> web.Response:
        asked: Named = await read(request, Named)
        nodes = await self._named(asked)
        new = await self.core.plans.protect(nodes, _user(request), asked.reason)
        return answers.json({"resources": len(nodes), "changed": new})

    async def unprotect(self, request: web.Request) -> web.Response:
        asked: Named = await read(request, Named)
        # What is gone can be protected still.
        by_urn = [(node_key(urn), urn) for urn in asked.urns]
        nodes = by_urn if by_urn and not asked.query else await self._named(asked)
        gone = await self.core.plans.unprotect(nodes, _user(request))
        return answers.json({"resources": len(nodes), "changed": gone})

    async def protected(self, _request: web.Request) -> web.Response:
        return answers.json({"protected": await self.core.plans.protected()})

    async def _named(self, asked: Named) -> list[tuple[int, str]]:
        if bool(asked.query) == bool(asked.urns):
            raise bad("expected either query or urns")
        search = self.core.setting.config.search
        return await self._asked(lambda c: named(c, asked.query, asked.urns, search, self.core.plans.now()))

    async def _asked(self, what: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await self.searching.work(what)
        except ConfigError as error:
            raise bad(str(error)) from None

    async def _done(self, what: Awaitable[T]) -> T:
        try:
            return await what
        except Refused as error:
            raise Problem(409, "not_now", str(error)) from None


def _number(request: web.Request) -> int:
    return int(request.match_info["plan"])


def _user(request: web.Request) -> str:
    user: str = request[VISIT].peer.user
    return user
