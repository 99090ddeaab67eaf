"""Workflows over the control socket: asked for by hand, and taken part in from outside."""

import asyncio
from collections.abc import AsyncIterator
from fnmatch import fnmatchcase
from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from syncd.control import answers
from syncd.control.answers import ALIVE, VISIT, Problem, bad, not_found
from syncd.control.changing import TRIGGER, read
from syncd.control.core import Core
from syncd.store.requests import Wish
from syncd.workflow import STEPS, WORKFLOWS, Message, Subscriber


class Subscription(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/workflows/subscribe. `steps`: names or globs; `limit_seconds`: how long a step may wait."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    steps: list[str]
    limit_seconds: Annotated[float, Meta(gt=0, le=3600)] = 60.0


class Answered(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/workflows/answer. `task` and `name` as in the message and the subscription."""

    task: str
    name: str
    state: Literal["done", "failed", "progress"]
    message: Annotated[str, Meta(max_length=2000)] = ""


class Working:
    """Handlers about workflows."""

    def __init__(self, core: Core) -> None:
        self.core = core

    async def workflows(self, _request: web.Request) -> web.Response:
        participants = self.core.participants
        barrier = participants.barrier
        return answers.json(
            {
                "workflows": [{"name": name, "steps": steps} for name, steps in WORKFLOWS.items()],
                "subscribers": [
                    {"name": each.name, "steps": sorted(each.steps), "limit_seconds": each.limit}
                    for each in participants.connected
                ],
                "waiting": barrier
                and {
                    "task": barrier.task,
                    "for": sorted(set(barrier.asked) - set(barrier.answers)),
                    "progress": barrier.progress,
                },
            }
        )

    async def run(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in WORKFLOWS:
            raise not_found(f"there is no workflow {name[:40]}; expected one of: {', '.join(WORKFLOWS)}")
        wish = Wish(TRIGGER, request[VISIT].peer.user, workflow=name)
        found, joined = await self.core.runs.ask(wish)
        return answers.json({"request": found.id, "joined": joined}, 202)

    async def subscribe(self, request: web.Request) -> web.StreamResponse:
        wanted: Subscription = await read(request, Subscription)
        steps = frozenset(step for step in STEPS if any(fnmatchcase(step, glob) for glob in wanted.steps))
        if not steps:
            raise bad(f"steps: none of these is one; expected some of: {', '.join(STEPS)}")
        return await answers.lines(request, self._told(Subscriber(wanted.name, steps, wanted.limit_seconds)))

    async def _told(self, subscriber: Subscriber) -> AsyncIterator[Message]:
        async with self.core.participants.subscribed(subscriber):
            yield {"type": "subscribed", "name": subscriber.name, "steps": sorted(subscriber.steps)}
            while not self.core.stopping:
                try:
                    async with asyncio.timeout(ALIVE):
                        yield await subscriber.messages.get()
                except TimeoutError:
                    yield {"type": "alive"}

    async def answer(self, request: web.Request) -> web.Response:
        said: Answered = await read(request, Answered)
        if not self.core.participants.answer(said.task, said.name, said.state, said.message):
            raise Problem(409, "not_waited_for", f"no step {said.task} waits for {said.name}: too late, or answered")
        return answers.json({"taken": True})
