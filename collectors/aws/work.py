"""Bounded concurrency: many small jobs, few at once, nothing left running when the caller goes away."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")
Job = Callable[[], Awaitable[None]]
Source = Callable[[], AsyncIterator[T]]


async def run_all(jobs: Iterable[Job], at_once: int) -> None:
    """Runs every job, `at_once` of them together; the first error ends all."""
    waiting = iter(jobs)

    async def work() -> None:
        for job in waiting:
            await job()

    first = next(waiting, None)
    if first is None:
        return
    rest = list(waiting)
    if not rest:
        await first()
        return
    waiting = iter([first, *rest])
    workers = [asyncio.create_task(work()) for _ in range(min(at_once, len(rest) + 1))]
    try:
        await asyncio.gather(*workers)
    finally:
        await _end(workers)


async def merge(sources: Iterable[Source[T]], at_once: int) -> AsyncGenerator[T]:
    """What the sources yield, in the order in which it comes; `at_once` of them are open together."""
    waiting = iter(sources)
    queue: asyncio.Queue[T | None] = asyncio.Queue(maxsize=at_once)

    async def work() -> None:
        for source in waiting:
            async for value in source():
                await queue.put(value)

    async def all_of_them() -> None:
        try:
            await asyncio.gather(*workers)
        finally:
            await queue.put(None)

    workers = [asyncio.create_task(work()) for _ in range(at_once)]
    end = asyncio.create_task(all_of_them())
    try:
        while (value := await queue.get()) is not None:
            yield value
        await end
    finally:
        await _end([*workers, end])


async def _end(tasks: Sequence[asyncio.Future[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
