"""What somebody tells a target by hand: resources that a search finds, as durable notices like all others."""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from syncd.notice import HAPPENED
from syncd.outbox.drafts import Subject, items_of, noticed
from syncd.outbox.grouping import Batch, batches
from syncd.outbox.routing import ASKED, BY_HAND, deliveries
from syncd.outbox.setting import manner
from syncd.outbox.table import table_of
from syncd.settings import Config
from syncd.store.journal import Event
from syncd.store.outbox import Gathered
from syncd.store.queries import Row

LINES = 10
"""Resources that are shown before anything is sent."""
LONGEST = 1000
"""Characters of a search: each of the events holds it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`resources`: node → resource, flat."""

    target: str
    search: str
    by: str
    resources: Mapping[int, Row]


def events(asked: Asked) -> Iterator[Event]:
    """One for each resource: what the outbox promises of events holds for them."""
    search = asked.search if len(asked.search) <= LONGEST else asked.search[: LONGEST - 1] + "…"
    head = {"rule": BY_HAND, "severity": "info", "targets": [asked.target], "search": search, "by": asked.by}
    for node, resource in asked.resources.items():
        yield Event(ASKED, "", node, resource["urn"], resource["kind"], resource["name"], head)


def shown(connection: sqlite3.Connection, asked: Asked, config: Config, now: str) -> Row:
    """What would be sent, in the words and groups in which it would be."""
    rows = [
        {"seq": number, "at": now, **{name: getattr(event, name) for name in Event.__struct_fields__}}
        for number, event in enumerate(events(asked), 1)
    ]
    how = manner(config, asked.target)
    routed = deliveries(rows, asked.resources, table_of(connection, config))
    members = [Gathered(each.event, each.node, each.change, each.grouped) for each in routed]
    found = batches(members, {}, how.cap, how.most if how.every_item else 0)
    subject = Subject("", asked.target, BY_HAND, None, how)
    return {
        "target": asked.target,
        "reaction": config.targets[asked.target].outbox.reaction,
        "resources": len(rows),
        "notices": len(found),
        "title": _title(connection, now, subject, found[0], rows),
        "lines": [item.text for item in items_of(connection, rows[:LINES], _changes(rows[:LINES]))],
    }


def _title(connection: sqlite3.Connection, now: str, subject: Subject, batch: Batch, rows: list[Row]) -> str:
    """Of the first notice."""
    named = set(batch.events[: subject.manner.most])
    some = [row for row in rows if row["seq"] in named]
    return noticed(now, subject, batch, 0, (some, items_of(connection, some, _changes(some)))).title


def _changes(rows: list[Row]) -> dict[int, str]:
    return {row["seq"]: HAPPENED for row in rows}
