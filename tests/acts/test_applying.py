"""Each resource is looked at right before its act, and nothing that speaks against it is passed over."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd.acts.plans import Refused
from syncd.acts.wishes import Wish
from syncd.errors import Denied, Failed, ReadError, Temporary, Throttled
from syncd.settings import PlansSettings
from syncd.store.keys import node_key
from syncd.store.reading import Reading
from syncd.store.runs import ScopeRun
from tests.fakes.acting import Shop, reasons, states
from tests.fakes.changeable import BOXES
from tests.fakes.cloud import box, urn


@pytest.fixture
async def shop(tmp_path: Path) -> Shop:
    return await Shop.with_boxes(tmp_path / "s.db", "a", "b")


def raising(error: ReadError, *names: str) -> Any:
    def trouble(name: str) -> None:
        if not names or name in names:
            raise error

    return trouble


def tags(shop: Shop, name: str) -> Any:
    return shop.world.query("select tags from resource where name = ?", name)[0][0]


async def test_an_applied_plan_is_done_recorded_told_and_seen_by_the_next_search(shop: Shop) -> None:
    async with shop.open() as desk:
        done = await desk.apply(await desk.tag(stage="prod"))
        assert (done["state"], done["applier"], done["done"]) == ("applied", "carl", 2)
        assert (await desk.tag(stage="prod"))["state"] == "applied"
    assert tags(shop, "a") == '{"owner":"anna","stage":"prod"}'
    told = shop.world.bodies("resource.acted")[0]
    assert (told["by"], told["before"], told["after"]["stage"]) == ("carl", {"owner": "anna"}, "prod")
    assert [name for _, name in shop.world.events("resource.updated")] == ["a", "b"]
    assert shop.world.bodies("plan.applied")[0]["items"] == {"done": 2}


async def test_what_was_renewed_by_itself_is_no_change_for_the_next_reading(shop: Shop) -> None:
    async with shop.open() as desk:
        await desk.apply(await desk.tag())
    before = shop.world.rows()
    await shop.world.sync()
    assert shop.world.rows() == before


async def test_untag_takes_off_what_it_names_and_nothing_else(shop: Shop) -> None:
    shop.cloud.change("a", tags={"owner": "anna", "temp": "1"})
    await shop.world.sync()
    async with shop.open() as desk:
        plan = await desk.plans.plan(Wish("all", "untag", keys=("temp",)), "ben")
        assert states(plan) == {"a": "planned", "b": "skipped"}
        await desk.apply(plan)
    assert tags(shop, "a") == '{"owner":"anna"}'


async def test_what_has_changed_since_the_plan_is_left_alone_and_the_fields_are_named(shop: Shop) -> None:
    async with shop.open() as desk:
        plan = await desk.tag()
        shop.cloud.change("a", document={"size": 2}, tags={"owner": "ben"})
        done = await desk.apply(plan)
    assert states(done) == {"a": "refused", "b": "done"}
    assert "it has changed since the plan was made: size, tags.owner" in reasons(done)
    assert [name for name, _ in shop.cloud.done] == ["b"]


async def test_what_a_reading_saw_changed_since_the_plan_is_left_alone(shop: Shop) -> None:
    async with shop.open() as desk:
        plan = await desk.tag("name = a")
        shop.cloud.change("a", document={"size": 2})
        await shop.world.sync_in(desk.store)
        done = await desk.apply(plan)
    assert reasons(done) == "it has changed since the plan was made: a later reading saw it changed"


async def test_another_order_of_what_has_no_order_is_no_change(shop: Shop) -> None:
    shop.cloud.change("a", document={"groups": ["x", "y"]})
    await shop.world.sync()
    async with shop.open() as desk:
        plan = await desk.tag("name = a")
        shop.cloud.change("a", document={"groups": ["y", "x"]})
        assert states(await desk.apply(plan)) == {"a": "done"}


async def test_what_the_search_does_not_find_any_more_is_left_alone(shop: Shop) -> None:
    shop.cloud.change("a", created_at="2026-03-01T11:00:00Z")
    shop.cloud.change("b", created_at="2026-03-01T09:30:00Z")
    await shop.world.sync()
    async with shop.open() as desk:
        plan = await desk.tag("is(fake_box) and age < 3h")
        shop.world.moment += timedelta(hours=1)
        assert states(await desk.apply(plan)) == {"a": "done", "b": "refused"}
    assert shop.world.bodies("resource.spared")[0]["reason"] == "the search does not find it any more"


async def test_a_resource_that_was_made_anew_is_another_one(shop: Shop) -> None:
    shop.cloud.change("a", created_at="2026-01-01T00:00:00Z")
    await shop.world.sync()
    async with shop.open() as desk:
        plan = await desk.tag("name = a")
        shop.cloud.change("a", created_at="2026-02-01T00:00:00Z")
        assert "created_at" in reasons(await desk.apply(plan))


async def test_what_is_gone_is_left_alone(shop: Shop) -> None:
    async with shop.open() as desk:
        plan = await desk.tag("name = a")
        shop.cloud.put(BOXES, box("1", "b"))
        done = await desk.apply(plan)
    assert (done["state"], reasons(done)) == ("failed", "it is gone")


async def test_what_cannot_be_looked_at_is_left_alone_and_the_permission_is_named(shop: Shop) -> None:
    shop.cloud.reading = raising(Denied("not for you", permission="boxes:Get"), "a")
    async with shop.open() as desk:
        done = await desk.apply(await desk.tag())
    assert states(done) == {"a": "refused", "b": "done"}
    assert "it could not be looked at: not for you (boxes:Get is missing)" in reasons(done)


async def test_protection_wins_whenever_it_comes(shop: Shop) -> None:
    key = (node_key(urn("1", "a")), urn("1", "a"))
    async with shop.open() as desk:
        first, second = await desk.tag(), await desk.tag("name = b", stage="x")
        assert await desk.plans.protect([key], "anna", "") == 1
        assert await desk.plans.protect([key], "anna", "") == 0
        assert states(await desk.apply(first)) == {"a": "refused", "b": "done"}
        shop.cloud.change("b", tags={"syncd:protected": "TRUE"})
        assert reasons(await desk.apply(second)) == "protected by its tag syncd:protected"
        assert [row["urn"] for row in await desk.plans.protected()] == [urn("1", "a")]
        assert await desk.plans.unprotect([key], "anna") == 1
        assert states(await desk.apply(await desk.tag("name = a"))) == {"a": "done"}
    assert [name for name, _ in shop.cloud.done] == ["b", "a"]


async def test_protection_that_comes_between_the_look_and_the_act_wins(shop: Shop) -> None:
    async with shop.open() as desk:
        plan = await desk.tag("name = a")
        nodes = [(node_key(urn("1", "a")), urn("1", "a"))]
        shop.cloud.reading = lambda _: desk.plans.protect(nodes, "anna", "")
        done = await desk.apply(plan)
    assert "protected by anna" in reasons(done)
    assert shop.cloud.attempts == 0


async def test_a_scope_that_became_incomplete_since_the_plan_is_not_acted_in(shop: Shop) -> None:
    async with shop.open() as desk:
        plan = await desk.tag()
        shop.cloud.fail(BOXES, Failed("no answer"))
        await shop.world.sync_in(desk.store)
        assert "its scope is failed" in reasons(await desk.apply(plan))
    assert shop.cloud.attempts == 0


async def test_a_plan_that_is_too_old_expires(shop: Shop) -> None:
    async with shop.open() as desk:
        plan = await desk.tag()
        shop.world.moment += timedelta(hours=25)
        assert (await desk.plans.show(plan["plan"]))["state"] == "expired"
        with pytest.raises(Refused, match="is expired"):
            await desk.apply(plan)
    assert shop.world.query("select state from plan") == [("expired",)]
    assert shop.world.bodies("plan.expired")[0]["by"] == "carl"


async def test_switched_off_means_that_nothing_is_done_not_even_the_rest_of_a_plan(shop: Shop) -> None:
    async with shop.open() as desk:
        plan = await desk.tag()

        def off(_: str) -> None:
            shop.settings = PlansSettings(accounts=("1",))

        shop.cloud.acting = off
        assert states(await desk.apply(plan)) == {"a": "done", "b": "refused"}
        with pytest.raises(Refused, match="enabled is false"):
            await desk.apply(await desk.tag("name = b"))


async def test_caps_are_those_of_the_moment_of_applying(shop: Shop) -> None:
    async with shop.open() as desk:
        plan = await desk.tag()
        shop.settings = PlansSettings(enabled=True, accounts=("1",), max_resources=1, max_share=1.0)
        with pytest.raises(Refused, match="max_resources = 1"):
            await desk.apply(plan)
    assert shop.cloud.attempts == 0


async def test_a_plan_is_applied_once_and_a_discarded_one_never(shop: Shop) -> None:
    async with shop.open() as desk:
        first, second = await desk.tag(), await desk.tag(stage="x")
        results = await asyncio.gather(desk.apply(first), desk.apply(first), return_exceptions=True)
        assert sum(isinstance(result, Refused) for result in results) == 1
        assert (await desk.plans.discard(second["plan"], "ben"))["state"] == "discarded"
        with pytest.raises(Refused, match="is discarded"):
            await desk.apply(second)
        with pytest.raises(Refused, match="only one that waits"):
            await desk.plans.discard(second["plan"], "ben")
        with pytest.raises(Refused, match="no plan 99"):
            await desk.plans.show(99)
    assert len(shop.cloud.done) == 2
    assert shop.world.bodies("plan.discarded")[0]["by"] == "ben"


async def test_of_who_applies_and_who_discards_at_once_one_is_told_that_it_was_not_so(shop: Shop) -> None:
    async with shop.open() as desk:
        number = (await desk.tag())["plan"]
        applying = asyncio.create_task(desk.plans.apply(number, "carl"))
        await desk.store.read(lambda _: None)  # it has seen that the plan waits, and has not said that it takes it
        ends = await asyncio.gather(applying, desk.plans.discard(number, "ben"), return_exceptions=True)
        state = (await desk.plans.show(number))["state"]
    assert [type(end) for end in ends] == ([dict, Refused] if state == "applied" else [Refused, dict])
    assert bool(shop.cloud.done) == (state == "applied")


async def test_an_act_that_is_denied_names_the_permission_and_the_others_go_on(shop: Shop) -> None:
    shop.cloud.acting = raising(Denied("not for you", permission="boxes:Tag"), "a")
    async with shop.open() as desk:
        done = await desk.apply(await desk.tag())
    assert states(done) == {"a": "failed", "b": "done"}
    assert "not for you (boxes:Tag is missing)" in reasons(done)
    assert shop.world.bodies("resource.acted")[0]["state"] == "failed"


async def test_tags_are_tried_again_and_a_lost_answer_is_settled_by_looking(shop: Shop) -> None:
    shop.cloud.acting, shop.cloud.late = raising(Temporary("cut")), True
    async with shop.open() as desk:
        done = await desk.apply(await desk.tag("name = a"))
    assert states(done) == {"a": "done"}
    assert shop.cloud.attempts == 3


async def test_a_call_is_sent_once_and_a_lost_answer_leaves_it_unknown(shop: Shop) -> None:
    shop.cloud.acting, shop.cloud.late = raising(Temporary("cut")), True
    async with shop.open() as desk:
        done = await desk.apply(await desk.call("name = a"))
        assert (done["state"], states(done)) == ("failed", {"a": "unknown"})
    assert shop.cloud.attempts == 1


async def test_what_no_answer_came_to_is_looked_at_again_later_and_says_why_it_was_not_known(shop: Shop) -> None:
    shop.cloud.acting = raising(Temporary("no answer"))
    async with shop.open() as desk:
        assert states(await desk.apply(await desk.tag("name = a"))) == {"a": "unknown"}
    async with shop.open() as desk:
        found = await desk.plans.show(1)
    assert states(found) == {"a": "failed"}
    assert reasons(found) == "no answer (3 attempts); it was found not done"


async def test_a_call_that_was_turned_away_was_not_done(shop: Shop) -> None:
    shop.cloud.acting = raising(Throttled("slowly"))
    async with shop.open() as desk:
        assert states(await desk.apply(await desk.call("name = a"))) == {"a": "failed"}
    assert shop.cloud.attempts == 1


async def test_an_act_that_took_more_tags_away_than_it_was_to_is_no_success(shop: Shop) -> None:
    shop.cloud.late = True
    shop.cloud.acting = lambda name: shop.cloud.change(name, tags={"stage": "prod"})
    async with shop.open() as desk:
        done = await desk.apply(await desk.tag("name = a"))
    assert (states(done), reasons(done)) == ({"a": "failed"}, "its tags are not what they were to be: owner")


async def test_an_act_that_shows_only_later_is_waited_for(shop: Shop) -> None:
    looks = []

    def lagging(name: str) -> None:
        looks.append(name)
        shop.cloud.change(name, tags={"owner": "anna"} | ({"stage": "prod"} if len(looks) > 2 else {}))

    shop.cloud.reading = lagging
    async with shop.open() as desk:
        assert states(await desk.apply(await desk.tag("name = a"))) == {"a": "done"}
    assert len(looks) == 3


async def test_the_last_tag_that_is_gone_only_later_is_waited_for_too(shop: Shop) -> None:
    looks = []

    def lagging(name: str) -> None:
        looks.append(name)
        shop.cloud.change(name, tags={} if len(looks) > 2 else {"owner": "anna"})

    shop.cloud.reading = lagging
    async with shop.open() as desk:
        plan = await desk.plans.plan(Wish("name = a", "untag", keys=("owner",)), "ben")
        assert states(await desk.apply(plan)) == {"a": "done"}


async def test_a_reading_under_way_does_not_undo_what_was_done_meanwhile(shop: Shop) -> None:
    async with shop.open() as desk:
        plan = await desk.tag("name = a", stage="prod")
        shop.cloud.change("b", tags={"owner": "carl"})
        scope = shop.cloud.scope(BOXES)
        known = await desk.store.known(scope)
        old = [*shop.cloud.boxes[BOXES]]
        await desk.apply(plan)
        late = Reading(scope, known, 10_000, 100)
        for node in old:
            node.document["seen"] = "late"
            late.add(node)
        await desk.store.commit(late, ScopeRun(scope.key, "complete", shop.world.now(), 0.0))
    assert tags(shop, "a") == '{"owner":"anna","stage":"prod"}'
    assert tags(shop, "b") == '{"owner":"carl"}'


async def test_a_bug_in_the_middle_leaves_an_item_unknown_and_the_rest_undone(shop: Shop) -> None:
    def bug(_: str) -> None:
        raise ZeroDivisionError

    shop.cloud.acting = bug
    async with shop.open() as desk:
        done = await desk.apply(await desk.tag())
    assert (done["state"], states(done)) == ("failed", {"a": "unknown", "b": "skipped"})
    (told,) = shop.world.bodies("resource.acted")
    assert (told["state"], told["by"], told["after"]) == ("unknown", "carl", None)
    assert "ZeroDivisionError" in told["reason"]


async def test_the_end_of_the_daemon_is_the_end_of_the_plan(shop: Shop) -> None:
    started = asyncio.Event()
    async with shop.open() as desk:
        plan = await desk.tag()
        shop.cloud.acting = lambda _: started.set()
        await desk.plans.begin(plan["plan"], "carl")
        await started.wait()
        await desk.plans.close()
        found = await desk.plans.show(plan["plan"])
    assert found["state"] == "failed"
    assert "b" in states(found)
    assert states(found)["b"] == "skipped"
