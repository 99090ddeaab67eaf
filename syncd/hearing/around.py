"""What an ear needs of the daemon."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from syncd.settings import Config
from syncd.store.store import Store
from syncd.sync.limits import Limits

Sleep = Callable[[float], Awaitable[object]]

READ, NOTHING, ASIDE, AGAIN, GIVEN_UP = "read", "nothing", "aside", "again", "given_up"
"""What became of messages: all read; concerned nothing that is read; not understood; to be told again; told often
enough: the next run makes it good."""


def _nobody(_collector: str, _outcome: str, _count: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Around:
    """`react` has rules look at what was read. `counted`: collector, what became of messages, how many.

    `clock` gives monotonic seconds, `wall` Unix seconds.
    """

    store: Store
    config: Callable[[], Config]
    limits: Callable[[], Limits]
    react: Callable[[], Awaitable[None]]
    paused: Callable[[], bool] = lambda: False
    counted: Callable[[str, str, int], None] = _nobody
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Sleep = asyncio.sleep


@dataclass(slots=True)
class Queue:
    """How it is with one queue. `waiting`: about so many messages, -1 where that cannot be asked."""

    collector: str
    name: str
    last: str = ""
    waiting: int = 0
    trouble: str = field(default="")
