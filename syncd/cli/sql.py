"""`syncctl sql`: one SELECT on the store, with a limit of rows and of time."""

import argparse
import sqlite3
import sys

from syncd.cli.database import only_reads, reading, store_of
from syncd.cli.exits import Exit
from syncd.cli.output import coloured, show
from syncd.errors import StoreError

ROWS = 10_000
SECONDS = 5.0
CATALOGUE = "syncctl sql \"select name from sqlite_master where type = 'view'\""


def sql(arguments: argparse.Namespace) -> int:
    with reading(store_of(arguments)) as connection:
        only_reads(connection, SECONDS)
        try:
            cursor = connection.execute(arguments.statement)
            rows = cursor.fetchmany(ROWS)
            more = cursor.fetchone() is not None
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise StoreError(_explained(error)) from None
    columns = [column[0] for column in cursor.description or ()]
    show(columns, rows, arguments.output, colours=coloured(sys.stdout, no_color=arguments.no_color))
    if more:
        print(f"syncctl: only the first {ROWS} rows are shown; add a WHERE or a LIMIT", file=sys.stderr)
    return Exit.OK


def _explained(error: Exception) -> str:
    text = str(error)
    if text == "interrupted":
        return f"the statement took more than {SECONDS:.0f} s; narrow it with a WHERE or a LIMIT"
    if "not authorized" in text or "readonly" in text or "prohibited" in text:
        return f"{text}; only one SELECT that reads the store is possible here"
    if "one statement at a time" in text:
        return "one statement at a time"
    return f"SQL: {text}; what there is to read: {CATALOGUE}"
