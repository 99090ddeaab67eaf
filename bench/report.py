"""A table of measured runs: medians for each contender, estate and latency, and how they compare with syncd.

python -m bench.report FILE...      reads the JSON lines of bench.measure and bench.compare
"""

import json
import statistics
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.fake import ESTATES

Record = dict[str, Any]
Group = tuple[str, float, str]  # estate, latency, label

YARDSTICK = "syncd"
COLUMNS = (
    "estate",
    "ms",
    "contender",
    "runs",
    "CPU s",
    "wall s",
    "peak RSS MiB",
    "calls",
    "CPU ×",
    "wall ×",
    "RSS ×",
    "",
)


def table(records: Iterable[Record]) -> str:
    groups: dict[Group, list[Record]] = {}
    for record in records:
        groups.setdefault((record["estate"], record["latency"], record["label"]), []).append(record)
    order = sorted(groups, key=lambda group: (list(ESTATES).index(group[0]), group[1], _median(groups[group], "cpu_s")))
    rows = [COLUMNS, tuple("---" for _ in COLUMNS), *(_row(groups, group) for group in order)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(groups: dict[Group, list[Record]], group: Group) -> tuple[str, ...]:
    estate, latency, label = group
    runs = groups[group]
    yardstick = groups.get((estate, latency, YARDSTICK), [])
    ratios = [_ratio(runs, yardstick, name) for name in ("cpu_s", "wall_s", "rss_mib")]
    figures = [f"{_median(runs, name):.1f}" for name in ("cpu_s", "wall_s", "rss_mib")]
    calls = f"{_median(runs, 'requests'):.0f}"
    return (
        f"{estate} ({runs[0]['truth']})",
        f"{latency:g}",
        label,
        str(len(runs)),
        *figures,
        calls,
        *ratios,
        _remark(runs),
    )


def _median(runs: list[Record], name: str) -> float:
    return float(statistics.median(run[name] for run in runs))


def _ratio(runs: list[Record], yardstick: list[Record], name: str) -> str:
    base = _median(yardstick, name) if yardstick else 0
    return f"{_median(runs, name) / base:.2f}" if base else ""


def _remark(runs: list[Record]) -> str:
    """What makes a figure worthless: a run that failed, was cut off or did not read all there is."""
    remarks = {
        "FAILED": any(run["rc"] and not run["timed_out"] for run in runs),
        "CUT OFF": any(run["timed_out"] for run in runs),
        "INCOMPLETE": any(run["missing"] for run in runs),
    }
    return ", ".join(remark for remark, applies in remarks.items() if applies)


def sound(record: Record) -> bool:
    return not _remark([record])


def main() -> None:
    lines = [line for name in sys.argv[1:] for line in Path(name).read_text().splitlines()]
    print(table(json.loads(line) for line in lines))


if __name__ == "__main__":
    main()
