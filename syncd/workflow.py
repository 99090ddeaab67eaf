"""What a run does: its steps in order. Each ends when all who take part have answered, or their time is over.

A step that is told may be answered from outside, by programs that subscribe on the control socket. Whoever is gone, or
silent, holds it no longer than the limit that it asked for, and the step says so.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog

from syncd.store.requests import COLLECT, Request
from syncd.store.steps import STEPS, WORKFLOWS
from syncd.store.store import Store
from syncd.sync.perform import Collect

__all__ = ["STEPS", "WORKFLOWS", "Participants", "Subscriber", "Workflow"]

log = structlog.get_logger()

DONE, FAILED, LATE, GONE = "done", "failed", "late", "gone"
PROGRESS = "progress"

Message = dict[str, Any]


@dataclass(eq=False, slots=True)
class Subscriber:
    """A program that takes part in `steps` while it is connected. `limit`: seconds that a step may wait for it."""

    name: str
    steps: frozenset[str]
    limit: float
    messages: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)


@dataclass(slots=True)
class Barrier:
    """One step that waits. `asked`: name → limit; `answers`: what came so far, by name."""

    message: Message
    begun: float
    asked: dict[str, float]
    answers: dict[str, Message] = field(default_factory=dict)
    progress: dict[str, str] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def task(self) -> str:
        return str(self.message["task"])

    def waits_for(self, now: float) -> dict[str, float]:
        """Name → seconds left, of those who have not answered and still have time."""
        left = {name: self.begun + limit - now for name, limit in self.asked.items() if name not in self.answers}
        return {name: seconds for name, seconds in left.items() if seconds > 0}


class Participants:
    """Who is connected, and the barrier that waits for them. `clock` gives monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.barrier: Barrier | None = None
        self._clock = clock
        self._subscribers: dict[str, Subscriber] = {}

    @property
    def connected(self) -> list[Subscriber]:
        return list(self._subscribers.values())

    @asynccontextmanager
    async def subscribed(self, subscriber: Subscriber) -> AsyncIterator[Subscriber]:
        """Takes part from now on. One of the same name takes the place of an earlier one, and its open step."""
        self._subscribers[subscriber.name] = subscriber
        if self.barrier and subscriber.name in self.barrier.waits_for(self._clock()):
            subscriber.messages.put_nowait(self.barrier.message)
        try:
            yield subscriber
        finally:
            if self._subscribers.get(subscriber.name) is subscriber:
                del self._subscribers[subscriber.name]

    def answer(self, task: str, name: str, state: str, message: str) -> bool:
        """Whether that step still waited for that subscriber."""
        barrier = self.barrier
        if barrier is None or barrier.task != task or name not in barrier.waits_for(self._clock()):
            return False
        if state == PROGRESS:
            barrier.progress[name] = message
        else:
            seconds = round(self._clock() - barrier.begun, 3)
            barrier.answers[name] = {"subscriber": name, "state": state, "message": message, "seconds": seconds}
            barrier.changed.set()
        return True

    async def wait(self, step: str, message: Message) -> list[Message]:
        """Tells those who take part in the step, and waits. Returns the answers, late and missing ones marked."""
        asked = {each.name: each.limit for each in self.connected if step in each.steps}
        if not asked:
            return []
        self.barrier = Barrier(message, self._clock(), asked)
        try:
            for each in self.connected:
                if each.name in asked:
                    each.messages.put_nowait(message)
            await self._answered(self.barrier)
            return [self._answer(self.barrier, name) for name in asked]
        finally:
            self.barrier = None

    async def _answered(self, barrier: Barrier) -> None:
        while left := barrier.waits_for(self._clock()):
            barrier.changed.clear()
            try:
                async with asyncio.timeout(min(left.values())):
                    await barrier.changed.wait()
            except TimeoutError:
                continue

    def _answer(self, barrier: Barrier, name: str) -> Message:
        if name in barrier.answers:
            return barrier.answers[name]
        state = LATE if name in self._subscribers else GONE
        message = barrier.progress.get(name, "")
        log.warning("step.unanswered", task=barrier.task, subscriber=name, state=state)
        return {"subscriber": name, "state": state, "message": message, "seconds": barrier.asked[name]}


async def nobody(_step: str) -> list[Message]:
    return []


class Workflow:
    """Performs the steps of requests. `rules` looks at them before the others are told; what it did is an answer."""

    def __init__(
        self, store: Store, participants: Participants, rules: Callable[[str], Awaitable[list[Message]]] = nobody
    ) -> None:
        self._store = store
        self._participants = participants
        self._rules = rules

    async def perform(self, request: Request, collect: Collect) -> None:
        """A collect that fails as a whole, or runs out of time, ends the run: nothing acts on what was not seen."""
        for position, step in enumerate(WORKFLOWS[request.workflow], 1):
            body = {"workflow": request.workflow, "task": f"{self._store.run}:{step}"}
            await self._store.begin_step(position, step, body)
            if step == COLLECT:
                await collect()
            answers = await self._rules(step)
            answers += await self._participants.wait(step, self._message(step, request))
            await self._store.finish_step(position, step, _state(answers), answers)

    def _message(self, step: str, request: Request) -> Message:
        """What those outside are told. `incomplete`: scopes that must not be acted on (GET /v1/coverage)."""
        rows = self._store.rows.values()
        return {
            "type": "step",
            "task": f"{self._store.run}:{step}",
            "step": step,
            "run": self._store.run,
            "workflow": request.workflow,
            "incomplete": sum(row.state not in ("complete", "retired") for row in rows),
        }


def _state(answers: list[Message]) -> str:
    states = {answer["state"] for answer in answers}
    if FAILED in states:
        return FAILED
    return LATE if states & {LATE, GONE} else DONE
