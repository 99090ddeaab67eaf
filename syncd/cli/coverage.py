"""`syncctl coverage`: how complete each part of the picture is, and what is missing."""

import argparse
import sys

from syncd.cli.database import store_of
from syncd.cli.exits import Exit
from syncd.cli.output import coloured, show
from syncd.store.reader import reading

SHORT = ("scope", "state", "since", "read_at", "nodes")
WHY = ("missing", "operation", "permission", "reason")


def coverage(arguments: argparse.Namespace) -> int:
    columns = SHORT + WHY if arguments.why else SHORT
    condition = "where state <> 'complete'" if arguments.incomplete else ""
    statement = f"select {', '.join(columns)} from coverage {condition} order by scope"  # noqa: S608 (all constants)
    with reading(store_of(arguments)) as connection:
        rows = connection.execute(statement)
        show(columns, rows, arguments.output, colours=coloured(sys.stdout, no_color=arguments.no_color))
    return Exit.OK
