"""`syncctl runs`: the last runs, how they ended and what they cost."""

import argparse
import sys

from syncd.cli.database import store_of
from syncd.cli.exits import Exit
from syncd.cli.output import coloured, show
from syncd.cli.words import RUN, rounded
from syncd.store import queries
from syncd.store.reader import reading


def runs(arguments: argparse.Namespace) -> int:
    with reading(store_of(arguments)) as connection:
        found = [rounded(row) for row in queries.runs(connection, arguments.limit)]
    rows = ([row[name] for name in RUN] for row in found)
    show(RUN, rows, arguments.output, colours=coloured(sys.stdout, no_color=arguments.no_color))
    return Exit.OK
