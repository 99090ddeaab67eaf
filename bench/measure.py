"""Runs one collector against a fresh fake estate and tells what it cost, and whether it read all there is.

    python -m bench.measure --label naive --estate S --latency 30 -- python -m bench.naive --db {db}

One JSON line a run. In the command {db}, {url} and {tmp} are filled in; the endpoint and dummy keys are in its
environment. A database that syncd or a baseline wrote is compared with the truth: `missing` is empty if it is complete.
"""

import argparse
import atexit
import json
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from bench import truth
from bench.fake import ESTATES, ROOT, Fake, environment, serving
from bench.process import MIB, Cost, run

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a run is measured on; `limit` in seconds, delays in milliseconds."""

    estate: str = "S"
    latency: float = 0.0
    jitter: float = 0.0
    throttle: float = 0.0
    workers: int = 1
    limit: float = 600.0

    def flags(self) -> list[str]:
        delays = [f"--latency={self.latency}", f"--jitter={self.jitter}"]
        return [*ESTATES[self.estate].flags(), *delays, f"--throttle={self.throttle}", f"--workers={self.workers}"]


@contextmanager
def scratch() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(fake: Fake, setting: Setting, command: Sequence[str], folder: Path) -> Record:
    """One run of a command, with its database at `folder`/out.db and its output at `folder`/log."""
    database = folder / "out.db"
    places = {"db": str(database), "url": fake.url, "tmp": str(folder)}
    filled = [part.format(**places) if "{" in part else part for part in command]
    fake.get("__reset")
    served = _cpu(fake)
    variables = {**environment(fake, folder), "XDG_CACHE_HOME": str(_cache())}
    cost = run(filled, variables, folder / "log", setting.limit, ROOT)
    return {**_cost(cost), **_served(fake, served), **_database(fake, database)}


@cache
def _cache() -> Path:
    """What a contender keeps for its next start is there in all but its first run, as on anybody's machine."""
    folder = Path(tempfile.mkdtemp(prefix="bench-cache-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _cpu(fake: Fake) -> float:
    times = psutil.Process(fake.pid).cpu_times()
    return float(times.user + times.system)


def _cost(cost: Cost) -> Record:
    return {
        "rc": cost.code,
        "timed_out": cost.timed_out,
        "wall_s": round(cost.wall, 2),
        "cpu_s": round(cost.cpu, 2),
        "rss_mib": round(cost.rss, 1),
        "pss_mib": round(cost.pss, 1),
        "procs": cost.processes,
        "threads": cost.threads,
    }


def _served(fake: Fake, before: float) -> Record:
    stats = fake.get("__stats")
    return {
        "requests": stats["requests"],
        "mb_out": round(stats["bytes_out"] / 1e6, 2),
        "api_errors": stats["errors"],
        "throttled": stats["throttled"],
        "peak_inflight": stats["peak_inflight"],
        "api_span_s": round(stats["span_s"], 2),
        "fake_cpu_s": round(_cpu(fake) - before, 2),
        "ops": stats["ops"],
    }


def _database(fake: Fake, database: Path) -> Record:
    if not database.exists():
        return {"rows": 0, "table_rows": {}, "db_mib": 0.0, "missing": ["no database"]}
    rows = _rows(database)
    parts = [database, database.with_name(f"{database.name}-wal")]
    return {
        "rows": sum(rows.values()),
        "table_rows": rows,
        "db_mib": round(sum(part.stat().st_size for part in parts if part.exists()) / MIB, 1),
        "missing": truth.differences(fake.get("__truth"), database) if "node" in rows else ["no table `node`"],
    }


def _rows(database: Path) -> dict[str, int]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        tables = connection.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")
        names = [str(name) for (name,) in tables]
        return {name: connection.execute(f'select count(*) from "{name}"').fetchone()[0] for name in names}


def headline(record: Record) -> Record:
    """A record without its long parts, for a terminal."""
    return {key: value for key, value in record.items() if key not in ("ops", "table_rows")}


def parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(
        prog="python -m bench.measure", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    flags.add_argument("--label", required=True)
    add_setting(flags)
    flags.add_argument("--runs", type=int, default=1)
    flags.add_argument("--warm", action="store_true", help="one unmeasured run first: fills the endpoint's memory")
    flags.add_argument("--out", type=Path, help="append whole records to this file")
    flags.add_argument("--keep", type=Path, help="folder for each run's database and output")
    flags.add_argument("command", nargs="+", help="after --")
    return flags


def add_setting(flags: argparse.ArgumentParser) -> None:
    default = Setting()
    flags.add_argument("--estate", default=default.estate, choices=ESTATES)
    flags.add_argument("--latency", type=float, default=default.latency, help="ms added to each call")
    flags.add_argument("--jitter", type=float, default=default.jitter, help="± ms")
    flags.add_argument("--throttle", type=float, default=default.throttle, help="share of calls that are throttled")
    flags.add_argument("--workers", type=int, default=default.workers, help="processes of the endpoint")
    flags.add_argument("--limit", type=float, default=default.limit, help="seconds after which a run is cut off")


def setting_of(flags: argparse.Namespace) -> Setting:
    names = ("estate", "latency", "jitter", "throttle", "workers", "limit")
    return Setting(**{name: getattr(flags, name) for name in names})


def append(path: Path | None, record: Record) -> None:
    if path is not None:
        with path.open("a") as stream:
            stream.write(json.dumps(record) + "\n")


def complain(record: Record, log: Path) -> None:
    """Shows the end of a failed command's output."""
    if record["rc"] and not record["timed_out"]:
        sys.stderr.write(log.read_text(errors="replace")[-3000:])


def main() -> None:
    flags = parser().parse_args()
    setting = setting_of(flags)
    with serving(*setting.flags()) as fake:
        for number in range(-1 if flags.warm else 0, flags.runs):
            with scratch() as folder:
                named = {"label": flags.label, "estate": setting.estate, "latency": setting.latency, "run": number}
                total = fake.get("__truth")["total"]
                record = {**named, "truth": total, **measure(fake, setting, flags.command, folder)}
                complain(record, folder / "log")
                if number < 0:
                    continue
                print(json.dumps(headline(record)), flush=True)
                append(flags.out, record)
                if flags.keep:
                    shutil.copytree(folder, flags.keep / f"{flags.label}-{number}", dirs_exist_ok=True)


if __name__ == "__main__":
    main()
