"""The one layer that retries: limit, time budget, jitter, Retry-After, statistics. Nothing else tries again."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TypeVar

from msgspec import Struct, field

from syncd.errors import Failed, Temporary, Throttled
from syncd.plugin import Lane
from syncd.sync.limits import Limits

T = TypeVar("T")


class Patience(Struct, frozen=True):
    """How often and how long: `attempts` in all, waits from `base` to `cap` seconds, `call` seconds for one attempt."""

    attempts: int = 6
    base: float = 0.5
    cap: float = 20.0
    call: float = 60.0
    longest_wait: float = 300.0

    def wait(self, attempt: int, after: float | None, chance: float) -> float:
        """Seconds before the next attempt: full jitter, or what the provider asks for (with a little jitter on top)."""
        if after is not None:
            return min(after, self.longest_wait) + chance * self.base
        return chance * float(min(self.cap, self.base * 2.0**attempt))


class Tally(Struct):
    """Calls of one scope, or of a whole run. `same`: answers that were what they were before, and not even read."""

    calls: int = 0
    retries: int = 0
    throttles: int = 0
    bytes: int = 0
    same: int = 0

    def add(self, other: "Tally") -> None:
        self.calls += other.calls
        self.retries += other.retries
        self.throttles += other.throttles
        self.bytes += other.bytes
        self.same += other.same


class Budget:
    """Ends what is awaited within it with TimeoutError: asyncio.timeout for short calls, at a third of its cost."""

    __slots__ = ("_before", "_over", "_seconds", "_task", "_timer")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._before = task.cancelling()
        self._over = False
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._end)

    def _end(self) -> None:
        self._over = True
        self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._timer.cancel()
        # Whoever else cancelled the task meanwhile wants it to end: that is not for us to swallow.
        if self._over and self._task.uncancel() <= self._before and kind is asyncio.CancelledError:
            raise TimeoutError from error


class HostCalls(Struct):
    """Implements plugin.Calls for one scope (or for discovery)."""

    limits: Limits
    patience: Patience
    tally: Tally = field(default_factory=Tally)
    chance: Callable[[], float] = random.random

    def received(self, size: int) -> None:
        self.tally.bytes += size

    async def run(self, lane: Lane, operation: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """See plugin.Calls.run."""
        limit = self.limits.lane(lane)
        for number in range(self.patience.attempts):
            await self.limits.enter(limit)
            self.tally.calls += 1
            try:
                with Budget(self.patience.call):
                    result = await attempt()
                limit.grow()
                return result
            except (Temporary, TimeoutError) as raised:
                error = raised if isinstance(raised, Temporary) else self._late(operation)
                last = error
                wait = self.patience.wait(number, error.after, self.chance())
                if isinstance(error, Throttled):
                    self.tally.throttles += 1
                    limit.shrink(asyncio.get_running_loop().time(), wait)
            finally:
                self.limits.leave(limit)
            if number + 1 < self.patience.attempts:
                self.tally.retries += 1
                await asyncio.sleep(wait)
        reason = f"{last.reason} ({self.patience.attempts} attempts)"
        raise Failed(reason, operation=operation, permission=last.permission) from last

    def _late(self, operation: str) -> Temporary:
        return Temporary(f"no answer within {self.patience.call:g} s", operation=operation)
