"""Which scopes a scheduled run leaves out, and what makes it ask them all the same."""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

from syncd.errors import Denied, ReadError
from syncd.model import Edge, Scope
from syncd.plugin import Loose, Reader
from syncd.store.coverage import Coverage
from syncd.store.requests import SCHEDULE, Wish
from syncd.sync.cadence import Cadence
from tests.fakes.cloud import Cloud, box, inside, urn
from tests.fakes.world import World

EMPTY = [f"fake/a{account}/r{region}/boxes" for account in range(3) for region in range(10)]
FULL = "fake/a0/r1/jars"
HOUR = 3600.0


@dataclass
class Sensing(Cloud):
    """Tells that there is life in the scopes of `alive`, and notes which references it heard of."""

    alive: set[str] = field(default_factory=set)
    heard: list[Loose] = field(default_factory=list)
    blinded: ReadError | None = None

    async def signs(
        self, rests: Callable[[Scope], bool], loose: Iterable[Loose], reader: Reader
    ) -> AsyncIterator[Scope]:
        if self.blinded:
            raise self.blinded
        self.heard += loose
        for key in sorted(self.alive):
            if rests(self.scope(key)):
                yield self.scope(key)


def world(tmp_path: Path) -> World:
    found = World(tmp_path / "syncd.db", cloud=Sensing())
    found.plan = replace(found.plan, cadence=Cadence(probe=6 * HOUR))
    for key in EMPTY:
        found.cloud.put(key)
    found.cloud.put(FULL, box("a0", "one"))
    return found


def asked(world: World) -> set[str]:
    found = {key for key, _ in world.cloud.readings}
    world.cloud.readings.clear()
    return found


async def test_empty_scopes_take_turns_and_each_has_had_its_turn_when_the_time_is_over(tmp_path: Path) -> None:
    here = world(tmp_path)
    await here.sync()
    assert asked(here) == {*EMPTY, FULL}
    seen: list[str] = []
    for hour in range(6):
        here.moment += timedelta(minutes=59)
        run = await here.sync()
        found = asked(here)
        assert FULL in found, "what holds something is asked each time"
        assert run.resting == len(EMPTY) + 1 - len(found), hour
        seen += found - {FULL}
    assert sorted(seen) == sorted(EMPTY), "each once, none twice"


async def test_a_run_by_hand_leaves_nothing_out(tmp_path: Path) -> None:
    here = world(tmp_path)
    await here.sync()
    asked(here)
    await here.sync(cadence=None)
    assert asked(here) == {*EMPTY, FULL}


async def test_what_is_not_complete_is_asked_each_time(tmp_path: Path) -> None:
    here = world(tmp_path)
    here.cloud.fail(EMPTY[0], Denied("no", operation="boxes:List", permission="boxes:List"))
    await here.sync()
    asked(here)
    await here.sync()
    assert EMPTY[0] in asked(here)
    assert here.state(EMPTY[0]) == "denied"


async def test_a_sign_of_life_has_an_empty_scope_asked_in_the_same_run(tmp_path: Path) -> None:
    here = world(tmp_path)
    await here.sync()
    here.cloud.put(EMPTY[3], box("a0", "new"))
    quiet = await here.sync()
    assert "new" not in here.names()
    assert isinstance(here.cloud, Sensing)
    here.cloud.alive = {EMPTY[3], FULL}
    asked(here)
    run = await here.sync()
    assert "new" in here.names()
    assert run.resting == quiet.resting - 1
    assert here.cloud.readings.count((FULL, False)) == 1, "what was read already is not read twice"


async def test_a_sign_of_life_has_nothing_asked_that_is_left_out_for_its_age(tmp_path: Path) -> None:
    here = world(tmp_path)
    await here.sync()
    assert isinstance(here.cloud, Sensing)
    here.cloud.alive = {EMPTY[3], FULL}
    asked(here)
    await here.sync(cadence=Cadence(probe=6 * HOUR, least={"fake/*": HOUR}))
    assert asked(here) == {EMPTY[3]}, "of the other it is known that something is there"


