"""Measures a second sync: its time, and how much it appends to the write-ahead log.

    python -m bench.resync --estate L --permille 1

A first sync fills the database. Then a share of the estate changes, and a second sync runs with checkpoints off, so
that the log's size is what was appended. A connection of ours stays open meanwhile: the last one to close would
remove the log.
"""

import argparse
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from bench.compare import COMMON_JOB, sync
from bench.fake import Fake, serving
from bench.measure import Record, Setting, add_setting, complain, headline, measure, scratch, setting_of
from bench.process import MIB

NO_CHECKPOINTS = "\n[store]\nwal_autocheckpoint = 0\n"


def resync(fake: Fake, setting: Setting, permille: float, folder: Path) -> Record:
    first = measure(fake, setting, sync(COMMON_JOB), folder)
    complain(first, folder / "log")
    if first["rc"]:
        raise SystemExit(f"the first sync ended with status {first['rc']}: nothing to measure a second one on")
    database = folder / "out.db"
    fake.get(f"__mutate?permille={permille}")
    config = folder / "resync.toml"
    config.write_text(COMMON_JOB.read_text() + NO_CHECKPOINTS)
    with closing(sqlite3.connect(database)) as holder:
        holder.execute("pragma wal_checkpoint(truncate)").fetchall()
        events = last_event(holder)
        second = measure(fake, setting, sync(config), folder)
        complain(second, folder / "log")
        appended = log_size(database)
        told = dict(
            holder.execute("select type, count(*) from event where seq > ? group by type order by type", (events,))
        )
    mutated = fake.get("__mutated")["total"]
    return {
        "estate": setting.estate,
        "permille": permille,
        "mutated": mutated,
        "wal_bytes": appended,
        "wal_mib": round(appended / MIB, 2),
        "events": told,
        "first": headline(first),
        "second": headline(second),
    }


def last_event(database: sqlite3.Connection) -> int:
    return int(database.execute("select coalesce(max(seq), 0) from event").fetchone()[0])


def log_size(database: Path) -> int:
    log = database.with_name(f"{database.name}-wal")
    return log.stat().st_size if log.exists() else 0


def main() -> None:
    flags = argparse.ArgumentParser(
        prog="python -m bench.resync", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_setting(flags)
    flags.set_defaults(estate="L")
    flags.add_argument("--permille", type=float, default=1.0, help="share of all resources that changes; 0 for none")
    chosen = flags.parse_args()
    setting = setting_of(chosen)
    with serving(*setting.flags()) as fake, scratch() as folder:
        record = resync(fake, setting, chosen.permille, folder)
    print(json.dumps(record))
    sound = not any(record[run]["rc"] or record[run]["missing"] for run in ("first", "second"))
    sys.exit(0 if sound else 1)


if __name__ == "__main__":
    main()
