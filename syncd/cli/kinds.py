"""`syncctl kinds`: what there is, counted."""

import argparse
import sqlite3
import sys
from difflib import get_close_matches

from syncd.cli.database import reading, store_of
from syncd.cli.exits import Exit
from syncd.cli.output import coloured, show
from syncd.errors import ConfigError

ALL = """
select k.name, count(*), count(distinct n.account), count(distinct n.region)
  from node n join kind k on k.id = n.kind
 group by 1 order by 1
"""
ONE = """
select k.name, n.account, n.region, count(*)
  from node n join kind k on k.id = n.kind
 where k.name = :kind or k.name in (select kind from kind_base where base = :kind)
 group by 1, 2, 3 order by 1, 2, 3
"""
KNOWN = "select name from kind union select base from kind_base order by 1"


def kinds(arguments: argparse.Namespace) -> int:
    colours = coloured(sys.stdout, no_color=arguments.no_color)
    with reading(store_of(arguments)) as connection:
        if not arguments.kind:
            rows = connection.execute(ALL).fetchall()
            show(("kind", "resources", "accounts", "regions"), rows, arguments.output, colours=colours)
            return Exit.OK
        _check(connection, arguments.kind)
        rows = connection.execute(ONE, {"kind": arguments.kind}).fetchall()
    show(("kind", "account", "region", "resources"), rows, arguments.output, colours=colours)
    return Exit.OK


def _check(connection: sqlite3.Connection, kind: str) -> None:
    known = [name for (name,) in connection.execute(KNOWN)]
    if kind in known:
        return
    close = get_close_matches(kind, known, n=3)
    hint = f"did you mean {', '.join(close)}?" if close else "syncctl kinds lists those that are"
    raise ConfigError(f"no kind {kind} in this store; {hint}")
