"""What a search found after a run is found again when that run's last commit is asked, whatever happened since."""

import random
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syncd.errors import Denied, Failed, LimitReached
from syncd.search import past
from syncd.search.answer import Asking, Question, columns_of
from syncd.upkeep import named
from tests.fakes.cloud import box
from tests.fakes.world import World
from tests.search.graphs import RichCloud, reading
from tests.search.histories import History

pytestmark = pytest.mark.unmeasured  # it is the many cases that cost; other tests show what is reached


A, B = "fake/1/r1/boxes", "fake/1/r1/bins"
RUNS = 200
PLACE = "kind,name,id,urn,tags,tags.env,state,volume_size,account.name,region.id,ctime,mtime,first_seen,changed_at"
SEEN = "name,coverage.state,coverage.since,coverage.scope,cloud,ancestors.volume.volume_size"
Search = tuple[str, str, bool]
SEARCHES: tuple[Search, ...] = (
    ("all", PLACE, False),
    ("not is(volume) sort id limit 2", SEEN, False),
    ("is(volume) or is(instance) sort state desc, volume_size limit 1, 6 <-[0:]-> not is(network)", "urn", False),
    ("tags.env != null or size > 1 or items[*] =~ a -contains,uses[1:3]-> all", "urn", True),
    ('all with(count >= 1, <-contains- all with(empty, -uses-> all)) <-[1:2]- "fake" limit 9 reversed', "urn", False),
    ('aggregate(kind, coverage.state, "in {region}": sum(volume_size), count(name), max(size)): all', "", False),
    ("aggregate(account.name: sum(1), avg(volume_size)): coverage.state = complete --> all", "", True),
    ("is(fake_box) and name != x {near[]: -[1:2]-> all, one: <-- all} sort urn limit 3", "", False),
)
SOME = "a, b, A, ab, web-1, web-2, 22, true, running, stopped"
LOOKED_UP = (
    (f"name in [{SOME}, B]", PLACE, False),
    (f"tags.env in [{SOME}]", PLACE, False),
    (f"name in [{SOME}] and tags.env != null", PLACE, True),
    ("id(same) -[0:2]-> all", "urn", False),
    ('"web" limit 5', PLACE, False),
    ("is(volume) and volume_size > 1 and tags.env != a", "urn", False),
    ("aggregate(name: sum(1)): volume_encrypted = true", "", False),
)
"""What the index of searches has."""
BRIEFS = (
    ("aggregate(kind, account, region: sum(1) as n): all", "", False),
    ("aggregate(region: sum(2), count(1)): is(volume) or is(fake_box)", "", False),
    ("aggregate(account: sum(1)): is(volume)", "", True),
    ("aggregate(sum(1), count(volume_size)): is(resource)", "", False),
    ("aggregate(kind, volume_type: sum(volume_size), max(volume_size), avg(volume_size)): is(volume)", "", False),
    ('aggregate("{region} {account}": sum(volume_size), count(volume_encrypted)): all', "", False),
    ("state = a or size = 1", "urn", False),
    ("size = 1 and items[*] = a", "urn", False),
    ("state in [a, b, running] and tags.env != null", "urn", False),
    ("size > 0 and state = a", "urn", False),
    ("size in [1, 2, 3]", "urn", False),
)
"""What it has of all nodes: counts, sums and what documents may hold."""
Searches = tuple[Search, ...]


def asked(world: World, commit: int | None, searches: Iterable[Search] = SEARCHES) -> list[Any]:
    found = []
    for text, columns, complete_only in searches:
        question = Question(text, commit, columns_of(columns) if columns else (), complete_only, seconds=60)
        with closing(reading(world)) as connection:
            found.append([lasting(row) for row in Asking(connection, question, world.moment).answer().rows])
    return found


def lasting(value: Any) -> Any:
    """Without when it was last read, of which there is no past."""
    if isinstance(value, dict):
        return {key: lasting(each) for key, each in value.items() if key != "read_at"}
    return [lasting(each) for each in value] if isinstance(value, list) else value


def some(searches: Searches, number: int, turns: int) -> list[Search]:
    """What is asked after a run: all there is, and of the others those whose turn it is."""
    return [searches[0], *searches[1 + number % turns :: turns]]


