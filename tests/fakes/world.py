"""A store in a real file, a fake cloud and a clock that the test turns; one call is one run."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from msgspec.structs import replace

from syncd.kinds import KindRegistry
from syncd.plugin import Selection
from syncd.rules.shell import Rules
from syncd.store.store import Store
from syncd.sync.calls import Patience
from syncd.sync.limits import Limits
from syncd.sync.run import Plan, Run
from syncd.sync.scope_run import Guards, iso
from tests.fakes.cloud import Cloud


@dataclass
class World:
    """`moment` is the time that syncd is told; every run moves it by a minute."""

    path: Path
    cloud: Cloud = field(default_factory=Cloud)
    moment: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)
    guards: Guards = field(default_factory=Guards)
    patience: Patience = field(default_factory=lambda: Patience(attempts=3, base=0.001, cap=0.001, call=5))
    plan: Plan = field(default_factory=lambda: Plan(Selection(), workers=4))

    def now(self) -> str:
        return iso(self.moment)

    @asynccontextmanager
    async def store(self) -> AsyncIterator[Store]:
        registry = KindRegistry()
        registry.add(self.cloud.kinds())
        store = await Store.open(self.path, registry, now=self.now, edge_types=self.cloud.edge_types())
        try:
            yield store
        finally:
            await store.close()

    async def sync(self, **plan: Any) -> Run:
        async with self.store() as store:
            return await self.sync_in(store, **plan)

    async def sync_in(self, store: Store, rules: Rules | None = None, **plan: Any) -> Run:
        """One run in a store that stays open; `rules` are looked at before its end."""
        self.moment += timedelta(minutes=1)
        await store.begin("test")
        run = Run(
            store,
            {"fake": self.cloud},
            Limits(16),
            self.patience,
            self.guards,
            replace(self.plan, **plan),
            self.now,
            self.moment.timestamp,
        )
        await run.execute()
        if rules:
            await rules.step("post_collect")
        await store.finish({"state": "complete", "reason": ""}, 100)
        return run

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def names(self) -> list[str]:
        return [name for (name,) in self.query("select name from resource order by name")]

    def events(self, pattern: str = "resource.%", since: int = 0) -> list[tuple[str, str]]:
        return self.query("select type, name from event where type like ? and seq > ? order by seq", pattern, since)

    def bodies(self, pattern: str) -> list[dict[str, Any]]:
        return [
            orjson.loads(b) for (b,) in self.query("select body from event where type like ? order by seq", pattern)
        ]

    def state(self, scope: str) -> str:
        rows = self.query("select state from coverage where scope = ?", scope)
        assert len(rows) == 1, rows
        return str(rows[0][0])

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that is known, without when it was read."""
        return {
            "node": self.query("select * from node order by key"),
            "document": self.query("select * from document order by node"),
            "edge": self.query("select * from edge order by src, type, dst, scope"),
            "history": self.query("select * from node_history order by node, from_commit"),
        }
