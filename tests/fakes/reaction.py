"""Reactions of the tests. What they are told and what they answer is in the settings of their targets."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from syncd.notice import Notice
from syncd.plugin import Context, Receipt, Secret

Answer = Callable[[Notice], Receipt | None]


@dataclass(eq=False)
class Sink:
    """Settings of a target within the process. `answers` are asked one after the other, then everything is taken."""

    answers: list[Answer] = field(default_factory=list)
    got: list[Notice] = field(default_factory=list)
    memories: list[dict[str, str]] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)
    seconds: float = 0.0
    token: Secret = field(default_factory=lambda: Secret("canary-of-the-sink"))
    most_at_once: int = 0
    _now: int = 0

    @property
    def ids(self) -> list[str]:
        return [notice.id for notice in self.got]

    async def take(self, context: Context, notice: Notice) -> Receipt:
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            self.got.append(notice)
            self.memories.append(dict(context.memory))
            self.attempts.append(context.attempt)
            await asyncio.sleep(self.seconds)
            answer = self.answers.pop(0)(notice) if self.answers else None
            return answer or Receipt(answer="taken")
        finally:
            self._now -= 1


class Posting(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of a target that is told over HTTP."""

    url: str
    token: Secret = Secret("canary-of-the-token")


@dataclass
class Told:
    """A reaction to a Sink."""

    name: str
    most: int = 5
    apart: bool = False
    every_item: bool = False
    repeat: float = 0.0
    settings: type[Any] = Sink

    async def deliver(self, context: Context, settings: Any, notice: Notice) -> Receipt:
        return await settings.take(context, notice)  # type: ignore[no-any-return]


@dataclass
class Posted(Told):
    """Sends id and title."""

    settings: type[Any] = Posting

    async def deliver(self, context: Context, settings: Any, notice: Notice) -> Receipt:
        body = {
            "id": notice.id,
            "title": notice.title,
            "state": notice.state,
            "events": [item.event for item in notice.items],
        }
        headers = {"Authorization": f"Bearer {settings.token.reveal()}"}
        reply = await context.send("POST", settings.url, headers=headers, json=body, secrets=[settings.token])
        return Receipt(answer=f"{reply.status} {reply.body.decode()[:50]}")


recorder = Told("recorder")
apart = Told("apart", apart=True)
each = Told("each", apart=True, every_item=True, repeat=60.0)
post = Posted("post", most=100)
