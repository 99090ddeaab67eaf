"""Rules at their moments: steps, events, times; whatever happens at a crash, nothing is told twice or forgotten."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from syncd.errors import ConfigError, StoreError
from syncd.rules.shell import Rules
from syncd.settings import Config, RuleSettings
from syncd.store import matches
from syncd.store.journal import Event
from syncd.store.store import Store
from tests.fakes.cloud import box
from tests.fakes.world import World

HERE = "fake/1/r1/boxes"
OPEN = "is(fake_box) and open = true"
START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
async def world(tmp_path: Path) -> World:
    world = World(tmp_path / "s.db")
    world.cloud.put(HERE, box("1", "a", open=True))
    return world


@pytest.fixture
async def store(world: World) -> AsyncIterator[Store]:
    async with world.store() as store:
        await world.sync_in(store)
        yield store


async def loaded(world: World, store: Store, *rules: RuleSettings) -> Rules:
    def clock() -> float:
        return (world.moment - START).total_seconds()

    found = Rules(store, now=lambda: world.moment, clock=clock)
    await found.load(Config(rule={rule.name: rule for rule in rules}))
    return found


def told(world: World) -> list[str]:
    return [type_ for type_, _ in world.events("rule.%")]


async def test_a_step_answers_what_its_rules_did(world: World, store: Store) -> None:
    rules = await loaded(world, store, RuleSettings(name="r", search=OPEN), RuleSettings(name="s", search="all"))
    [answer] = await rules.step("post_collect")
    assert (answer["subscriber"], answer["state"], answer["message"]) == ("rules", "done", "2 rules: 2 began, 0 ceased")
    assert await rules.step("pre_collect") == []


async def test_a_job_is_due_at_its_step(world: World, store: Store) -> None:
    rules = await loaded(world, store, RuleSettings(name="j", when=("generate_metrics",), to=("oncall",)))
    await rules.step("generate_metrics")
    assert world.bodies("rule.due") == [
        {"rule": "j", "severity": "warning", "targets": ["oncall"], "because": "generate_metrics"}
    ]


async def test_events_start_rules_once_and_what_rules_tell_starts_none(world: World, store: Store) -> None:
    search = RuleSettings(name="r", search=OPEN, when=("scope.*",))
    rules = await loaded(world, store, search, RuleSettings(name="j", when=("*",)))
    await rules.tick()
    assert told(world) == [], "what was told before there was a rule"
    await store.tell(Event("scope.denied"))
    await store.tell(Event("run.finished"))
    await rules.tick()
    await rules.tick()
    assert told(world) == ["rule.matched", "rule.due"]
    assert world.bodies("rule.due")[0]["events"] == 2


async def test_events_while_nobody_listened_start_rules_as_well(world: World, store: Store) -> None:
    job = RuleSettings(name="j", when=("scope.*",))
    await loaded(world, store, job)
    await store.tell(Event("scope.denied"))
    rules = await loaded(world, store, job)
    await rules.tick()
    assert told(world) == ["rule.due"]
    await (await loaded(world, store, job)).tick()
    assert told(world) == ["rule.due"]


async def test_a_time_starts_rules_once_also_when_it_passed_while_nobody_ran(world: World, store: Store) -> None:
    job = RuleSettings(name="j", when=("cron 0 * * * *",))
    rules = await loaded(world, store, job)
    await rules.tick()
    assert told(world) == []
    world.moment += timedelta(hours=1)
    await rules.tick()
    await rules.tick()
    assert told(world) == ["rule.due"]
    world.moment += timedelta(hours=3)
    await (await loaded(world, store, job)).tick()
    assert told(world) == ["rule.due", "rule.due"]


async def test_a_rule_that_is_asked_at_a_time_is_not_asked_after_a_run(world: World, store: Store) -> None:
    rules = await loaded(world, store, RuleSettings(name="r", search=OPEN, when=("cron 0 6 * * *",)))
    assert await rules.step("post_collect") == []
    world.moment += timedelta(days=1)
    await rules.tick()
    assert told(world) == ["rule.matched"]


async def test_a_crash_before_the_commit_is_as_if_nothing_had_been_asked(world: World, store: Store) -> None:
    rules = await loaded(world, store, RuleSettings(name="r", search=OPEN))
    before = world.query("select * from counter")

    class Killed(Exception):
        pass

    def written_and_killed(connection: sqlite3.Connection) -> None:
        matches.write(connection, store.now(), 1, verdicts)
        raise Killed

    verdicts = await rules._read(list(rules.active.values()))
    with pytest.raises(Killed):
        await store.write(written_and_killed)
    assert world.query("select * from counter") == before
    assert world.query("select 1 from rule_match union select 1 from rule_state") == []
    await rules.step("post_collect")
    assert told(world) == ["rule.matched"]


async def test_an_evaluation_that_is_broken_off_writes_nothing_and_ends_soon(world: World, store: Store) -> None:
    slow = "is(fake_box) with(count >= 0, -[0:]-> all)"
    many = [RuleSettings(name=f"r{number}", search=f"{slow} and size != {number}") for number in range(2_000)]
    rules = await loaded(world, store, *many)
    task = asyncio.create_task(rules.step("post_collect"))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(2):
        await asyncio.get_running_loop().shutdown_default_executor()
    assert world.query("select * from rule_state") == []


async def test_the_match_and_its_event_are_of_one_commit(world: World, store: Store) -> None:
    rules = await loaded(world, store, RuleSettings(name="r", search=OPEN))
    await rules.step("post_collect")
    assert world.query("select m.state, e.type from rule_match m join event e on e.seq = m.event") == [
        ("firing", "rule.matched")
    ]


async def test_a_rule_is_turned_off_and_on_by_command_whatever_the_configuration_says(
    world: World, store: Store
) -> None:
    on, off = RuleSettings(name="r", search=OPEN), RuleSettings(name="s", search=OPEN, enabled=False)
    rules = await loaded(world, store, on, off)
    await rules.step("post_collect")
    await rules.switch("r", "disabled")
    await rules.switch("s", "enabled")
    assert world.bodies("rule.cleared")[0]["reason"] == "the rule was disabled"
    again = await loaded(world, store, on, off)
    assert list(again.active) == ["s"]
    await again.step("post_collect")
    assert told(world) == ["rule.matched", "rule.cleared", "rule.matched"]


async def test_a_rule_that_cannot_be_asked_is_not_turned_on(world: World, store: Store) -> None:
    rules = await loaded(world, store, RuleSettings(name="r", search="is(nobody)", enabled=False))
    with pytest.raises(ConfigError, match="there is no kind nobody"):
        await rules.switch("r", "enabled")
    with pytest.raises(ConfigError, match="there is no rule x"):
        await rules.switch("x", "enabled")


async def test_a_rule_whose_words_cannot_be_read_is_not_turned_on(world: World, store: Store) -> None:
    rules = await loaded(world, store, RuleSettings(name="r", when=("cron @daily",), text="{{ total", enabled=False))
    with pytest.raises(ConfigError, match="rule r: text: "):
        await rules.switch("r", "enabled")


async def test_a_rule_that_has_no_time_is_not_turned_on(world: World, store: Store) -> None:
    rules = await loaded(world, store, RuleSettings(name="j", when=("cron 61 * * * *",), enabled=False))
    with pytest.raises(ConfigError, match="rule j: when: cron: found"):
        await rules.switch("j", "enabled")
    assert list((await loaded(world, store)).active) == []


async def test_a_rule_that_was_turned_on_and_is_wrong_by_now_says_so_and_holds_up_no_other(
    world: World, store: Store
) -> None:
    await store.write(partial(matches.command, rule="r", switch="enabled"))
    wrong = RuleSettings(name="r", search=OPEN, when=("post_collect", "cron soon"), lasting="soon", enabled=False)
    rules = await loaded(world, store, wrong, RuleSettings(name="good", search=OPEN))
    rules.troubles["monitoring"] = "somebody else's"
    [answer] = await rules.step("post_collect")
    assert answer["message"] == "2 rules: 1 began, 0 ceased; could not be evaluated: r"
    assert [line[:40] for line in rules.troubles.values()] == [
        'rule r has no time: when: cron: found "s',
        "somebody else's",
        "rule r could not be evaluated: for: foun",
    ]
    await rules.load(Config())
    assert list(rules.troubles) == ["monitoring"]


async def test_a_time_that_comes_in_the_middle_of_a_reload_starts_a_rule_once(world: World, store: Store) -> None:
    job = RuleSettings(name="j", when=("cron 0 * * * *",))
    rules = await loaded(world, store, job)
    for _ in range(2):
        world.moment += timedelta(hours=1)
        await asyncio.gather(rules.load(Config(rule={"j": job})), rules.tick())
        await rules.tick()
    assert told(world) == ["rule.due", "rule.due"]


async def test_the_end_of_a_removed_rule_is_told_when_the_store_can_be_written_again(
    world: World, store: Store
) -> None:
    rules = await loaded(world, store, RuleSettings(name="r", search=OPEN))
    await rules.step("post_collect")
    await store.write(lambda connection: connection.execute("pragma busy_timeout = 0").fetchall())
    with closing(sqlite3.connect(world.path, isolation_level=None)) as other:
        other.execute("begin immediate")
        await rules.load(Config())
        with pytest.raises(StoreError):
            await rules.tick()
        assert (list(rules.active), told(world)) == ([], ["rule.matched"])
    await rules.tick()
    assert [body["reason"] for body in world.bodies("rule.cleared")] == ["the rule was removed"]


async def test_a_sync_with_other_rules_does_not_make_the_daemon_deaf(world: World, store: Store) -> None:
    job = RuleSettings(name="j", when=("control.*",))
    await loaded(world, store, job)
    await Rules(store).load(Config(), settle=False)
    await store.change(lambda journal: journal.tell(Event("control.command")))
    await (await loaded(world, store, job)).tick()
    assert told(world) == ["rule.due"]


async def test_a_silence_is_kept_and_rules_are_asked_as_before(world: World, store: Store) -> None:
    rules = await loaded(world, store, RuleSettings(name="r", search=OPEN))
    await rules.silence("r", "2026-03-02T00:00:00Z")
    await rules.step("post_collect")
    assert told(world) == ["rule.matched"]
    state = (await store.read(matches.states))["r"]
    assert (state.silent_until, state.problem) == ("2026-03-02T00:00:00Z", "")


async def test_who_matches_is_listed_with_its_resource(world: World, store: Store) -> None:
    rules = await loaded(world, store, RuleSettings(name="r", search=OPEN))
    await rules.step("post_collect")
    [row] = await store.read(partial(matches.listed, rule="r"))
    assert (row["rule"], row["state"], row["resource"]["name"]) == ("r", "firing", "a")
    assert await store.read(partial(matches.listed, rule="other")) == []
