"""What is asked of a part of the graph says what asking all of it would have said, at every moment of any history."""

import random
from pathlib import Path

import pytest

from syncd.rules.prepared import Texts
from tests.fakes.world import World
from tests.rules.estates import SEARCHES, asked, passing, random_searches, rules_of, said, write
from tests.search.graphs import RichCloud
from tests.search.histories import History

pytestmark = pytest.mark.unmeasured  # it is the many cases that cost; other tests show what is reached


async def compared(path: Path, seed: int, runs: int, searches: int) -> None:
    chance = random.Random(seed)
    world = World(path, RichCloud())
    history = History(world.cloud, chance)  # type: ignore[arg-type]
    texts, other, told = Texts(), Texts(), 0
    async with world.store() as store:
        await world.sync_in(store)
        rules = rules_of((*SEARCHES, *random_searches(world, chance, searches)))
        for step in range(runs):
            await passing(history, world, store)
            whole = asked(world, rules, whole=True, texts=other)
            part = asked(world, rules, whole=False, texts=texts)
            for rule, one, another in zip(rules, whole, part, strict=True):
                assert said(one) == said(another), (seed, step, rule.search)
            told += sum(await write(store, part))
    assert told > runs, "something must happen"


@pytest.mark.parametrize("seed", range(2))
async def test_a_part_says_what_all_would(seed: int, tmp_path: Path) -> None:
    await compared(tmp_path / "s.db", seed, 25, 10)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(2, 32))
async def test_a_part_says_what_all_would_in_longer_histories(seed: int, tmp_path: Path) -> None:
    await compared(tmp_path / "s.db", seed, 120, 30)
