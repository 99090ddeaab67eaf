"""A copy is whole, of one moment, and has its name only then, whatever is written or breaks meanwhile."""

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from syncd.errors import StoreError
from syncd.store import backup
from syncd.store.soundness import problems
from tests.fakes.cloud import box, inside
from tests.fakes.world import World

SCOPES = ("fake/1/r1/boxes", "fake/1/r1/bags", "fake/1/r1/cans")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "s.db")


@contextmanager
def reading(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        yield connection


def back_up(file: Path, to: Path, pause: float = 0.0, *, force: bool = False) -> None:
    with reading(file) as source, backup.named_when_whole(to, force=force) as part:
        backup.copy(source, part, lambda _done, _size: time.sleep(pause))


def back_up_all(file: Path, copies: list[Path]) -> None:
    for copy in copies:
        back_up(file, copy, 0.004)


def fill(world: World, chance: random.Random) -> None:
    for scope in SCOPES:
        name = scope.rpartition("/")[2]
        boxes = [
            box("1", f"{name}{n}", text="x" * chance.randrange(900), edges=(inside("1", "boxes1"),)) for n in range(60)
        ]
        world.cloud.put(scope, *chance.sample(boxes, 50))


async def test_a_copy_made_during_syncs_opens_and_is_of_one_moment(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "STEP", 8)
    chance, copies = random.Random(1), [tmp_path / f"copy{n}.db" for n in range(4)]
    async with world.store() as store:
        fill(world, chance)
        await world.sync_in(store)
        done = asyncio.create_task(asyncio.to_thread(back_up_all, world.path, copies))
        while not done.done():
            fill(world, chance)
            await world.sync_in(store)
        await done
    seen = []
    for copy in copies:
        with reading(copy) as connection:
            assert list(problems(connection)) == []
            seen.append(connection.execute("select max(seq) from event").fetchone()[0])
        async with World(copy, world.cloud).store() as opened:
            assert await opened.begin("again") > 0
    assert seen == sorted(seen)
    assert seen[0] < seen[-1] < world.query("select max(seq) from event")[0][0]
    assert oct(copies[0].stat().st_mode & 0o777) == "0o640"


async def test_a_name_that_is_taken_stays_so_without_force(world: World, tmp_path: Path) -> None:
    await world.sync()
    there = tmp_path / "there.db"
    there.write_text("mine")
    with pytest.raises(StoreError, match=r"there\.db is there already; --force replaces it"):
        back_up(world.path, there)
    assert there.read_text() == "mine"
    back_up(world.path, there, force=True)
    with reading(there) as connection:
        assert list(problems(connection)) == []


@pytest.mark.parametrize("end", ["-wal", "-journal"])
async def test_a_log_beside_the_name_is_not_taken_for_the_copys(world: World, tmp_path: Path, end: str) -> None:
    await world.sync()
    (tmp_path / f"copy.db{end}").write_text("of another")
    with pytest.raises(StoreError, match=f"copy.db{end} would be taken for a part of the copy"):
        back_up(world.path, tmp_path / "copy.db", force=True)


async def test_what_breaks_off_leaves_nothing(world: World, tmp_path: Path) -> None:
    await world.sync()
    (tmp_path / "to").mkdir()

    def breaks() -> None:
        with backup.named_when_whole(tmp_path / "to" / "copy.db", force=False) as part:
            part.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        breaks()
    assert list((tmp_path / "to").iterdir()) == []


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    copy = backup.named_when_whole(tmp_path / "nowhere" / "copy.db", force=False)
    with pytest.raises(StoreError, match=r"cannot write into .*nowhere: No such file"), copy:
        pass


KILLED = """
import os, signal, sqlite3, sys
from pathlib import Path
from syncd.store import backup
backup.STEP = 2
source = sqlite3.connect(sys.argv[1])
with backup.named_when_whole(Path(sys.argv[2]), force=True) as part:
    backup.copy(source, part, lambda done, size: os.kill(os.getpid(), signal.SIGKILL) if done > size / 2 else None)
"""


async def test_a_backup_that_is_killed_leaves_no_half_file_under_the_name(world: World, tmp_path: Path) -> None:
    fill(world, random.Random(2))
    await world.sync()
    to = tmp_path / "copy.db"
    back_up(world.path, to)
    whole = to.read_bytes()
    for there in (True, False):
        if not there:
            to.unlink()
        command = [sys.executable, "-c", KILLED, str(world.path), str(to)]
        child = await asyncio.to_thread(
            subprocess.run, command, capture_output=True, check=False, env={**os.environ, "PYTHONPATH": "."}
        )
        assert child.returncode == -9, child.stderr
        assert to.exists() is there
        assert not there or to.read_bytes() == whole
