"""Notices are sent: once, in order, again where it fails; and nothing is lost on the way."""

import pytest

from syncd.errors import Rejected, Retry, StoreError
from syncd.notice import Notice
from syncd.outbox.attempts import DELAYS
from syncd.outbox.work import Outbox
from syncd.plugin import Receipt
from syncd.settings import Config
from tests.fakes.reaction import Answer
from tests.outbox.office import Day, Office, cleared, happened, matched


def failing(error: BaseException) -> Answer:
    def answer(_notice: Notice) -> Receipt:
        raise error

    return answer


async def test_what_was_before_the_first_start_is_history_and_what_follows_is_told(office: Office) -> None:
    sink = office.target("chat")
    async with office.world.store() as store:
        await store.tell(matched("r", "old", "chat"))
    async with office.open() as day:
        await day.turn()
        assert sink.got == []
        await day.tell(matched("r", "a", "chat"))
        await day.turn()
    assert [item.resource["name"] for item in sink.got[0].items] == ["a"]


async def test_events_written_while_no_daemon_ran_are_told_by_the_next_one_and_once(office: Office) -> None:
    sink = office.target("chat")
    async with office.open():
        pass
    async with office.world.store() as store:
        await store.tell(matched("r", "a", "chat"))
    for _ in range(2):
        async with office.open() as day:
            await day.turn()
    assert len(sink.got) == 1


async def test_what_waits_when_the_process_ends_is_told_by_the_next_one(office: Office) -> None:
    sink = office.target("chat", wait=30)
    async with office.open() as day:
        await day.tell(matched("r", "a", "chat"))
        await day.turn()
        assert sink.got == []
    async with office.open() as day:
        await day.turn(31)
    assert len(sink.got) == 1


async def test_what_waits_is_not_forgotten_when_the_store_cannot_be_read_at_its_time(office: Office) -> None:
    office.target("chat")
    broken = False

    def config() -> Config:
        if broken:
            raise StoreError("disk I/O error")
        return office.config

    async with office.world.store() as store:
        outbox = Outbox(store, config, clock=office.clock)
        await outbox.begin()
        day = Day(office, store, outbox)
        await day.tell(matched("r", "a", "chat"))
        await outbox.follower.follow()
        broken = True
        with pytest.raises(StoreError):
            await outbox.maker.make()
        broken = False
        await outbox.maker.make()
        assert [row["state"] for row in await day.notices()] == ["due"]


async def test_what_fails_is_tried_ten_times_over_three_days_with_one_id_then_it_is_dead(office: Office) -> None:
    sink = office.target("chat")
    sink.answers = [failing(Retry("not now"))] * 100
    async with office.open() as day:
        await day.tell(matched("r", "a", "chat"))
        await day.turn()
        for number, pause in enumerate(DELAYS[1:], 1):
            await day.turn(pause - 1)
            assert len(sink.got) == number
            await day.turn(1)
        (row,) = await day.notices()
        assert (row["state"], row["attempts"], row["reason"]) == ("dead", 10, "not now")
        assert await day.count("select count(*) from event where type = 'delivery.dead'") == 1
        assert 75 * 3600 <= office.seconds <= 77 * 3600
        await day.turn(100_000)
    assert sink.attempts == list(range(1, 11))
    assert len(set(sink.ids)) == 1


async def test_what_was_put_off_by_a_clock_that_went_back_since_is_tried_now(office: Office) -> None:
    sink = office.target("chat")
    sink.answers = [failing(Retry("no"))]
    years = 10 * 365 * 86_400.0
    async with office.open() as day:
        await day.tell(matched("r", "a", "chat"))
        await day.turn(years)
    office.seconds = 0.0
    async with office.open() as day:
        await day.turn()
        assert [row["state"] for row in await day.notices()] == ["done"]


