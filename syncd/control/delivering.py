"""Notices and targets over the control socket: what became of them, once more, and a test message."""

import sqlite3
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta

from syncd.acts.making import found_by
from syncd.control import answers
from syncd.control.answers import VISIT, Problem, bad, not_found
from syncd.control.changing import read
from syncd.control.core import Core
from syncd.control.reading import number
from syncd.control.searching import Searching
from syncd.errors import ConfigError
from syncd.outbox.by_hand import Asked, shown
from syncd.outbox.work import STATES
from syncd.settings import SearchSettings
from syncd.store import notices
from syncd.store.notices import Wanted
from syncd.store.snapshots import snapshots
from syncd.sync.scope_run import iso

MOST = 1000


class Replay(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/deliveries/replay: numbers, or `dead` for all dead letters, of `target` if one is named."""

    ids: Annotated[list[int], Meta(max_length=1000)] = []
    dead: bool = False
    target: str = ""


class Notify(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/targets/NAME/notify. Without `send` it is only said what would be sent.

    `resources`: how many the asker has been shown; where it finds others now, nothing is sent.
    """

    query: str
    send: bool = False
    resources: int | None = None


class Delivering:
    """Handlers about notices and targets."""

    def __init__(self, core: Core, searching: Searching) -> None:
        self.core = core
        self.searching = searching

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
        return answers.json(await self.core.outbox.test(self._target(request)))

    async def notify(self, request: web.Request) -> web.Response:
        target = self._target(request)
        wanted: Notify = await read(request, Notify)
        user, now = request[VISIT].peer.user, self.core.plans.now()
        config = self.core.setting.config

        def look(connection: sqlite3.Connection) -> tuple[Asked, dict[str, Any]]:
            asked = Asked(target, wanted.query, user, _found(connection, wanted.query, config.search, now))
            return asked, shown(connection, asked, config, iso(now))

        try:
            asked, told = await self.searching.work(look)
        except ConfigError as error:
            raise bad(str(error)) from None
        if not wanted.send:
            return answers.json({**told, "sent": False})
        if wanted.resources not in (None, told["resources"]):
            message = f"nothing is sent: the search finds {told['resources']} now, not {wanted.resources}"
            raise Problem(409, "not_now", message)
        await self.core.outbox.tell(asked)
        return answers.json({**told, "sent": True}, 202)

    def _target(self, request: web.Request) -> str:
        name, targets = request.match_info["name"], self.core.setting.config.targets
        if name not in targets:
            raise not_found(f"there is no target {name[:40]}; expected one of: {', '.join(targets) or 'none'}")
        return name


def _found(
    connection: sqlite3.Connection, query: str, settings: SearchSettings, now: datetime
) -> dict[int, dict[str, Any]]:
    """Node → resource, in the order of the search. Raises ConfigError for none and for too many."""
    nodes = [node for node, _ in found_by(connection, query, settings, now)]
    if len(nodes) > MOST:
        raise ConfigError(f"the search finds {len(nodes):,} resources, more than the {MOST:,} that are told by hand")
    known = snapshots(connection, nodes)
    return {node: known[node] for node in nodes}
