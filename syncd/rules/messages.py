"""The messages that a rule would make now, were it new: in the words and groups of the outbox, sent to nobody."""

import sqlite3
from collections.abc import Iterable

from syncd.installed import link
from syncd.notice import BEGIN, Notice
from syncd.outbox.drafts import Subject, noticed
from syncd.outbox.grouping import batches
from syncd.outbox.routing import grouped
from syncd.outbox.setting import Manner
from syncd.outbox.wording import item_of
from syncd.settings import OutboxSettings, RuleSettings
from syncd.store.matches import MATCHED
from syncd.store.outbox import Gathered
from syncd.store.queries import Row
from syncd.store.snapshots import snapshots


def messages(
    connection: sqlite3.Connection, rule: RuleSettings, nodes: Iterable[int], now: str, outbox: OutboxSettings
) -> list[Notice]:
    """As a target gets them that has no wishes of its own."""
    resources = snapshots(connection, sorted(nodes))
    for resource in resources.values():
        resource["link"] = link(resource["cloud"], resource)
    events = {number: _event(number, node, resources[node], rule, now) for number, node in enumerate(resources, 1)}
    members = [
        Gathered(number, event["node"], BEGIN, grouped(event, event["body"]["resource"], rule, False))
        for number, event in events.items()
    ]
    manner = Manner(outbox.wait_seconds, outbox.cap)
    subject = Subject("", "", rule.name, rule, manner)
    found = []
    for batch in batches(members, {}, outbox.cap, 0):
        rows = [events[number] for number in batch.events[: manner.most]]
        items = [item_of(row, row["body"]["resource"], BEGIN) for row in rows]
        found.append(noticed(now, subject, batch, batch.delta, (rows, items)))
    return found


def _event(number: int, node: int, resource: Row, rule: RuleSettings, now: str) -> Row:
    body = {"rule": rule.name, "severity": rule.severity, "targets": list(rule.to), "resource": resource, "reason": ""}
    about = {name: resource[name] for name in ("kind", "name", "urn")}
    return {"seq": number, "at": now, "type": MATCHED, "scope": "", "node": node, **about, "body": body}
