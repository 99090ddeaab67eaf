"""Rules over the socket: what they are, who matches, and turning them on, off and silent."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from aiohttp import web

from syncd.control import answers
from syncd.control.answers import Problem, bad, not_found
from syncd.control.changing import read
from syncd.control.core import Core
from syncd.control.reading import number
from syncd.errors import ConfigError
from syncd.rules.shell import is_on
from syncd.search.values import duration
from syncd.settings import RuleSettings
from syncd.store import matches
from syncd.store.matches import State
from syncd.store.queries import Row

MOST = 10_000
LONGEST = 366 * 86_400.0


class Silence(msgspec.Struct, forbid_unknown_fields=True, rename={"span": "for"}):
    """The body of POST /v1/rules/NAME/silence."""

    span: str


class Ruling:
    """Handlers about rules."""

    def __init__(self, core: Core) -> None:
        self.core = core

    async def rules(self, _request: web.Request) -> web.Response:
        rules = self.core.setting.config.rule.values()
        states, counts = await self._known()
        return answers.json({"rules": [self._row(rule, states, counts) for rule in rules]})

    async def rule(self, request: web.Request) -> web.Response:
        rule = self._named(request)
        states, counts = await self._known()
        found = self._row(rule, states, counts)
        config = self.core.setting.config
        file, said = config.rule_files.get(rule.name), msgspec.to_builtins(rule)
        said["events"] = said.pop("on")  # `on` says whether it is
        return answers.json({"rule": {**said, **found, "file": str(file or "")}})

    async def matches(self, request: web.Request) -> web.Response:
        """Of one rule, or of all."""
        name = self._named(request).name if "name" in request.match_info else ""
        limit = number(request, "limit", 1000, MOST)
        rows = await self.core.store.read(partial(matches.listed, rule=name, limit=limit))
        return answers.json({"matches": rows})

    async def enable(self, request: web.Request) -> web.Response:
        return await self._switched(request, "enabled")

    async def disable(self, request: web.Request) -> web.Response:
        return await self._switched(request, "disabled")

    async def silence(self, request: web.Request) -> web.Response:
        wanted = (await read(request, Silence)).span
        seconds = duration(wanted)
        if seconds is None or not 0 < seconds <= LONGEST:
            raise bad(f"for: found {wanted[:40]!r}, expected a duration of at most a year, such as 30m, 2h, 3d")
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        return await self._silent(request, until.strftime("%Y-%m-%dT%H:%M:%SZ"))

    async def unsilence(self, request: web.Request) -> web.Response:
        return await self._silent(request, "")

    async def _silent(self, request: web.Request, until: str) -> web.Response:
        await self.core.rules.silence(self._named(request).name, until)
        return await self.rule(request)

    async def _switched(self, request: web.Request, switch: str) -> web.Response:
        rule = self._named(request)
        try:
            await self.core.rules.switch(rule.name, switch)
        except ConfigError as error:
            raise Problem(422, "refused", str(error)) from None
        return await self.rule(request)

    async def _known(self) -> tuple[dict[str, State], dict[str, tuple[int, int]]]:
        read = self.core.store.read
        return await read(matches.states), await read(matches.matching)

    def _named(self, request: web.Request) -> RuleSettings:
        name = request.match_info["name"]
        rule = self.core.setting.config.rule.get(name)
        if rule is None:
            raise not_found(f"there is no rule {name[:100]}: syncctl rule list shows them")
        return rule

    def _row(self, rule: RuleSettings, states: dict[str, State], counts: dict[str, tuple[int, int]]) -> Row:
        state = states.get(rule.name, State())
        firing, pending = counts.get(rule.name, (0, 0))
        found: dict[str, Any] = {
            "name": rule.name,
            "on": is_on(rule, state.switch),
            "severity": rule.severity,
            "firing": firing,
            "pending": pending,
            "evaluated": state.evaluated,
            "took": state.took,
            "problem": state.problem,
            "switch": state.switch,
            "silent_until": state.silent_until,
        }
        return found
