"""The compiler's answer equals that of the naive evaluator, for random searches about random graphs."""

import math
import random
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from syncd.errors import QueryError
from syncd.search import functions
from syncd.search.candidates import chosen
from syncd.search.compile import compiled
from syncd.search.context import Context, Picture
from syncd.search.guard import guarded
from syncd.search.schema import Schema, load_schema
from syncd.search.tree import Query
from tests.fakes.world import World
from tests.search.graphs import reading, stored
from tests.search.naive import Naive, Rounded
from tests.search.naive_compare import Refused
from tests.search.plain import Graph
from tests.search.queries import Asker

pytestmark = pytest.mark.unmeasured  # it is the many cases that cost; other tests show what is reached


QUERIES = 70
"""About each graph."""
LOOKED_UP = 30
"""Beside them, about properties of documents that the index may have."""
MOST = 10_000
TOO_DEEP = "parser stack overflow"
"""Which SQLite before 3.46 says of what newer ones answer."""


@dataclass
class Bench:
    """One graph in a file and as plain objects."""

    connection: sqlite3.Connection
    schema: Schema
    graph: Graph
    looked_up: int = 0
    """Questions that the index of properties of documents was asked."""

    @classmethod
    def of(cls, world: World, graph: Graph) -> "Bench":
        connection = reading(world)
        functions.install(connection)
        return cls(connection, load_schema(connection), graph)

    def asked(self, query: Query, complete_only: bool, limit: int = MOST, start: str = "") -> list[tuple[Any, ...]]:
        context = Context("", self.schema, Picture(None, complete_only), self.graph.now)
        if not query.parts[0].walk:
            choice = chosen(self.connection, context, query.parts[0].filter)
            start = choice.select
            self.looked_up += bool(start and choice.documents)
        statement = compiled(context, query, limit, start)
        with guarded(self.connection, 60):
            return self.connection.execute(statement.sql, statement.values).fetchall()

    def both(self, query: Query, complete_only: bool, limit: int = MOST) -> tuple[Any, Any]:
        """The compiler's answer and the naive one."""
        naive = Naive(self.graph.complete() if complete_only else self.graph)
        return self._compiled(query, complete_only, limit), self._naive(naive, query, limit)

    def _compiled(self, query: Query, complete_only: bool, limit: int) -> Any:
        try:
            found = self.asked(query, complete_only, limit)
            if query.aggregate is not None:
                return found
            return [(key, *self._merged(query, key, complete_only)) for (key,) in found]
        except QueryError:
            return "refused"
        except sqlite3.OperationalError as error:
            if str(error) != TOO_DEEP:
                raise
            return TOO_DEEP

    def _merged(self, query: Query, key: int, complete_only: bool) -> list[Any]:
        merges = query.parts[-1].merges
        limits = [MOST if merge.many else 1 for merge in merges]
        start = f"select {key} as key"
        return [
            self.asked(merge.query, complete_only, limit, start) for merge, limit in zip(merges, limits, strict=True)
        ]

    def _naive(self, naive: Naive, query: Query, limit: int) -> Any:
        try:
            if query.aggregate is not None:
                return naive.rows(query, limit)
            return [(key, *self._joined(naive, query, key)) for key in naive.keys(query, limit)]
        except Refused:
            return "refused"

    def _joined(self, naive: Naive, query: Query, key: int) -> list[Any]:
        merges = query.parts[-1].merges
        found = [naive.keys(merge.query, MOST if merge.many else 1, {key}) for merge in merges]
        return [[(each,) for each in keys] for keys in found]


def same(one: Any, other: Any) -> bool:
    """Sums of fractions depend on the order of adding."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) or isinstance(other, float):
        error = other.error if isinstance(other, Rounded) else 0.0
        return None not in (one, other) and math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6 + error)
    return bool(one == other)


async def compare(path: Path, seed: int) -> Counter[str]:
    """How many answers were found, empty, refused, too deep."""
    world, graph = await stored(path, seed)
    chance = random.Random(seed)
    asker, bench = Asker(graph, chance), Bench.of(world, graph)
    count: Counter[str] = Counter()
    for number in range(QUERIES + LOOKED_UP):
        query, complete_only = asker.query() if number < QUERIES else asker.looked_up(), chance.random() < 0.3
        limit = MOST if chance.random() < 0.9 else 2
        found, expected = bench.both(query, complete_only, limit)
        assert found == TOO_DEEP or same(found, expected), (seed, number, complete_only, limit, query, found, expected)
        count[found if isinstance(found, str) else "found" if found else "empty"] += 1
    count["looked up"] = bench.looked_up
    bench.connection.close()
    path.unlink()
    return count


@pytest.mark.parametrize("start", range(0, 100, 25))
async def test_the_compiler_answers_as_the_naive_evaluator_does(start: int, tmp_path: Path) -> None:
    counts = [await compare(tmp_path / f"{seed}.db", seed) for seed in range(start, start + 25)]
    count = sum(counts, Counter[str]())
    assert count.pop("looked up") > 50
    assert count["found"] > count.total() / 3, "many searches must find something"
    assert count[TOO_DEEP] < count.total() / 100


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("start", range(1000, 21_000, 1000))
async def test_the_compiler_answers_as_the_naive_evaluator_does_many_times(start: int, tmp_path: Path) -> None:
    for seed in range(start, start + 100):
        await compare(tmp_path / f"{seed}.db", seed)