async def test_signs_that_cannot_be_looked_for_fail_no_run(tmp_path: Path) -> None:
    here = world(tmp_path)
    await here.sync()
    assert isinstance(here.cloud, Sensing)
    here.cloud.blinded = Denied("no", operation="tag:GetResources", permission="tag:GetResources")
    run = await here.sync()
    assert (run.states, run.resting > 0) == ({"complete": run.found}, True)


async def test_new_references_to_what_nobody_knows_are_told_once_as_signs(tmp_path: Path) -> None:
    here = world(tmp_path)
    await here.sync()
    assert isinstance(here.cloud, Sensing)
    here.cloud.put(FULL, box("a0", "one", inside="hidden", edges=[inside("a0", "hidden")]))
    await here.sync()
    await here.sync()
    assert here.cloud.heard == [Loose("a0", "r1", "fake_box", "in")]
    here.cloud.put(FULL, box("a0", "one", inside="one", edges=[Edge("in", urn("a0", "one"))]))
    await here.sync()
    assert len(here.cloud.heard) == 1, "a reference to what is known is none"


async def test_coverage_does_not_claim_that_empty_scopes_were_asked_when_they_were_not(tmp_path: Path) -> None:
    here = world(tmp_path)
    await here.sync()
    first = here.now()
    for _ in range(3):
        here.moment += timedelta(hours=1)
        await here.sync()
    read = "select distinct read_at from coverage where nodes = 0"
    assert here.query(read) == [(first,)]
    await here.sync(cadence=None)
    assert here.query(read) == [(here.now(),)]


async def test_a_clock_that_was_set_back_asks_everything(tmp_path: Path) -> None:
    here = world(tmp_path)
    await here.sync()
    asked(here)
    here.moment -= timedelta(days=2)
    await here.sync()
    assert asked(here) == {*EMPTY, FULL}


def scope(*kinds: str, name: str = "boxes") -> Scope:
    return Scope("aws", "1", "eu-west-1", name, kinds, "")


def test_a_young_scope_rests_only_where_all_of_its_kinds_may() -> None:
    cadence = Cadence(least={"aws_sagemaker_*": 24 * HOUR, "aws/2/*": HOUR})
    row = Coverage(1, "aws", "1", "eu-west-1", "boxes", state="complete", read_at="2026-03-01T12:00:00Z")
    now = "2026-03-01T20:00:00Z"
    assert cadence.rests(scope("aws_sagemaker_model"), row, None, now)
    assert not cadence.rests(scope("aws_sagemaker_model"), row, None, "2026-03-02T12:00:00Z")
    assert not cadence.rests(scope("aws_sagemaker_model", "aws_sns_topic"), row, None, now)
    assert not cadence.rests(scope("aws_sagemaker_model"), replace(row, state="partial"), None, now)
    assert Cadence(least={"aws/1/*": 24 * HOUR}).rests(scope("aws_sns_topic"), row, None, now)
    assert not cadence.rests(scope("aws_sns_topic"), None, "2026-03-01T12:00:00Z", now), "nothing asks it to rest"


async def test_who_asks_by_hand_for_what_the_schedule_asked_for_gets_all_of_it(tmp_path: Path) -> None:
    here = world(tmp_path)
    async with here.store() as store:
        request, _ = await store.ask(Wish(SCHEDULE, "all"))
        joined, was = await store.ask(Wish("control", "ann"))
        assert (joined.id, was, joined.trigger) == (request.id, True, "control")
        assert [each.trigger for each in store.requests] == ["control"]
        again, _ = await store.ask(Wish(SCHEDULE, "all"))
        assert again.trigger == "control"
    async with here.store() as store:
        assert [(each.trigger, each.asker) for each in store.requests] == [("control", "ann")]
