"""Requests outlive the process: noted with their schedule's entry, joined by their like, taken with the run's begin."""

from dataclasses import fields
from pathlib import Path

import pytest

from syncd.plugin import Selection
from syncd.store.requests import COLLECT, Wish, selected, selection_of
from tests.fakes.world import World

FULL = Selection(("1",), ("r1", "r0"), ("fake_*",), ("fake/1/*",), ("fake",))
NOW = "2026-03-01T12:00:00Z"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "s.db")


async def test_a_request_is_there_again_as_it_was_after_the_process(world: World) -> None:
    async with world.store() as store:
        made, joined = await store.ask(Wish("control", "root", FULL, ("fake/1/r1/b", "fake/1/r1/a")))
    async with world.store() as store:
        (found,) = store.requests
    assert not joined
    assert found[:5] == made[:5] == (1, NOW, "control", "root", COLLECT)
    assert selected(found.selection) == selected(FULL)
    assert set(found.accept) == set(made.accept)


@pytest.mark.parametrize("name", [field.name for field in fields(Selection)])
def test_every_part_of_a_selection_is_kept_and_tells_two_apart(name: str) -> None:
    only = Selection(**{name: ("a", "b")})
    assert selection_of(selected(only)) == only
    assert selected(only) != selected(Selection())


def test_the_order_within_a_part_says_nothing() -> None:
    assert selected(Selection(kinds=("a", "b"))) == selected(Selection(kinds=("b", "a")))


async def test_the_same_joins_whoever_asks_and_keeps_the_first_asker(world: World) -> None:
    async with world.store() as store:
        first, _ = await store.ask(Wish("control", "root"))
        assert await store.ask(Wish("schedule", "all")) == (first, True)
        assert store.requests == [first]


@pytest.mark.parametrize(
    "other", [Wish("x", selection=FULL), Wish("x", accept=("fake/1/r1/a",)), Wish("x", workflow="cleanup")]
)
async def test_another_selection_acceptance_or_workflow_does_not_join(world: World, other: Wish) -> None:
    async with world.store() as store:
        await store.ask(Wish("x"))
        found, joined = await store.ask(other)
    assert (found.id, joined) == (2, False)


async def test_the_same_scopes_to_accept_join_in_any_order(world: World) -> None:
    async with world.store() as store:
        await store.ask(Wish("x", accept=("a", "b")))
        assert (await store.ask(Wish("x", accept=("b", "a"))))[1]


async def test_the_run_takes_its_request_and_the_like_may_wait_again(world: World) -> None:
    async with world.store() as store:
        request, _ = await store.ask(Wish("control", "root", FULL))
        await store.begin(request=request)
        assert store.requests == []
        again, joined = await store.ask(Wish("control", "root", FULL))
        assert (again.id, joined) == (2, False)
    assert world.query("select request, trigger, selection from run") == [(1, "control", selected(FULL))]
    assert world.query("select id from request") == [(2,)]


async def test_numbers_go_on_though_nothing_waits_any_more(world: World) -> None:
    for number in range(1, 4):
        async with world.store() as store:
            request, _ = await store.ask(Wish("x"))
            await store.begin(request=request)
        assert request.id == number


async def test_requests_wait_in_the_order_in_which_they_came(world: World) -> None:
    async with world.store() as store:
        for number in range(12):
            await store.ask(Wish("x", selection=Selection(accounts=(str(12 - number),))))
        kept = store.requests
    async with world.store() as store:
        assert [each.id for each in store.requests] == [each.id for each in kept] == list(range(1, 13))


async def test_an_entry_of_the_schedule_is_noted_with_its_request_even_where_that_joins(world: World) -> None:
    async with world.store() as store:
        await store.ask(Wish("control"))
        _, joined = await store.ask(Wish("schedule", "all", entry="all"))
        assert (joined, await store.schedule()) == (True, {"all": NOW})


async def test_what_nobody_planned_notes_no_entry(world: World) -> None:
    async with world.store() as store:
        await store.ask(Wish("control", "root"))
        assert await store.schedule() == {}


async def test_the_event_that_a_workflow_answered_is_noted_and_never_an_earlier_one(world: World) -> None:
    async with world.store() as store:
        assert await store.hear(["metrics"]) == {"metrics": 0}
        for event in (10, 9):
            await store.ask(Wish("event", f"run.finished {event}", workflow="metrics", event=event))
    async with world.store() as store:
        assert (await store.hear(["metrics", "cleanup"]))["metrics"] == 10
