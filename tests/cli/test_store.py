"""`syncctl store`: how large it is, whether it is whole, a copy, and the end of what is too old."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from syncd.cli.store import _progress
from syncd.cli.syncctl import main
from syncd.store.files import migrations
from tests.cli.conftest import Ask, Desk, desk_at
from tests.fakes.daemon import Running, ended


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A store after two runs, in which every box changed."""
    desk = desk_at(tmp_path_factory.mktemp("estate"))
    for size in (1, 2):
        boxes = ", ".join(f"b{number} = {size}" for number in range(300))
        assert desk.sync(boxes=f"{{ {boxes} }}").code == 0
    return desk


@pytest.fixture
def ctl(ask: Ask, estate: Desk) -> Ask:
    return lambda *arguments: ask(main, "store", *arguments, "--db", estate.store)


def test_stats_tell_tables_the_past_and_the_log(ctl: Ask, estate: Desk) -> None:
    told = json.loads(ctl("stats", "-o", "json").out)
    assert (told["file"], told["schema"], told["history"][0]["versions"]) == (str(estate.store), max(migrations()), 300)
    done = ctl("stats")
    assert done.code == 0
    for part in ("last_commit", "TABLE", "node_history", "fake_box", "kB"):
        assert part in done.out


def test_check_of_a_sound_store_is_0_and_says_so(ctl: Ask, estate: Desk) -> None:
    done = ctl("check")
    assert (done.code, done.out) == (0, f"ok: {estate.store} is whole\n")
    assert json.loads(ctl("check", "-o", "json").out) == []


def test_check_of_a_damaged_file_is_1_and_names_the_damage(ask: Ask, estate: Desk, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.db"
    content = bytearray(estate.store.read_bytes())
    with closing(sqlite3.connect(estate.store)) as connection:
        [(page,)] = connection.execute("select rootpage from sqlite_master where name = 'node'")
    content[(page - 1) * 4096 : page * 4096] = os.urandom(4096)
    damaged.write_bytes(content)
    done = ask(main, "store", "check", "--db", damaged)
    assert (done.code, "the file is damaged" in done.out, done.err) == (1, True, "")
    refused = ask(main, "store", "backup", tmp_path / "copy.db", "--db", damaged)
    assert (refused.code, "the copy is damaged, as the store may be" in refused.told) == (1, True)
    assert not list(tmp_path.glob("*copy*"))


def test_check_names_a_broken_promise(ask: Ask, estate: Desk, tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(estate.store.read_bytes())
    with closing(sqlite3.connect(broken)) as connection:
        connection.executescript("delete from event where seq = 2")
    done = ask(main, "store", "check", "--db", broken, "-o", "json")
    assert (done.code, json.loads(done.out)) == (1, [{"problem": "events that are missing before", "where": "3"}])


def test_a_file_of_an_earlier_schema_is_told_apart(ask: Ask, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    with closing(sqlite3.connect(old)) as connection:
        connection.executescript(f"{migrations()[1]} pragma user_version = 1;")
    for command in ("check", "stats"):
        assert "has schema 1; the next syncd that writes it brings" in ask(main, "store", command, "--db", old).told


def test_backup_makes_a_copy_that_is_a_store(ctl: Ask, ask: Ask, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    done = ctl("backup", str(copy), "-o", "json")
    assert (done.code, json.loads(done.out)["bytes"], done.err) == (0, copy.stat().st_size, "")
    assert ask(main, "store", "check", "--db", copy).code == 0
    assert ask(main, "kinds", "--db", copy).out == ctl_kinds(ask, ctl)
    assert list(tmp_path.iterdir()) == [copy]
    assert "--force replaces it" in ctl("backup", str(copy)).told
    assert ctl("backup", "--force", str(copy)).code == 0


def ctl_kinds(ask: Ask, ctl: Ask) -> str:
    file = json.loads(ctl("stats", "-o", "json").out)["file"]
    return ask(main, "kinds", "--db", file).out


def test_the_store_is_not_copied_onto_itself(ctl: Ask, estate: Desk, tmp_path: Path) -> None:
    before = estate.store.read_bytes()
    (tmp_path / "link.db").symlink_to(estate.store)
    for name in (estate.store, tmp_path / "link.db"):
        assert "is the store itself" in ctl("backup", "--force", str(name)).told
    assert estate.store.read_bytes() == before


LIMITED = """
import resource, sys
from syncd.cli.syncctl import main
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, -1))
sys.exit(main(sys.argv[1:]))
"""


def test_a_full_disk_leaves_nothing_under_the_name_and_says_what_to_do(estate: Desk, tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIMITED, "store", "backup", str(tmp_path / "copy.db"), "--db", str(estate.store)]
    done = subprocess.run(command, env=estate.environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "make room or name another place" in done.stderr) == (1, True), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_progress_is_one_line_that_goes_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    told = _progress(True)
    told(1_000_000, 4_000_000)
    told(4_000_000, 4_000_000)
    _progress(False)(1, 2)
    assert capsys.readouterr().err == "\r\x1b[2K1.0 MB of 4.0 MB\r\x1b[2K4.0 MB of 4.0 MB\r\x1b[2K"


def test_compact_drops_what_is_too_old_and_tells_how_much(desk: Desk) -> None:
    for size in (1, 2):
        desk.sync(boxes=f"{{ a = {size} }}")
    file = desk.place / "syncd.toml"
    file.write_text(file.read_text().replace("[store]", "[store]\nhistory_days_by_kind = { 'fake_*' = 30 }"))
    assert json.loads(desk.run("syncctl", "store", "compact", "-o", "json").out)["versions"] == 0
    with closing(sqlite3.connect(desk.store)) as connection:
        connection.executescript("update commit_log set at = '2020-01-01T00:00:00Z'")
    done = desk.run("syncctl", "store", "compact")
    assert (done.code, done.out.splitlines()[0]) == (0, "versions  1")
    assert not desk.store.with_name("s.db-wal").exists()
    assert desk.run("syncctl", "store", "check").code == 0


def test_compact_makes_no_store_where_there_is_none(desk: Desk) -> None:
    assert "no store there yet" in desk.run("syncctl", "store", "compact").told
    assert not desk.store.exists()


def test_compact_is_refused_while_a_daemon_has_the_store(desk: Desk) -> None:
    daemon = Running(desk)
    daemon.configure()
    with ended(daemon):
        daemon.start()
        done = desk.run("syncctl", "store", "compact")
    assert (done.code, "a daemon compacts by itself once a day" in done.told) == (4, True)
