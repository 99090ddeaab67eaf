"""The store, opened for searches: read-only, at one moment, and as it was at a time that may be asked for."""

import argparse
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from syncd.cli.database import store_of
from syncd.errors import ConfigError
from syncd.search.past import one_moment
from syncd.store.reader import searching

LONGEST_QUERY = 1 << 20


@contextmanager
def asking(arguments: argparse.Namespace) -> Iterator[sqlite3.Connection]:
    """A connection for searches, all of one moment. Nothing is printed meanwhile: a pager would hold the moment back.

    Raises StoreError for a file that this release has not yet been at.
    """
    with searching(store_of(arguments)) as connection, one_moment(connection):
        yield connection


def commit_of(
    connection: sqlite3.Connection, arguments: argparse.Namespace, kinds: frozenset[str] | None = None
) -> int | None:
    """The commit that --at means, None without it."""
    from syncd.store.picture import at

    if arguments.at is None:
        return None
    return at(connection, arguments.at or "nothing", now().strftime("%Y-%m-%dT%H:%M:%SZ"), kinds)


def now() -> datetime:
    return datetime.now(UTC)


def query_text(words: Sequence[str]) -> str:
    """The arguments joined by spaces; `-` alone is stdin."""
    if list(words) != ["-"]:
        return " ".join(words)
    try:
        found = sys.stdin.read(LONGEST_QUERY)
    except UnicodeDecodeError:
        raise ConfigError("the search on stdin is not UTF-8") from None
    return found.strip()


def warn(line: str) -> None:
    from syncd.cli.output import printable

    print(f"syncctl: {printable(line)}", file=sys.stderr)
