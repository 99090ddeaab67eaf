"""Notices: made, tried, done or dead, tried again. Functions of a running transaction, or of a reading."""

import sqlite3
from base64 import b32encode
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
import orjson

from syncd.notice import Notice
from syncd.store.journal import Event, Journal, advance
from syncd.store.queries import Row, fetched

DEAD = "delivery.dead"

_CANDIDATES = (
    "select n.id, n.rule, n.incident, n.attempts, n.body from notice n indexed by notice_open "
    "where n.state = 'due' and n.target = :target and (n.due <= :now or n.due > :far) "
    "and n.id not in (select value from json_each(:busy)) "
    "and n.rule not in (select value from json_each(:quiet)) "
    "and not exists (select 1 from notice e where e.state = 'due' and e.target = n.target "
    "and e.incident = n.incident and e.id < n.id) "
    "and not exists (select 1 from delivery a "
    "join delivery b indexed by delivery_node on b.target = a.target and b.node = a.node "
    "join notice e on e.id = b.notice where a.notice = n.id and a.node <> 0 "
    "and b.notice <> 0 and b.notice < n.id and e.state = 'due') order by n.id limit :limit"
)
_LIST = (
    "select id, state, target, rule, json_extract(body, '$.title') as title, json_extract(body, '$.total') as events, "
    "attempts, made, due, finished, reason, answer, uid, incident from notice "
    "where (:state = '' or state = :state) and (:target = '' or target = :target) and (:rule = '' or rule = :rule) "
    "order by id desc limit :limit"
)
_WAITING = (
    "select 0 as id, 'waiting' as state, target, rule, '' as title, count(*) as events, 0 as attempts, "
    "min(asked) as made, '' as due, '' as finished, '' as reason, '' as answer, '' as uid, '' as incident "
    "from delivery where notice = 0 and (:target = '' or target = :target) and (:rule = '' or rule = :rule) "
    "group by target, rule order by made desc limit :limit"
)
_PRUNE = (
    "select id from notice n where state in ('done', 'dead') and finished < :before and not exists ("
    "select 1 from delivery d where d.notice = n.id and d.change = 'begin' and ("
    "exists (select 1 from rule_match m where m.rule = d.rule and m.node = d.node and m.state = 'firing') "
    "or exists (select 1 from delivery w indexed by delivery_node "
    "where w.target = d.target and w.node = d.node and w.rule = d.rule and w.notice = 0))) "
    "and not (json_extract(body, '$.firing') > 0 and id = (select max(id) from notice l "
    "where l.target = n.target and l.incident = n.incident)) limit :limit"
)


class Draft(NamedTuple):
    """A notice before it has a number: its id in the notice is ""; `events` are told by it, regrouped as `grouped`."""

    target: str
    notice: Notice
    events: list[int]
    grouped: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A notice that may be sent now."""

    id: int
    target: str
    rule: str
    incident: str
    attempts: int
    notice: Notice


class Counts(NamedTuple):
    """How much of a target's is in which state; `oldest`: when the first of what is not finished was put here."""

    states: Mapping[tuple[str, str], int]
    oldest: str


def encoded(notice: Notice) -> str:
    return msgspec.json.encode(notice).decode()


def decoded(body: str) -> Notice:
    return msgspec.json.decode(body, type=Notice)


def uid(*parts: str) -> str:
    """`msg_` and 26 characters. The time and the text are part of it: a store that was put back from a copy counts

    the same numbers again, and receivers would take what is new for what they know.
    """
    digest = sha256("\0".join(parts).encode()).digest()
    return "msg_" + b32encode(digest).decode()[:26].lower()


def make(connection: sqlite3.Connection, now: str, store: str, drafts: Iterable[Draft]) -> list[int]:
    """Each draft becomes a notice that is due, and what it tells waits no longer."""
    return [_make(connection, now, store, draft) for draft in drafts]


def _make(connection: sqlite3.Connection, now: str, store: str, draft: Draft) -> int:
    number = advance(connection, "notice", 1)
    name = uid(store, str(number), now, draft.target, encoded(draft.notice))
    notice = replace(draft.notice, id=name)
    connection.execute(
        "insert into notice (id, uid, target, rule, incident, state, made, due, body) "
        "values (?, ?, ?, ?, ?, 'due', ?, ?, ?)",
        (number, name, draft.target, notice.rule, notice.incident, now, now, encoded(notice)),
    )
    connection.execute(
        "update delivery set notice = ?, grouped = ? "
        "where target = ? and rule = ? and event in (select value from json_each(?))",
        (number, draft.grouped, draft.target, notice.rule, orjson.dumps(draft.events).decode()),
    )
    return number


