"""What a rule would have told, taken from the stored history, is what it told."""

import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.model import Gap
from syncd.rules.rehearse import Rehearsal
from syncd.rules.shell import Rules
from syncd.settings import Config, RuleSettings, SearchSettings
from syncd.store.journal import Event
from syncd.store.keys import node_key
from syncd.store.store import Store
from tests.fakes.cloud import box
from tests.fakes.world import World
from tests.rules.estates import rules_of
from tests.search.graphs import RichCloud, reading
from tests.search.histories import History

LONG_AGO = "2026-01-01T00:00:00Z"
SEARCHES = (
    "is(volume) and age > 3min",
    "tags.env != null or size > 1",
    "is(network) with(empty, <-- is(volume))",
    "is(instance) -[1:2]-> is(volume)",
    "account.name != a and is(fake_box)",
    "coverage.state != complete",
    "is(fake_box) and ancestors.instance.instance_memory != null",
)
Told = list[tuple[str, str, str]]


class NoGaps(History):
    """Which facets were unseen has no past."""

    def trouble(self, scope: str) -> None:
        super().trouble(scope)
        assert all(isinstance(extra, Gap) for extra in self.cloud.extras.pop(scope, []))


def would_have(world: World, rule: RuleSettings, since: str = LONG_AGO) -> Iterator[tuple[str, str, str]]:
    with closing(reading(world)) as connection:
        connection.execute("pragma temp_store = memory")
        for row in Rehearsal(connection, rule, SearchSettings(), world.moment).told(since):
            yield row["type"], row["urn"], row["at"]


def really(world: World, rule: RuleSettings) -> Told:
    query = "select type, urn, at from event where type glob 'rule.*' and body ->> '$.rule' = ? order by seq"
    return world.query(query, rule.name)


async def lived(world: World, store: Store, rules: Rules, history: History, runs: int) -> None:
    for _ in range(runs):
        history.step()
        world.moment += timedelta(seconds=history.chance.choice((0, 30, 3600)))
        accept = ("*",) if history.chance.random() < 0.1 else ()
        await world.sync_in(store, rules=rules, accept=accept)


@pytest.mark.parametrize(
    ("runs", "searches"),
    [(200, SEARCHES[:2]), (25, SEARCHES), pytest.param(200, SEARCHES, marks=pytest.mark.soak)],
)
@pytest.mark.timeout(300)
@pytest.mark.unmeasured
async def test_over_many_runs_a_test_tells_what_was_told(tmp_path: Path, runs: int, searches: Sequence[str]) -> None:
    world = World(tmp_path / "s.db", RichCloud())
    history = NoGaps(world.cloud, random.Random(5))  # type: ignore[arg-type]
    listed = rules_of(searches)
    async with world.store() as store:
        rules = Rules(store, now=lambda: world.moment)
        await rules.load(Config(rule={rule.name: rule for rule in listed}))
        await lived(world, store, rules, history, runs)
    count = 0
    for rule in listed:
        expected = really(world, rule)
        assert sorted(would_have(world, rule)) == sorted(expected), rule.search
        count += len(expected)
    assert count > 20


async def test_a_rule_of_events_is_tested_on_the_stored_events(tmp_path: Path) -> None:
    world = World(tmp_path / "s.db")
    scope = "fake/1/r1/boxes"
    for size in (1, 2, 2, 3):
        world.cloud.put(scope, box("1", "a", size=size), box("1", "b", other=size))
        await world.sync()
    rule = RuleSettings(
        name="r", on=("resource.updated",), where={"kind": "resource", "changes.path": "size", "changes.new": 3}
    )
    assert [each[:2] for each in would_have(world, rule)] == [("resource.updated", "urn:fake:1:box/a")]


async def test_a_job_is_tested_by_its_times_and_events(tmp_path: Path) -> None:
    world = World(tmp_path / "s.db")
    async with world.store() as store:
        await store.tell(Event("scope.denied"))
        world.moment += timedelta(hours=2, minutes=30)
        await store.tell(Event("run.finished"))
    hourly = RuleSettings(name="r", when=("cron 0 * * * *",))
    assert [at for _, _, at in would_have(world, hourly)] == ["2026-03-01T13:00:00Z", "2026-03-01T14:00:00Z"]
    on = RuleSettings(name="r", when=("scope.*",))
    assert [at for _, _, at in would_have(world, on)] == ["2026-03-01T12:00:00Z"]
    assert list(would_have(world, on, "2026-03-01T13:00:00Z")) == []


async def test_what_it_would_tell_now_does_not_wait(tmp_path: Path) -> None:
    world = World(tmp_path / "s.db")
    world.cloud.put("fake/1/r1/boxes", box("1", "a", open=True), box("1", "b"))
    await world.sync()
    rule = RuleSettings(name="r", search="open = true", lasting="3 runs")
    with closing(reading(world)) as connection:
        nodes = Rehearsal(connection, rule, SearchSettings(), world.moment).matching()
    assert nodes == {node_key("urn:fake:1:box/a")}


@pytest.mark.parametrize(
    ("where", "fits"),
    [
        ({"account": "1"}, True),
        ({"region": ("eu-*", "r1")}, True),
        ({"kind": "volume"}, False),
        ({"changes.path": "tags.*", "changes.old": "x"}, True),
        ({"changes.path": "tags.*", "changes.old": "z"}, False),
        ({"body.changes": "x"}, False),
    ],
)
async def test_conditions_are_about_fields_of_the_event(tmp_path: Path, where: dict[str, str], fits: bool) -> None:
    world = World(tmp_path / "s.db")
    for tag in ("x", "y"):
        world.cloud.put("fake/1/r1/boxes", box("1", "a", tags={"env": tag}, old="x" if tag == "y" else "z"))
        await world.sync()
    rule = RuleSettings(name="r", on=("resource.*",), where={**where, "name": "a"})
    assert bool(list(would_have(world, rule))) is fits
