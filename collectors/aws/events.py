"""From an event as EventBridge tells it to the scopes that it concerns. Pure but for the table beside this file.

Nothing of an event is believed but where something may have changed: account, region, service and what sort of thing.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta, Struct, field

from collectors.aws.entries import Catalog, KindEntry
from collectors.aws.nouns import Nouns, every, noun_of, plain_words

_ACCOUNT = re.compile(r"\d{12}")
_READING = ("batchget", "describe", "get", "head", "list", "lookup", "query", "scan", "search", "select", "simulate")
_TAGGING = re.compile(
    r"(un)?tag|(add|remove|create|delete|put|change).*tags?(ging|forresource|toresource|$)", re.IGNORECASE
)
_DEEP = 12
_LONGEST = 256


class Table(Struct, frozen=True):
    """events.toml. By what CloudTrail calls a service: events by globs; of `also` and `instead` with their scopes."""

    sources: Mapping[str, tuple[str, ...]] = {}
    nothing: Mapping[str, tuple[str, ...]] = {}
    also: Mapping[str, Mapping[str, tuple[str, ...]]] = {}
    instead: Mapping[str, Mapping[str, tuple[str, ...]]] = {}


@cache
def table() -> Table:
    data = tomllib.loads(Path(__file__).with_name("events.toml").read_text(encoding="utf-8"))
    return Table(**data)


class Event(NamedTuple):
    """`source` without what is the same in all: ec2. `name`: the operation, or the sentence of a service's own event.

    `given`: what was asked for, to name what was tagged.
    """

    account: str
    region: str
    source: str
    name: str
    call: bool
    given: Any = None


class _Envelope(Struct):
    """What every event of EventBridge has."""

    region: Annotated[str, Meta(pattern=r"^[a-z]+(-[a-z]+)+-\d+$")]
    source: Annotated[str, Meta(max_length=256)]
    kind: Annotated[str, Meta(max_length=256)] = field(name="detail-type")
    detail: dict[str, Any]
    account: str = ""


_ENVELOPE = msgspec.json.Decoder(_Envelope)


def event_of(body: str) -> Event | None:
    """None for what changed nothing. Raises ValueError, with a reason, for what is no event."""
    try:
        told = _ENVELOPE.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ValueError(f"it is no event of EventBridge: {error}") from None
    account = told.account or str(told.detail.get("recipientAccountId"))  # CloudTrail's own word for it
    if not _ACCOUNT.fullmatch(account):
        raise ValueError("it is no event of EventBridge: it names no account")
    if not told.kind.endswith("via CloudTrail"):
        return Event(account, told.region, told.source.removeprefix("aws."), told.kind, call=False)
    return _called(account, told.region, told.detail)


def _called(account: str, region: str, detail: Mapping[str, Any]) -> Event | None:
    """An event of CloudTrail; None for what failed, or only reads."""
    source, name = str(detail.get("eventSource") or ""), str(detail.get("eventName") or "")
    if not all(0 < len(text) <= _LONGEST for text in (source, name)):
        raise ValueError("it is no event of CloudTrail: detail.eventSource or detail.eventName is missing, or too long")
    if detail.get("errorCode") or detail.get("readOnly") is True or reads(name):
        return None
    return Event(account, region, source.partition(".")[0], name, call=True, given=detail.get("requestParameters"))


def reads(operation: str) -> bool:
    """Whether an operation only reads, by its name: not each event says so."""
    return operation.lower().startswith(_READING)


class Concerns(Struct):
    """Which entries of a configuration are concerned by what."""

    services: dict[str, Nouns]
    entries: dict[str, list[KindEntry]]
    by_scope: dict[str, list[KindEntry]]

    @classmethod
    def of(cls, catalog: Catalog, entries: Iterable[KindEntry]) -> "Concerns":
        found = cls({}, {}, {})
        labels = {name: label for label, names in table().sources.items() for name in names}
        for entry in entries:
            service = entry.call.service
            prefix = catalog.services[service].prefix if service in catalog.services else service
            found.by_scope.setdefault(entry.scope, []).append(entry)
            for label in {service, prefix, labels.get(service, service)}:
                found.services.setdefault(label, Nouns()).add(entry, prefix)
                found.entries.setdefault(label, []).append(entry)
        return found

    def concerned(self, event: Event) -> list[KindEntry]:
        """Those whose scopes are to be read; all of a service where its event's noun is not known."""
        if event.source == "tagging":
            return every(self._tagged(event, ""))
        if event.source not in self.services or self._is_nothing(event):
            return []
        if not event.call:
            return every(self._told(event))
        return self.named(event) or every(self.entries[event.source])

    def named(self, event: Event) -> list[KindEntry]:
        """What the event names by itself."""
        tags = _TAGGING.match(event.name) is not None
        return (every(self._tagged(event, event.source)) if tags else []) or every(self._named(event))

    def _is_nothing(self, event: Event) -> bool:
        return any(fnmatchcase(event.name, glob) for glob in table().nothing.get(event.source, ()))

    def _told(self, event: Event) -> Iterator[KindEntry]:
        """By a service's own event: what it does not name is not looked for. Buckets tell of each object."""
        yield from self.services[event.source].about(plain_words(event.name))
        yield from self._listed(table().also, event)

    def _named(self, event: Event) -> Iterator[KindEntry]:
        """By the name of an operation."""
        instead = [*self._listed(table().instead, event)]
        yield from instead or self.services[event.source].about(noun_of(event.name))
        yield from self._listed(table().also, event)

    def _listed(self, by: Mapping[str, Mapping[str, tuple[str, ...]]], event: Event) -> Iterator[KindEntry]:
        name = _bare(event.name) if event.call else event.name
        for glob, scopes in by.get(event.source, {}).items():
            if fnmatchcase(name, glob):
                yield from (entry for scope in scopes for entry in self.by_scope.get(scope, ()))

    def _tagged(self, event: Event, source: str) -> Iterator[KindEntry]:
        """What the request names, by ARN or by id. `source`: ids are of this service, "" where only ARNs are."""
        for text in _texts(event.given, _DEEP):
            if text.startswith("arn:") and text.count(":") >= 5:
                _, _, service, _, _, rest = text.split(":", 5)
                yield from self._of_arn(service, rest)
            elif source:
                yield from (entry for entry in self.entries[source] if entry.form and re.fullmatch(entry.form, text))

    def _of_arn(self, service: str, rest: str) -> list[KindEntry]:
        """By the type that an ARN has behind the account; what has none, or one of its own, is of the service."""
        if service not in self.services:
            return []
        kind = re.split("[:/]", rest.lstrip("/"), maxsplit=1)[0]
        return self.services[service].joined(kind) or self.entries[service]


def _bare(name: str) -> str:
    """Without the version that Lambda and CloudFront put behind."""
    return re.sub(r"20\d\d_?\d\d_?\d\d(v\d+)?$", "", name)


def _texts(given: Any, deep: int) -> Iterator[str]:
    """All texts within."""
    if isinstance(given, str):
        yield given
    elif isinstance(given, (dict, list)) and deep:
        for each in given.values() if isinstance(given, dict) else given:
            yield from _texts(each, deep - 1)
