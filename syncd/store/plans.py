"""Plans and what became of each of their items. Functions of a running transaction; every step is an event."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from syncd.model import Act
from syncd.store.journal import Event, Journal, advance

Row = dict[str, Any]

KEPT = 1000
"""Plans; older ones go when they have ended."""
_PLAN = (
    "select id as plan, made, maker, rule, mode, search, act, caps, "
    "case when state = 'planned' and expires <= :now then 'expired' else state end as state, "
    "reason, expires, applier, applied, finished, "
    "(select count(*) from plan_item i where i.plan = plan.id) as items, "
    "(select count(*) from plan_item i where i.plan = plan.id and i.state = 'planned') as waiting, "
    "(select count(*) from plan_item i where i.plan = plan.id and i.state = 'done') as done from plan "
)
_ITEM = (
    "select i.position, i.state, i.reason, i.scope, i.resource, i.act, i.before, i.after, i.began, i.ended, i.node, "
    "i.hash, i.plan from plan_item i "
)
_JSON = ("act", "caps", "resource", "before", "after")
_END = "update plan_item set state = :state, reason = :reason, ended = :now where plan = :plan "


@dataclass(frozen=True, slots=True)
class DraftItem:
    """One resource of a plan that is being made. `state`: planned, or why it is not: refused, skipped."""

    node: int
    scope: str
    hash: bytes
    resource: Mapping[str, Any]
    act: Act
    before: Mapping[str, str]
    state: str = "planned"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan that is being made. `act`: as it was asked for; `state`: planned, or applied and failed from the start."""

    search: str
    act: Mapping[str, Any]
    caps: Mapping[str, Any]
    expires: str
    items: tuple[DraftItem, ...] = ()
    found: int = 0
    state: str = "planned"
    reason: str = ""


def make(journal: Journal, draft: Draft, maker: str, rule: str, mode: str, notice: str = "") -> int:
    """The new plan's number; where the notice has made one before, that one's, and nothing is made."""
    if known := of_notice(journal.connection, notice):
        return known
    connection, number = journal.connection, advance(journal.connection, "plan", 1)
    finished = "" if draft.state == "planned" else journal.now
    connection.execute(
        "insert into plan values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', ?, ?)",
        (number, journal.now, maker, rule, mode, draft.search, _text(draft.act), _text(draft.caps), draft.state,
         draft.reason, draft.expires, finished, notice),
    )  # fmt: skip
    connection.executemany(
        "insert into plan_item values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '')",
        (_item_row(number, position, item) for position, item in enumerate(draft.items, 1)),
    )
    body = {
        "search": draft.search,
        "act": dict(draft.act),
        "mode": mode,
        "resources": draft.found,
        "state": draft.state,
    }
    _tell(journal, "plan.made", number, {**body, "rule": rule, "by": maker, "reason": draft.reason})
    connection.execute("delete from plan where id <= ? and state not in ('planned', 'applying')", (number - KEPT,))
    return number


def _item_row(number: int, position: int, item: DraftItem) -> tuple[Any, ...]:
    act = {name: value for name in Act.__struct_fields__ if (value := getattr(item.act, name))}
    after = item.act.wanted(item.before)
    texts = (_text(item.resource), _text(act), _text(item.before), _text(after))
    return (number, position, item.node, item.scope, item.hash, *texts, item.state, item.reason)


# -- looking


def of_notice(connection: sqlite3.Connection, notice: str) -> int:
    """The plan that a notice made, 0 when it made none."""
    row = connection.execute("select id from plan where notice = ? and notice <> ''", (notice,)).fetchone()
    return int(row[0]) if row else 0


def plans(connection: sqlite3.Connection, now: str, limit: int, state: str = "") -> list[Row]:
    """The last of them, oldest first. `state` "": any."""
    query = f"select * from ({_PLAN}) where :state in ('', state) order by plan desc limit :limit"
    return _rows(connection, query, {"now": now, "limit": limit, "state": state})[::-1]


def plan(connection: sqlite3.Connection, number: int, now: str) -> Row | None:
    found = _rows(connection, f"{_PLAN} where id = :plan", {"now": now, "plan": number})
    return found[0] if found else None


def items(connection: sqlite3.Connection, number: int) -> list[Row]:
    """In the order of the plan; with `node`, `hash` and `plan`."""
    return _rows(connection, f"{_ITEM} where i.plan = ? order by i.position", (number,))


def _rows(connection: sqlite3.Connection, query: str, values: Any) -> list[Row]:
    cursor = connection.execute(query, values)
    names = [column[0] for column in cursor.description]
    return [
        {n: orjson.loads(v) if n in _JSON else v for n, v in zip(names, row, strict=True)} for row in cursor.fetchall()
    ]


# -- what becomes of a plan


def claim(journal: Journal, number: int, applier: str) -> bool:
    """The plan is applied from now on; False when somebody else was there first."""
    query = "update plan set state = 'applying', applier = ?, applied = ? where id = ? and state = 'planned'"
    return journal.connection.execute(query, (applier, journal.now, number)).rowcount == 1


def refuse(journal: Journal, number: int, state: str, reason: str, applier: str) -> bool:
    """A plan that waits ends without any act: discarded, expired or failed. False when it waits no more."""
    query = "update plan set state = ?, reason = ?, applier = ?, finished = ? where id = ? and state = 'planned'"
    if not journal.connection.execute(query, (state, reason, applier, journal.now, number)).rowcount:
        return False
    skip_rest(journal, number, reason or state)
    _tell(journal, f"plan.{state}", number, {"by": applier, "reason": reason})
    return True


