"""What a notice says: items, counts and words of a batch. Reads the events and resources that it names, no others."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from syncd.installed import link
from syncd.notice import BEGIN, CEASE, SEVERITIES, Item, Notice, Severity
from syncd.outbox.grouping import Batch, incident
from syncd.outbox.routing import ASKED, BY_HAND, resource_of
from syncd.outbox.setting import Manner
from syncd.outbox.wording import About, item_of, words
from syncd.settings import RuleSettings
from syncd.store import notices, outbox
from syncd.store.notices import Draft
from syncd.store.queries import Row
from syncd.store.snapshots import Flat, snapshots


@dataclass(frozen=True, slots=True)
class Subject:
    """What drafts are made for. `settings`: None for a rule that is not configured any more; `store` is its name."""

    store: str
    target: str
    rule: str
    settings: RuleSettings | None
    manner: Manner


def drafts(connection: sqlite3.Connection, now: str, subject: Subject, batches: list[Batch]) -> list[Draft]:
    """In the order of the batches: what fires after one is what fired before it and began or ceased in it."""
    firing: dict[str, int] = {}
    made = []
    for batch in batches:
        of = incident(subject.store, subject.rule, batch.grouped)
        if of not in firing:
            firing[of] = notices.firing(connection, subject.target, of)
        firing[of] = max(0, firing[of] + batch.delta)
        made.append(_draft(connection, now, subject, batch, firing[of]))
    return made


def _draft(connection: sqlite3.Connection, now: str, subject: Subject, batch: Batch, firing: int) -> Draft:
    changes = {member.event: member.change for member in batch.members[: subject.manner.most]}
    rows = outbox.facts(connection, changes)
    notice = noticed(now, subject, batch, firing, (rows, items_of(connection, rows, changes)))
    return Draft(subject.target, notice, batch.events, batch.grouped)


def noticed(now: str, subject: Subject, batch: Batch, firing: int, told: tuple[list[Row], list[Item]]) -> Notice:
    """`told`: the events that are named, and their items."""
    rows, items = told
    rule = subject.settings or _by_hand(rows)
    severity = rule.severity if rule else _severity(rows)
    group = orjson.loads(batch.grouped)
    about = About(
        subject.rule, severity, rule.description if rule else "", rule.search if rule else "", batch.state(firing),
        rule.labels if rule else {}, group, items, len(batch.members), batch.count(BEGIN), batch.count(CEASE), firing,
        batch.summary,
    )  # fmt: skip
    said = words(rule, about)
    return Notice(
        "", now, batch.state(firing), subject.rule, severity, incident(subject.store, subject.rule, batch.grouped),
        said.title, said.text, about.description, about.search, about.labels, group, tuple(items), about.total, firing,
    )  # fmt: skip


def _by_hand(rows: list[Row]) -> RuleSettings | None:
    """What somebody asked for speaks as a rule would; None for a rule that is gone."""
    if not rows or rows[0]["type"] != ASKED:
        return None
    body = rows[0]["body"]
    return RuleSettings(
        name=BY_HAND, severity="info", search=body["search"], description=f"{body['by']} asked to tell you"
    )


def items_of(connection: sqlite3.Connection, rows: list[Row], changes: Mapping[int, str]) -> list[Item]:
    nodes = {row["node"] for row in rows if row["node"] and "resource" not in row["body"]}
    known = snapshots(connection, nodes)
    return [item_of(row, _linked(resource_of(row, known)), changes[row["seq"]]) for row in rows]


def _linked(resource: Mapping[str, object]) -> Flat:
    """With its provider's page."""
    if not resource or resource.get("link"):
        return dict(resource)
    return {**resource, "link": link(str(resource.get("cloud") or ""), resource)}


def _severity(rows: list[Row]) -> Severity:
    """Of a rule that is gone: what its events say."""
    told = [row["body"].get("severity") for row in rows]
    return next((severity for severity in told if severity in SEVERITIES), "warning")