async def test_a_target_that_says_when_is_not_asked_before(office: Office) -> None:
    sink = office.target("chat")
    sink.answers = [failing(Retry("slow down", after=120))]
    async with office.open() as day:
        await day.tell(matched("r", "a", "chat"))
        await day.turn()
        await day.turn(119)
        assert len(sink.got) == 1
        await day.turn(1)
        assert [row["state"] for row in await day.notices()] == ["done"]


async def test_what_is_rejected_is_dead_at_once_and_can_be_sent_again_as_it_was(office: Office) -> None:
    sink = office.target("chat")
    sink.answers = [failing(Rejected("never")), failing(Rejected("never"))]
    async with office.open() as day:
        await day.tell(matched("r", "a", "chat"), happened("x"))
        await day.turn()
        assert [row["state"] for row in await day.notices()] == ["dead"]
        assert await day.outbox.replay([1], "") == [1]
        await day.turn()
        assert await day.outbox.replay(None, "another") == []
        assert await day.outbox.replay(None, "chat") == [1]
        await day.turn()
        assert [(row["state"], row["attempts"]) for row in await day.notices()] == [("done", 1)]
    assert len(set(sink.ids)) == 1


@pytest.mark.parametrize("error", [ValueError("a bug"), KeyError("x"), TimeoutError(), RuntimeError("x" * 5000)])
async def test_whatever_a_reaction_raises_is_a_reason_to_try_again(office: Office, error: Exception) -> None:
    sink = office.target("chat")
    sink.answers = [failing(error)]
    async with office.open() as day:
        await day.tell(matched("r", "a", "chat"))
        await day.turn()
        (row,) = await day.notices()
        assert (row["state"], row["attempts"]) == ("due", 1)
        assert 0 < len(row["reason"]) <= 320
        await day.turn(10)
        assert [row["state"] for row in await day.notices()] == ["done"]


async def test_a_resource_is_told_in_order_and_others_do_not_wait_for_it(office: Office) -> None:
    sink = office.target("pager", "apart")
    sink.answers = [failing(Retry("not now"))]
    async with office.open() as day:
        await day.tell(matched("r", "a", "pager"))
        await day.turn()
        await day.tell(cleared("r", "a", "pager"), matched("other", "a", "pager"), matched("r", "b", "pager"))
        await day.turn()
        names = [(n.rule, n.state, n.items[0].resource["name"]) for n in sink.got]
        assert names == [("r", "firing", "a"), ("r", "firing", "b")]
        await day.turn(10)
    told = [(n.rule, n.state) for n in sink.got[2:]]
    assert told[0] == ("r", "firing")
    assert set(told[1:]) == {("r", "resolved"), ("other", "firing")}


async def test_a_dead_target_takes_no_place_from_others_and_is_asked_less_and_less(office: Office) -> None:
    dead, good = office.target("dead", "apart", cap=1000), office.target("good", "apart", cap=1000)
    dead.answers = [failing(Retry("down"))] * 10_000
    async with office.open() as day:
        await day.tell(*(matched("r", f"n{i}", "dead", "good") for i in range(30)))
        await day.turn()
        assert len(good.got) == 30
        tried = len(dead.got)
        assert tried <= 8
        assert day.outbox.dispatcher.lane("dead").breaker.open
        for _ in range(60):
            await day.turn(10)
        assert 3 <= len(dead.got) - tried <= 10
        dead.answers = []
        for _ in range(40):
            await day.turn(3600)
        assert {row["state"] for row in await day.notices()} == {"done"}


async def test_only_so_many_are_under_way_for_a_target_and_in_all(office: Office) -> None:
    office.outbox_settings(max_in_flight=6)
    sinks = [office.target(name, "apart", cap=100) for name in ("a", "b", "c")]
    for sink in sinks:
        sink.seconds = 0.02
    async with office.open() as day:
        await day.tell(*(matched("r", f"n{i}", "a", "b", "c") for i in range(12)))
        await day.outbox.follower.follow()
        await day.outbox.maker.make()
        await day.outbox.dispatcher.look()
        assert sum(len(lane.busy) for lane in day.outbox.dispatcher.lanes.values()) == 6
        await day.outbox.dispatcher.idle()
        await day.turn()
    assert [len(sink.got) for sink in sinks] == [12, 12, 12]
    assert max(sink.most_at_once for sink in sinks) <= 4


