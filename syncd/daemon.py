"""The composition root of `syncd run`: opens everything, one group of named tasks, closes in reverse."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec
import structlog

from syncd.acts.asked import planned
from syncd.acts.plans import Plans
from syncd.bus import Bus, Told, publish_committed
from syncd.control.core import Core, Setting
from syncd.control.door import Door, bind
from syncd.control.peers import Rights
from syncd.control.server import Server
from syncd.errors import ConfigError, StoreError
from syncd.hearing.around import Around
from syncd.hearing.ears import Ears
from syncd.installed import load_collectors
from syncd.outbox.sending import Gateway
from syncd.outbox.work import Outbox
from syncd.rules.check import complaints_of, load
from syncd.rules.shell import Rules
from syncd.runs import AGAIN, Runs
from syncd.settings import Config
from syncd.store import queries
from syncd.store.requests import Wish
from syncd.supervision import kept
from syncd.sync.limits import Limits
from syncd.sync.perform import Performer, now, open_store, registry_of
from syncd.sync.summary import RunSummary
from syncd.systemd import Notifier, listening
from syncd.telemetry import Facts, Telemetry
from syncd.timetable import Timetable, plan
from syncd.upkeep import keep
from syncd.workflow import Participants, Workflow

log = structlog.get_logger()

FINISHING = 5.0
"""Seconds that handlers at work are given at the end."""
STATUS_EVERY = 5.0
SCHEDULE_MAY_REST = 90.0
WRITER_MAY_TAKE = 10.0
ORDER = (
    "watchdog", "status", "schedule", "hearing", "plans", "runs", "rules", "upkeep", "bus", "outbox", "monitoring",
    "control", "lag",
)  # fmt: skip
"""In which tasks end: nothing begins any more, what goes on stops, who listens hears of it."""


async def serve(config: Config, path: Path | None, database: Path | None, configured: Callable[[Config], None]) -> None:
    """Until SIGTERM or SIGINT; a second one ends the process at once. SIGHUP takes the configuration anew.

    `path` and `database` are what the command line said; `configured` applies what concerns the whole process (logs).
    Raises StoreLocked, StoreError, ConfigError.
    """
    async with AsyncExitStack() as stack:
        daemon = await Daemon.open(config, stack, os.environ)
        daemon.reread = lambda: load(path, database=database)
        daemon.configured = configured
        daemon.core.check = lambda: complaints_of(path)
        await daemon.run()


class Daemon:
    """The running parts, and what signals do to them."""

    def __init__(self, core: Core, performer: Performer, bus: Bus, notifier: Notifier) -> None:
        self.core = core
        self.bus = bus
        self.notifier = notifier
        self.reread: Callable[[], Config] = lambda: core.setting.config
        self.configured: Callable[[Config], None] = lambda config: None
        self._performer = performer
        self._begun_with = core.setting.config
        self._server = Server(core, _rights(core.setting.config))
        self._stop = asyncio.Event()
        self._ran = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._listening: list[Callable[[], None]] = []
        self._heard: dict[str, int] = {}
        core.reload = self.reload

    @classmethod
    async def open(cls, config: Config, stack: AsyncExitStack, environ: Mapping[str, str]) -> "Daemon":
        collectors = load_collectors(config.collectors)
        store = await open_store(config, collectors)
        stack.push_async_callback(store.close)
        door = _door(config, stack, environ)
        limits = Limits(config.sync.max_in_flight)
        performer = Performer(config, store, collectors, limits)
        runs = Runs(store, performer)
        await runs.load()
        timetable = Timetable(runs.ask)
        timetable.load(plan(config, collectors), await store.schedule())

        def look() -> Facts:
            assert core.facts is not None
            return core.facts

        telemetry = Telemetry(look)
        participants = Participants(time.monotonic)
        rules = Rules(store)
        await rules.load(config)
        performer.steps = Workflow(store, participants, rules.step).perform
        setting = Setting(config, now())
        plans = Plans(store, lambda: core.setting.config, collectors, lambda: core.limits, lambda: datetime.now(UTC))
        await plans.load()
        outbox = _outbox(runs, plans, telemetry, lambda: core.setting.config)
        ears = Ears(_around(runs, rules, telemetry, lambda: core), collectors)
        core = Core(
            store, runs, plans, collectors, setting, timetable, participants, rules, limits, telemetry, door,
            outbox, ears,
        )  # fmt: skip
        core.troubles = rules.troubles
        daemon = cls(core, performer, Bus(), Notifier.of(environ))
        runs.finished = daemon.run_finished
        return daemon

    async def run(self) -> None:
        """Until it is told to stop, or a part fails for good."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        await self._listen()
        self.bus.last = min(self._heard.values(), default=None)
        try:
            async with asyncio.TaskGroup() as group:
                self._start(group)
                log.info("daemon.started", pid=os.getpid(), store=str(self.core.store.path))
                self.notifier.ready("ready")
                await self._stop.wait()
                await self._end()
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None

    def run_finished(self, summary: RunSummary, trigger: str) -> None:
        self.core.telemetry.run_finished(summary, trigger)
        self._ran.set()

    def stop(self) -> None:
        """In order; called again, at once: the store is consistent at any moment."""
        if self._stop.is_set():
            os._exit(1)
        self._stop.set()

    def _start(self, group: asyncio.TaskGroup) -> None:
        core = self.core
        works = {
            "control": self._server.serve,
            "bus": lambda: publish_committed(core.store, self.bus),
            "outbox": core.outbox.serve,
            "runs": core.runs.serve,
            "hearing": core.ears.serve,
            "schedule": core.timetable.serve,
            "rules": core.rules.serve,
            "lag": core.lag.watch,
            "plans": core.plans.serve,
            "upkeep": lambda: keep(core.store, lambda: core.setting.config, core.observed, self._ran),
            "watchdog": self._feed,
            "status": self._tell,
        }
        if listen := core.setting.config.telemetry.listen:
            host, _, port = listen.rpartition(":")
            works["monitoring"] = lambda: self._server.monitor(host.strip("[]"), int(port))
        for name, work in works.items():
            self._tasks[name] = group.create_task(kept(name, work, clock=time.monotonic), name=name)

    async def _end(self) -> None:
        self.core.stopping = True
        self.notifier.stopping("stopping")
        log.info("daemon.stopping")
        self.core.outbox.close_soon()
        for name in ORDER:
            task = self._tasks.get(name)
            if task is None:
                continue
            task.cancel()
            await asyncio.wait([task])
            if name == "bus":
                with suppress(TimeoutError):
                    async with asyncio.timeout(FINISHING):
                        await self.bus.finish()
        log.info("daemon.stopped")

    # -- workflows that events start

    async def _listen(self) -> None:
        """What was committed while nobody listened is told as well: a crash keeps no workflow from its event."""
        for off in self._listening:
            off()
        named = {name: each for name, each in self.core.setting.config.workflows.named().items() if each.on}
        heard = await self.core.store.hear(named)
        self._heard = {name: heard[name] for name in named}
        self._listening = [
            self.bus.on(pattern, partial(self._start_on, name)) for name, each in named.items() for pattern in each.on
        ]

    async def _start_on(self, workflow: str, told: Told) -> None:
        """Not on what the workflow told itself: it would never end."""
        run = await self.core.store.read(lambda c: queries.run(c, told.run))
        if told.seq <= self._heard.get(workflow, 0) or (run and run["workflow"] == workflow):
            return
        wish = Wish("event", f"{told.type} {told.seq}", workflow=workflow, event=told.seq)
        while True:
            try:
                await self.core.runs.ask(wish)
                return
            except StoreError as error:  # a full disk
                log.warning("workflow.waits", workflow=workflow, reason=str(error))
                await asyncio.sleep(AGAIN)

    # -- the configuration

    def _hang_up(self) -> None:
        async def reload() -> None:
            try:
                await self.reload()
            except ConfigError:  # logged, and shown by status
                pass
            except StoreError as error:  # a full disk
                log.warning("config.waits", reason=str(error))

        self._tasks["reload"] = asyncio.create_task(reload(), name="reload")

    async def reload(self) -> None:
        """Takes the configuration anew, or leaves all as it was and raises ConfigError."""
        core = self.core
        self.notifier.reloading(time.monotonic_ns() // 1000)
        try:
            new = await asyncio.to_thread(self.reread)
            planned = plan(new, core.collectors)
        except ConfigError as error:
            core.setting.refused = str(error)
            log.warning("config.refused", reason=str(error))
            self.notifier.ready("the new configuration was refused")
            raise
        warnings = _restart_needed(self._begun_with, new)
        # A collector whose section went keeps its settings until the restart.
        settings = {name: new.collectors.get(name, core.setting.config.collectors[name]) for name in core.collectors}
        new = msgspec.structs.replace(new, collectors=settings)
        if new.sync.max_in_flight != core.setting.config.sync.max_in_flight:
            core.limits = self._performer.limits = Limits(new.sync.max_in_flight)
        core.setting = Setting(new, now(), warnings=warnings)
        self._performer.config = new
        self._server.allow(_rights(new))
        self.configured(new)
        core.timetable.load(planned, await core.store.schedule())
        await core.rules.load(new)
        core.outbox.look()
        core.ears.look()
        try:
            await core.store.learn(registry_of(new, core.collectors))
            await self._listen()
        except StoreError:  # a full disk: another reload makes up for it
            self.notifier.ready("the new configuration could not be taken whole")
            raise
        log.info("config.loaded", files=[str(file) for file in new.files], warnings=warnings)
        self.notifier.ready("reloaded")

    # -- what systemd hears

    async def _feed(self) -> None:
        """The watchdog is fed only while the loop turns, the writer answers and the schedule is looked at."""
        every = self.notifier.watchdog_seconds
        while every:
            try:
                async with asyncio.timeout(WRITER_MAY_TAKE):
                    await self.core.store.ping()
            except (TimeoutError, StoreError) as error:
                log.warning("watchdog.writer_silent", reason=str(error))
            else:
                if time.monotonic() - self.core.timetable.ticked < SCHEDULE_MAY_REST:
                    self.notifier.watchdog()
            await asyncio.sleep(every)

    async def _tell(self) -> None:
        before = ""
        while True:
            text = self._state()
            if text != before:
                self.notifier.status(text)
                before = text
            await asyncio.sleep(STATUS_EVERY)

    def _state(self) -> str:
        runs = self.core.runs
        if runs.current:
            so_far = runs.current.run.so_far()
            names = ", ".join(runs.current.run.sessions) or "everything"
            share = 100 * so_far.scopes_done // max(1, so_far.scopes_total)
            return f"syncing {names}: {share} %, {so_far.scopes_done} of {so_far.scopes_total} scopes"
        if runs.paused:
            return "paused: syncctl resume"
        planned = self.core.timetable.next()
        if not planned:
            return "idle; nothing is scheduled"
        name, when = min(planned.items(), key=lambda each: each[1])
        return f"idle; next: {name} at {when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _around(runs: Runs, rules: Rules, telemetry: Telemetry, core: Callable[[], Core]) -> Around:
    """What readings outside of runs need of the daemon."""
    return Around(
        runs.store,
        lambda: core().setting.config,
        lambda: core().limits,
        rules.changed,
        lambda: runs.paused,
        telemetry.heard,
    )


def _outbox(runs: Runs, plans: Plans, telemetry: Telemetry, config: Callable[[], Config]) -> Outbox:
    return Outbox(
        runs.store,
        config,
        counted=telemetry.attempted,
        busy=lambda: runs.current is not None,
        gateway=Gateway(planner=partial(planned, plans)),
    )


def _door(config: Config, stack: AsyncExitStack, environ: Mapping[str, str]) -> Door:
    """Systemd's socket, or one of our own, which goes with us."""
    try:
        given = listening(environ)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    if given:
        listener = given[0]
    else:
        file = config.control.file
        listener = bind(file)
        stack.callback(file.unlink, missing_ok=True)
    return Door(listener, _rights(config), config.control.max_connections)


def _rights(config: Config) -> Rights:
    return Rights(config.control.users, config.control.groups)


def _restart_needed(old: Config, new: Config) -> list[str]:
    """What a reload cannot change."""
    fixed = {
        "store.path": (old.store.file, new.store.file),
        "store.wal_autocheckpoint": (old.store.wal_autocheckpoint, new.store.wal_autocheckpoint),
        "control.socket": (old.control.file, new.control.file),
        "control.max_connections": (old.control.max_connections, new.control.max_connections),
        "telemetry": (old.telemetry, new.telemetry),
        "the collectors in use": (set(old.collectors), set(new.collectors)),
    }
    return [f"{name} has changed: a restart is needed for that" for name, (was, is_) in fixed.items() if was != is_]
