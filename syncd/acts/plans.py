"""Plans: made, applied, discarded and closed after a crash, and what is protected. What the daemon and commands use."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

import structlog

from syncd.acts.applying import Applier
from syncd.acts.decide import caps_fault, plan_fault
from syncd.acts.making import Ground, drafted, found_by, present
from syncd.acts.wishes import Wish
from syncd.errors import SyncdError
from syncd.plugin import Collector
from syncd.settings import Config
from syncd.store import plans
from syncd.store.plans import Draft, Row
from syncd.store.reader import searching
from syncd.store.store import Store
from syncd.sync.limits import Limits

log = structlog.get_logger()

Mode = Literal["plan", "auto"]
ENDED = "syncd ended in the middle"
STOPPING = "syncd is stopping"


class Refused(SyncdError):
    """A plan that is not applied or discarded, and why."""


@dataclass(slots=True)
class Plans:
    """`config` and `limits` as they are now. One plan is applied at a time."""

    store: Store
    config: Callable[[], Config]
    collectors: Mapping[str, Collector]
    limits: Callable[[], Limits]
    now: Callable[[], datetime]
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _unknown: list[Row] = field(default_factory=list)
    _closing: bool = False
    applier: Callable[[], Applier] = field(init=False)

    def __post_init__(self) -> None:
        self.applier = lambda: Applier(self.store, self.config, self.collectors, self.limits)

    # -- making

    async def plan(self, wish: Wish, by: str, *, rule: str = "", mode: Mode = "plan", notice: str = "") -> Row:
        """Makes a plan, in a thread; in mode auto it is applied at once, or waits where guards speak against that.

        A `notice` makes one plan, however often it is told.
        Raises QueryError, ConfigError, LimitReached, StoreError.
        """
        number = await self.store.read(lambda c: plans.of_notice(c, notice))
        if not number:
            draft = await asyncio.to_thread(self._draft, wish, rule)
            number = await self.store.change(lambda journal: plans.make(journal, draft, by, rule, mode, notice))
            log.info("plan.made", plan=number, by=by, rule=rule, state=draft.state, reason=draft.reason)
        return await self._at_once(number)

    async def _at_once(self, number: int) -> Row:
        """Also of a plan that a crash kept from being applied, when its notice comes again."""
        found = await self.show(number)
        if found["mode"] != "auto" or found["state"] != "planned":
            return found
        if self._closing:  # it is applied after the restart, when its notice comes again
            raise SyncdError(STOPPING)
        try:
            await self.begin(number, f"rule {found['rule']}" if found["rule"] else found["maker"])
        except Refused as error:
            log.warning("plan.waits", plan=number, rule=found["rule"], reason=str(error))
            return {**await self.show(number), "reason": str(error)}
        return await self.show(number)

    async def made(self, draft: Draft, by: str) -> Row:
        """Keeps a plan that was drafted elsewhere."""
        number = await self.store.change(lambda journal: plans.make(journal, draft, by, "", "plan"))
        log.info("plan.made", plan=number, by=by, state=draft.state, reason=draft.reason)
        return await self.show(number)

    def ground(self) -> Ground:
        config = self.config()
        return Ground(config.plans, config.search, self.collectors, self.now())

    def _draft(self, wish: Wish, rule: str) -> Draft:
        with searching(self.store.path) as connection:
            return drafted(connection, wish, replace(self.ground(), rule=rule))

    # -- looking

    async def show(self, number: int) -> Row:
        """The plan with its items. Raises Refused where there is none."""
        moment = self._moment()

        def look(connection: sqlite3.Connection) -> Row | None:
            found = plans.plan(connection, number, moment)
            return found and {**found, "resources": [_shown(item) for item in plans.items(connection, number)]}

        found = await self.store.read(look)
        if found is None:
            raise Refused(f"there is no plan {number}: syncctl plan list")
        return found

    async def listed(self, limit: int, state: str = "") -> list[Row]:
        moment = self._moment()
        return await self.store.read(lambda c: plans.plans(c, moment, limit, state))

    # -- applying

    async def begin(self, number: int, by: str) -> None:
        """Starts to apply a plan, and returns. It goes on whoever leaves. Raises Refused, StoreError."""
        await self._claim(number, by)
        if self._closing:  # nobody would wait for its end
            await self.store.change(lambda j: plans.finish(j, number, ENDED))
            return
        task = asyncio.create_task(self._perform(number), name=f"plan-{number}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def apply(self, number: int, by: str) -> Row:
        """Applies a plan to its end. Raises Refused, StoreError."""
        await self._claim(number, by)
        await self._perform(number)
        return await self.show(number)

    async def _claim(self, number: int, by: str) -> None:
        found = await self.show(number)
        settings, waiting = self.config().plans, [item for item in found["resources"] if item["state"] == "planned"]
        made, expires = datetime.fromisoformat(found["made"]), datetime.fromisoformat(found["expires"])
        fault = plan_fault(settings, found["state"], made, expires, self.now())
        fault = fault or (STOPPING if self._closing else "")
        counts: dict[str, int] = {}
        for item in waiting:
            counts[item["kind"]] = counts.get(item["kind"], 0) + 1
        fault = fault or caps_fault(settings, counts, await self.store.read(lambda c: present(c, counts)))
        if found["state"] == "expired":
            await self.store.change(lambda j: plans.refuse(j, number, "expired", fault, by))
        if not fault and not await self.store.change(lambda j: plans.claim(j, number, by)):
            fault = "somebody else was there first"
        if fault:
            raise Refused(f"plan {number} is not applied: {fault}")

    async def _perform(self, number: int) -> None:
        async with self._turn:
            reason = ENDED
            try:
                await self._each(number)
                reason = ""
            except SyncdError as error:
                reason = str(error)
            except Exception as bug:
                reason = f"{type(bug).__name__}: {bug}"
                log.exception("plan.crashed", plan=number)
            finally:
                await asyncio.shield(self.store.change(lambda j: plans.finish(j, number, reason)))

    async def _each(self, number: int) -> None:
        """One after the other. The search is asked again first: time has passed, and what is around them may differ."""
        found, items = await self.show(number), await self.store.read(lambda c: plans.items(c, number))
        still = await asyncio.to_thread(self._found, found["search"])
        async with self.applier() as applier:
            for item in items:
                if item["state"] != "planned":
                    continue
                if item["node"] in still:
                    await applier.apply(item)
                else:
                    await applier.spare(item, "the search does not find it any more")

    def _found(self, search: str) -> frozenset[int]:
        ground = self.ground()
        with searching(self.store.path) as connection:
            return frozenset(key for key, _ in found_by(connection, search, ground.search, ground.now, empty=True))

    async def discard(self, number: int, by: str) -> Row:
        """Raises Refused for one that does not wait."""
        found = await self.show(number)
        if found["state"] not in ("planned", "expired"):
            raise Refused(f"plan {number} is {found['state']}: only one that waits can be discarded")
        if not await self.store.change(lambda j: plans.refuse(j, number, "discarded", "", by)):
            raise Refused(f"plan {number} is not discarded: somebody else was there first")
        return await self.show(number)

    async def load(self) -> None:
        """Closes what a crash left open. Before anything else: from then on every plan that is applied is ours."""
        self._unknown = await self.store.change(plans.interrupted)

    async def settle(self) -> None:
        """Looks whether what a crash left open was done. Nothing is acted on."""
        async with self.applier() as applier:
            for item in self._unknown:
                try:
                    await applier.settle(item)
                except Exception:
                    log.exception("plan.unsettled", plan=item["plan"], urn=item["resource"]["urn"])
        self._unknown = []

    async def serve(self) -> None:
        """Settles what a crash left open; then waits to be cancelled, and ends what is under way."""
        try:
            await self.settle()
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            await self.close()
            raise

    async def close(self) -> None:
        """Nothing more begins.

        Ends what is under way, between two resources or in the middle of one, which is then not known to be done.
        """
        self._closing = True
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- protection

    async def protect(self, nodes: Iterable[tuple[int, str]], by: str, reason: str) -> int:
        return await self.store.change(lambda j: plans.protect(j, nodes, by, reason))

    async def unprotect(self, nodes: Iterable[tuple[int, str]], by: str) -> int:
        return await self.store.change(lambda j: plans.unprotect(j, nodes, by))

    async def protected(self) -> list[Row]:
        return await self.store.read(plans.protected)

    def _moment(self) -> str:
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def _shown(item: Row) -> dict[str, Any]:
    """An item as it is told: the resource's fields beside its own."""
    hidden = ("node", "hash", "plan", "resource")
    return {**item["resource"], **{name: value for name, value in item.items() if name not in hidden}}
