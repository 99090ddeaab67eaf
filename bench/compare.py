"""Runs syncd and the baselines in turn on the same estate, side by side, and prints how they compare.

    python -m bench.compare --estate M --latency 30 --runs 3

Each run has an endpoint of its own, and the contenders take turns (A B C A B C …), so that whatever else the machine
does meets them alike. Every run is checked for completeness; the exit status is 1 if one failed or was incomplete.
"""

import argparse
import json
import sys
from pathlib import Path

from bench.fake import serving
from bench.measure import Record, Setting, add_setting, append, complain, headline, measure, scratch, setting_of
from bench.report import sound, table

FOLDER = Path(__file__).resolve().parent
COMMON_JOB = FOLDER / "common-job.toml"
WHOLE_CATALOG = FOLDER / "whole-catalog.toml"


def sync(config: Path) -> list[str]:
    """The command of one complete sync."""
    return [sys.executable, "-m", "syncd", "sync", "--config", str(config), "--db", "{db}"]


CONTENDERS = {
    "syncd": sync(COMMON_JOB),
    "naive": [sys.executable, "-m", "bench.naive", "--db", "{db}"],
    "stock": [sys.executable, "-m", "bench.stock", "--db", "{db}"],
    "syncd-whole": sync(WHOLE_CATALOG),  # more kinds than the others read: to be told beside them, not against them
}


def one_run(label: str, setting: Setting, number: int, warm: bool) -> Record:
    with serving(*setting.flags()) as fake:
        if warm:
            with scratch() as folder:
                measure(fake, setting, CONTENDERS[label], folder)
        with scratch() as folder:
            named = {"label": label, "estate": setting.estate, "latency": setting.latency, "run": number}
            total = fake.get("__truth")["total"]
            record = {**named, "truth": total, **measure(fake, setting, CONTENDERS[label], folder)}
            complain(record, folder / "log")
    return record


def contenders(text: str) -> list[str]:
    chosen = text.split(",")
    if unknown := set(chosen) - set(CONTENDERS):
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: know only {', '.join(CONTENDERS)}")
    return chosen


def parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(
        prog="python -m bench.compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_setting(flags)
    flags.set_defaults(estate="M", latency=30.0)
    flags.add_argument("--runs", type=int, default=3)
    flags.add_argument("--only", type=contenders, default=["syncd", "naive", "stock"], metavar="A,B,…")
    flags.add_argument(
        "--warm", action="store_true", help="fill the endpoint's memory by an unmeasured run before each"
    )
    flags.add_argument("--out", type=Path, help="append whole records to this file, as JSON lines")
    return flags


def main() -> None:
    flags = parser().parse_args()
    setting = setting_of(flags)
    records: list[Record] = []
    for number in range(flags.runs):
        for label in flags.only:
            records.append(one_run(label, setting, number, flags.warm))
            print(json.dumps(headline(records[-1])), file=sys.stderr, flush=True)
            append(flags.out, records[-1])
    print(table(records))
    sys.exit(0 if all(map(sound, records)) else 1)


if __name__ == "__main__":
    main()
