"""What the file promises: one writer, only its own schema, a full disk loses nothing, a torn log is a prefix."""

import asyncio
import os
import random
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import run

import pytest

from syncd.errors import Failed, StoreError, StoreLocked
from syncd.kinds import Kind, KindRegistry
from syncd.store.files import check_sqlite
from syncd.store.keys import node_key, place
from tests.fakes.cloud import box
from tests.fakes.world import World

A = "fake/1/r1/boxes"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "s.db")


async def test_a_second_writer_is_refused_and_told_who_holds_the_file(world: World) -> None:
    async with world.store():
        with pytest.raises(StoreLocked, match=f"process {os.getpid()}"):
            async with world.store():
                pass
    async with world.store():
        pass


async def test_a_file_of_a_newer_syncd_is_refused_and_left_alone(world: World) -> None:
    connection = sqlite3.connect(world.path)
    connection.execute("pragma user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="schema 99"):
        async with world.store():
            pass
    assert world.query("pragma user_version") == [(99,)]


async def test_a_file_of_another_program_is_refused(world: World) -> None:
    connection = sqlite3.connect(world.path)
    connection.execute("create table theirs (x)")
    connection.close()
    with pytest.raises(StoreError, match="something else"):
        async with world.store():
            pass


async def test_a_file_that_is_no_database_is_refused(world: World) -> None:
    world.path.write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreError, match="cannot be used"):
        async with world.store():
            pass


async def test_the_pragmas_of_a_durable_store_are_on(world: World) -> None:
    async with world.store() as store:
        for name, value in (("synchronous", 2), ("foreign_keys", 1)):
            async with store._connection.execute(f"pragma {name}") as cursor:
                assert await cursor.fetchone() == (value,)
    assert world.query("pragma journal_mode") == [("wal",)]
    assert world.query("select count(*) from sqlite_master where type = 'table' and sql not like '%strict%'") == [(0,)]


async def test_a_cancelled_caller_does_not_undo_or_break_a_transaction(world: World) -> None:
    async with world.store() as store:
        first = asyncio.create_task(store.begin("one"))
        await asyncio.sleep(0)
        first.cancel()
        second = await store.begin("two")
    assert second == 2
    assert world.query("select count(*) from run") == [(2,)]


async def test_a_change_that_fails_leaves_those_written_with_it_alone(world: World) -> None:
    def broken(connection: sqlite3.Connection) -> None:
        connection.execute("insert into meta values ('half', 'done')")
        raise Failed("half done")

    def whole(name: str) -> Callable[[sqlite3.Connection], object]:
        return lambda connection: connection.execute("insert into meta values (?, '')", (name,)).rowcount

    async with world.store() as store:
        write = store._writer.write
        wrong = write(lambda connection: connection.execute("insert into nowhere values (1)"))
        found = await asyncio.gather(
            write(whole("a")), write(broken), write(whole("b")), wrong, write(whole("c")), return_exceptions=True
        )
    assert [str(one) for one in found] == [
        "1",
        "half done",
        "1",
        "the store cannot be written: no such table: nowhere",
        "1",
    ]
    assert world.query("select name from meta where name in ('a', 'b', 'c', 'half')") == [("a",), ("b",), ("c",)]


async def test_a_run_that_died_is_closed_honestly_by_the_next(world: World) -> None:
    async with world.store() as store:
        await store.begin("dies")
    await world.sync()
    assert world.query("select state from run order by id") == [("failed",), ("complete",)]


FULL = """
import asyncio, resource, signal, sys
from pathlib import Path
from syncd.errors import StoreFull
from tests.fakes.cloud import box
from tests.fakes.world import World

world = World(Path(sys.argv[1]))
for name in ("boxes", "bags", "bins"):
    world.cloud.put(f"fake/1/r1/{name}", *(box("1", f"{name}{i}", text="x" * 2000) for i in range(200)))
world.cloud.put("fake/1/r1/boxes", box("1", "a"), *(box("1", f"boxes{i}", text="x" * 2000) for i in range(200)))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), -1))
try:
    asyncio.run(world.sync())
except StoreFull as error:
    print(error)
    sys.exit(9)
"""


