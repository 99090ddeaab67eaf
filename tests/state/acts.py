"""The part of the machine that changes what is outside, by plans, and what must not be touched."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis.stateful import rule

from syncd.acts.plans import Refused
from syncd.acts.wishes import Wish
from syncd.errors import ConfigError
from syncd.store.keys import node_key
from tests.state import estate
from tests.state.estate import SCOPES, Thing, urn_of
from tests.state.model import Known, Picture, read
from tests.state.process import FULL, KILL, Fate
from tests.state.seen import look
from tests.state.stage import Stage
from tests.state.strategies import Change, changes, fates, places

MARK = ("stage", "prod")
WISH = Wish("is(fake_box)", "tag", dict([MARK]))
DAY = timedelta(hours=24)
PLACES = {urn_of(scope, name): (scope, name) for scope in SCOPES for name in estate.NAMES}


class Acts(Stage):
    """`planned`: what the plan that waits is to change, as it saw it; `begun`: what of it was begun.

    No rule has a precondition: when a thread of the process gets its turn is not Hypothesis' choice, and which rules it
    may choose among must not follow from it. Where there is no plan to apply, one is made.
    """

    planned: Mapping[str, Thing]
    begun: set[str]
    START = datetime(2026, 1, 1, tzinfo=UTC)

    def open(self, place: Path) -> None:
        self.planned, self.begun = {}, set()
        self.number, self.made = 0, self.START
        super().open(place)
        self.cloud.judge = self.judge

    def judge(self, scope: str, name: str) -> None:
        """Right before an act outside. What was begun may be tried again: its answer was lost."""
        urn, picture, live = urn_of(scope, name), self.model.pictures[scope], self.cloud.live[scope][name]
        assert scope.split("/")[1] == "1", "in an account that is not allowed"
        assert urn not in self.model.protected, "protected"
        assert ("syncd:protected", "true") not in live.tags, "protected by its tag"
        assert picture.state == "complete", "not seen whole"
        assert urn in self.planned, "nobody applies a plan of it"
        if urn not in self.begun:
            assert self.planned[urn] == picture.things[name].thing == live, "not as it was planned"
        self.begun.add(urn)

    @rule(place=places, off=st.booleans(), fate=fates(KILL, FULL))
    def protect(self, place: tuple[str, str], off: bool, fate: Fate | None) -> None:
        urn = urn_of(*place)
        plans, nodes = self.process.plans, [(node_key(urn), urn)]
        self.do(lambda: plans.unprotect(nodes, "ben") if off else plans.protect(nodes, "ben", ""), fate)
        goal = self.model.protected - {urn} if off else self.model.protected | {urn}
        if not self.process.cut or look(self.machinery.world.path).protected == goal:
            self.model.protected = goal
        self.settle({})
        self.after()

    # -- plans

    @rule(fate=fates(KILL, FULL))
    def make_a_plan(self, fate: Fate | None) -> None:
        self.make(fate)

    def make(self, fate: Fate | None = None) -> None:
        async def work() -> dict[str, Any]:
            try:
                return await self.process.plans.plan(WISH, "ben")
            except ConfigError:
                return {}

        made = self.do(work, fate)
        self.settle({})
        if not self.process.cut and made:
            foretold = {urn: self.foretold(urn) for urn in self.model.nodes()}
            assert {item["urn"]: item["state"] for item in made["resources"]} == foretold
            planned = [
                item["urn"] for item in made["resources"] if item["state"] == "planned"
            ]  # as it goes through them
            self.planned = {urn: self.model.nodes()[urn][1].thing for urn in planned}
            self.number, self.made = made["plan"], self.machinery.world.moment
        self.after()

    def foretold(self, urn: str) -> str:
        """What a plan that is made now says of it."""
        picture, known = self.model.nodes()[urn]
        if MARK in known.thing.tags:
            return "skipped"
        tag = ("syncd:protected", "true") in known.thing.tags
        away = PLACES[urn][0] == estate.AWAY
        return "refused" if away or tag or urn in self.model.protected or picture.state != "complete" else "planned"

    @rule(
        changes=changes(1),
        acting=st.sampled_from((estate.OK, estate.OK, estate.DENIED, estate.FLAKY)),
        fate=fates(KILL, FULL),
    )
    def apply(self, changes: list[Change], acting: str, fate: Fate | None) -> None:
        if not self.planned:
            self.make()
            return
        self.change(changes)
        self.cloud.acting = acting
        foretold = self.outcomes()
        self.begun = set()
        done = self.do(self.applied, fate)
        cut = self.process.cut
        steps = self.renewed(urn for urn, state in foretold.items() if state == "done")
        items = self.settle(steps, cut=cut).items[self.number]
        found = {urn: items[urn] for urn in foretold}
        if cut:
            assert all(state != "done" or foretold[urn] == "done" for urn, state in found.items())
        elif done:
            assert found == foretold
        else:
            assert set(found.values()) == {"planned"} or self.old
        self.applied_or_over(fell=cut, done=bool(done))

    def applied_or_over(self, *, fell: bool, done: bool) -> None:
        """A process that could not write what came of it is followed by one that looks."""
        if done or fell or self.old:
            self.planned = {}
        if fell and not self.fell:
            self.bury()
        self.after()

    async def applied(self) -> dict[str, Any]:
        try:
            return await self.process.plans.apply(self.number, "carl")
        except Refused:
            return {}

    @property
    def old(self) -> bool:
        return self.machinery.world.moment - self.made >= DAY

    def outcomes(self) -> dict[str, str]:
        """What becomes of each when the plan is applied now."""
        if self.old or self.machinery.world.moment - self.made < -timedelta(minutes=1):
            return dict.fromkeys(self.planned, "planned")
        return {urn: self.outcome(urn) for urn in self.planned}

    def outcome(self, urn: str) -> str:
        scope, name = PLACES[urn]
        picture, live = self.model.pictures[scope], self.cloud.live[scope].get(name)
        whole = name in picture.things and picture.state == "complete" and urn not in self.model.protected
        if not whole or not self.visible(scope, name) or live != self.planned[urn]:
            return "refused"
        return "failed" if self.cloud.acting == estate.DENIED else "done"

    def visible(self, scope: str, name: str) -> bool:
        way = self.cloud.answer(scope)
        return way.way in (estate.OK, estate.FLAKY) or (way.way == estate.PARTIAL and name not in way.names)

    def renewed(self, urns: Any) -> dict[str, list[Picture]]:
        """Pictures of each scope, one after the other, as these were read alone."""
        found: dict[str, list[Picture]] = {scope: [] for scope in SCOPES}
        for scope, name in (PLACES[urn] for urn in urns):
            picture = found[scope][-1] if found[scope] else self.model.pictures[scope]
            live = self.cloud.live[scope].get(name)
            if name in picture.things and live:
                found[scope].append(replace(picture, things={**picture.things, name: Known(live)}))
        return found

    # -- what a dead process left open

    def looked_again(self) -> Mapping[str, list[Picture]]:
        """Nothing is done again; what is found done is known from then on."""
        items = look(self.machinery.world.path).items.values() if self.number else ()
        left = [urn for each in items for urn, state in each.items() if state in ("doing", "unknown")]
        return self.renewed(urn for urn in left if self.is_done(*PLACES[urn]))

    def is_done(self, scope: str, name: str) -> bool:
        """And can be seen to be."""
        live = self.cloud.live[scope].get(name)
        return live is not None and MARK in live.tags and self.visible(scope, name)

    # -- both at once

    @rule(changes=changes(2), scope=st.sampled_from(SCOPES[:2]))
    def apply_while_it_is_read(self, changes: list[Change], scope: str) -> None:
        """What was read before the act does not undo it."""
        if not self.planned:
            self.make()
            return
        self.change(changes)
        self.cloud.answers, self.cloud.acting, self.begun = {}, estate.OK, set()
        listed = dict(self.cloud.live[scope])
        foretold = self.outcomes()
        done: list[dict[str, Any]] = []

        async def meanwhile(_: str) -> None:
            self.cloud.meanwhile = None
            done.append(await self.applied())

        self.cloud.meanwhile = meanwhile
        self.do(lambda: self.process.sync(scope))
        steps = self.renewed(urn for urn, state in foretold.items() if state == "done")
        mine = {PLACES[urn][1] for urn, state in foretold.items() if state == "done" and PLACES[urn][0] == scope}
        last = steps[scope][-1] if steps[scope] else self.model.pictures[scope]
        seen = {name: self.cloud.live[scope][name] if name in mine else thing for name, thing in listed.items()}
        steps[scope].append(read(last, seen, estate.Answer()))
        items = self.settle(steps, lambda: self.model.evaluated(self.choice.rules())).items[self.number]
        assert {urn: items[urn] for urn in foretold} == foretold or self.old
        self.applied_or_over(fell=False, done=bool(done[0]))