def firing(connection: sqlite3.Connection, target: str, incident: str) -> int:
    """How many resources fired after the last notice of an incident."""
    query = (
        "select json_extract(body, '$.firing') from notice where target = ? and incident = ? order by id desc limit 1"
    )
    row = connection.execute(query, (target, incident)).fetchone()
    return int(row[0] or 0) if row else 0


# -- sending


def targets_with_due(connection: sqlite3.Connection) -> list[str]:
    return [
        name
        for (name,) in connection.execute(
            "select distinct target from notice indexed by notice_open where state = 'due'"
        )
    ]


def next_due(connection: sqlite3.Connection, now: str) -> str:
    """When the next of those becomes due that are not yet; "" for none."""
    row = connection.execute("select min(due) from notice where state = 'due' and due > ?", (now,)).fetchone()
    return row[0] or ""


class Times(NamedTuple):
    """`far`: nothing is put off for longer, so that what is due after it was noted by a clock that has gone back."""

    now: str
    far: str


def candidates(
    connection: sqlite3.Connection,
    target: str,
    times: Times,
    skipped: tuple[Collection[int], Collection[str]],
    limit: int,
) -> list[Claim]:
    """The first that may be sent, but for notices under way and rules that are quiet.

    In order per resource: one waits while an earlier unfinished one tells of the same incident or of a resource of its.
    """
    busy, quiet = (orjson.dumps(list(each)).decode() for each in skipped)
    values = {"target": target, **times._asdict(), "busy": busy, "quiet": quiet, "limit": limit}
    rows = connection.execute(_CANDIDATES, values)
    return [Claim(id_, target, rule, incident, tried, decoded(body)) for id_, rule, incident, tried, body in rows]


def due_of(connection: sqlite3.Connection, target: str, skipped: Collection[int], limit: int) -> list[Claim]:
    """The first of a target that are to be sent, whether it is time or not."""
    query = (
        "select id, rule, incident, attempts, body from notice where state = 'due' and target = ? "
        "and id not in (select value from json_each(?)) order by id limit ?"
    )
    rows = connection.execute(query, (target, orjson.dumps(list(skipped)).decode(), limit))
    return [Claim(id_, target, rule, incident, tried, decoded(body)) for id_, rule, incident, tried, body in rows]


def memory(connection: sqlite3.Connection, target: str, incident: str) -> dict[str, str]:
    """What the last receipt of the target for the incident said."""
    query = "select memory from target_memory where target = ? and incident = ?"
    row = connection.execute(query, (target, incident)).fetchone()
    found: dict[str, str] = orjson.loads(row[0]) if row else {}
    return found


def remember(connection: sqlite3.Connection, now: str, claim: Claim, said: Mapping[str, str]) -> None:
    """The last receipt is what counts, also where it says nothing."""
    where = (claim.target, claim.incident)
    if said:
        text = orjson.dumps(dict(said)).decode()
        connection.execute("insert or replace into target_memory values (?, ?, ?, ?)", (*where, text, now))
    else:
        connection.execute("delete from target_memory where target = ? and incident = ?", where)


def delivered(connection: sqlite3.Connection, now: str, claim: Claim, said: Mapping[str, str], answer: str) -> None:
    connection.execute(
        "update notice set state = 'done', attempts = attempts + 1, finished = ?, reason = '', answer = ? where id = ?",
        (now, answer, claim.id),
    )
    remember(connection, now, claim, said)


def failed(connection: sqlite3.Connection, claim: Claim, due: str, reason: str) -> None:
    connection.execute(
        "update notice set attempts = attempts + 1, due = ?, reason = ? where id = ?", (due, reason, claim.id)
    )


def died(connection: sqlite3.Connection, now: str, claim: Claim, reason: str, *, tried: bool = True) -> None:
    """A dead letter, and the event that says so. One that told of dead letters says so: nobody is told of that."""
    connection.execute(
        "update notice set state = 'dead', attempts = attempts + ?, finished = ?, reason = ? where id = ?",
        (tried, now, reason, claim.id),
    )
    of_dead = connection.execute(
        "select 1 from delivery d join event e on e.seq = d.event where d.notice = ? and e.type = ? limit 1",
        (claim.id, DEAD),
    ).fetchone()
    journal = Journal(connection, now, 0)
    body = {
        "notice": claim.id, "target": claim.target, "rule": claim.rule, "title": claim.notice.title,
        "attempts": claim.attempts + tried, "reason": reason,
    }  # fmt: skip
    journal.tell(Event(DEAD, name=claim.target, body=body | ({"of": DEAD} if of_dead else {})))
    journal.close()


