"""Measures what a thousand rules cost on a made-up graph: asked about everything, and after a small change.

    python -m bench.rules --nodes 100000 --rules 1000

The rules are of all sorts: properties of a node, tags, times, lists, walks, ancestors. The change is a sync's: 0.1 % of
the nodes differ, some are new, some are gone. What is measured is the whole evaluation: reading and writing.
"""

import argparse
import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import graph
from syncd.rules.evaluate import Terms, evaluate
from syncd.rules.prepared import Texts
from syncd.settings import RuleSettings
from syncd.store import edges, matches, nodes
from syncd.store.journal import Journal
from syncd.store.matches import Verdict
from syncd.store.names import Names
from syncd.store.reader import searching
from syncd.store.records import encode

NOW = datetime(2026, 6, 2, tzinfo=UTC)
LATER = timedelta(hours=1)
CHANGED = 0.001
NEW = 0.0002
Ask = Callable[[random.Random], str]

SORTS: dict[str, tuple[int, Ask]] = {
    "properties": (
        40,
        lambda r: f"is(volume) and encrypted = false and volume_size = 500 and number > {r.randrange(2000, 4000)}",
    ),
    "tags": (
        20,
        lambda r: f"is(instance) and tags.owner = team-{r.randrange(200)} and tags.cost-centre < {r.randrange(90)}",
    ),
    "times": (
        15,
        lambda r: f"is(snapshot) and age > {r.randrange(300, 1200)}d and tags.owner = team-{r.randrange(200)}",
    ),
    "lists": (
        10,
        lambda r: (
            f'is(instance) and mappings[*].{{device_name = /dev/sda and ebs.volume_id =~ "^vol-{r.randrange(99):02}"}}'
        ),
    ),
    "walks": (10, lambda r: f"is(volume) and number = {r.randrange(4000)} with(empty, -attached_to-> is(instance))"),
    "far walks": (3, lambda r: f"is(aws_vpc) and number = {r.randrange(9)} <-[1:3]- is(instance) and number < 50"),
    "ancestors": (2, lambda r: f"is(instance) and aws_vpc.number = {r.randrange(9)} and number < 100"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=100_000)
    parser.add_argument("--rules", type=int, default=1_000)
    parser.add_argument("--file", type=Path, help="a graph of bench.graph; it is copied")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "graph.db"
        if arguments.file:
            shutil.copy(arguments.file, file)
        else:
            graph.make(file, arguments.nodes)
        _measure(file, rules(arguments.rules))


def rules(count: int) -> list[RuleSettings]:
    chance = random.Random(1)
    sorts = [name for name, (share, _) in SORTS.items() for _ in range(share)]
    return [
        RuleSettings(name=f"{sort.replace(' ', '-')}-{number}", search=SORTS[sort][1](chance))
        for number, sort in enumerate(sorts[n % len(sorts)] for n in range(count))
    ]


def _measure(file: Path, wanted: list[RuleSettings]) -> None:
    texts = Texts()
    print("| | CPU s | rules asked | began | ceased |\n|---|---|---|---|---|")
    _evaluated(file, wanted, texts, NOW, "all nodes, by all rules, for the first time")
    _evaluated(file, wanted, texts, NOW + LATER, "an hour later, nothing changed")
    changed = _change(file, NOW + 2 * LATER)
    verdicts = _evaluated(file, wanted, texts, NOW + 2 * LATER, f"{changed} nodes changed")
    _costs(verdicts)
    _evaluated(file, wanted, Texts(), NOW + 3 * LATER, "after a restart, nothing changed")


def _evaluated(file: Path, wanted: list[RuleSettings], texts: Texts, now: datetime, what: str) -> list[Verdict]:
    cpu = time.process_time()
    with searching(file) as connection:
        verdicts = evaluate(connection, wanted, Terms(now, seconds=600), texts)
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("begin immediate")
    began, ceased = matches.write(connection, Terms(now).at, 1, verdicts)
    connection.execute("commit")
    connection.close()
    print(f"| {what} | {time.process_time() - cpu:.2f} | {len(verdicts)} | {began} | {ceased} |")
    troubled = [each.state.problem for each in verdicts if each.state.problem]
    assert not troubled, troubled[0]
    return verdicts


def _costs(verdicts: Iterable[Verdict]) -> None:
    """Seconds by sort."""
    took: dict[str, float] = {}
    for each in verdicts:
        sort = each.told.rule.rpartition("-")[0]
        took[sort] = took.get(sort, 0.0) + each.state.took
    print("\n" + ", ".join(f"{sort} {seconds:.2f} s" for sort, seconds in took.items()) + "\n")


def _change(file: Path, now: datetime) -> int:
    """What a sync writes: nodes that differ, new ones with their edges, and some that are gone."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("begin immediate")
    kinds, types = Names("kind"), Names("edge_type")
    kinds.load(connection)
    types.load(connection)
    journal = Journal(connection, Terms(now).at, 2)
    keys = connection.execute("select key, scope from node order by key").fetchall()
    some = keys[:: int(1 / CHANGED)]
    for key, scope in some:
        old = nodes.fetch(connection, key)
        assert old is not None
        made = graph.Place(old.account, old.region, 2).node(kinds.name(old.kind), 1)
        made.urn, made.id = old.urn, old.id
        nodes.replace(journal, scope, kinds, old, encode(made, 1 << 20))
    for key, scope in keys[1 :: int(1 / NEW)]:
        _exchange(journal, kinds, types, key, scope)
    journal.close()
    connection.execute("commit")
    connection.close()
    return len(some)


def _exchange(journal: Journal, kinds: Names, types: Names, key: int, scope: int) -> None:
    """One is gone, another of its kind is new."""
    old = nodes.fetch(journal.connection, key)
    assert old is not None
    record = encode(graph.Place(old.account, old.region, 3).node(kinds.name(old.kind), 2), 1 << 20)
    edges.close(journal, scope, edges.stored(journal.connection, types, scope, key))
    nodes.delete(journal, key, old)
    nodes.insert(journal, scope, kinds, [record])
    edges.add(journal, scope, edges.stated(types, [record]))


if __name__ == "__main__":
    main()
