"""`syncctl sql`: one SELECT on the store, with a limit of rows and of time."""

import argparse
import sqlite3
import sys
from typing import Any

from syncd.cli.database import store_of
from syncd.cli.exits import Exit
from syncd.cli.output import coloured, show
from syncd.errors import LimitReached, StoreError
from syncd.search.guard import guarded
from syncd.store.reader import reading

ROWS = 10_000
SECONDS = 5.0
CATALOGUE = "syncctl sql \"select name from sqlite_master where type = 'view'\""


def sql(arguments: argparse.Namespace) -> int:
    with reading(store_of(arguments)) as connection:
        columns, rows, more = asked(connection, arguments.statement, SECONDS)
    show(columns, rows, arguments.output, colours=coloured(sys.stdout, no_color=arguments.no_color))
    if more:
        print(f"syncctl: only the first {ROWS} rows are shown; add a WHERE or a LIMIT", file=sys.stderr)
    return Exit.OK


def asked(connection: sqlite3.Connection, statement: str, seconds: float) -> tuple[list[str], list[Any], bool]:
    """Columns, the first ROWS rows, whether there are more. Raises StoreError for what is no SELECT or takes longer."""
    try:
        with guarded(connection, seconds):
            cursor = connection.execute(statement)
            rows = cursor.fetchmany(ROWS)
            more = cursor.fetchone() is not None
    except LimitReached as error:
        late = f"the statement took more than {error.seconds:g} s; narrow it with a WHERE or a LIMIT"
        raise StoreError(late) from None
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise StoreError(_explained(error)) from None
    return [column[0] for column in cursor.description or ()], rows, more


def _explained(error: Exception) -> str:
    text = str(error)
    if "not authorized" in text or "readonly" in text or "prohibited" in text:
        return f"{text}; only one SELECT that reads the store is possible here"
    if "one statement at a time" in text:
        return "one statement at a time"
    return f"SQL: {text}; what there is to read: {CATALOGUE}"