async def test_a_full_disk_rolls_back_says_so_and_the_next_run_resumes(world: World) -> None:
    world.cloud.put(A, box("1", "a"))
    await world.sync()
    before = world.rows()
    size = 300_000  # of each file: the log takes no scope whole
    command = [sys.executable, "-c", FULL, str(world.path), str(size)]
    child = run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": "."})
    assert (child.returncode, "make room" in child.stdout) == (9, True), child.stderr
    assert world.query("pragma integrity_check") == [("ok",)]
    assert set(before["node"]) <= set(world.rows()["node"])
    for name in ("boxes", "bags", "bins"):
        world.cloud.put(f"fake/1/r1/{name}", *(box("1", f"{name}{i}", text="x" * 2000) for i in range(200)))
    await world.sync(accept=("*",))
    assert len(world.names()) == 600
    numbers = [n for (n,) in world.query("select seq from event order by seq")]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_torn_log_opens_at_a_prefix_of_what_was_committed(world: World, tmp_path: Path) -> None:
    world.cloud.put(A, box("1", "a", size=0))
    await world.sync()
    async with world.store() as store:
        for _ in range(30):
            await store.begin("x")
        base, log = world.path.read_bytes(), Path(f"{world.path}-wal").read_bytes()
    chance = random.Random(7)
    for number in range(60):
        torn = World(tmp_path / f"t{number}.db")
        cut = bytearray(log[: chance.randrange(len(log))] if number % 2 else log)
        if cut and not number % 2:
            at = chance.randrange(len(cut))
            cut[at : at + 64] = os.urandom(min(64, len(cut) - at))
        torn.path.write_bytes(base)
        Path(f"{torn.path}-wal").write_bytes(cut)
        connection = sqlite3.connect(torn.path)
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
        runs = [n for (n,) in connection.execute("select id from run order by id")]
        connection.close()
        assert runs == list(range(1, len(runs) + 1))


def test_keys_are_the_same_everywhere_and_lie_together_by_place() -> None:
    one = node_key("arn:aws:ec2:eu-west-1:111122223333:volume/vol-1")
    two = node_key("arn:aws:ec2:eu-west-1:111122223333:volume/vol-2")
    assert one == 3516086931534489187
    assert one >> 47 == two >> 47
    assert one != two
    assert max(one, two) < 1 << 63


def test_the_place_of_a_urn_ends_at_its_resource_type() -> None:
    assert place("arn:aws:ec2:r:1:volume/vol-1") == "arn:aws:ec2:r:1:volume"
    assert place("arn:aws:s3:::bucket") == "arn:aws:s3:::"
    assert place("arn:aws:lambda:r:1:function:f") == "arn:aws:lambda:r:1:function"
    assert place("urn:fake:1:box/a") == "urn:fake:1:box/"


@pytest.mark.parametrize(("version", "told"), [((3, 37, 2), "3.37.2"), ((3, 9, 0), "3.9.0")])
def test_a_sqlite_that_is_too_old_is_refused(version: tuple[int, ...], told: str) -> None:
    with pytest.raises(StoreError, match=f"has SQLite {told}, syncd needs 3.38"):
        check_sqlite(version)
    check_sqlite((3, 38, 0))


async def test_kinds_that_a_new_configuration_asks_for_are_learned_and_those_of_the_old_one_stay(world: World) -> None:
    async with world.store() as store:
        before = {kind.name for kind in store._registry}
        newer = KindRegistry()
        newer.add([Kind("late_box", ("resource",))])
        await store.learn(newer)
        assert store._words.kinds.ids["late_box"]
    known = {name for (name,) in world.query("select name from kind")}
    assert known == {*before, "late_box"}
    assert ("resource",) in world.query("select base from kind_base where kind = 'late_box'")
    async with world.store():
        pass
    assert ("resource",) in world.query("select base from kind_base where kind = 'late_box'")
