"""An outbox on a real file, with a clock that the test turns, and sinks for targets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from syncd.outbox.setting import Clock
from syncd.outbox.work import Outbox
from syncd.settings import Config, OutboxSettings, RuleSettings, ScheduleSettings, Target, TargetSettings
from syncd.store import notices
from syncd.store.journal import Event, Journal
from syncd.store.queries import Row
from syncd.store.store import Store
from tests.fakes.reaction import Sink
from tests.fakes.world import World


def install_reactions(place: Path) -> Path:
    """A directory for the import path: a distribution with the reactions of the tests."""
    about = place / "reacting" / "fakereactions-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: fakereactions\nVersion: 1.0\n")
    lines = [f"{name} = tests.fakes.reaction:{name}" for name in ("recorder", "apart", "each", "post")]
    lines += [f"{name} = reactions.{name}:reaction" for name in ("tag", "untag")]
    (about / "entry_points.txt").write_text("\n".join(["[syncd.reactions]", *lines, ""]))
    return about.parent


@dataclass
class Office:
    """`seconds`: both clocks, since the start."""

    world: World
    config: Config = field(default_factory=Config)
    seconds: float = 0.0
    chance: float = 0.5
    sinks: dict[str, Sink] = field(default_factory=dict)

    def target(self, name: str, reaction: str = "recorder", *, wait: float = 0.0, cap: int | None = None) -> Sink:
        """Configures one."""
        sink = self.sinks.setdefault(name, Sink())
        settings = TargetSettings(reaction=reaction, wait_seconds=wait, cap=cap)
        self._set(targets={**self.config.targets, name: Target(name, settings, sink)})
        return sink

    def remove(self, name: str) -> None:
        self._set(targets={key: value for key, value in self.config.targets.items() if key != name})

    def rule(self, name: str, **settings: Any) -> None:
        self._set(rule={**self.config.rule, name: RuleSettings(name=name, **settings)})

    def outbox_settings(self, **settings: Any) -> None:
        self._set(outbox=OutboxSettings(**settings))

    def zone(self, name: str) -> None:
        self._set(schedule=ScheduleSettings(timezone=name))

    def _set(self, **parts: Any) -> None:
        known = {name: getattr(self.config, name) for name in Config.__struct_fields__}
        self.config = Config(**{**known, **parts})

    @property
    def clock(self) -> Clock:
        start = datetime(2026, 3, 2, 12, tzinfo=UTC)
        return Clock(lambda: start + timedelta(seconds=self.seconds), lambda: self.seconds, lambda: self.chance)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Day"]:
        """A process from its start to its end."""
        async with self.world.store() as store:
            outbox = Outbox(store, lambda: self.config, clock=self.clock)
            await outbox.begin()
            try:
                yield Day(self, store, outbox)
            finally:
                await outbox.dispatcher.idle()
                await outbox.close()


@dataclass
class Day:
    """The outbox while a process runs."""

    office: Office
    store: Store
    outbox: Outbox

    async def tell(self, *events: Event) -> None:
        def write(connection: Any) -> None:
            journal = Journal(connection, "2026-03-02T12:00:00Z", 0)
            for event in events:
                journal.tell(event)
            journal.close()

        await self.store.write(write)

    async def turn(self, seconds: float = 0.0) -> None:
        """Time goes by, then all that is due happens, and what it makes due at once."""
        self.office.seconds += seconds
        await self.outbox.follower.follow()
        await self.outbox.maker.make()
        before: object = None
        while before != (before := await self._left()):
            await self.outbox.dispatcher.look()
            await self.outbox.dispatcher.idle()

    async def _left(self) -> list[tuple[Any, ...]]:
        query = "select id, attempts from notice where state = 'due'"
        return await self.store.read(lambda c: c.execute(query).fetchall())

    async def notices(self, **wanted: str) -> list[Row]:
        return await self.store.read(lambda c: notices.listed(c, notices.Wanted(**wanted), 10_000))

    async def count(self, sql: str) -> int:
        return int((await self.store.read(lambda c: c.execute(sql).fetchone()))[0])


def matched(rule: str, name: str, *targets: str, **resource: Any) -> Event:
    return _of("rule.matched", rule, name, targets, resource)


def cleared(rule: str, name: str, *targets: str, **resource: Any) -> Event:
    return _of("rule.cleared", rule, name, targets, resource)


def _of(type_: str, rule: str, name: str, targets: tuple[str, ...], resource: dict[str, Any]) -> Event:
    """A rule's event as the rules write it."""
    urn = f"urn:{name}"
    flat = {"kind": "fake_box", "id": name, "name": name, "urn": urn, "account": "1", "region": "r1", **resource}
    body = {"rule": rule, "severity": "error", "targets": list(targets), "resource": flat, "reason": ""}
    return Event(type_, node=int.from_bytes(name.encode()[-7:]), urn=urn, name=name, body=body)


def happened(type_: str, **body: Any) -> Event:
    return Event(type_, body=body)