async def travel(
    path: Path, seed: int, runs: int, searches: Searches = SEARCHES, turns: int = 1, properties: Sequence[str] = ()
) -> None:
    """Each search but the first is asked once in `turns` runs. Each time, other `properties` are indexed."""
    chance = random.Random(seed)
    cloud = RichCloud()
    world = World(path, cloud)
    history = History(cloud, chance)
    answers: dict[int, tuple[list[Search], list[Any]]] = {}
    async with world.store() as store:
        for number in range(runs):
            await world.sync_in(store, accept=("*",) if chance.random() < 0.1 else ())
            if chance.random() < 0.2:
                some_of = chance.sample(properties, chance.randrange(len(properties) + 1)) if properties else ()
                await store.index(named(some_of))
            commit = world.query("select value from counter where name = 'commit'")[0][0]
            questions = some(searches, number, turns)
            answers[commit] = questions, asked(world, None, questions)
            history.step()
    assert len({repr(answer[0]) for _, answer in answers.values()}) > runs / 4, "the graph must change"
    for commit, (questions, expected) in answers.items():
        for (text, *_), before, after in zip(questions, expected, asked(world, commit, questions), strict=True):
            assert before == after, (seed, commit, text)


@pytest.mark.timeout(300)
async def test_the_answer_of_each_of_200_runs_is_found_again(tmp_path: Path) -> None:
    await travel(tmp_path / "s.db", 1, RUNS, turns=3)


@pytest.mark.parametrize("seed", range(2))
async def test_the_past_is_found_by_what_the_index_said_of_it(seed: int, tmp_path: Path) -> None:
    world = World(tmp_path / "s.db")
    await travel(world.path, seed, 40, LOOKED_UP)
    closed = "select count(*) from indexed_past join node_history using (node, from_commit)"
    assert world.query(closed)[0][0] > 5
    with closing(reading(world)) as connection:
        for text, *_ in LOOKED_UP:
            asking = Asking(connection, Question(text, commit=1), world.moment)
            past.load(connection, 1)
            assert "indexed_past" in asking.explain()[0].sql, text


@pytest.mark.parametrize("seed", range(2))
async def test_what_is_counted_and_added_without_a_look_at_nodes_is_found_again(seed: int, tmp_path: Path) -> None:
    await travel(tmp_path / "s.db", seed, 60, BRIEFS, properties=("size", "state", "items[*]"))


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(2, 22))
async def test_the_answers_of_other_histories_are_found_again(seed: int, tmp_path: Path) -> None:
    await travel(tmp_path / "s.db", seed, RUNS)
    await travel(tmp_path / "t.db", seed, RUNS, LOOKED_UP)
    await travel(tmp_path / "u.db", seed, RUNS, BRIEFS, properties=("size", "state", "items[*]"))


async def test_what_an_answer_about_the_past_lacks_is_what_was_not_complete_then(tmp_path: Path) -> None:
    world = World(tmp_path / "s.db")
    world.cloud.put(A, box("1", "a"))
    world.cloud.put(B, box("1", "b"))
    commits = []
    for trouble in (None, Denied("no", operation="boxes:List", permission="boxes:List"), None):
        if trouble:
            world.cloud.fail(A, trouble)
        else:
            world.cloud.trouble.clear()
        await world.sync()
        commits.append(world.query("select max(number) from commit_log")[0][0])
    world.cloud.fail(B, Failed("broken"))
    await world.sync()

    def lacking(commit: int | None) -> list[tuple[str, str]]:
        with closing(reading(world)) as connection:
            found = Asking(connection, Question("is(fake_box)", commit=commit), world.moment).answer().incomplete
        return [(row["scope"], row["state"]) for row in found]

    assert [lacking(commit) for commit in commits] == [[], [(A, "denied")], []]
    assert lacking(None) == [(B, "failed")]


async def test_a_search_of_the_past_has_an_end_that_is_further_the_more_has_changed_since(tmp_path: Path) -> None:
    world = World(tmp_path / "s.db")
    commits = []
    for size in (1, 2):
        world.cloud.put(A, *(box("1", f"b{number}", size=size) for number in range(1000)))
        await world.sync()
        commits.append(world.query("select max(number) from commit_log")[0][0])
    with closing(reading(world)) as connection:
        question = Question("size = 1", commit=commits[0], limit=5000)
        assert len(Asking(connection, question, world.moment).answer().rows) == 1000
        assert [past.load(connection, commit) for commit in commits] == [1000 * past.EACH, 0]
        with pytest.raises(LimitReached):
            Asking(connection, replace(question, seconds=-1), world.moment).answer()


async def test_a_search_of_the_past_looks_into_no_more_versions_than_it_must(tmp_path: Path) -> None:
    world = World(tmp_path / "s.db")
    world.cloud.put(A, box("1", "a"))
    await world.sync()
    with closing(reading(world)) as connection:
        for text in ("is(fake_box) and size = 1", "is(fake_box) <-[0:]- all", "account.name = x with(any, -->)"):
            asking = Asking(connection, Question(text, commit=1), world.moment)
            past.load(connection, 1)
            plan = asking.explain()[1]
            assert not [line for line in plan if "SCAN main." in line], text
            assert any("node_history_kind (kind=? AND to_commit>?)" in line for line in plan), text
