"""`syncctl debug calls`: what a run will cost, told before it runs; compared with what the run then did."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from syncd.cli.syncctl import main
from tests.cli.conftest import Ask
from tests.fakes.cloud import box
from tests.fakes.world import World

NONE = {"resting": 0, "new": 0, "unknown": 0}


async def estate(tmp_path: Path) -> World:
    """Two regions with boxes, read with three and one calls, and twenty without, read a moment ago."""
    world = World(tmp_path / "s.db", moment=datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2))
    world.cloud.put("fake/a0/r1/boxes.all", box("a0", "one"), box("a0", "two"))
    world.cloud.put("fake/a1/r1/boxes.all", box("a1", "three"))
    for region in range(10):
        world.cloud.put(f"fake/a0/e{region}/boxes.all")
        world.cloud.put(f"fake/a0/e{region}/jars.all")
    await world.sync()
    with closing(sqlite3.connect(world.path)) as connection, connection:
        connection.execute("update scope_run set calls = 3 where nodes = 2")
    return world


async def test_the_next_run_costs_what_each_scope_took_last_time(tmp_path: Path, ask: Ask) -> None:
    world = await estate(tmp_path)
    done = ask(main, "debug", "calls", "--everything", "--db", world.path, "-o", "json")
    assert json.loads(done.out) == [
        {"service": "fake/boxes", "scopes": 12, **NONE, "resources": 3, "least": 0, "calls": 14},
        {"service": "fake/jars", "scopes": 10, **NONE, "resources": 0, "least": 0, "calls": 10},
    ]
    by_account = json.loads(
        ask(main, "debug", "calls", "--everything", "--by", "account", "--db", world.path, "-o", "json").out
    )
    assert [(each["account"], each["calls"]) for each in by_account] == [("a0", 23), ("a1", 1)]


async def test_what_the_schedule_leaves_out_costs_nothing(tmp_path: Path, ask: Ask) -> None:
    world = await estate(tmp_path)
    rows = json.loads(ask(main, "debug", "calls", "--db", world.path, "-o", "json").out)
    resting, read = sum(each["resting"] for each in rows), sum(each["scopes"] for each in rows)
    assert resting + read == 22
    assert resting >= 18, "two minutes of six hours have passed"
    config = tmp_path / "all.toml"
    config.write_text("[schedule]\nprobe_hours = 0\n")
    done = ask(main, "debug", "calls", "--db", world.path, "--config", config, "-o", "json")
    assert sum(each["resting"] for each in json.loads(done.out)) == 0


async def test_a_table_has_the_sum_below_and_an_empty_store_says_what_to_do(tmp_path: Path, ask: Ask) -> None:
    world = await estate(tmp_path)
    assert "total" in ask(main, "debug", "calls", "--db", world.path).out.splitlines()[-1]
    empty = World(tmp_path / "empty.db")
    async with empty.store():
        pass
    told = ask(main, "debug", "calls", "--db", empty.path)
    assert "nothing was read so far" in told.err
    assert "syncctl debug calls --discover" in told.err


def test_a_file_that_is_not_there_is_told_unless_a_first_run_is_asked_about(tmp_path: Path, ask: Ask) -> None:
    done = ask(main, "debug", "calls", "--db", tmp_path / "none.db")
    assert (done.code, "no store there yet" in done.told) == (1, True)
    assert ask(main, "debug", "calls", "--db", tmp_path / "none.db", "--accounts", "1", "--regions", "1").code == 0
    done = ask(main, "debug", "calls", "--db", tmp_path / "none.db", "--discover", "--regions", "3")
    assert (done.code, "leave out --regions" in done.told) == (2, True)
