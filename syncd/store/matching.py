"""Searches as a part of other questions: at which commit a text can be asked, and the nodes that it finds."""

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from syncd.errors import QueryError, StoreError
from syncd.search.answer import Asking, Question
from syncd.search.incomplete import asked_kinds
from syncd.search.tree import Path
from syncd.store import picture
from syncd.store.keys import node_key

MOST = 1_000_000
NOW = "now"


def commits(
    connection: sqlite3.Connection, times: Iterable[str], now: datetime, kinds: frozenset[str] | None = None
) -> list[int]:
    """As picture.at; `now` is the last commit. Raises StoreError. To be asked in one transaction with what follows."""
    moment = now.isoformat(timespec="seconds")
    return [last_commit(connection) if time == NOW else picture.at(connection, time, moment, kinds) for time in times]


def last_commit(connection: sqlite3.Connection) -> int:
    return int(connection.execute("select coalesce(max(number), 0) from commit_log").fetchone()[0])


def kinds_of(connection: sqlite3.Connection, question: Question, now: datetime) -> frozenset[str] | None:
    """The kinds whose past an answer needs, None for all. Raises QueryError."""
    asking = Asking(connection, question, now)
    return asked_kinds(asking.query, asking.schema)


def matching(connection: sqlite3.Connection, question: Question, now: datetime) -> set[int]:
    """Keys of all nodes that the question finds. Raises QueryError, also for an aggregate, and LimitReached."""
    asking = Asking(connection, replace(question, columns=(Path(("urn",)),), limit=MOST), now)
    if asking.query.aggregate is not None:
        raise QueryError("resources are compared, not the rows of an aggregate", question.text)
    return {node_key(row["urn"]) for row in asking.answer().rows}


def either(connection: sqlite3.Connection, question: Question, commits: Iterable[int], now: datetime) -> set[int]:
    """Those that it finds at one of the commits."""
    return {key for commit in commits for key in matching(connection, replace(question, commit=commit), now)}


def is_time(text: str, now: datetime) -> bool:
    """Whether a text can be understood as a time at all."""
    if text == NOW or picture.RUN.fullmatch(text):
        return True
    try:
        picture.moment(text, now.isoformat(timespec="seconds"))
    except StoreError:
        return False
    return True
