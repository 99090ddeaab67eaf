"""The pages under /__ by which a test or a benchmark steers the endpoint and checks what it read.

/__truth                 counts per kind, account and region
/__stats                 requests, bytes, calls per operation, peak in flight
/__reset                 zeroes the statistics
/__mutate?permille=1     gives that share of all tagged resources a new `rev` tag, and takes the last one away
/__mutated               how many resources of each kind have that tag now
/__estate                POST {"scale": 2}, {"remove": {"ec2.volume": 5}} or {"add": …}: resources appear and disappear
                         in every account and region, deterministically; GET shows the changes, DELETE undoes them
/__faults                see faults.py
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from typing import Any

from aiohttp import web

from bench.fakeaws.counts import total
from bench.fakeaws.endpoint import TICK, Endpoint
from bench.fakeaws.estate import GLOBAL, KINDS, Changes, changed
from bench.fakeaws.world import World

Page = Callable[[web.BaseRequest], Awaitable[Any]]


class Admin:
    """Gives orders to all processes of the endpoint and collects what they tell."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._shared = endpoint.shared
        self._pages: dict[str, Page] = {
            "/__truth": self._truth,
            "/__stats": self._stats,
            "/__reset": self._reset,
            "/__mutate": self._mutate,
            "/__mutated": self._mutated,
            "/__estate": self._estate,
            "/__faults": self._faults,
        }

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        page = self._pages.get(request.path)
        if page is None:
            return web.json_response({"error": f"pages are {', '.join(self._pages)}"}, status=404)
        try:
            return web.json_response(await page(request))
        except (TypeError, ValueError) as wrong:
            return web.json_response({"error": str(wrong)}, status=400)

    async def _order(self, changes: Changes | None = None, resets: int = 0) -> None:
        orders = self._shared.orders.get() or {"resets": 0, "changes": asdict(Changes())}
        orders["resets"] += resets
        if changes is not None:
            orders["changes"] = asdict(changes)
        self._shared.orders.put(orders)
        self._endpoint.obey()
        await self._settle()

    async def _settle(self) -> None:
        """Other processes follow within a tick or two."""
        self._endpoint.tell()
        if len(self._shared.counts) > 1:
            await asyncio.sleep(3 * TICK)

    async def _truth(self, _: web.BaseRequest) -> dict[str, Any]:
        return self._endpoint.estate.truth()

    async def _stats(self, _: web.BaseRequest) -> dict[str, Any]:
        await self._settle()
        return total([slot.get() for slot in self._shared.counts])

    async def _reset(self, _: web.BaseRequest) -> dict[str, Any]:
        await self._order(resets=1)
        return {"ok": True}

    async def _mutate(self, request: web.BaseRequest) -> dict[str, Any]:
        changes = self._endpoint.estate.changes
        generation, permille = changes.generation + 1, float(request.query.get("permille", "1"))
        await self._order(replace(changes, generation=generation, permille=permille))
        return {"generation": generation}

    async def _mutated(self, _: web.BaseRequest) -> dict[str, Any]:
        estate = self._endpoint.estate
        rows = []
        for account in estate.accounts:
            for region in ("global", *estate.regions):
                world = World(estate, account, region)
                kinds = [kind for kind in KINDS if (kind in GLOBAL) == (region == "global")]
                counts = {kind: sum(world.mutated(kind, i) for i in range(world.count(kind))) for kind in kinds}
                rows += [(account, region, kind, count) for kind, count in counts.items() if count]
        return {"total": sum(row[3] for row in rows), "by_account_region_kind": rows}

    async def _estate(self, request: web.BaseRequest) -> dict[str, Any]:
        changes = self._endpoint.estate.changes
        if request.method == "DELETE":
            await self._order(replace(changes, scale=None, delta={}))
        elif request.method in ("POST", "PUT"):
            scale, delta = changed(changes.scale, changes.delta, await request.json())
            await self._order(replace(changes, scale=scale, delta=delta))
        changes, plan = self._endpoint.estate.changes, self._endpoint.estate.plan
        return {"scale": plan.scale if changes.scale is None else changes.scale, "delta": changes.delta}

    async def _faults(self, request: web.BaseRequest) -> list[dict[str, Any]]:
        if request.method == "DELETE":
            self._endpoint.faults.set([])
        elif request.method in ("POST", "PUT"):
            self._endpoint.faults.set(await request.json())
        return self._endpoint.faults.show()