def bury(connection: sqlite3.Connection, now: str, claims: Iterable[Claim], reason: str) -> None:
    """Nobody is there to be asked."""
    for claim in claims:
        died(connection, now, claim, reason, tried=False)


# -- by hand


class Wanted(NamedTuple):
    """Which notices; "" stands for all."""

    state: str = ""
    target: str = ""
    rule: str = ""


def listed(connection: sqlite3.Connection, wanted: Wanted, limit: int) -> list[Row]:
    """The last that match, oldest first; what waits for more of its group comes last, without a number."""
    values = {**wanted._asdict(), "limit": limit}
    rows = fetched(connection, _LIST, values)[::-1] if wanted.state != "waiting" else []
    return rows + (fetched(connection, _WAITING, values) if wanted.state in ("", "waiting") else [])


def shown(connection: sqlite3.Connection, number: int) -> Row | None:
    """One notice with its body as it is sent, and the events that it tells."""
    rows = fetched(connection, "select * from notice where id = ?", (number,))
    if not rows:
        return None
    row = rows[0]
    events = connection.execute("select event from delivery where notice = ? order by event limit 1000", (number,))
    return {**row, "body": orjson.loads(row["body"]), "events": [event for (event,) in events]}


def replay(connection: sqlite3.Connection, now: str, numbers: Collection[int] | None, target: str = "") -> list[int]:
    """Finished ones by number, or (None) all dead ones, of one target or of any, are due again, as they were."""
    query = (
        "update notice set state = 'due', due = :now, attempts = 0, finished = '', answer = '' "
        "where state <> 'due' and (:target = '' or target = :target) "
        "and (id in (select value from json_each(:numbers)) or (:dead and state = 'dead')) returning id"
    )
    text = orjson.dumps(list(numbers or ())).decode()
    values = {"now": now, "target": target, "numbers": text, "dead": numbers is None}
    return sorted(id_ for (id_,) in connection.execute(query, values).fetchall())


def counts(connection: sqlite3.Connection, *, done: bool = True) -> Counts:
    """By target and state: waiting, due, dead and, where that is asked for, done."""
    some = "" if done else "where state in ('due', 'dead') "
    query = (
        f"select target, state, count(*) from notice {some}group by target, state union all "
        "select target, 'waiting', count(*) from delivery where notice = 0 group by target"
    )
    states = {(target, state): count for target, state, count in connection.execute(query)}
    oldest = connection.execute(
        "select min(at) from (select min(made) as at from notice where state = 'due' "
        "union all select min(asked) from delivery where notice = 0)"
    ).fetchone()[0]
    return Counts(states, oldest or "")


# -- the end


def prunable(connection: sqlite3.Connection, before: str, limit: int) -> list[int]:
    """Finished before a time. Not: the begin of what still fires, or of which the end waits (for a silence to pass),

    and the last word on an incident that fires.
    """
    return [id_ for (id_,) in connection.execute(_PRUNE, {"before": before, "limit": limit})]


def prune(connection: sqlite3.Connection, numbers: list[int]) -> int:
    text = orjson.dumps(numbers).decode()
    connection.execute("delete from delivery where notice in (select value from json_each(?))", (text,))
    connection.execute("delete from notice where id in (select value from json_each(?))", (text,))
    connection.execute(
        "delete from target_memory where not exists (select 1 from notice n "
        "where n.target = target_memory.target and n.incident = target_memory.incident)"
    )
    return len(numbers)


def incidents_firing(connection: sqlite3.Connection, target: str) -> list[dict[str, Any]]:
    """The last notice of each incident of which something fires: {id, rule, incident, body, grouped}."""
    query = (
        "select n.id, n.rule, n.incident, n.body, (select grouped from delivery d where d.notice = n.id limit 1) "
        "as grouped from (select max(id) as id from notice where target = ? group by incident) l "
        "join notice n on n.id = l.id where n.state = 'done' and json_extract(n.body, '$.firing') > 0 order by n.id"
    )
    return [{**row, "body": decoded(row["body"])} for row in fetched(connection, query, (target,))]
