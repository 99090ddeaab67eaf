"""A cloud in memory that tells of its changes over a queue, and the ears that listen to it."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from syncd.errors import ReadError
from syncd.hearer import Message
from syncd.hearing.around import Around
from syncd.hearing.ears import Ears
from syncd.model import Blind, Doubt, Gap, Imprint, Node, Same, Scope
from syncd.plugin import Calls, Lane, Reader, Selection
from syncd.settings import Config, SyncSettings
from syncd.store.store import Store
from syncd.sync.limits import Limits
from tests.fakes.cloud import Cloud


@dataclass
class Post(Cloud):
    """`told` is in the queue, in order; `given` of it, how often, and `out` are not to be given out now.

    A message's body is the keys of its scopes; "?" is one that nobody understands. `settings` of it are its queues.
    """

    told: dict[str, str] = field(default_factory=dict)
    given: Counter[str] = field(default_factory=Counter)
    out: set[str] = field(default_factory=set)
    gone: list[str] = field(default_factory=list)
    deaf: ReadError | None = None
    bug: bool = False
    dark: set[str] = field(default_factory=set)
    forgotten: int = 0
    reading: Counter[str] = field(default_factory=Counter)
    together: int = 0
    when_done: Callable[[], None] = lambda: None

    def tell(self, *bodies: str) -> None:
        for body in bodies:
            self.told[f"m{len(self.told) + len(self.gone)}"] = body

    def again(self) -> None:
        """The time is over for which messages that were given out are not given out again."""
        self.out.clear()

    # -- syncd.hearer

    def queues(self, settings: Any) -> Sequence[str]:
        return tuple(settings)

    async def hearer(self, settings: Any) -> "Post":
        return self

    async def hear(self, queue: str, calls: Calls) -> Sequence[Message]:
        async def attempt() -> list[Message]:
            if self.bug:
                self.bug = False
                raise RuntimeError("a bug")
            if self.deaf:
                raise self.deaf
            names = [name for name in self.told if name not in self.out][:10]
            self.out.update(names)
            self.given.update(names)
            if not names:
                await asyncio.sleep(0.01)
            return [Message(name, self.told[name], f"r{name}", self.given[name], time.time()) for name in names]

        return await calls.run(Lane("1", "r1", "queue"), "queue:Receive", attempt)

    async def done(self, queue: str, messages: Sequence[Message], calls: Calls) -> None:
        self.when_done()
        for message in messages:
            del self.told[message.id]
            self.gone.append(message.body)

    async def waiting(self, queue: str, calls: Calls) -> int:
        return len(self.told)

    def touched(self, body: str) -> Iterable[str]:
        if body.startswith("!"):
            raise RuntimeError("a bug")
        if body.startswith("?"):
            raise ValueError("nobody knows what that is")
        return body.split(",") if body else ()

    def forget(self) -> None:
        self.forgotten += 1

    async def scopes(self, calls: Calls, selection: Selection) -> AsyncIterator[Scope | Blind]:
        for account in sorted(self.dark):
            yield Blind("fake", account, "denied", "look", "fake:Look", "not for you")
        for key in selection.scopes or tuple(self.boxes):
            if key in self.boxes and key.split("/")[1] not in self.dark:
                yield self.scope(key)

    async def collect(self, scope: Scope, reader: Reader) -> AsyncIterator[Node | Gap | Doubt | Imprint | Same]:
        self.reading[scope.key] += 1
        self.together = max(self.together, self.reading[scope.key])
        try:
            async for item in super().collect(scope, reader):
                yield item
        finally:
            self.reading[scope.key] -= 1


@dataclass
class Listening:
    """`slept`: how long pauses were to be; none of them is waited for."""

    ears: Ears
    settings: dict[str, Any]
    slept: list[float] = field(default_factory=list)
    reacted: int = 0
    react: Callable[[], Awaitable[None]] | None = None
    paused: bool = False
    counted: Counter[str] = field(default_factory=Counter)

    @property
    def queue(self) -> Any:
        [queue] = self.ears.queues
        return queue


@asynccontextmanager
async def listening(store: Store, post: Post, *queues: str) -> AsyncIterator[Listening]:
    """Ears at work; killed at the end as a process is: nothing is put in order."""
    found = Listening(None, {"fake": queues or ("q",)})  # type: ignore[arg-type]

    async def react() -> None:
        found.reacted += 1
        if found.react:
            await found.react()

    async def sleep(seconds: float) -> None:
        if seconds < 900:
            found.slept.append(seconds)
            await asyncio.sleep(0.01)
        else:
            await asyncio.Event().wait()

    def config() -> Config:
        return Config(collectors=found.settings, sync=SyncSettings(attempts=1))

    limits = Limits(16)
    around = Around(
        store,
        config,
        lambda: limits,
        react,
        lambda: found.paused,
        lambda _collector, outcome, count: found.counted.update({outcome: count}),
        sleep=sleep,
    )
    found.ears = Ears(around, {"fake": post})
    task = asyncio.create_task(found.ears.serve())
    try:
        yield found
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled(), task.exception()


async def until(true: Callable[[], Any], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)
