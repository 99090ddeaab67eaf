"""A store, a cloud whose boxes can be changed, and what plans need around them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syncd.acts.applying import Applier
from syncd.acts.plans import Plans
from syncd.acts.wishes import Wish
from syncd.settings import Config, PlansSettings, SyncSettings
from syncd.store.store import Store
from syncd.sync.limits import Limits
from tests.fakes.changeable import BOXES, Changeable
from tests.fakes.cloud import box
from tests.fakes.world import World

FREE = PlansSettings(enabled=True, accounts=("1",), max_share=1.0)


@dataclass
class Shop:
    """A store with some boxes, read once, and plans for them; `settings` may be turned at any time."""

    world: World
    cloud: Changeable
    settings: PlansSettings = FREE

    @classmethod
    async def with_boxes(cls, path: Path, *names: str, **fields: Any) -> "Shop":
        cloud = Changeable()
        cloud.put(BOXES, *(box("1", name, size=1, tags={"owner": "anna"}, **fields) for name in names))
        shop = cls(World(path, cloud), cloud)
        await shop.world.sync()
        await shop.world.sync()
        return shop

    def config(self) -> Config:
        # One attempt would hide that calls are never sent twice.
        sync = SyncSettings(attempts=3, retry_base_seconds=0.001, retry_cap_seconds=0.001)
        return Config(plans=self.settings, sync=sync, collectors={"fake": {}})

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Desk"]:
        async with self.world.store() as store:
            limits = Limits(16)
            plans = Plans(store, self.config, {"fake": self.cloud}, lambda: limits, lambda: self.world.moment)
            plans.applier = lambda: Applier(store, self.config, {"fake": self.cloud}, lambda: limits, pauses=(0.0,))
            await plans.load()
            await plans.settle()
            yield Desk(plans, store)


@dataclass
class Desk:
    """Plans of an open store, and the shortest words for them."""

    plans: Plans
    store: Store

    async def tag(self, search: str = "is(fake_box)", **tags: str) -> dict[str, Any]:
        return await self.plans.plan(Wish(search, "tag", tags or {"stage": "prod"}), "ben")

    async def call(self, search: str = "is(fake_box)", box: str = "{name}") -> dict[str, Any]:
        wish = Wish(search, "call", service="boxes", operation="Shake", parameters={"Box": box})
        return await self.plans.plan(wish, "ben")

    async def apply(self, plan: dict[str, Any]) -> dict[str, Any]:
        return await self.plans.apply(plan["plan"], "carl")


def states(plan: dict[str, Any]) -> dict[str, str]:
    return {item["name"]: item["state"] for item in plan["resources"]}


def reasons(plan: dict[str, Any]) -> str:
    return "; ".join(item["reason"] for item in plan["resources"])
