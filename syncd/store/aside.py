"""Messages that were set aside: what providers told and nobody understood. Functions of a running transaction."""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from syncd.store.journal import Event, Journal
from syncd.store.queries import Row, fetched

MOST = 1000
"""As many are kept, the newest."""
LONGEST = 4000
"""Characters of a body that are kept."""


class Aside(NamedTuple):
    """`message`: the provider's own name of it."""

    collector: str
    queue: str
    message: str
    reason: str
    body: str


def put(journal: Journal, one: Aside) -> None:
    """Once, however often it is given out before its queue has forgotten it."""
    query = (
        "insert or ignore into set_aside (at, collector, queue, message, reason, body) values (?, ?, ?, ?, ?, ?) "
        "returning id"
    )
    body = one.body.encode(errors="replace").decode()[:LONGEST]  # what is no text at all cannot be bound
    new = journal.connection.execute(query, (journal.now, *one[:4], body)).fetchone()
    if new is None:
        return
    journal.connection.execute(
        "delete from set_aside where id <= (select id from set_aside order by id desc limit 1 offset ?)", (MOST,)
    )
    about = {"id": new[0], "collector": one.collector, "queue": one.queue, "reason": one.reason}
    journal.tell(Event("hearing.set_aside", body=about))


def listed(connection: sqlite3.Connection, limit: int = MOST) -> list[Row]:
    """The last ones, oldest first; without their bodies."""
    query = "select id, at, collector, queue, message, reason from set_aside order by id desc limit ?"
    return fetched(connection, query, (limit,))[::-1]


def shown(connection: sqlite3.Connection, number: int) -> Row | None:
    """One of them, whole."""
    return next(iter(fetched(connection, "select * from set_aside where id = ?", (number,))), None)


def counted(connection: sqlite3.Connection) -> dict[tuple[str, str], int]:
    """(collector, queue) → how many."""
    query = "select collector, queue, count(*) from set_aside group by 1, 2"
    return {(collector, queue): count for collector, queue, count in connection.execute(query)}


def forget(connection: sqlite3.Connection, numbers: Sequence[int] | None) -> int:
    """These, or all for None. Returns how many there were."""
    if numbers is None:
        return connection.execute("delete from set_aside").rowcount
    marks = ", ".join("?" * len(numbers))
    return connection.execute(f"delete from set_aside where id in ({marks})", list(numbers)).rowcount
