"""Rules at work: each is asked at its moments, and what came of it is written in one transaction with its events."""

import asyncio
import random
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import partial

import structlog

from syncd.errors import ConfigError, StoreError
from syncd.rules.evaluate import Terms, evaluate
from syncd.rules.moments import OWN, USUAL, Moments, lasting, moments
from syncd.rules.prepared import Texts
from syncd.schedule import LONGEST_SLEEP, Due, Entry, soonest, when
from syncd.settings import Config, RuleSettings
from syncd.store import matches, queries, requests
from syncd.store.matches import Told, Verdict
from syncd.store.queries import Row
from syncd.store.reader import searching
from syncd.store.store import Store

log = structlog.get_logger()

BATCH = 500
FAR_BEHIND = 5_000
"""Events that nothing came of, after which it is noted all the same how far they were looked at."""
REMOVED, DISABLED = "the rule was removed", "the rule was disabled"


@dataclass(slots=True)
class Work:
    """What is to be done at one moment. `jobs`: rule → what started it."""

    searches: set[str] = field(default_factory=set)
    jobs: dict[str, Row] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.searches or self.jobs)


class Rules:
    """The rules in force. `now` gives the wall time, `clock` monotonic seconds.

    `troubles`: a line for each rule that could not be evaluated, under a name of its own.
    """

    def __init__(
        self,
        store: Store,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store = store
        self.active: Mapping[str, RuleSettings] = {}
        self.troubles: dict[str, str] = {}
        self.ticked = clock()
        self._config = Config()
        self._now = now
        self._clock = clock
        self._lock = asyncio.Lock()
        self._texts = Texts()
        self._moments: dict[str, Moments] = {}
        self._dues: dict[str, tuple[str, Due]] = {}
        self._heard = 0
        self._left: list[Callable[[], Awaitable[None]]] = []
        self._changed: asyncio.Event | None = None

    # -- what is in force

    async def load(self, config: Config, *, settle: bool = True) -> None:
        """Takes the rules of a configuration. `settle`: what matched rules that are no more, ceases.

        What cannot be written now (a full disk) is written when it can: the rules in force are these all the same.
        """
        async with self._lock:
            self._config = config
            await self._load()
            self._left = [*([self._settle] if settle else []), partial(self._hear, settle)]
            try:
                await self._write_left()
            except StoreError as error:
                log.warning("rules.wait", reason=str(error))
        if self._changed:
            self._changed.set()

    async def _write_left(self) -> None:
        while self._left:
            await self._left[0]()
            del self._left[0]

    async def _load(self) -> None:
        """All of it at once: what is due is looked for while this waits for the store."""
        states = await self.store.read(matches.states)
        started = await self.store.schedule()
        switched = {name: state.switch for name, state in states.items() if state.switch}
        self.active = {name: rule for name, rule in self._config.rule.items() if is_on(rule, switched.get(name, ""))}
        self._moments = {name: moments(rule) for name, rule in self.active.items()}
        for name in self.troubles.keys() - {_name(name) for name in self.active}:
            if name.startswith(_name("")):  # others tell their troubles here as well
                del self.troubles[name]
        lines = [(name, line) for name, each in self._moments.items() for line in each.lines]
        dues = (self._due(name, line, started) for name, line in lines)
        self._dues = {each[1].entry.name: each for each in dues if each is not None}

    def _due(self, name: str, line: str, started: Mapping[str, str]) -> tuple[str, Due] | None:
        """None for what is no time: rules that are on by command only are not checked with the configuration."""
        try:
            entry = Entry(f"rule:{name}:{line}", when(line, self._config.schedule.timezone))
        except ValueError as error:
            self.troubles[f"{_name(name)} cron"] = f"{_name(name)} has no time: when: cron: {error}"
            log.warning("rule.has_no_time", rule=name, reason=str(error))
            return None
        wall, noted = self._now(), started.get(entry.name, "")
        last = datetime.fromisoformat(noted) if noted else wall
        return name, Due(entry, last, wall, self._clock(), random.random)

    async def _settle(self) -> None:
        matching = await self.store.read(matches.matching)
        searches = {name for name, rule in self.active.items() if rule.search}
        gone = {name: DISABLED if name in self._config.rule else REMOVED for name in matching.keys() - searches}
        if gone:
            now = self.store.now()
            count = await self.store.write(partial(matches.end, now=now, run=0, reasons=gone))
            log.info("rules.ended", rules=sorted(gone), ceased=count)

    async def _hear(self, settle: bool) -> None:
        """Rules hear of events from when there was the first that asked for any, until there is none any more."""
        if not any(each.globs for each in self._moments.values()):
            if settle:
                await self.store.write(partial(requests.deafen, workflow=matches.HEARD))
            self._heard = 0
        elif not self._heard:
            self._heard = (await self.store.hear([matches.HEARD]))[matches.HEARD]

    async def switch(self, name: str, switch: str) -> None:
        """Turns a rule on or off, whatever the configuration says. Raises ConfigError for one that is not there."""
        rule = self.known(name)
        if switch == "enabled":
            await asyncio.to_thread(self._understand, rule)
        async with self._lock:
            await self.store.write(partial(matches.command, rule=name, switch=switch))
        await self.load(self._config)

    async def silence(self, name: str, until: str) -> None:
        """Nothing is sent until then; "" ends it."""
        self.known(name)
        await self.store.write(partial(matches.command, rule=name, silent=until))

    def known(self, name: str) -> RuleSettings:
        if name not in self._config.rule:
            raise ConfigError(f"there is no rule {name}; syncctl rule list shows them")
        return self._config.rule[name]

    def _understand(self, rule: RuleSettings) -> None:
        from syncd.rules.problems import problems
        from syncd.search.schema import load_schema

        with searching(self.store.path) as connection:
            schema = load_schema(connection)
        for problem in problems(rule, self._config, schema, self._now()):
            raise ConfigError(f"rule {rule.name}: {problem}")

    # -- moments

    async def step(self, name: str) -> list[Row]:
        """A step of the run: what those who took part answered, nothing where no rule is about it."""
        work = Work()
        for rule, each in self._moments.items():
            if name in each.steps:
                self._add(work, rule, {"because": name})
        if not work:
            return []
        begun = self._clock()
        began, ceased, troubled = await self._perform(work, self.store.run)
        counted = len(work.searches) + len(work.jobs)
        message = f"{counted} rules: {began} began, {ceased} ceased"
        if troubled:
            message += f"; could not be evaluated: {', '.join(troubled)}"
        seconds = round(self._clock() - begun, 3)
        state = "failed" if troubled else "done"
        return [{"subscriber": "rules", "state": state, "message": message, "seconds": seconds}]

    async def changed(self) -> None:
        """Something was read outside runs: what is looked at after each reading, but for rules that count runs."""
        rules = {name for name, each in self._moments.items() if each.steps.issuperset(USUAL)}
        known = {name: self.active[name] for name in rules if self.active[name].search}
        work = Work({name for name, rule in known.items() if not lasting(rule.lasting).runs})
        if work:
            await self._perform(work, 0)

    async def serve(self) -> None:
        """Rules that events and times start, until it is cancelled."""
        with self.store.waking() as wake:
            self._changed = wake
            while True:
                wake.clear()
                self.ticked = self._clock()
                try:
                    await self.tick()
                    seconds = soonest((due for _, due in self._dues.values()), self._now(), self._clock())
                except StoreError as error:  # a full disk: what is due stays due
                    log.warning("rules.wait", reason=str(error))
                    seconds = LONGEST_SLEEP
                    await asyncio.sleep(1)
                try:
                    async with asyncio.timeout(seconds):
                        await wake.wait()
                except TimeoutError:
                    continue

    async def tick(self) -> None:
        """Whatever is due now, by the clock or by what was told."""
        if self._left:
            async with self._lock:
                await self._write_left()
        await self._times()
        while await self._events():
            pass

    async def _times(self) -> None:
        wall, mono = self._now(), self._clock()
        started = {entry: pair for entry, pair in self._dues.items() if pair[1].is_due(wall, mono)}
        work = Work()
        for entry, (rule, _) in started.items():
            self._add(work, rule, {"because": entry.partition(":")[2].partition(":")[2]})
        if work:
            await self._perform(work, 0, started=list(started))
            for entry in started.keys() & self._dues.keys():  # another object than before where a reload came between
                self._dues[entry][1].started(wall, mono)

    async def _events(self) -> bool:
        """The next events. Whether there may be more."""
        if not self._heard:
            return False
        wanted = queries.Filter(since=self._heard)
        rows = await self.store.read(partial(queries.events, wanted=wanted, limit=BATCH))
        if not rows:
            return False
        work = Work()
        for row in rows:
            if row["type"].partition(".")[0] not in OWN:
                self._started_by(work, row)
        last = rows[-1]["seq"]
        if work:
            await self._perform(work, 0, heard=last)
        elif last % FAR_BEHIND < BATCH:
            await self.store.write(partial(matches.note, now=self.store.now(), heard=last))
        self._heard = last
        return len(rows) == BATCH

    def _started_by(self, work: Work, event: Row) -> None:
        for rule, each in self._moments.items():
            if any(fnmatchcase(event["type"], glob) for glob in each.globs):
                events = work.jobs.get(rule, {}).get("events", 0) + 1
                self._add(work, rule, {"because": event["type"], "event": event["seq"], "events": events})

    def _add(self, work: Work, rule: str, why: Row) -> None:
        if self.active[rule].search:
            work.searches.add(rule)
        else:
            work.jobs[rule] = why

    # -- at work

    async def _perform(
        self, work: Work, run: int, *, heard: int = 0, started: Iterable[str] = ()
    ) -> tuple[int, int, list[str]]:
        """Reads in a thread, then writes: all of it, or nothing has happened."""
        async with self._lock:
            rules = [self.active[name] for name in sorted(work.searches) if name in self.active]
            verdicts = await self._read(rules) if rules else []
            now = self.store.now()
            jobs = [(told(self.active[name]), why) for name, why in work.jobs.items() if name in self.active]

            def write(connection: sqlite3.Connection) -> tuple[int, int]:
                counts = matches.write(connection, now, run, verdicts)
                matches.due(connection, now, jobs, run=run)
                matches.note(connection, now, heard=heard, started=started)
                return counts

            began, ceased = await self.store.write(write)
        troubled = self._troubled(verdicts)
        if began or ceased:
            log.info("rules.evaluated", rules=len(rules), began=began, ceased=ceased)
        return began, ceased, troubled

    def _troubled(self, verdicts: list[Verdict]) -> list[str]:
        """The rules that could not be evaluated: logged, and kept until they can be."""
        found = []
        for verdict in verdicts:
            rule, problem = verdict.told.rule, verdict.state.problem
            self.troubles.pop(_name(rule), None)
            if problem:
                found.append(rule)
                self.troubles[_name(rule)] = f"{_name(rule)} could not be evaluated: {problem.partition(chr(10))[0]}"
                log.warning("rule.not_evaluated", rule=rule, reason=problem)
        return found

    async def _read(self, rules: list[RuleSettings]) -> list[Verdict]:
        config = self._config
        terms = Terms(self._now(), config.search.templates, config.rules.timeout_seconds)
        opened: list[sqlite3.Connection] = []
        left = iter(rules)

        def read() -> list[Verdict]:
            with searching(self.store.path) as connection:
                opened.append(connection)
                try:
                    return evaluate(connection, left, terms, self._texts)
                finally:
                    opened.clear()

        try:
            return await asyncio.to_thread(read)
        except asyncio.CancelledError:  # the thread ends with the rule that it is at: the process must not wait for all
            for _ in left:
                pass
            for connection in opened:
                connection.interrupt()
            raise


def is_on(rule: RuleSettings, switch: str) -> bool:
    return switch == "enabled" or (switch != "disabled" and rule.enabled)


def _name(rule: str) -> str:
    return f"rule {rule}"


def told(rule: RuleSettings) -> Told:
    return Told(rule.name, rule.severity, rule.to)