async def test_what_is_left_for_a_target_that_was_removed_is_dead_and_comes_back_with_it(office: Office) -> None:
    sink = office.target("chat", wait=30)
    async with office.open() as day:
        await day.tell(matched("r", "a", "chat"))
        await day.turn()
        office.remove("chat")
        await day.turn(31)
        (row,) = await day.notices()
        assert (row["state"], row["attempts"]) == ("dead", 0)
        assert "not configured any more" in row["reason"]
        office.target("chat")
        await day.outbox.replay(None, "")
        await day.turn()
    assert len(sink.got) == 1


async def test_what_a_receipt_says_is_there_for_the_next_notice_of_the_incident_only(office: Office) -> None:
    sink = office.target("chat", "apart")
    sink.answers = [lambda _: Receipt({"thread": "17"}, "posted")]
    async with office.open() as day:
        for event in (matched("r", "a", "chat"), matched("r", "b", "chat"), cleared("r", "a", "chat")):
            await day.tell(event)
            await day.turn()
        assert (await day.notices())[0]["answer"] == "posted"
        assert await day.count("select count(*) from target_memory") == 0
    assert sink.memories == [{}, {}, {"thread": "17"}]


async def test_a_dead_letter_that_told_of_dead_letters_is_told_to_nobody(office: Office) -> None:
    sink, chat = office.target("dead"), office.target("chat")
    sink.answers = [failing(Rejected("never"))] * 100
    office.rule("deaths", on=("delivery.*",), to=("dead", "chat"))
    async with office.open() as day:
        await day.tell(matched("r", "a", "dead"))
        for _ in range(6):
            await day.turn(1)
        assert await day.count("select count(*) from event where type = 'delivery.dead'") == 2
    assert [n.items[0].type for n in chat.got] == ["delivery.dead"]
    assert len(sink.got) == 2


async def test_a_target_is_told_again_of_what_still_fires_and_of_nothing_that_ended(office: Office) -> None:
    sink = office.target("alerts", "each")
    async with office.open() as day:
        await day.tell(matched("r", "a", "alerts"), matched("r", "b", "alerts"), happened("x"))
        await day.turn()
        await day.outbox.alive.look()
        await day.turn(59)
        await day.outbox.alive.look()
        again = {(n.repeated, n.state, n.items[0].resource["name"]) for n in sink.got[2:]}
        assert (again, len(sink.got)) == ({(True, "firing", "a"), (True, "firing", "b")}, 4)
        await day.tell(cleared("r", "a", "alerts"))
        await day.turn(1)
        await day.outbox.alive.look()
        told = [(n.repeated, n.state, n.items[0].resource["name"]) for n in sink.got[4:]]
        assert told == [(False, "resolved", "a"), (True, "firing", "b")]
        assert await day.count("select count(*) from notice") == 3
    assert {n.incident for n in sink.got[2:4]} == {n.incident for n in sink.got[:2]}
    assert len(set(sink.ids)) == len(sink.ids)


async def test_a_test_message_is_sent_at_once_and_kept_nowhere(office: Office) -> None:
    sink = office.target("chat", wait=3600)
    async with office.open() as day:
        done = await day.outbox.test("chat")
        sink.answers = [failing(Retry("refused with canary-of-the-sink"))]
        refused = await day.outbox.test("chat")
        assert await day.notices() == []
    assert (done["delivered"], done["answer"], sink.got[0].state) == (True, "taken", "test")
    assert (refused["delivered"], "canary" in str(refused)) == (False, False)
