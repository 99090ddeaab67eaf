"""What waits becomes notices: together what belongs together, and no more of them than a person reads. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Literal

from syncd.notice import BEGIN, CEASE
from syncd.outbox.routing import group_text
from syncd.store.outbox import Gathered

SUMMARY = group_text({"summary": "many"})
"""The group of what was too much to be told one by one. Always this: it is one incident, whose end is told there."""


@dataclass(slots=True)
class Batch:
    """What one notice tells. `delta`: by how many resources more (or fewer) of the group fire after it.

    `began`: one of them began and has not ceased again here; `summary`: groups that were taken together, 0 for none.
    """

    grouped: str
    members: list[Gathered] = field(default_factory=list)
    delta: int = 0
    summary: int = 0

    @property
    def events(self) -> list[int]:
        return [member.event for member in self.members]

    def count(self, change: str) -> int:
        return sum(member.change == change for member in self.members)

    def state(self, firing: int) -> Literal["firing", "resolved", "news"]:
        """`firing`: how many resources do after it."""
        if firing and self.count(BEGIN):
            return "firing"
        return "resolved" if not firing and self.count(CEASE) else "news"


def batches(rows: Iterable[Gathered], told: Mapping[int, str], cap: int, each: int) -> list[Batch]:
    """Of one target and rule, in the order of their first events.

    `told`: node → group in which its begin was told and not its end; `cap`: at most so many notices, then one takes the
    place of many, but the end of what was told by itself is told there: nothing is left open. `each`: where every item
    must be named, how many a notice names, and there is no cap; else 0.
    """
    groups: dict[str, Batch] = {}
    for row in _at_home(rows, told):
        groups.setdefault(row.grouped, Batch(row.grouped)).members.append(row)
    found = list(groups.values())
    if not each and len(found) > cap:
        found = _summarised(found, told)
    parts = [part for batch in found for part in _parts(batch, each)]
    firing = dict(told)
    for part in parts:
        part.delta = _delta(part, firing)
    return parts


def _at_home(rows: Iterable[Gathered], told: Mapping[int, str]) -> Iterator[Gathered]:
    """An end goes where its begin is: that may have become part of a summary after the end was put here."""
    where = dict(told)
    for row in rows:
        if row.change == BEGIN:
            where[row.node] = row.grouped
        yield row if row.change != CEASE else row._replace(grouped=where.pop(row.node, row.grouped))


def _summarised(found: list[Batch], told: Mapping[int, str]) -> list[Batch]:
    """Those of which something fires by itself stay; all others become one."""
    open_ = {group for group in told.values() if group != SUMMARY}
    kept = [batch for batch in found if batch.grouped in open_ and batch.count(CEASE)]
    rest = [batch for batch in found if not (batch.grouped in open_ and batch.count(CEASE))]
    if len(rest) < 2:
        return found
    members = sorted((member for batch in rest for member in batch.members), key=lambda member: member.event)
    return [*kept, Batch(SUMMARY, [member._replace(grouped=SUMMARY) for member in members], summary=len(rest))]


def _parts(batch: Batch, each: int) -> Iterator[Batch]:
    if not each or len(batch.members) <= each:
        yield batch
        return
    members = iter(batch.members)
    while part := list(islice(members, each)):
        yield Batch(batch.grouped, part)


def _delta(batch: Batch, firing: dict[int, str]) -> int:
    """Counts each resource once, however often it began and ceased; moves `firing` on."""
    delta = 0
    for member in batch.members:
        was = firing.get(member.node) == batch.grouped
        if member.change == BEGIN:
            delta += not was
            firing[member.node] = batch.grouped
        elif member.change == CEASE:
            delta -= was
            firing.pop(member.node, None)
    return delta


def incident(store: str, rule: str, grouped: str) -> str:
    """What begin and end have in common, in this store: 32 hex digits."""
    return sha256("\0".join((store, rule, grouped)).encode()).hexdigest()[:32]
