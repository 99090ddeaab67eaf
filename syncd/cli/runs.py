"""`syncctl runs`: the last runs, how they ended and what they cost."""

import argparse
import sys

from syncd.cli.database import reading, store_of
from syncd.cli.exits import Exit
from syncd.cli.output import coloured, show

COUNTS = ("seconds", "nodes", "created", "updated", "deleted", "calls", "retries", "throttles")
COLUMNS = ("run", "started", "state", "trigger", *COUNTS, "reason")

STATEMENT = f"""
select * from (
  select id, started, state, "trigger",
         {", ".join(f"json_extract(summary, '$.{name}')" for name in COUNTS)}, reason
    from run order by id desc limit ?)
 order by 1
"""  # noqa: S608 (names are constants)


def runs(arguments: argparse.Namespace) -> int:
    with reading(store_of(arguments)) as connection:
        rows = [
            [round(value, 1) if isinstance(value, float) else value for value in row]
            for row in connection.execute(STATEMENT, (arguments.limit,))
        ]
    show(COLUMNS, rows, arguments.output, colours=coloured(sys.stdout, no_color=arguments.no_color))
    return Exit.OK
