"""All collectors that hear: each listens while its settings name a queue, and begins anew when they change."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import structlog

from syncd.errors import ConfigError, CredentialsError
from syncd.hearer import Hearer, Hearing
from syncd.hearing.around import Around, Queue
from syncd.hearing.ear import FIRST_PAUSE, LONGEST_PAUSE, Ear
from syncd.plugin import Collector

log = structlog.get_logger()


class Ears:
    """`queues`: all that are listened to, for status."""

    def __init__(self, around: Around, collectors: Mapping[str, Collector]) -> None:
        self.queues: list[Queue] = []
        self._around = around
        self._collectors = {name: each for name, each in collectors.items() if isinstance(each, Hearing)}
        self._at_work: dict[str, tuple[Any, asyncio.Task[None]]] = {}
        self._ears: dict[str, Ear] = {}
        self._wake = asyncio.Event()

    def look(self) -> None:
        """The settings may be others now."""
        self._wake.set()

    def at_hand(self, collector: str) -> int:
        """Messages that were taken from queues, and are not done with."""
        ear = self._ears.get(collector)
        return len(ear) if ear is not None else 0

    async def serve(self) -> None:
        """Until it is cancelled."""
        self._at_work.clear()
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                await self._adjust(group)
                await self._wake.wait()

    async def _adjust(self, group: asyncio.TaskGroup) -> None:
        given = self._around.config().collectors
        wanted = {name: given[name] for name, each in self._collectors.items() if each.queues(given[name])}
        for name, (settings, task) in list(self._at_work.items()):
            if wanted.get(name) != settings:
                task.cancel()
                await asyncio.wait([task])
                del self._at_work[name]
        for name, settings in wanted.items():
            if name not in self._at_work:
                task = group.create_task(self._listen(name, settings), name=f"hearing-{name}")
                self._at_work[name] = settings, task

    async def _listen(self, name: str, settings: Any) -> None:
        """Until it is cancelled: a collector's bug, shown, has it begin anew, and hurts nobody else."""
        collector, pause = self._collectors[name], FIRST_PAUSE
        queues = [Queue(name, queue) for queue in collector.queues(settings)]
        self.queues += queues
        try:
            while True:
                hearer = await self._open(collector, settings, queues)
                try:
                    await self._serve(name, hearer, queues)
                except Exception as bug:
                    log.exception("hearing.crashed", collector=name)
                    for queue in queues:
                        queue.trouble = f"{type(bug).__name__}: {bug}"
                await self._around.sleep(pause)
                pause = min(LONGEST_PAUSE, pause * 2)
        finally:
            self.queues = [queue for queue in self.queues if queue not in queues]

    async def _serve(self, name: str, hearer: Hearer, queues: Iterable[Queue]) -> None:
        self._ears[name] = ear = Ear(self._around, name, hearer, queues)
        try:
            await ear.serve()
        finally:
            del self._ears[name]
            await hearer.close()

    async def _open(self, collector: Hearing, settings: Any, queues: Iterable[Queue]) -> Hearer:
        pause = FIRST_PAUSE
        while True:
            try:
                hearer = await collector.hearer(settings)
            except (CredentialsError, ConfigError) as error:
                log.warning("hearing.deaf", reason=str(error))
                for queue in queues:
                    queue.trouble = str(error)
                await self._around.sleep(pause)
                pause = min(LONGEST_PAUSE, pause * 2)
            else:
                return hearer
