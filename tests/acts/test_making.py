"""A plan shows what would be done to each resource, and refuses on the spot what must not be done."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from syncd.acts.making import found_by, search_for
from syncd.acts.wishes import Wish
from syncd.errors import ConfigError, Denied
from syncd.settings import PlansSettings
from syncd.store.reader import searching
from tests.fakes.acting import Shop, reasons, states
from tests.fakes.changeable import BOXES
from tests.fakes.cloud import box, urn


@pytest.fixture
async def shop(tmp_path: Path) -> Shop:
    return await Shop.with_boxes(tmp_path / "s.db", "a", "b")


async def test_a_plan_changes_nothing_and_says_what_it_would(shop: Shop) -> None:
    async with shop.open() as desk:
        plan = await desk.tag(stage="{name} of {account}", owner="anna")
    assert (plan["state"], plan["maker"], plan["waiting"]) == ("planned", "ben", 2)
    assert states(plan) == {"a": "planned", "b": "planned"}
    assert plan["resources"][0]["before"] == {"owner": "anna"}
    assert plan["resources"][0]["after"] == {"owner": "anna", "stage": "a of 1"}
    assert shop.cloud.attempts == 0
    (told,) = shop.world.bodies("plan.made")
    assert (told["by"], told["resources"], told["act"]["tags"]["stage"]) == ("ben", 2, "{name} of {account}")


async def test_what_is_so_already_is_skipped_and_a_plan_of_nothing_else_is_applied_at_once(shop: Shop) -> None:
    shop.cloud.change("a", tags={"owner": "anna", "stage": "prod"})
    await shop.world.sync()
    async with shop.open() as desk:
        assert states(await desk.tag(stage="prod")) == {"a": "skipped", "b": "planned"}
        done = await desk.tag(owner="anna")
    assert (done["state"], done["reason"]) == ("applied", "all of them are so already")


async def test_too_many_are_refused_as_a_whole_without_a_list(shop: Shop) -> None:
    shop.settings = PlansSettings(enabled=True, accounts=("1",), max_resources=1, max_share=1.0)
    async with shop.open() as desk:
        plan = await desk.tag()
    assert (plan["state"], plan["resources"]) == ("failed", [])
    assert plan["reason"] == "2 resources are more than [plans] max_resources = 1"


async def test_too_large_a_share_of_a_kind_is_refused_as_a_whole(shop: Shop) -> None:
    shop.settings = PlansSettings(enabled=True, accounts=("1",))
    async with shop.open() as desk:
        assert "2 of 2 fake_box are more than" in (await desk.tag())["reason"]
        assert (await desk.tag("name = a"))["state"] == "planned"


async def test_an_account_that_is_not_named_is_refused(shop: Shop) -> None:
    shop.settings = PlansSettings(enabled=True, accounts=("2",))
    async with shop.open() as desk:
        plan = await desk.tag("name = a")
    assert (plan["state"], reasons(plan)) == ("failed", "account 1 is not among [plans] accounts")


async def test_what_is_protected_is_refused_in_the_store_and_by_its_tag(shop: Shop) -> None:
    shop.cloud.change("b", tags={"syncd:protected": "true"})
    await shop.world.sync()
    async with shop.open() as desk:
        await desk.plans.protect(
            [(shop.world.query("select key from node where name = 'a'")[0][0], "x")], "anna", "mine"
        )
        plan = await desk.tag()
    assert reasons(plan).startswith("protected by anna since 2026-03-01T")
    assert reasons(plan).endswith(": mine; protected by its tag syncd:protected")


async def test_a_resource_in_a_scope_that_is_not_complete_is_refused(shop: Shop) -> None:
    shop.cloud.fail(BOXES, Denied("no", operation="boxes:List", permission="boxes:List"))
    await shop.world.sync()
    async with shop.open() as desk:
        plan = await desk.tag()
    assert set(states(plan).values()) == {"refused"}
    assert "its scope is denied" in reasons(plan)


async def test_a_value_that_a_resource_does_not_have_refuses_it_and_no_other(shop: Shop) -> None:
    shop.cloud.put(BOXES, box("1", "a", color="red"), box("1", "b"))
    await shop.world.sync()
    async with shop.open() as desk:
        plan = await desk.tag(stage="{color}")
    assert states(plan) == {"a": "planned", "b": "refused"}
    assert "it has no color" in reasons(plan)


async def test_what_the_collector_cannot_do_is_refused_in_its_words(shop: Shop) -> None:
    async with shop.open() as desk:
        assert "boxes are not painted" in reasons(await desk.tag(paint="red"))


async def test_a_call_must_name_its_resource_since_that_is_what_is_guarded(shop: Shop) -> None:
    async with shop.open() as desk:
        assert states(await desk.call("name = a", box="box {id}")) == {"a": "planned"}
        assert "no parameter of the call names" in reasons(await desk.call("name = a", box="b"))


async def test_a_name_that_is_a_part_of_another_names_nothing(shop: Shop) -> None:
    async with shop.open() as desk:
        for other in ("a-2", "the-a", "a.old", "bar"):
            assert "no parameter of the call names" in reasons(await desk.call("name = a", box=other)), other
        for same in ("a", "boxes/a", "of a.", urn("1", "a")):
            assert states(await desk.call("name = a", box=same)) == {"a": "planned"}, same


async def test_resources_are_found_by_their_urns_as_well(shop: Shop) -> None:
    async with shop.open() as desk:
        assert states(await desk.tag(search_for([urn("1", "b"), urn("1", "a")]))) == {"a": "planned", "b": "planned"}


async def test_an_index_that_is_made_anew_meanwhile_hides_nothing(shop: Shop) -> None:
    async with shop.open() as desk:
        await desk.store.index([])
        ground = desk.plans.ground()
        with closing(sqlite3.connect(shop.world.path)) as other, searching(shop.world.path) as connection:

            def swept(statement: str) -> None:
                if "from moving" in statement:
                    other.executescript("delete from property; delete from property_name")

            connection.set_trace_callback(swept)
            assert [urn for _, urn in found_by(connection, "name = a", ground.search, ground.now)] == [urn("1", "a")]


@pytest.mark.parametrize(
    ("search", "told"), [("name = nobody", "finds nothing"), ("aggregate(kind: sum(1) as c): all", "an aggregate")]
)
async def test_a_search_that_finds_no_resources_makes_no_plan(shop: Shop, search: str, told: str) -> None:
    async with shop.open() as desk:
        with pytest.raises(ConfigError, match=told):
            await desk.plans.plan(Wish(search, "tag", {"a": "b"}), "ben")
        assert await desk.plans.listed(10) == []
