"""What can be asked without rights: how the daemon is, what runs did, how complete the picture is, what happened."""

import asyncio
import os
import platform
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

import syncd
from syncd.control import answers
from syncd.control.answers import ALIVE, bad, not_found
from syncd.control.core import Core
from syncd.control.facts import facts_of, size
from syncd.control.hearing import queues_of, warnings_of
from syncd.plugin import Secret, kinds_of
from syncd.settings import Config
from syncd.store import aside, notices, queries
from syncd.store.queries import Filter, Row
from syncd.store.requests import Request
from syncd.sync.scope_run import iso
from syncd.telemetry import CONTENT_TYPE

API = 1
LAST_RUNS = 5
MOST_RUNS = 1000
PAGE = 1000
SCOPES = 10_000
"""Scopes of a page: each page looks at all of them once."""
FOLLOWING = 0.5
"""Seconds between two looks at a run that is followed."""
_INCOMPLETE = ("complete", "retired")


class Reading:
    """Handlers that change nothing."""

    def __init__(self, core: Core) -> None:
        self.core = core

    async def version(self, _request: web.Request) -> web.Response:
        return answers.json(
            {
                "version": syncd.__version__,
                "api": API,
                "python": platform.python_version(),
                "sqlite": sqlite3.sqlite_version,
            }
        )

    async def status(self, _request: web.Request) -> web.Response:
        core, store = self.core, self.core.store
        counts = await store.read(partial(notices.counts, done=False))
        failing = [each for each in core.outbox.targets(counts) if each["state"] not in ("ok", "removed")]
        deliveries = dict.fromkeys(("waiting", "due", "dead"), 0)
        for (_, state), count in counts.states.items():
            deliveries[state] += count
        return answers.json(
            {
                "version": syncd.__version__,
                "pid": os.getpid(),
                "started": core.started,
                "uptime_seconds": round(time.monotonic() - core.begun, 1),
                "state": self._state(),
                "paused": core.runs.paused,
                "store": {
                    "path": str(store.path),
                    "bytes": size(store.path),
                    "wal_bytes": size(store.path.with_name(store.path.name + "-wal")),
                    "sqlite": sqlite3.sqlite_version,
                },
                "run": await self._run(places=True),
                "pending": [_pending(request) for request in store.requests],
                "schedule": [{"name": name, "next": iso(when)} for name, when in core.timetable.next().items()],
                "last": (await store.read(lambda c: queries.runs(c, LAST_RUNS)))[::-1],
                "coverage": dict(self._states()),
                "last_event": await store.events(),
                "configuration": {
                    "files": [str(file) for file in core.setting.config.files],
                    "loaded": core.setting.loaded,
                    "refused": core.setting.refused,
                },
                "deliveries": deliveries,
                "targets": failing,
                "hearing": queues_of(core, await store.read(aside.counted)),
                "warnings": [*self._warnings(), *_undelivered(deliveries, failing)],
            }
        )

    def _state(self) -> str:
        if self.core.stopping:
            return "stopping"
        if self.core.runs.current:
            return "running"
        return "paused" if self.core.runs.paused else "idle"

    def _states(self) -> Counter[str]:
        """Scopes by state, from what the daemon has at hand: no query."""
        states = Counter(row.state for row in self.core.store.rows.values())
        states["complete"] += sum(len(names) for names in self.core.store.quiet.values())
        return states

    def _warnings(self) -> list[str]:
        found = [*self.core.setting.warnings, *self.core.troubles.values(), *warnings_of(self.core)]
        if self.core.setting.refused:
            found.append(f"the last reload was refused: {self.core.setting.refused}")
        incomplete = sum(count for state, count in self._states().items() if state not in _INCOMPLETE)
        if incomplete:
            found.append(f"{incomplete} scopes are not complete: syncctl coverage --incomplete --why")
        return found

    async def _run(self, *, places: bool) -> Row | None:
        current = self.core.runs.current
        if current is None:
            return None
        now = time.monotonic()
        left = current.remaining(now)
        row = {
            "run": current.number,
            "trigger": current.request.trigger,
            "started": current.started,
            "selection": asdict(current.request.selection),
            **asdict(current.run.so_far()),
            "seconds": round(now - current.begun, 1),
            "remaining_seconds": None if left is None else round(left, 1),
        }
        if places:
            names = await self.core.store.account_names()
            row["places"] = [
                {
                    "collector": collector,
                    "account": account,
                    "name": names.get(account, ""),
                    "region": region,
                    **asdict(place),
                }
                for (collector, account, region), place in sorted(current.run.places.items())
            ]
        return row

    # -- runs

    async def runs(self, request: web.Request) -> web.Response:
        limit = number(request, "limit", 20, MOST_RUNS)
        return answers.json({"runs": await self.core.store.read(lambda c: queries.runs(c, limit))})

    async def run(self, request: web.Request) -> web.Response:
        row = await self._known_run(request)
        store, number = self.core.store, row["run"]
        summary = await store.read(lambda c: queries.summary(c, number))
        return answers.json(
            {"run": row, "steps": await store.read(lambda c: queries.steps(c, number)), "summary": summary}
        )

    async def log(self, request: web.Request) -> web.StreamResponse:
        row = await self._known_run(request)
        rows = await self.core.store.read(lambda c: queries.log(c, row["run"]))
        return await answers.lines(request, _each(rows))

    async def _known_run(self, request: web.Request) -> Row:
        wanted = int(request.match_info["run"])
        row = await self.core.store.read(lambda c: queries.run(c, wanted))
        if row is None:
            raise not_found(f"there is no run {wanted}: syncctl runs lists them")
        return row

    async def follow(self, request: web.Request) -> web.StreamResponse:
        wanted = int(request.match_info["request"])
        if not self._goes_on(wanted) and not self._waits(wanted) and await self._run_of(wanted) is None:
            raise not_found(f"there is no request {wanted}, or not any more: syncctl runs lists what became of it")
        return await answers.lines(request, self._following(wanted))

    async def _following(self, wanted: int) -> AsyncIterator[Row]:
        waiting = False
        while True:
            row = await self._ended(wanted)
            if row is not None:
                yield {"type": "finished", "run": row}
                return
            if self._goes_on(wanted):
                yield {"type": "progress", **(await self._run(places=False) or {})}
            elif not waiting:
                waiting = True
                yield {"type": "waiting"}
            await asyncio.sleep(FOLLOWING)

    def _goes_on(self, wanted: int) -> bool:
        current = self.core.runs.current
        return current is not None and current.request.id == wanted

    def _waits(self, wanted: int) -> bool:
        return any(each.id == wanted for each in self.core.store.requests)

    async def _ended(self, wanted: int) -> Row | None:
        row = await self._run_of(wanted)
        return row if row and row["state"] != "running" else None

    async def _run_of(self, wanted: int) -> Row | None:
        """Looked for last: whoever waits no more has a run by then, though it may not be known to go on yet."""
        return await self.core.store.read(lambda c: queries.run_of(c, wanted))

    # -- the picture

    async def coverage(self, request: web.Request) -> web.StreamResponse:
        incomplete = switch(request, "incomplete")

        async def rows() -> AsyncIterator[Row]:
            after = ""
            while page := await self.core.store.read(
                partial(queries.coverage, incomplete=incomplete, after=after, limit=SCOPES)
            ):
                for row in page:
                    yield row
                after = page[-1]["scope"]

        return await answers.lines(request, rows())

    async def accounts(self, _request: web.Request) -> web.Response:
        return answers.json({"accounts": await self.core.store.read(queries.accounts)})

    async def collectors(self, _request: web.Request) -> web.Response:
        scopes: Counter[str] = Counter()
        incomplete: Counter[str] = Counter()
        nodes: Counter[str] = Counter()
        for row in self.core.store.rows.values():
            scopes[row.collector] += 1
            nodes[row.collector] += row.nodes
            incomplete[row.collector] += row.state not in _INCOMPLETE
        for (collector, _, _), names in self.core.store.quiet.items():
            scopes[collector] += len(names)
        found = [
            {
                "name": name,
                "kinds": len(list(kinds_of(collector, self.core.setting.config.collectors.get(name)))),
                "configured": bool(self.core.setting.config.files),
                "scopes": scopes[name],
                "incomplete": incomplete[name],
                "nodes": nodes[name],
            }
            for name, collector in self.core.collectors.items()
        ]
        return answers.json({"collectors": found})

    async def events(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        wanted = Filter(number(request, "since", 0), query.get("type") or "*", query.get("resource", ""))
        if not switch(request, "follow"):
            limit = number(request, "limit", 100, PAGE)
            chosen = queries.events if "since" in query else queries.last_events
            rows = await self.core.store.read(partial(chosen, wanted=wanted, limit=limit))
            return await answers.lines(request, _each(rows))
        if "since" not in query:
            wanted = wanted._replace(since=await self.core.store.events())
        return await answers.lines(request, self._new_events(wanted))

    async def _new_events(self, wanted: Filter) -> AsyncIterator[Row]:
        """Those after `since`, then those to come; a sign of life where nothing happens."""
        with self.core.store.waking() as wake:
            while not self.core.stopping:
                wake.clear()
                last = await self.core.store.events()
                while page := await self.core.store.read(partial(queries.events, wanted=wanted, limit=PAGE)):
                    for row in page:
                        yield row
                    wanted = wanted._replace(since=page[-1]["seq"])
                wanted = wanted._replace(since=max(last, wanted.since))  # what does not match is not looked at again
                try:
                    async with asyncio.timeout(ALIVE):
                        await wake.wait()
                except TimeoutError:
                    yield {"type": "alive"}

    # -- the daemon itself

    async def config(self, _request: web.Request) -> web.Response:
        config = self.core.setting.config
        return answers.json({"files": [str(file) for file in config.files], "config": shown(config)})

    async def tasks(self, _request: web.Request) -> web.Response:
        found = [{"name": task.get_name(), "where": _where(task)} for task in asyncio.all_tasks()]
        return answers.json({"tasks": sorted(found, key=lambda task: task["name"])})

    async def limits(self, _request: web.Request) -> web.Response:
        core, now = self.core, asyncio.get_running_loop().time()
        lanes = [
            {
                **lane._asdict(),
                "limit": int(state.limit),
                "under_way": state.under_way,
                "waiting": len(state.waiting),
                "throttles": state.throttles,
                "paused_seconds": round(max(0.0, state.until - now), 1),
            }
            for lane, state in sorted(core.limits.show().items())
        ]
        return answers.json(
            {
                "under_way": sum(lane["under_way"] for lane in lanes),
                "max_in_flight": core.setting.config.sync.max_in_flight,
                "writer_queue": core.store.backlog,
                "lanes": lanes,
            }
        )

    async def metrics(self, _request: web.Request) -> web.Response:
        self.core.facts = await facts_of(self.core)
        return web.Response(body=self.core.telemetry.render(), headers={"Content-Type": CONTENT_TYPE})

    async def health(self, _request: web.Request) -> web.Response:
        """The loop turns, or nobody would answer; whether the writer does is asked here."""
        async with asyncio.timeout(5):
            await self.core.store.ping()
        return answers.json({"healthy": True})

    async def ready(self, _request: web.Request) -> web.Response:
        """Ready to be asked: something has been read. Says as well how complete the picture is."""
        known = any(row.baseline for row in self.core.store.rows.values()) or bool(self.core.store.quiet)
        body = {"ready": known and not self.core.stopping, "coverage": dict(self._states())}
        return answers.json(body, 200 if body["ready"] else 503)


async def _each(rows: list[Row]) -> AsyncIterator[Row]:
    for row in rows:
        yield row


def _undelivered(deliveries: Row, failing: list[Row]) -> list[str]:
    found = [
        f"target {each['name']} fails, {each['due']} notices wait for it: {each['reason']}"
        for each in failing
        if each["state"] == "failing"
    ]
    if deliveries["dead"]:
        found.append(f"{deliveries['dead']} notices could not be delivered: syncctl deliveries --state dead")
    return found


def _pending(request: Request) -> Row:
    return {
        "request": request.id,
        "trigger": request.trigger,
        "asked": request.asked,
        "by": request.asker,
        "selection": asdict(request.selection),
    }


def _where(task: asyncio.Task[Any]) -> str:
    frames = task.get_stack(limit=1)
    return f"{Path(frames[-1].f_code.co_filename).name}:{frames[-1].f_lineno}" if frames else ""


def number(request: web.Request, name: str, otherwise: int, most: int = 2**62) -> int:
    text = request.query.get(name, "")
    if not text:
        return otherwise
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise bad(f"{name}: found {text[:40]!r}, expected a number")
    return min(int(text), most)


def switch(request: web.Request, name: str) -> bool:
    text = request.query.get(name, "false")
    if text not in ("true", "false", ""):
        raise bad(f"{name}: found {text[:40]!r}, expected true or false")
    return text != "false"


def shown(config: Config) -> Any:
    """The configuration without its secrets."""

    def plain(value: Any) -> Any:
        if isinstance(value, Secret):
            return "***"
        if isinstance(value, Path):
            return str(value)
        raise NotImplementedError(type(value).__name__)

    return msgspec.to_builtins(config, enc_hook=plain)
