"""Rules and a graph that changes under them: each moment is one run and one evaluation."""

import random
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from syncd.errors import QueryError
from syncd.rules.evaluate import Terms, evaluate
from syncd.rules.prepared import Texts, understood
from syncd.search import functions
from syncd.search.schema import load_schema
from syncd.settings import RuleSettings
from syncd.store import matches
from syncd.store.matches import Verdict
from syncd.store.store import Store
from tests.fakes.world import World
from tests.search.graphs import plain_graph, reading
from tests.search.histories import History
from tests.search.printer import printed
from tests.search.queries import Asker

SEARCHES = (
    "is(volume) and volume_encrypted = false",
    "is(volume) and age > 1h",
    "created_at < -2d or last_update > 3min",
    "is(instance) and first_seen > -5min",
    "when > -30d or when < 2026-02-28T12:00:00Z",
    "age >= 2min with(empty, <-- all)",
    "is(volume) with(empty, -contains-> is(instance))",
    "is(network) <-- is(volume) and tags.env != null",
    "is(instance) -[1:2]-> is(volume)",
    "is(fake_box) with(any, <-uses- all with(any, -[0:]-> is(volume)))",
    "all with(count > 1, <-->)",
    "is(volume) <-- is(instance) with(empty, -uses-> is(network))",
    "account.name = a",
    "not account.name = a and is(instance)",
    "ancestors.volume.volume_size > 1",
    "fake_net.state != null or region.tags.env = null",
    "all sort name limit 3",
    "coverage.state != complete",
    "coverage.age > 1min and is(volume)",
    '"a"',
    "nest.state = null or size > 1",
    "created_at > @TODAY@",
)


def rules_of(texts: Iterable[str], **more: Any) -> list[RuleSettings]:
    lengths = ("", "", "2 runs", "3min")
    return [
        RuleSettings(name=f"r{n}", search=text, **{"lasting": lengths[n % 4], **more}) for n, text in enumerate(texts)
    ]


def random_searches(world: World, chance: random.Random, count: int) -> list[str]:
    """Searches that the graph understands."""
    nodes = [node for nodes in world.cloud.boxes.values() for node in nodes]
    asker = Asker(plain_graph(world, nodes), chance)
    found: list[str] = []
    with closing(reading(world)) as connection:
        functions.install(connection)
        schema = load_schema(connection)
        while len(found) < count:
            text = printed(replace(asker.query(), aggregate=None))
            try:
                understood(text, schema, world.moment)
            except QueryError:
                continue
            found.append(text)
    return found


def asked(world: World, rules: list[RuleSettings], *, whole: bool, texts: Texts | None = None) -> list[Verdict]:
    with closing(reading(world)) as connection:
        connection.execute("pragma temp_store = memory")
        return evaluate(connection, rules, Terms(world.moment, seconds=60, whole=whole), texts or Texts())


def said(verdict: Verdict) -> dict[str, Any]:
    """All but what it cost."""
    return {
        "rule": verdict.told.rule,
        "begin": verdict.begin,
        "cease": verdict.cease,
        "pending": verdict.pending,
        "drop": set(verdict.drop),
        "doubt": verdict.doubt,
        "problem": verdict.state.problem,
    }


async def write(store: Store, verdicts: list[Verdict]) -> tuple[int, int]:
    return await store.write(partial(matches.write, now=store.now(), run=store.run, verdicts=verdicts))


async def passing(history: History, world: World, store: Store) -> None:
    """Something changes, time goes on, and what there is is read."""
    chance = history.chance
    history.step()
    world.moment += timedelta(seconds=chance.choice((0, 0, 1, 30, 3600, 86400, 10 * 86400)))
    await world.sync_in(store, accept=("*",) if chance.random() < 0.1 else ())
    if chance.random() < 0.1:
        world.moment += timedelta(seconds=chance.choice((1, 60, 86400)))  # and no run
