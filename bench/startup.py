"""Measures what it costs to start syncd at all: the median CPU time of `syncd --version`.

python -m bench.startup --runs 7
"""

import argparse
import statistics
import sys

from bench import process
from bench.fake import ROOT
from bench.measure import scratch

LIMIT = 60.0


def main() -> None:
    flags = argparse.ArgumentParser(
        prog="python -m bench.startup", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    flags.add_argument("--runs", type=int, default=7)
    runs = flags.parse_args().runs
    command = [sys.executable, "-m", "syncd", "--version"]
    with scratch() as folder:
        costs = [process.run(command, {}, folder / "log", LIMIT, ROOT) for _ in range(runs)]
        told = (folder / "log").read_text().strip()
    print(f"{told}: {statistics.median(cost.cpu for cost in costs):.2f} s of CPU")
    sys.exit(max(cost.code for cost in costs))


if __name__ == "__main__":
    main()
