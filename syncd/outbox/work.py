"""The outbox of a running daemon: its parts, and what commands ask of it."""

import asyncio
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from syncd.outbox.alive import Alive
from syncd.outbox.by_hand import Asked, events
from syncd.outbox.dispatcher import Dispatcher
from syncd.outbox.follower import Follower
from syncd.outbox.maker import Maker
from syncd.outbox.sending import Gateway, tested
from syncd.outbox.setting import Clock
from syncd.settings import Config
from syncd.store import notices, outbox
from syncd.store.journal import Journal
from syncd.store.store import Store
from syncd.sync.scope_run import iso


class Outbox:
    """`config` gives the configuration in force, at each look; `counted(target, outcome)` hears of attempts.

    `busy`: whether a run goes on.
    """

    def __init__(
        self,
        store: Store,
        config: Callable[[], Config],
        *,
        counted: Callable[[str, str], None] = lambda target, outcome: None,
        busy: Callable[[], bool] = lambda: False,
        gateway: Gateway | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._store = store
        self._config = config
        self._clock = clock or Clock()
        self._gateway = gateway or Gateway()
        self.dispatcher = Dispatcher(store, config, self._clock, self._gateway, counted)
        self.maker = Maker(store, config, self._clock, self.dispatcher.wake.set)
        self.follower = Follower(store, config, self.maker.put, busy)
        self.alive = Alive(store, config, self._clock, self._gateway, self.dispatcher)

    async def serve(self) -> None:
        """Until it is cancelled; then what is under way has a few seconds to end."""
        try:
            await self.begin()
            async with asyncio.TaskGroup() as group:
                group.create_task(self.follower.serve(), name="outbox-follower")
                group.create_task(self.maker.serve(), name="outbox-maker")
                group.create_task(self.dispatcher.serve(), name="outbox-dispatcher")
                group.create_task(self.alive.serve(), name="outbox-alive")
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            await self.close()

    async def close(self) -> None:
        """After its last attempt."""
        await self._gateway.close()

    async def begin(self) -> None:
        """Where the last process left off, or a part of this one that failed: the store knows all that waits."""
        cursor, name = await self._store.write(outbox.begin)
        self.follower.begin(cursor)
        await self.maker.begin(name)

    def look(self) -> None:
        """Something has changed: the configuration, or what is due."""
        self.dispatcher.wake.set()

    def close_soon(self) -> None:
        self.dispatcher.close_soon()

    # -- commands

    async def replay(self, numbers: Collection[int] | None, target: str) -> list[int]:
        now = iso(self._clock.wall())
        found = await self._store.write(partial(notices.replay, now=now, numbers=numbers, target=target))
        self.look()
        return found

    async def tell(self, asked: Asked) -> None:
        """Returns when it is committed: from then on it is told, whatever crashes."""

        def write(journal: Journal) -> None:
            for event in events(asked):
                journal.tell(event)

        await self._store.change(write)

    async def test(self, name: str) -> dict[str, Any]:
        """Raises KeyError for a target that is not configured."""
        config = self._config()
        return await tested(self._gateway, config.egress, self._clock.wall(), config.targets[name])

    def targets(self, counts: notices.Counts) -> list[dict[str, Any]]:
        """Each target: how it does, and how much of it is in which state."""
        return [
            {**row, **self._state(row["name"])} if row["reaction"] else row
            for row in targets_of(self._config(), counts)
        ]

    def _state(self, name: str) -> dict[str, Any]:
        lane = self.dispatcher.lanes.get(name)
        if lane is None:
            return {}
        left = max(0.0, lane.breaker.until - self._clock.mono())
        state = "failing" if lane.breaker.open else "retrying" if lane.breaker.failures else "ok"
        return {
            "state": state,
            "failures": lane.breaker.failures,
            "again_in_seconds": round(left, 1),
            "under_way": len(lane.busy),
            "reason": lane.problem,
        }


STATES = ("waiting", "due", "done", "dead")


def targets_of(config: Config, counts: notices.Counts) -> list[dict[str, Any]]:
    """Those of the configuration, and those that are gone but of which something is left."""
    names = {*config.targets, *(name for name, state in counts.states if state != "done")}
    return [
        {
            "name": name,
            "reaction": config.targets[name].outbox.reaction if name in config.targets else "",
            "state": "ok" if name in config.targets else "removed",
            **{state: counts.states.get((name, state), 0) for state in STATES},
            "rules": sum(name in rule.to for rule in config.rule.values()),
        }
        for name in sorted(names)
    ]
