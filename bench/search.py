"""Measures searches on a made-up graph, and what the index of searches costs.

    python -m bench.search --nodes 100000
    python -m bench.search --nodes 1000000

Each question is asked many times with other values; a share of the nodes changes before the last of them, so that
`--at` has a past to look into. Times are CPU of the whole answer: parsing, compiling, SQLite, rows.
On a machine that is busy with other things they say more than a clock; nothing waits for a disk once the file was read.
"""

import argparse
import gc
import random
import sqlite3
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import graph
from syncd.search.answer import Asking, Question
from syncd.store import index, nodes
from syncd.store.journal import Journal
from syncd.store.names import Names
from syncd.store.reader import Readers
from syncd.store.records import encode
from syncd.upkeep import named

NOW = datetime(2026, 6, 2, tzinfo=UTC)
SECONDS = 60.0
CHANGED = 0.01
"""Of the nodes: changed between the commit that `--at` asks about and now."""
DISKS = "aws_ec2_snapshot.mappings[*].ebs.volume_id"
"""Indexed because the configuration names it."""
Ask = Callable[[random.Random], str]


def questions(ids: dict[str, list[str]]) -> dict[str, Ask]:
    """What is asked, by what it shows."""
    return {
        "a property of the document, kind with 9 % of the nodes": lambda r: (
            f"is(serverless_function) and number = {r.randrange(5000)}"
        ),
        "the same, kind with 27 %": lambda r: f"is(volume) and number = {r.randrange(5000)}",
        "an indexed property of the document, kind with 18 %": lambda r: (
            f"is(aws_ec2_snapshot) and mappings[*].ebs.volume_id = {r.choice(ids[DISKS])}"
        ),
        "two properties of the document, kind with 18 %": lambda r: (
            f"is(instance) and state.name = pending and availability_zone = {r.choice(graph.REGIONS)}a limit 100"
        ),
        "kind, common property and tag": lambda r: (
            f"is(volume) and volume_size = 500 and tags.owner = {r.choice(graph.OWNERS)} and tags.cost-centre = "
            f"{r.randrange(90)}"
        ),
        "two tags": lambda r: f"tags.owner = {r.choice(graph.OWNERS)} and tags.cost-centre = {r.randrange(90)}",
        "name": lambda r: f"name = prod-{r.choice(graph.WORDS)}-{r.randrange(900)}",
        "id": lambda r: f"id({r.choice(ids['aws_ec2_volume'])})",
        "three steps out": lambda r: f"id({r.choice(ids['aws_ec2_volume'])}) -[1:3]->",
        "three steps in": lambda r: f"id({r.choice(ids['aws_ec2_instance'])}) <-[1:3]-",
        "blast radius, all of it": lambda r: f"id({r.choice(ids['aws_ec2_subnet'])}) <-in,uses,attached_to[0:]-",
        "full text, one word": lambda r: f'"{r.choice(graph.WORDS)}"',
        "full text, two words": lambda r: f'"{r.choice(graph.WORDS)} {r.choice(graph.OWNERS)}"',
        "count by kind and region": lambda _: "aggregate(kind, region: sum(1) as n): all",
        "count by account": lambda _: "aggregate(account: sum(1) as n): all",
        "sum of a property of the document": lambda _: "aggregate(availability_zone: sum(number) as n): is(instance)",
        "sum of a common property": lambda _: "aggregate(region: sum(volume_size) as size): is(volume)",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--file", type=Path, help="keep the graph here, or use the one that is there")
    arguments = parser.parse_args()
    gc.freeze()  # both as the daemon has it: a search for cycles in the midst of 500 rows takes as long as they do
    gc.set_threshold(300_000, 10, 50)
    with TemporaryDirectory() as folder:
        file = arguments.file or Path(folder) / "graph.db"
        if not file.exists():
            begun = time.process_time()
            graph.make(file, arguments.nodes)
            print(f"made in {time.process_time() - begun:.0f} s of CPU")
        if not _is_indexed(file):
            _index(file)
            _change(file)
            _index(file)
        _measure(file, arguments.times)


def _is_indexed(file: Path) -> bool:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    found = connection.execute("select 1 from indexed limit 1").fetchone()
    connection.close()
    return found is not None


def _index(file: Path) -> None:
    """Brings the index up to date as the daemon does, and says what it cost."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("pragma synchronous = full")
    before, cpu, worst, total = file.stat().st_size, time.process_time(), 0.0, 0
    while True:
        begun = time.perf_counter()
        connection.execute("begin immediate")
        count = index.step(connection, named([DISKS]))
        connection.execute("commit")
        if not count:
            break
        total, worst = total + count, max(worst, time.perf_counter() - begun)
    cpu = time.process_time() - cpu
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    grown = (file.stat().st_size - before) / 2**20
    print(
        f"index of {total:,} nodes: {cpu:.1f} s of CPU, {grown:.0f} MiB beside {before / 2**20:.0f} MiB, "
        f"longest transaction {worst * 1000:.0f} ms\n"
    )


def _change(file: Path) -> None:
    """A second commit, in which a share of the nodes differs."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("begin immediate")
    kinds = Names("kind")
    kinds.load(connection)
    journal = Journal(connection, "2026-06-01T12:00:00Z", 2)
    for key, scope in connection.execute("select key, scope from node order by key").fetchall()[:: int(1 / CHANGED)]:
        old = nodes.fetch(connection, key)
        assert old is not None
        made = graph.Place(old.account, old.region, 2).node(kinds.name(old.kind), 1)
        made.urn, made.id = old.urn, old.id
        nodes.replace(journal, scope, kinds, old, encode(made, 1 << 20))
    connection.execute("commit")
    connection.close()


def _measure(file: Path, times: int) -> None:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    ids: dict[str, list[str]] = {}
    for kind, id_ in connection.execute(
        "select k.name, n.id from node n join kind k on k.id = n.kind where n.key % 7 = 0"
    ):
        ids.setdefault(kind, []).append(id_)
    some = "select json_extract(body, '$.mappings[1].ebs.volume_id') from document d join node n on n.key = d.node "
    some += "join kind k on k.id = n.kind where k.name = 'aws_ec2_snapshot' and d.node % 97 = 0"
    ids[DISKS] = [id_ for (id_,) in connection.execute(some)]
    connection.close()
    print("| question | p50 ms | p95 ms | rows, median | --at, p50 ms |\n|---|---|---|---|---|")
    readers = Readers(file, 1)
    for name, ask in questions(ids).items():
        chance = random.Random(name)
        texts = [ask(chance) for _ in range(times)]
        now = [_asked(readers, text) for text in texts]
        then = [_asked(readers, text, at=_before(file))[0] for text in texts[: max(times // 4, 3)]]
        spent = sorted(seconds * 1000 for seconds, _ in now)
        rows = statistics.median(count for _, count in now)
        p95 = spent[min(int(len(spent) * 0.95), len(spent) - 1)]
        past = statistics.median(then) * 1000
        print(f"| {name} | {statistics.median(spent):.1f} | {p95:.1f} | {rows:.0f} | {past:.1f} |")
    readers.close()


def _before(file: Path) -> int:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    last = int(connection.execute("select max(number) from commit_log").fetchone()[0])
    connection.close()
    return last - 1


def _asked(readers: Readers, text: str, at: int | None = None) -> tuple[float, int]:
    """Seconds of CPU and rows of one answer, on a connection that is kept as the daemon keeps it."""
    begun = time.thread_time()
    with readers.searching() as connection:
        answer = Asking(connection, Question(text, commit=at, seconds=SECONDS), NOW).answer()
    return time.thread_time() - begun, len(answer.rows)


if __name__ == "__main__":
    main()
