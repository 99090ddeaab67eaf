"""What is older than its window goes by itself, with a daemon and without one."""

import sqlite3
from contextlib import closing

from tests.cli.conftest import Desk
from tests.fakes.daemon import Running, until


def compacted(desk: Desk) -> list[tuple[str]]:
    """When that was last done."""
    with closing(sqlite3.connect(f"{desk.store.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute("select value from meta where name = 'compacted'").fetchall()


def test_a_daemon_compacts_after_a_run_and_once_a_day(daemon: Running, desk: Desk) -> None:
    assert compacted(desk) == []
    daemon.sync()
    until(lambda: compacted(desk))
    before = compacted(desk)
    daemon.sync()
    assert (compacted(desk), daemon.logged("task.failed")) == (before, [])


def test_a_sync_in_the_foreground_compacts_as_well(desk: Desk) -> None:
    assert desk.sync().code == 0
    assert compacted(desk)
