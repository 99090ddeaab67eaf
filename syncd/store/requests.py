"""Runs that were asked for and have not begun. Functions of a running transaction: a request outlives the process."""

import sqlite3
from typing import NamedTuple

import orjson

from syncd.plugin import Selection
from syncd.store.journal import advance

_HEARD = "heard:"
COLLECT = "collect"
"""The workflow that reads."""
SCHEDULE = "schedule"
"""The trigger of what nobody asked for by hand."""


class Request(NamedTuple):
    """`trigger` says why (schedule, control), `asker` who; `accept`: scope keys whose guards are off."""

    id: int
    asked: str
    trigger: str
    asker: str
    workflow: str
    selection: Selection
    accept: tuple[str, ...] = ()


class Wish(NamedTuple):
    """A request before it has a number. `entry` is the schedule's entry that this answers, "" for none.

    `event` is the number of the event that it answers, 0 for none.
    """

    trigger: str
    asker: str = ""
    selection: Selection = Selection()
    accept: tuple[str, ...] = ()
    workflow: str = COLLECT
    entry: str = ""
    event: int = 0


def ask(connection: sqlite3.Connection, now: str, wish: Wish) -> tuple[Request, bool]:
    """The request, and whether it joined one that waits for the same already."""
    if wish.entry:
        connection.execute("insert or replace into schedule values (?, ?)", (wish.entry, now))
    if wish.event:
        hear(connection, wish.workflow, wish.event)
    what = (wish.workflow, selected(wish.selection), orjson.dumps(sorted(wish.accept)).decode())
    same = "select id, asked, trigger, asker from request where workflow = ? and selection = ? and accept = ?"
    row = connection.execute(same, what).fetchone()
    if row is not None:
        return _join(connection, _request(row, wish), wish), True
    new = (advance(connection, "request", 1), now, wish.trigger, wish.asker)
    connection.execute("insert into request values (?, ?, ?, ?, ?, ?, ?)", (*new, *what))
    return _request(new, wish), False


def _join(connection: sqlite3.Connection, request: Request, wish: Wish) -> Request:
    """Who asks by hand wants all of it: what the schedule asked for, and may leave something out, becomes theirs."""
    if request.trigger != SCHEDULE or wish.trigger == SCHEDULE:
        return request
    connection.execute("update request set trigger = ?, asker = ? where id = ?", (wish.trigger, wish.asker, request.id))
    return request._replace(trigger=wish.trigger, asker=wish.asker)


def _request(row: tuple[int, str, str, str], wish: Wish) -> Request:
    number, asked, trigger, asker = row
    return Request(number, asked, trigger, asker, wish.workflow, wish.selection, wish.accept)


def take(connection: sqlite3.Connection, request: Request) -> None:
    """The request becomes a run in this transaction."""
    connection.execute("delete from request where id = ?", (request.id,))


def pending(connection: sqlite3.Connection) -> list[Request]:
    """Oldest first."""
    rows = connection.execute("select id, asked, trigger, asker, workflow, selection, accept from request order by id")
    return [
        Request(number, asked, trigger, asker, workflow, selection_of(selection), tuple(orjson.loads(accept)))
        for number, asked, trigger, asker, workflow, selection, accept in rows
    ]


def hear(connection: sqlite3.Connection, workflow: str, event: int) -> None:
    """Events up to this one have started the workflow, or were before its time: those after it may not have yet."""
    connection.execute(
        "insert into meta values (?, ?) on conflict do update "
        "set value = max(cast(value as integer), cast(excluded.value as integer))",
        (f"{_HEARD}{workflow}", event),
    )


def deafen(connection: sqlite3.Connection, workflow: str) -> None:
    """When it hears again, it is from then on."""
    connection.execute("delete from meta where name = ?", (f"{_HEARD}{workflow}",))


def heard(connection: sqlite3.Connection) -> dict[str, int]:
    """Workflow → the event up to which it has been started."""
    rows = connection.execute("select name, cast(value as integer) from meta where name glob ?", (f"{_HEARD}*",))
    return {name.removeprefix(_HEARD): event for name, event in rows}


def schedule(connection: sqlite3.Connection) -> dict[str, str]:
    """Entry → when it was last started."""
    return dict(connection.execute("select name, started from schedule").fetchall())


def selected(selection: Selection) -> str:
    """Canonical: two requests for the same are equal texts."""
    return orjson.dumps({name: sorted(getattr(selection, name)) for name in Selection.__slots__}).decode()


def selection_of(text: str) -> Selection:
    """Of what `selected` wrote; {} stands for everything."""
    return Selection(**{name: tuple(values) for name, values in orjson.loads(text).items()})