def skip_rest(journal: Journal, number: int, reason: str) -> None:
    values = {"state": "skipped", "reason": reason, "now": journal.now, "plan": number}
    journal.connection.execute(f"{_END} and state = 'planned'", values)


def begin_item(journal: Journal, item: Row, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Notes that an act begins, before it does. "" or why it must not: the last look that nothing can come between."""
    connection, number = journal.connection, item["plan"]
    if reason := protection(connection, item["node"]):
        return reason
    row = connection.execute("select state, rule from plan where id = ?", (number,)).fetchone()
    if row is None or row[0] != "applying":
        return "the plan is not applied any more"
    if reason := unmatched(connection, row[1], item["node"]):
        return reason
    query = (
        "update plan_item set state = 'doing', began = ?, before = ?, after = ? "
        "where plan = ? and position = ? and state = 'planned'"
    )
    values = (journal.now, _text(before), _text(after), number, item["position"])
    return "" if connection.execute(query, values).rowcount == 1 else "it has been begun already"


def unmatched(connection: sqlite3.Connection, rule: str, node: int) -> str:
    """Why what a rule planned must not be done, "" when it matches still; what was planned by hand asks no rule."""
    query = "select 1 from rule_match where (rule, node) = (?, ?) and state = 'firing'"
    if not rule or connection.execute(query, (rule, node)).fetchone():
        return ""
    return f"it does not match the rule {rule} any more"


def end_item(journal: Journal, item: Row, state: str, reason: str, after: Mapping[str, str] | None = None) -> None:
    """What became of one item. `after`: its tags as they were read back."""
    connection = journal.connection
    values = {"state": state, "reason": reason, "now": journal.now, "plan": item["plan"], "at": item["position"]}
    connection.execute(f"{_END} and position = :at", values)
    if after is not None:
        query = "update plan_item set after = ? where plan = ? and position = ?"
        connection.execute(query, (_text(after), item["plan"], item["position"]))
    row = connection.execute(
        "select p.applier, p.rule, i.before, i.after from plan_item i join plan p on p.id = i.plan "
        "where i.plan = ? and i.position = ?",
        (item["plan"], item["position"]),
    ).fetchone()
    resource, acted = item["resource"], state in ("done", "unknown", "failed")
    body = {"plan": item["plan"], "act": item["act"], "state": state, "reason": reason, "by": row[0], "rule": row[1]}
    if item["act"]["verb"] != "call":
        body |= {"before": orjson.loads(row[2]), "after": orjson.loads(row[3]) if state == "done" else None}
    kind = "resource.acted" if acted else "resource.spared"
    journal.tell(Event(kind, item["scope"], item["node"], resource["urn"], resource["kind"], resource["name"], body))


def finish(journal: Journal, number: int, reason: str = "") -> None:
    """All that could be done is done: applied when anything was, else failed."""
    connection = journal.connection
    skip_rest(journal, number, reason or "the plan ended before it")
    for item in _rows(connection, f"{_ITEM} where i.plan = ? and i.state = 'doing'", (number,)):
        end_item(journal, item, "unknown", f"{reason}: whether it was done is not known")
    counts = dict(connection.execute("select state, count(*) from plan_item where plan = ? group by 1", (number,)))
    state = "applied" if counts.get("done") and not reason else "failed"
    if not reason and not counts.get("done"):
        reason = "nothing was done; each resource says why"
    connection.execute(
        "update plan set state = ?, reason = ?, finished = ? where id = ?", (state, reason, journal.now, number)
    )
    row = connection.execute("select applier, rule from plan where id = ?", (number,)).fetchone()
    body = {"state": state, "reason": reason, "items": counts, "by": row[0], "rule": row[1]}
    _tell(journal, "plan.applied", number, body)


STOPPED = "syncd stopped in the middle"


def interrupted(journal: Journal) -> list[Row]:
    """Closes plans whose process died. Returns what is not known to be done: nobody acts on it again."""
    connection = journal.connection
    for (number,) in connection.execute("select id from plan where state = 'applying'").fetchall():
        finish(journal, number, STOPPED)
    return _rows(connection, f"{_ITEM} where i.state = 'unknown' and i.act ->> '$.verb' <> 'call'", ())


# -- protection


def protect(journal: Journal, nodes: Iterable[tuple[int, str]], maker: str, reason: str) -> int:
    """Returns how many were not protected before."""
    new = 0
    for node, urn in nodes:
        values = (node, urn, maker, journal.now, reason)
        if journal.connection.execute("insert or ignore into protected values (?, ?, ?, ?, ?)", values).rowcount:
            new += 1
            journal.tell(Event("resource.protected", node=node, urn=urn, body={"by": maker, "reason": reason}))
    return new


def unprotect(journal: Journal, nodes: Iterable[tuple[int, str]], maker: str) -> int:
    """Returns how many were protected."""
    gone = 0
    for node, urn in nodes:
        if journal.connection.execute("delete from protected where node = ?", (node,)).rowcount:
            gone += 1
            journal.tell(Event("resource.unprotected", node=node, urn=urn, body={"by": maker}))
    return gone


def protected(connection: sqlite3.Connection) -> list[Row]:
    return _rows(connection, "select urn, maker, at, reason from protected order by urn", ())


def protection(connection: sqlite3.Connection, node: int) -> str:
    """Why it is protected, "" when it is not."""
    row = connection.execute("select maker, at, reason from protected where node = ?", (node,)).fetchone()
    return f"protected by {row[0]} since {row[1]}" + (f": {row[2]}" if row[2] else "") if row else ""


def _tell(journal: Journal, kind: str, number: int, body: Row) -> None:
    journal.tell(Event(kind, name=str(number), body={"plan": number, **body}))


def _text(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
