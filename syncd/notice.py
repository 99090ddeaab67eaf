"""What a reaction is told: plain values, the same on every attempt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["info", "warning", "error", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error", "critical")

BEGIN, CEASE, HAPPENED = "begin", "cease", "happened"
FIRING, RESOLVED, NEWS, TEST = "firing", "resolved", "news", "test"


@dataclass(frozen=True, slots=True)
class Item:
    """One event, mostly of one resource.

    event     its number in the store
    at        when it was committed, ISO 8601 in UTC
    type      rule.matched, rule.cleared, resource.deleted … (docs/events.md)
    change    begin: the resource matches the rule now; cease: it does no more; happened: anything else
    resource  as it was known when the event was told, flat: kind, id, name, urn, cloud, account, account_name, region,
              zone, created_at, tags, link (the provider's page); {} where the event is of none
    changes   of an updated resource: path, old, new (docs/events.md)
    reason    why it ceased, where that is known: deleted, mended, rule disabled …
    text      one line for people, rendered by the rule
    """

    event: int
    at: str
    type: str
    change: Literal["begin", "cease", "happened"]
    resource: Mapping[str, Any] = field(default_factory=dict)
    changes: tuple[Mapping[str, Any], ...] = ()
    reason: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one target.

    id           the same on every attempt, never used for anything else: receivers tell duplicates by it
    at           when it was put together, ISO 8601 in UTC
    state        firing: resources match; resolved: none of this incident does any more; news: an event that neither
                 begins nor ends; test: sent by hand
    rule, description, severity, labels, search   of the rule; `search` is "" for a rule of events
    incident     what begin and end have in common: 32 hex digits, made of rule and group
    group        what the rule groups by → value: {} is the rule as a whole
    title, text  rendered by the rule, for people
    items        the first of `total`, in the order of their events
    firing       how many resources of this incident match after this notice
    repeated     True: nothing is new, the incident is kept alive
    """

    id: str
    at: str
    state: Literal["firing", "resolved", "news", "test"]
    rule: str
    severity: Severity
    incident: str
    title: str
    text: str = ""
    description: str = ""
    search: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    group: Mapping[str, str] = field(default_factory=dict)
    items: tuple[Item, ...] = ()
    total: int = 0
    firing: int = 0
    repeated: bool = False
