"""What begins to match a rule is planned for once, under all guards, and done only while it matches."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reactions.tag import TagSettings
from reactions.untag import UntagSettings
from syncd.acts.asked import planned
from syncd.acts.making import search_for
from syncd.acts.plans import Refused
from syncd.acts.wishes import Wish
from syncd.errors import Rejected, Retry
from syncd.model import Act
from syncd.notice import Notice
from syncd.outbox.sending import Gateway
from syncd.outbox.work import Outbox
from syncd.plugin import Planner
from syncd.rules.shell import Rules
from syncd.settings import Config, PlansSettings, RuleSettings, Target, TargetSettings
from syncd.store import notices
from syncd.store.keys import node_key
from tests.fakes.acting import Desk, Shop, reasons, states
from tests.fakes.cloud import urn
from tests.outbox.office import install_reactions

LARGE = RuleSettings(name="large", search="is(fake_box) and size > 5", to=("tagger",))
PLANS = "select id, maker, rule, mode, state from plan order by id"


@dataclass
class Floor:
    """A shop with a rule and a target that makes plans."""

    shop: Shop
    settings: Any = field(default_factory=lambda: TagSettings(tags={"size": "{size} of {name}"}))
    rule: RuleSettings = LARGE

    def config(self) -> Config:
        name = "tag" if isinstance(self.settings, TagSettings) else "untag"
        target = Target("tagger", TargetSettings(reaction=name, wait_seconds=0), self.settings)
        rules = {self.rule.name: self.rule}
        return msgspec.structs.replace(self.shop.config(), targets={"tagger": target}, rule=rules)

    @asynccontextmanager
    async def open(self, planner: Planner | None = None) -> AsyncIterator["Shift"]:
        async with self.shop.open() as desk:
            rules = Rules(desk.store, now=lambda: self.shop.world.moment)
            await rules.load(self.config())
            planner = planner or partial(planned, desk.plans)
            outbox = Outbox(desk.store, self.config, gateway=Gateway(planner=planner))
            await outbox.begin()
            try:
                yield Shift(self.shop, desk, rules, outbox)
            finally:
                await desk.plans.close()
                await outbox.close()


@dataclass
class Shift:
    """A process at work: one call is one run, and all that comes of it."""

    shop: Shop
    desk: Desk
    rules: Rules
    outbox: Outbox

    async def run(self, **sizes: int) -> None:
        for name, size in sizes.items():
            self.shop.cloud.change(name, document={"size": size})
        await self.shop.world.sync_in(self.desk.store, self.rules)
        await self.tell()

    async def tell(self) -> None:
        await self.outbox.follower.follow()
        await self.outbox.maker.make()
        await self.outbox.dispatcher.look()
        await self.outbox.dispatcher.idle()
        await self.applied()

    async def applied(self) -> None:
        while any(plan["state"] == "applying" for plan in await self.desk.plans.listed(10)):
            await asyncio.sleep(0.005)

    async def again(self) -> None:
        """All notices come once more, as after a crash before it was noted that they were taken."""
        await self.sql("update notice set state = 'due', due = ''")
        self.outbox.dispatcher.lanes.clear()
        await self.tell()

    async def sql(self, text: str) -> None:
        await self.desk.store.write(lambda connection: connection.execute(text).close())

    async def notice(self) -> Notice:
        row = await self.desk.store.read(lambda c: c.execute("select body from notice order by id").fetchone())
        return notices.decoded(row[0])

    def answers(self) -> list[str]:
        return [answer for (answer,) in self.shop.world.query("select answer from notice order by id")]


@pytest.fixture
async def floor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Floor:
    monkeypatch.syspath_prepend(str(install_reactions(tmp_path)))
    return Floor(await Shop.with_boxes(tmp_path / "s.db", "a", "b", "c"))


async def test_what_begins_to_match_is_planned_for_and_waits_for_somebody(floor: Floor) -> None:
    async with floor.open() as shift:
        await shift.run(a=9, b=7)
        plan = await shift.desk.plans.show(1)
        assert states(plan) == {"a": "planned", "b": "planned"}
        assert (plan["maker"], plan["rule"], plan["mode"], plan["state"]) == ("syncd", "large", "plan", "planned")
        assert shift.answers() == ["plan 1 for 2 resources is planned: syncctl plan apply 1"]
        assert floor.shop.cloud.done == []
        assert states(await shift.desk.apply(plan)) == {"a": "done", "b": "done"}
    assert floor.shop.cloud.done[0][1].tags == {"size": "9 of a"}
    assert {body["rule"] for body in floor.shop.world.bodies("plan.%")} == {"large"}


async def test_what_ceases_is_told_and_nothing_is_planned(floor: Floor) -> None:
    async with floor.open() as shift:
        await shift.run(a=9)
        await shift.run(a=1)
        assert shift.answers()[1] == "nothing is planned: nothing began to match"
        assert len(await shift.desk.plans.listed(10)) == 1


async def test_a_plan_of_the_daemon_is_applied_at_once_where_the_target_says_so(floor: Floor) -> None:
    floor.settings = UntagSettings(keys=("owner",), mode="auto")
    async with floor.open() as shift:
        await shift.run(a=9)
        plan = await shift.desk.plans.show(1)
    assert (plan["state"], plan["mode"], plan["applier"]) == ("applied", "auto", "rule large")
    assert floor.shop.cloud.done == [("a", Act("untag", keys=("owner",)))]
    assert floor.shop.world.bodies("resource.acted")[0]["rule"] == "large"


@pytest.mark.parametrize(
    ("settings", "state", "told"),
    [
        (PlansSettings(accounts=("1",), max_share=1.0), "planned", "[plans] enabled is false"),
        (PlansSettings(enabled=True, accounts=("1",), max_share=1.0, wait_hours=1), "planned", "it is too new"),
        (PlansSettings(enabled=True, accounts=("1",), max_resources=1, max_share=1.0), "failed", "max_resources = 1"),
        (PlansSettings(enabled=True, accounts=("2",), max_share=1.0), "failed", "each resource says why"),
    ],
)
async def test_no_guard_is_passed_by_because_a_rule_asks(
    floor: Floor, settings: PlansSettings, state: str, told: str
) -> None:
    floor.settings, floor.shop.settings = TagSettings(tags={"x": "y"}, mode="auto"), settings
    async with floor.open() as shift:
        await shift.run(a=9, b=9)
        assert (await shift.desk.plans.show(1))["state"] == state
        assert told in shift.answers()[0]
    assert floor.shop.cloud.done == []


async def test_what_is_protected_or_has_changed_meanwhile_is_left_alone(floor: Floor) -> None:
    floor.settings = TagSettings(tags={"x": "y"}, mode="auto")
    key = (node_key(urn("1", "a")), urn("1", "a"))

    async def meanwhile(act: Act, urns: Sequence[str], notice: Notice, at_once: bool) -> str:
        floor.shop.cloud.change("b", document={"size": 8})
        return await planned(shift.desk.plans, act, urns, notice, at_once)

    async with floor.open(meanwhile) as shift:
        await shift.desk.plans.protect([key], "anna", "mine")
        await shift.run(a=9, b=9, c=9)
        plan = await shift.desk.plans.show(1)
    assert states(plan) == {"a": "refused", "b": "refused", "c": "done"}
    assert "protected by anna" in reasons(plan)
    assert "it has changed since the plan was made: size" in reasons(plan)


async def test_what_does_not_match_its_rule_any_more_is_left_alone_whoever_applies(floor: Floor) -> None:
    async with floor.open() as shift:
        await shift.run(a=9, b=9)
        floor.rule = msgspec.structs.replace(LARGE, search="is(fake_box) and size > 5 and name = b")
        await shift.rules.load(floor.config())
        await shift.rules.step("post_collect")
        plan = await shift.desk.apply(await shift.desk.plans.show(1))
        assert states(plan) == {"a": "refused", "b": "done"}
        assert "it does not match the rule large any more" in reasons(plan)
        wish = Wish(search_for([urn("1", "a"), urn("1", "b")]), "tag", {"z": "1"})
        late = await shift.desk.plans.plan(wish, "syncd", rule="large")
        assert states(late) == {"a": "refused", "b": "planned"}


async def test_a_notice_that_comes_again_makes_no_second_plan(floor: Floor) -> None:
    lost: list[str] = []

    async def losing(act: Act, urns: Sequence[str], notice: Notice, at_once: bool) -> str:
        told = await planned(shift.desk.plans, act, urns, notice, at_once)
        if not lost:
            lost.append(told)
            raise Retry("the answer was lost")
        return told

    async with floor.open(losing) as shift:
        await shift.run(a=9)
        assert shift.answers() == [""]
        await shift.again()
        await shift.desk.plans.discard(1, "anna")
        await shift.again()
        assert shift.answers() == ["plan 1 for 1 resource is discarded"]
    assert floor.shop.world.query(PLANS) == [(1, "syncd", "large", "plan", "discarded")]
    assert len(floor.shop.world.bodies("plan.made")) == 1


async def test_two_at_the_same_time_for_one_notice_make_one_plan(floor: Floor) -> None:
    async with floor.open() as shift:
        await shift.run(a=9)
        notice = await shift.notice()
        await shift.sql("delete from plan")
        asked = [planned(shift.desk.plans, Act("tag", {"x": "y"}), [urn("1", "a")], notice, False) for _ in range(3)]
        answers = await asyncio.gather(*asked)
    assert len(set(answers)) == 1
    assert len(floor.shop.world.query(PLANS)) == 1


async def test_a_plan_that_a_crash_kept_from_being_applied_is_applied_when_its_notice_comes_again(
    floor: Floor,
) -> None:
    floor.settings = TagSettings(tags={"x": "y"}, mode="auto")

    async def dying(act: Act, urns: Sequence[str], notice: Notice, at_once: bool) -> str:
        await planned(shift.desk.plans, act, urns, notice, False)
        await shift.sql("update plan set mode = 'auto'")
        raise Retry("it died here")

    async with floor.open(dying) as shift:
        await shift.run(a=9)
    assert [row[3:] for row in floor.shop.world.query(PLANS)] == [("auto", "planned")]
    async with floor.open() as shift:
        await shift.again()
    assert [row[3:] for row in floor.shop.world.query(PLANS)] == [("auto", "applied")]
    assert floor.shop.cloud.attempts == 1


async def test_what_is_planned_while_the_daemon_stops_is_applied_after_it(floor: Floor) -> None:
    floor.settings = TagSettings(tags={"x": "y"}, mode="auto")
    async with floor.open() as shift:
        await shift.desk.plans.close()
        await shift.run(a=9)
        with pytest.raises(Refused, match="syncd is stopping"):
            await shift.desk.plans.begin(1, "anna")
    assert floor.shop.world.query("select state, reason from notice") == [("due", "syncd is stopping")]
    async with floor.open() as shift:
        await shift.again()
    assert [row[3:] for row in floor.shop.world.query(PLANS)] == [("auto", "applied")]


async def test_where_all_are_gone_meanwhile_there_is_nothing_to_plan(floor: Floor) -> None:
    async with floor.open() as shift:
        await shift.run(a=9)
        notice = await shift.notice()
        await shift.sql("delete from plan")
        told = await planned(shift.desk.plans, Act("tag", {"x": "y"}), ["urn:gone"], notice, True)
    assert told == "nothing is planned: none of them is there any more"


async def test_more_than_one_search_can_name_is_a_dead_letter(floor: Floor) -> None:
    async with floor.open() as shift:
        await shift.run(a=9)
        notice, urns = await shift.notice(), [f"urn:{'x' * 300}:{number}" for number in range(100)]
        with pytest.raises(Rejected, match="too long for one plan"):
            await planned(shift.desk.plans, Act("tag", {"x": "y"}), urns, notice, True)


async def test_a_test_of_the_target_says_what_it_would_do_and_makes_nothing(floor: Floor) -> None:
    async with floor.open() as shift:
        answer = await shift.outbox.test("tagger")
        assert await shift.desk.plans.listed(10) == []
    assert answer["delivered"]
    assert "tag size={size} of {name}; it would wait for: syncctl plan apply" in str(answer["answer"])
