"""A resource begins and ceases to match once each, and never because of what was not seen."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from syncd.errors import Denied
from syncd.model import Edge, Gap
from syncd.rules.shell import Rules
from syncd.settings import Config, RuleSettings
from syncd.store.store import Store
from tests.fakes.cloud import box, inside
from tests.fakes.world import World

HERE, THERE = "fake/1/r1/boxes", "fake/2/r1/boxes"
NO = Denied("no", operation="boxes:List", permission="boxes:List")
OPEN = "is(fake_box) and open = true"
ALONE = "is(fake_box) and open = true with(empty, -in-> all)"


@dataclass
class Stage:
    """A cloud, its store and the rules over it: one call is one run and what rules say after it."""

    world: World
    store: Store
    rules: Rules

    async def load(self, *rules: RuleSettings) -> None:
        await self.rules.load(Config(rule={rule.name: rule for rule in rules}))

    async def run(self, **boxes: Any) -> list[tuple[str, str, str]]:
        """What was told: type, name, reason. `boxes`: name → document of all that HERE holds now."""
        if boxes:
            self.world.cloud.put(HERE, *(box("1", name, **document) for name, document in boxes.items()))
        return await self.told(self.world.sync_in(self.store), self.rules.step("post_collect"))

    async def told(self, *doing: Any) -> list[tuple[str, str, str]]:
        last = await self.store.events()
        for each in doing:
            await each
        return self.events(last)

    def events(self, since: int = 0) -> list[tuple[str, str, str]]:
        query = "select type, name, body ->> '$.reason' from event where type glob 'rule.*' and seq > ? order by seq"
        return self.world.query(query, since)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    world = World(tmp_path / "s.db")
    world.cloud.put(HERE)
    world.cloud.put(THERE)
    async with world.store() as store:
        yield Stage(world, store, Rules(store, now=lambda: world.moment))


def rule(search: str = OPEN, **more: Any) -> RuleSettings:
    return RuleSettings(name="r", search=search, to=("oncall",), **more)


async def test_it_begins_once_and_ceases_once(stage: Stage) -> None:
    await stage.load(rule())
    assert await stage.run(a={"open": True}) == [("rule.matched", "a", "")]
    assert await stage.run(a={"open": True, "more": 1}) == []
    assert await stage.run(a={"open": False}) == [("rule.cleared", "a", "mended")]
    assert await stage.run(a={"open": True}) == [("rule.matched", "a", "")]


async def test_a_new_offender_is_told_although_the_rule_fires(stage: Stage) -> None:
    await stage.load(rule())
    await stage.run(a={"open": True})
    assert await stage.run(a={"open": True}, b={"open": True}) == [("rule.matched", "b", "")]


async def test_what_is_deleted_ceases(stage: Stage) -> None:
    await stage.load(rule())
    await stage.run(a={"open": True}, b={})
    assert await stage.run(b={}) == [("rule.cleared", "a", "deleted")]


async def test_the_event_says_of_whom_and_for_whom(stage: Stage) -> None:
    await stage.load(rule(severity="critical"))
    stage.world.cloud.put(HERE, box("1", "a", open=True, tags={"owner": "x"}, created_at="2026-01-01T00:00:00Z"))
    await stage.run()
    [body] = stage.world.bodies("rule.matched")
    assert (body["rule"], body["severity"], body["targets"], body["reason"]) == ("r", "critical", ["oncall"], "")
    assert body["resource"] == {
        "kind": "fake_box", "id": "a", "name": "a", "urn": "urn:fake:1:box/a", "cloud": "fake", "account": "1",
        "account_name": "", "region": "r1", "zone": "", "created_at": "2026-01-01T00:00:00Z",
        "tags": {"owner": "x"}, "link": "",
    }  # fmt: skip
    assert stage.world.query("select event = (select seq from event where type = 'rule.matched') from rule_match") == [
        (1,)
    ]


async def test_the_end_is_for_those_who_heard_of_the_beginning(stage: Stage) -> None:
    await stage.load(rule())
    await stage.run(a={"open": True})
    await stage.load(RuleSettings(name="r", search=OPEN, to=("others",)))
    await stage.run(a={}, b={"open": True})
    assert stage.world.bodies("rule.cleared")[0]["targets"] == ["oncall"]
    assert stage.world.bodies("rule.matched")[1]["targets"] == ["others"]


async def test_it_must_match_for_three_runs(stage: Stage) -> None:
    await stage.load(rule(lasting="3 runs"))
    assert await stage.run(a={"open": True}) == []
    assert await stage.run() == []
    assert await stage.run() == [("rule.matched", "a", "")]
    assert await stage.run(a={}) == [("rule.cleared", "a", "mended")]


async def test_what_ceases_before_its_time_is_not_told(stage: Stage) -> None:
    await stage.load(rule(lasting="90s"))
    assert await stage.run(a={"open": True}) == []
    assert await stage.run(a={}) == []
    assert await stage.run(a={"open": True}) == []
    assert await stage.run() == []
    assert await stage.run() == [("rule.matched", "a", "")]


# -- what was not seen


async def test_a_denied_scope_begins_and_ceases_nothing(stage: Stage) -> None:
    """Not even by time, which passes there as well."""
    young = "is(fake_box) and first_seen > -90s"
    await stage.load(rule("is(fake_box) and first_seen < -90s"), RuleSettings(name="s", search=young))
    assert await stage.run(a={}) == [("rule.matched", "a", "")]
    stage.world.cloud.fail(HERE, NO)
    for _ in range(3):
        assert await stage.run() == []
    stage.world.cloud.trouble.clear()
    assert sorted(await stage.run()) == [("rule.cleared", "a", "mended"), ("rule.matched", "a", "")]


async def test_who_asks_for_coverage_is_answered(stage: Stage) -> None:
    await stage.load(rule("is(fake_box) and coverage.state = denied"))
    await stage.run(a={})
    stage.world.cloud.fail(HERE, NO)
    assert await stage.run() == [("rule.matched", "a", "")]
    stage.world.cloud.trouble.clear()
    assert await stage.run() == [("rule.cleared", "a", "mended")]


async def test_an_unseen_facet_that_the_search_reads_begins_and_ceases_nothing(stage: Stage) -> None:
    await stage.load(rule("is(fake_box) and policy = null"), RuleSettings(name="s", search="is(fake_box) and size > 1"))
    unseen = {"unseen": frozenset({"policy"}), "never": frozenset({"policy"})}
    stage.world.cloud.extras[HERE] = [Gap("denied", "boxes:Policy", "boxes:Policy", "no policy")]
    assert await stage.run(a={"size": 2, **unseen}) == [("rule.matched", "a", "")], "of s, which reads no policy"
    stage.world.cloud.extras.clear()
    assert await stage.run(a={"size": 2}) == [("rule.matched", "a", "")], "of r: now it is known that there is none"


async def test_a_partial_scope_that_does_not_say_what_is_missing_is_not_judged(stage: Stage) -> None:
    await stage.load(rule())
    stage.world.cloud.extras[HERE] = [Gap("denied", "boxes:Tags", "boxes:Tags", "no tags")]
    assert await stage.run(a={"open": True}) == []


async def test_where_something_around_was_not_seen_nothing_is_said_to_be_missing(stage: Stage) -> None:
    await stage.load(rule(ALONE))
    stage.world.cloud.put(THERE, box("2", "b"))
    stage.world.cloud.fail(THERE, NO)
    assert await stage.run(a={"open": True, "edges": (inside("2", "b"),)}) == []
    stage.world.cloud.trouble.clear()
    assert await stage.run() == []
    stage.world.cloud.put(THERE)
    assert await stage.run() == [("rule.matched", "a", "")]


async def test_what_was_found_around_is_enough_to_begin_and_not_to_cease(stage: Stage) -> None:
    await stage.load(rule("is(fake_box) with(any, -in-> is(fake_box) and open = true)"))
    stage.world.cloud.put(HERE, box("1", "a", edges=(inside("1", "b"),)), box("1", "b", open=True))
    stage.world.cloud.fail(THERE, NO)
    assert await stage.run() == [("rule.matched", "a", "")]
    stage.world.cloud.put(HERE, box("1", "a", edges=(inside("1", "b"),)), box("1", "b"))
    assert await stage.run() == []
    stage.world.cloud.trouble.clear()
    assert await stage.run() == [("rule.cleared", "a", "mended")]


async def test_what_a_node_says_of_itself_ends_it_whatever_lies_around(stage: Stage) -> None:
    await stage.load(rule(ALONE))
    await stage.run(a={"open": True})
    stage.world.cloud.fail(THERE, NO)
    assert await stage.run(a={"open": False}) == [("rule.cleared", "a", "mended")]


async def test_a_run_that_did_not_see_what_lies_around_does_not_count(stage: Stage) -> None:
    await stage.load(rule(ALONE, lasting="3 runs"))
    await stage.run(a={"open": True})
    stage.world.cloud.fail(THERE, NO)
    for _ in range(4):
        assert await stage.run() == []
    stage.world.cloud.trouble.clear()
    assert await stage.run() == []
    assert await stage.run() == [("rule.matched", "a", "")]


async def test_an_account_is_looked_at_in_its_own_place_only(stage: Stage) -> None:
    await stage.load(rule("is(fake_box) and account.name = null"))
    stage.world.cloud.fail(THERE, NO)
    stage.world.cloud.put(THERE, box("2", "b"))
    assert await stage.run(a={}) == [("rule.matched", "a", "")]


async def test_what_lies_above_and_is_known_was_seen(stage: Stage) -> None:
    await stage.load(rule("is(fake_box) and fake_account.name = home"))
    home = box("1", "home", kind="fake_account", urn="urn:fake:1:account")
    stage.world.cloud.put(HERE, home, box("1", "a", edges=(Edge("contains", home.urn, incoming=True),)))
    stage.world.cloud.put("fake/1/r2/boxes")
    stage.world.cloud.fail("fake/1/r2/boxes", NO)
    assert await stage.run() == [("rule.matched", "a", "")]
    stage.world.cloud.put(HERE, home, box("1", "a", edges=(), alone=True))
    assert await stage.run() == [], "another one may lie in what was not seen"


async def test_a_walk_backwards_follows_an_edge_that_comes(stage: Stage) -> None:
    await stage.load(rule("is(fake_box) <-in- is(fake_box) and open = true"))
    await stage.run(a={"open": True}, b={})
    edges = (Edge("in", "urn:fake:1:box/b"),)
    assert await stage.run(a={"open": True, "in": "b", "edges": edges}, b={}) == [("rule.matched", "a", "")]


# -- rules that change


async def test_a_rule_that_is_removed_or_turned_off_ceases_with_that_reason(stage: Stage) -> None:
    await stage.load(rule(), RuleSettings(name="s", search=OPEN))
    await stage.run(a={"open": True})
    off = RuleSettings(name="s", search=OPEN, enabled=False)
    ended = await stage.told(stage.load(off))
    assert ended == [("rule.cleared", "a", "the rule was removed"), ("rule.cleared", "a", "the rule was disabled")]
    assert stage.world.query("select * from rule_match") == []


async def test_a_changed_search_is_asked_of_everything(stage: Stage) -> None:
    await stage.load(rule())
    await stage.run(a={"open": True}, b={"size": 3})
    await stage.load(rule("is(fake_box) and size > 2"))
    assert sorted(await stage.run()) == [("rule.cleared", "a", "the rule was changed"), ("rule.matched", "b", "")]


async def test_a_template_that_changes_changes_the_rule(stage: Stage) -> None:
    await stage.load(rule("is(fake_box) and expand(t)"))
    for text, told in (("size > 2", "rule.matched"), ("size > 5", "rule.cleared")):
        config = Config(rule={"r": rule("expand(t) and is(fake_box)")})
        search = type(config.search)(templates={"t": text})
        await stage.rules.load(Config(rule=config.rule, search=search))
        assert [each[0] for each in await stage.run(a={"size": 3})] == [told]


async def test_a_rule_that_cannot_be_evaluated_says_so_and_changes_nothing(stage: Stage) -> None:
    await stage.load(rule())
    await stage.run(a={"open": True})
    await stage.load(rule("is(nobody_knows) and open = true"))
    assert await stage.run(a={}) == []
    [(problem,)] = stage.world.query("select problem from rule_state")
    assert "there is no kind nobody_knows" in problem
    assert stage.rules.troubles == {"rule r": "rule r could not be evaluated: there is no kind nobody_knows"}
    [answer] = await stage.rules.step("post_collect")
    assert (answer["state"], answer["message"]) == (
        "failed", "1 rules: 0 began, 0 ceased; could not be evaluated: r",
    )  # fmt: skip
    await stage.load(rule())
    assert await stage.run() == [("rule.cleared", "a", "mended")]
    assert stage.rules.troubles == {}
