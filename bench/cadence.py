"""Measures what it saves to ask less often where nothing is: calls of a first run, and of runs of the schedule.

    python -m bench.cadence --estate W

A first sync reads the whole catalog. Then the store is made an hour older, `syncctl debug calls` tells what the next
run of the schedule costs, and that run is made as the daemon makes it. Again with `probe_hours = 0`, which leaves
nothing out.
"""

import argparse
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from bench.compare import sync
from bench.fake import ROOT, Fake, environment, serving
from bench.measure import Record, Setting, add_setting, complain, headline, measure, scratch, setting_of
from syncd.config import load
from syncd.loop import run
from syncd.once import sync_once
from syncd.plugin import Selection
from syncd.store.requests import SCHEDULE
from syncd.sync.scope_run import iso

CATALOG = ROOT / "bench" / "whole-catalog.toml"
HOUR = timedelta(hours=1)


def cadence(fake: Fake, setting: Setting, folder: Path, hours: list[float]) -> list[Record]:
    """A record of the first run, and one of a scheduled run for each number of `probe_hours`."""
    first = {"run": "first", "told": None, **measure(fake, setting, sync(CATALOG), folder)}
    complain(first, folder / "log")
    return [first, *(_scheduled(fake, setting, folder, each) for each in hours)]


def _scheduled(fake: Fake, setting: Setting, folder: Path, hours: float) -> Record:
    config = folder / f"probe-{hours}.toml"
    config.write_text(
        f'{CATALOG.read_text()}\n[store]\npath = "{folder / "out.db"}"\n\n[schedule]\nprobe_hours = {hours}\n'
    )
    _an_hour_later(folder / "out.db")
    told = _told(fake, config, folder)
    command = [sys.executable, "-m", "bench.cadence", "--scheduled", str(config)]
    record = {"run": f"probe_hours = {hours:g}", "told": told, **measure(fake, setting, command, folder)}
    complain(record, folder / "log")
    return record


def _an_hour_later(database: Path) -> None:
    """When empty scopes were last asked counts, and nothing else does."""
    with closing(sqlite3.connect(database)) as connection, connection:
        for (moment,) in connection.execute("select distinct served_at from scope_quiet").fetchall():
            earlier = iso(datetime.fromisoformat(moment) - HOUR)
            connection.execute("update scope_quiet set served_at = ? where served_at = ?", (earlier, moment))


def _told(fake: Fake, config: Path, folder: Path) -> int:
    command = [
        sys.executable,
        "-c",
        "import sys; from syncd.cli.syncctl import main; sys.exit(main())",
        "debug",
        "calls",
        "--config",
        str(config),
        "-o",
        "json",
    ]
    variables = environment(fake, folder)
    done = subprocess.run(command, env=variables, cwd=ROOT, check=True, capture_output=True)
    return sum(row["calls"] for row in json.loads(done.stdout))


def main() -> None:
    flags = argparse.ArgumentParser(
        prog="python -m bench.cadence", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_setting(flags)
    flags.set_defaults(estate="W", limit=3600.0)
    flags.add_argument("--hours", type=float, nargs="*", default=[6.0, 0.0], help="probe_hours, a run each")
    flags.add_argument("--scheduled", type=Path, metavar="CONFIG", help="one run of the schedule, and nothing else")
    chosen = flags.parse_args()
    if chosen.scheduled:
        run(sync_once(load(chosen.scheduled), Selection(), trigger=SCHEDULE))
        return
    setting = setting_of(chosen)
    with serving(*setting.flags()) as fake, scratch() as folder:
        records = cadence(fake, setting, folder, chosen.hours)
    for record in records:
        print(json.dumps(headline(record)))
    sys.exit(0 if not any(record["rc"] or record["missing"] for record in records) else 1)


if __name__ == "__main__":
    main()
