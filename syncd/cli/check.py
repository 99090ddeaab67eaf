"""`syncd check`: everything wrong with the configuration, a line each, without running anything."""

import argparse
import sys

from syncd.cli.exits import Exit
from syncd.config import examine
from syncd.rules import check as rules


def check(arguments: argparse.Namespace) -> int:
    config, complaints = examine(arguments.config)
    complaints += rules.complaints(config)
    for line in complaints:
        print(f"syncd: {line}", file=sys.stderr)
    if complaints:
        return Exit.USAGE
    read = ", ".join(map(str, config.files)) or "no configuration file, all defaults"
    print(f"ok: {read}; collectors: {', '.join(config.collectors) or 'none'}; store: {config.store.file}")
    return Exit.OK
