"""What somebody tells a target by hand is a durable notice, in the words that were shown before."""

from typing import Any

import pytest

from syncd.outbox.by_hand import LONGEST, Asked, shown
from syncd.store.snapshots import snapshots
from tests.fakes.cloud import box
from tests.outbox.office import Day, Office

NOW = "2026-03-02T12:00:00Z"


@pytest.fixture
async def office(office: Office) -> Office:
    office.world.cloud.put("fake/1/r1/boxes", *(box("1", name) for name in "abc"))
    await office.world.sync()
    return office


async def asked(day: Day, target: str, search: str = "is(fake_box)") -> Asked:
    def look(connection: Any) -> Any:
        keys = [key for (key,) in connection.execute("select key from node order by id")]
        known = snapshots(connection, keys)
        return {key: known[key] for key in keys}

    return Asked(target, search, "anna", await day.store.read(look))


async def before(day: Day, wanted: Asked) -> dict[str, Any]:
    return await day.store.read(lambda c: shown(c, wanted, day.office.config, NOW))


async def test_all_that_was_found_is_one_notice_that_says_who_asked_and_for_what(office: Office) -> None:
    sink = office.target("chat")
    async with office.open() as day:
        await day.outbox.tell(await asked(day, "chat"))
        await day.turn()
    (notice,) = sink.got
    assert (notice.rule, notice.state, notice.severity, notice.total) == ("by hand", "news", "info", 3)
    assert (notice.title, notice.search) == ("by hand: 3 resources (search is(fake_box))", "is(fake_box)")
    assert notice.description == "anna asked to tell you"
    first = notice.items[0]
    assert (first.type, first.change, first.text) == ("notify.asked", "happened", "fake_box a (1, r1)")
    assert first.resource["tags"] == {}
    assert [name for _, name in office.world.events("notify.asked")] == ["a", "b", "c"]


async def test_what_is_shown_before_is_what_is_sent_and_sends_nothing(office: Office) -> None:
    sink = office.target("chat")
    async with office.open() as day:
        wanted = await asked(day, "chat")
        told = await before(day, wanted)
        await day.turn()
        assert sink.got == []
        await day.outbox.tell(wanted)
        await day.turn()
    assert (told["target"], told["reaction"], told["resources"], told["notices"]) == ("chat", "recorder", 3, 1)
    assert told["title"] == sink.got[0].title
    assert told["lines"] == [item.text for item in sink.got[0].items]


@pytest.mark.parametrize(("cap", "count"), [(5, 3), (2, 1)])
async def test_a_target_that_wants_each_apart_is_told_so_up_to_its_cap(office: Office, cap: int, count: int) -> None:
    sink = office.target("pager", "apart", cap=cap)
    async with office.open() as day:
        wanted = await asked(day, "pager")
        told = await before(day, wanted)
        await day.outbox.tell(wanted)
        await day.turn()
    assert (told["notices"], len(sink.got)) == (count, count)
    assert told["title"] == sink.got[0].title


async def test_what_was_asked_for_right_before_a_crash_is_told_after_it(office: Office) -> None:
    sink = office.target("chat", wait=30.0)
    async with office.open() as day:
        await day.outbox.tell(await asked(day, "chat"))
    async with office.open() as day:
        await day.turn()
        await day.turn(31)
        await day.turn(31)
    assert [notice.total for notice in sink.got] == [3]


async def test_two_searches_are_two_notices_and_a_long_one_is_cut(office: Office) -> None:
    sink = office.target("chat")
    async with office.open() as day:
        for search in ("is(fake_box)", "x" * 5 * LONGEST):
            await day.outbox.tell(await asked(day, "chat", search))
        await day.turn()
    assert [len(notice.search) for notice in sink.got] == [len("is(fake_box)"), LONGEST]
