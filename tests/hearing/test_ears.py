"""Ears on a real store: what a message names is read and kept, then it is done with; at whatever moment that ends."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from syncd.errors import Denied, Failed, StoreFull
from syncd.hearing.ear import LONGEST_PAUSE, TIMES
from syncd.hearing.turns import EVERY
from syncd.rules.shell import Rules
from syncd.settings import Config, RuleSettings
from syncd.store import aside
from syncd.store.journal import Journal
from syncd.store.store import Store
from tests.fakes.cloud import box
from tests.fakes.world import World
from tests.hearing.post import Post, listening, until

BOXES = "fake/1/r1/boxes"
BAGS = "fake/1/r1/bags"
JARS = "fake/2/r1/jars"


@pytest.fixture
def post() -> Post:
    post = Post()
    post.put(BOXES, box("1", "a", size=1))
    post.put(BAGS, box("1", "bag"))
    post.put(JARS, box("2", "jar"))
    return post


@pytest.fixture
def world(tmp_path: Path, post: Post) -> World:
    return World(tmp_path / "s.db", post)


@pytest.fixture
async def store(world: World) -> AsyncIterator[Store]:
    """Everything has been read once."""
    async with world.store() as store:
        await world.sync_in(store)
        yield store


def size(world: World) -> int:
    return int(world.query("select document ->> '$.size' from resource where name = 'a'")[0][0])


async def test_what_a_message_names_is_read_kept_and_looked_at_before_it_is_done_with(
    world: World, store: Store, post: Post
) -> None:
    seen: list[tuple[int, int]] = []
    post.readings.clear()
    async with listening(store, post) as heard:
        post.when_done = lambda: seen.append((size(world), heard.reacted))
        post.put(BOXES, box("1", "a", size=2))
        post.tell(BOXES)
        await until(lambda: post.gone)
        assert heard.queue.last == world.now()
    assert seen == [(2, 1)]
    assert post.readings == [(BOXES, False)], "nothing else is read"
    assert world.query("select type, run from event where type like 'resource.%'") == [("resource.updated", 0)]
    assert world.query("select count(*) from run") == [(1,)]


async def test_rules_hear_of_it_at_once_but_for_those_that_count_runs(world: World, store: Store, post: Post) -> None:
    search = "is(fake_box) and size = 2"
    texts = [RuleSettings(name="now", search=search), RuleSettings(name="runs", search=search, lasting="2 runs")]
    rules = Rules(store, now=lambda: world.moment)
    await rules.load(Config(rule={rule.name: rule for rule in texts}))
    async with listening(store, post) as heard:
        heard.react = rules.changed
        post.put(BOXES, box("1", "a", size=2))
        post.tell(BOXES)
        await until(lambda: post.gone)
    assert [body["rule"] for body in world.bodies("rule.matched")] == ["now"]
    assert world.query("select count(*) from rule_match where rule = 'runs'") == [(0,)]


async def test_a_thousand_messages_lead_to_one_reading_of_a_scope_in_two_seconds_and_none_is_missed(
    world: World, store: Store, post: Post
) -> None:
    post.readings.clear()
    begun = time.monotonic()
    async with listening(store, post):
        for number in range(1000):
            post.put(BOXES, box("1", "a", size=number + 2))
            post.tell(BOXES if number % 2 else f"{BOXES},{BAGS}")
            if number % 50 == 0:
                await asyncio.sleep(0.1)
        await until(lambda: len(post.gone) == 1000, 20)
        took = time.monotonic() - begun
    reads = [key for key, _ in post.readings]
    for key in (BOXES, BAGS):
        assert 1 <= reads.count(key) <= 1 + took / EVERY
    assert size(world) == 1001
    assert not post.told


async def test_a_message_that_comes_while_its_scope_is_read_leads_to_one_more_reading(
    world: World, store: Store, post: Post
) -> None:
    post.readings.clear()
    post.delay = 0.2
    async with listening(store, post):
        post.tell(BOXES)
        await until(lambda: post.readings)
        await asyncio.sleep(0.05)
        post.tell(BOXES, BOXES)
        await until(lambda: len(post.gone) == 1)
        post.put(BOXES, box("1", "a", size=3))
        await until(lambda: len(post.gone) == 3)
    assert size(world) == 3
    assert post.readings == [(BOXES, False)] * 2


async def test_a_run_and_a_message_never_read_a_scope_at_the_same_time(world: World, store: Store, post: Post) -> None:
    post.delay = 0.2
    async with listening(store, post):
        run = asyncio.create_task(world.sync_in(store))
        await until(lambda: post.reading[BOXES])
        post.tell(BOXES, BAGS)
        await until(lambda: len(post.gone) == 2)
        await run
    assert post.together == 1
    assert world.query("select count(*) from scope_run where run = 2") == [(3,)], "statistics are those of the run"


async def test_what_nobody_understands_is_set_aside_once_and_does_not_come_back(
    world: World, store: Store, post: Post
) -> None:
    async with listening(store, post) as heard:
        post.tell("?" + "x" * 10_000, "", "fake/9/r1/boxes")
        await until(lambda: len(post.gone) == 3)
    [row] = world.query("select collector, queue, message, reason, length(body) from set_aside")
    assert row == ("fake", "q", "m0", "nobody knows what that is", aside.LONGEST)
    [body] = world.bodies("hearing.set_aside")
    assert body["reason"] == "nobody knows what that is"
    assert heard.counted == {"aside": 1, "nothing": 1, "read": 1}


async def test_of_what_was_set_aside_the_newest_are_kept(world: World, store: Store) -> None:
    def put(journal: Journal) -> None:
        for number in range(aside.MOST + 3):
            aside.put(journal, aside.Aside("fake", "q", str(number), "why", ""))

    await store.change(put)
    rows = await store.read(aside.listed)
    assert [rows[0]["message"], rows[-1]["message"], len(rows)] == ["3", str(aside.MOST + 2), aside.MOST]
    assert await store.write(lambda connection: aside.forget(connection, None)) == aside.MOST


async def test_a_reading_that_fails_leaves_its_message_until_it_was_told_often_enough(
    world: World, store: Store, post: Post
) -> None:
    post.fail(BOXES, Failed("the cloud is ill"))
    async with listening(store, post) as heard:
        post.tell(BOXES)
        await until(lambda: heard.counted["again"] == 1)
        assert post.told
        post.given["m0"] = TIMES - 1
        post.again()
        await until(lambda: post.gone)
    assert heard.counted["given_up"] == 1
    assert world.state(BOXES) == "failed"
    post.trouble.clear()
    post.put(BOXES, box("1", "a", size=2))
    await world.sync_in(store)
    assert size(world) == 2, "the next run makes it good"


async def test_what_may_not_be_read_is_in_the_coverage_and_not_asked_for_again(
    world: World, store: Store, post: Post
) -> None:
    post.fail(BOXES, Denied("not for you", permission="boxes:List"))
    async with listening(store, post) as heard:
        post.tell(BOXES)
        await until(lambda: post.gone)
        assert heard.counted["read"] == 1
    assert world.state(BOXES) == "denied"


async def test_an_account_that_cannot_be_looked_into_leaves_its_messages_only(store: Store, post: Post) -> None:
    post.dark.add("2")
    async with listening(store, post) as heard:
        post.tell(JARS, BOXES)
        await until(lambda: post.gone == [BOXES] and heard.counted["again"])
        post.dark.clear()
        post.again()
        await until(lambda: len(post.gone) == 2)


async def test_a_queue_that_may_not_be_asked_is_asked_less_and_less_and_shown_until_it_may(
    store: Store, post: Post
) -> None:
    post.deaf = Denied("no", operation="sqs:ReceiveMessage", permission="sqs:ReceiveMessage")
    async with listening(store, post) as heard:
        await until(lambda: heard.slept[-1:] == [LONGEST_PAUSE])
        assert heard.slept[:4] == [1.0, 2.0, 4.0, 8.0]
        assert heard.queue.trouble == "no (sqs:ReceiveMessage is missing)"
        post.deaf = None
        post.tell(BOXES)
        await until(lambda: post.gone)
        assert heard.queue.trouble == ""


async def test_a_bug_of_a_collector_is_shown_and_hurts_its_own_messages_only(
    world: World, store: Store, post: Post
) -> None:
    post.bug = True
    async with listening(store, post) as heard:
        post.tell("!", BOXES)
        await until(lambda: len(post.gone) == 2)
        assert heard.queue.trouble == ""
    assert world.query("select reason from set_aside") == [("RuntimeError: a bug",)]
    assert heard.slept[:1] == [1.0]


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.05, 0.1, 0.15])
async def test_killed_at_any_moment_a_message_is_told_again_and_read(
    world: World, store: Store, post: Post, delay: float
) -> None:
    post.delay = 0.05
    async with listening(store, post):
        post.put(BOXES, box("1", "a", size=2))
        post.tell(BOXES, BAGS)
        await asyncio.sleep(delay)
    post.again()
    async with listening(store, post) as heard:
        await until(lambda: not post.told)
        if delay < 0.05:
            assert heard.reacted, "a reading of the killed process may not have been looked at"
    assert size(world) == 2


async def test_on_a_full_disk_messages_are_left(store: Store, post: Post) -> None:
    async def full() -> None:
        raise StoreFull("the disk is full")

    async with listening(store, post) as heard:
        heard.react = full
        post.tell(BOXES)
        await until(lambda: heard.reacted)
        await asyncio.sleep(0.05)
        assert post.told
        heard.react = None
        post.again()
        await until(lambda: post.gone)


async def test_paused_it_takes_nothing(store: Store, post: Post) -> None:
    async with listening(store, post) as heard:
        heard.paused = True
        await until(lambda: heard.slept)
        post.tell(BOXES)
        await asyncio.sleep(0.1)
        assert post.out <= {"m0"}
        assert not post.gone
        heard.paused = False
        await until(lambda: post.gone)


async def test_other_settings_have_it_listen_elsewhere_or_not_at_all(store: Store, post: Post) -> None:
    async with listening(store, post) as heard:
        await until(lambda: heard.ears.queues)
        heard.settings["fake"] = ("p", "q")
        heard.ears.look()
        await until(lambda: [queue.name for queue in heard.ears.queues] == ["p", "q"])
        heard.settings["fake"] = ()
        heard.ears.look()
        await until(lambda: not heard.ears.queues)
