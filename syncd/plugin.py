"""What a collector and a reaction are, and what the host gives them.

A collector yields all there is or raises: never an empty list for "could not look". A reaction has delivered when it
returns. Neither has a retry loop, clock, log, SQL, metric or lock; the host does each of these in one place.
"""

import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

from syncd.kinds import Kind
from syncd.model import Act, Blind, Doubt, Gap, Imprint, Last, Node, Same, Scope
from syncd.notice import Notice

T = TypeVar("T")


class Secret:
    """A setting that is never shown: only `reveal()` gives it away."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)


class Lane(NamedTuple):
    """What provider limits apply to: calls of one service in one account and region share a limit."""

    account: str
    region: str
    service: str


class Calls(Protocol):
    """Runs provider calls: concurrency and rate limit of the lane, time limit, retries, statistics. One per scope."""

    def run(self, lane: Lane, operation: str, attempt: Callable[[], Awaitable[T]]) -> Awaitable[T]:
        """Awaits `attempt()` until it returns, or raises the last ReadError.

        `attempt` makes exactly one provider call and raises Throttled or Temporary for what is worth another try.
        """
        ...

    def received(self, size: int) -> None:
        """Counts `size` bytes of an answer's body."""
        ...


class Reader(Calls, Protocol):
    """What one reading of one scope is given."""

    again: bool
    """True for the second reading after a Doubt: whatever is still so is believed, or fails the scope."""
    imprint: bytes
    """Of the reading that made all that is known of the scope; b"" when there is none, or something touched it since.
    A reading that is given one asks nothing of `had`."""

    async def last(self, urn: str) -> Last | None:
        """What the store last knew of a node of this scope, None when it is new."""
        ...

    def had(self, urn: str, facet: str) -> bool:
        """True when the store knows a value of this facet, a key of Node.facets. Cheap: may be asked for every node."""
        ...


@dataclass(frozen=True, slots=True)
class Selection:
    """What a run is asked to read: empty means all. Collectors by name, globs over all else."""

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    collectors: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether all of each collector that takes part is read: only then what is not found is gone."""
        return not (self.accounts or self.regions or self.kinds or self.scopes)


class Session(Protocol):
    """A collector at work during one run; made by Collector.open, closed by the host."""

    def scopes(self, calls: Calls, selection: Selection) -> AsyncIterator[Scope | Blind]:
        """Accounts, regions, what: cheap. What could not be looked into is yielded as Blind."""
        ...

    def collect(self, scope: Scope, reader: Reader) -> AsyncIterator[Node | Gap | Doubt | Imprint | Same]:
        """All nodes of the scope, or that they are the same as before; or raises a ReadError."""
        ...

    def skip(self, scope: Scope) -> None:
        """The host will not read this scope in this run: nothing need be kept for it."""
        ...

    def about(self) -> str:
        """One line for people: which credentials and accounts this session uses, without any secret."""
        ...

    async def close(self) -> None: ...


class Loose(NamedTuple):
    """Resources of a kind in one account and region began to refer, by edges of this type, to what nobody knows yet."""

    account: str
    region: str
    kind: str
    type: str


@runtime_checkable
class Sensing(Protocol):
    """A session that can tell cheaply in which of its scopes something may be. A session need not."""

    def signs(self, rests: Callable[[Scope], bool], loose: Iterable[Loose], reader: Reader) -> AsyncIterator[Scope]:
        """Those of this run's scopes that `rests` holds for with a sign of life. What cannot be seen is no sign."""
        ...


class Collector(Protocol):
    """One provider. `settings` is the frozen struct type that its part of the configuration is read into."""

    name: str
    settings: type[Any]

    def kinds(self) -> Iterable[Kind]: ...

    def edge_types(self) -> Iterable[str]:
        """Every type that an edge may have. Cheap: it is asked for at each start."""
        ...

    def relations(self) -> Iterable[tuple[str, str, str]]:
        """Declared edges: (from kind, edge type, to kind). May take seconds."""
        ...

    async def open(self, settings: Any) -> Session:
        """Raises CredentialsError when there is nothing to read with."""
        ...


@runtime_checkable
class Choosing(Protocol):
    """A collector with more kinds than kinds() tells, read where its settings ask for them. A collector need not."""

    def chosen(self, settings: Any) -> Iterable[Kind]:
        """Those of them that these settings ask for."""
        ...

    def further(self) -> Iterable[Kind]:
        """All of them, by their names and bases alone. Cheap."""
        ...

    def relations_of(self, kind: str) -> Iterable[tuple[str, str, str]]:
        """Declared edges of one of them; nothing for any other kind. May take seconds."""
        ...


def kinds_of(collector: Collector, settings: Any) -> Iterable[Kind]:
    """The kinds that a collector may tell of with these settings."""
    yield from collector.kinds()
    if settings is not None and isinstance(collector, Choosing):
        yield from collector.chosen(settings)


def all_kinds(collector: Collector) -> Iterable[Kind]:
    """The kinds that a collector may tell of with any settings."""
    yield from collector.kinds()
    if isinstance(collector, Choosing):
        yield from collector.further()


@runtime_checkable
class Linking(Protocol):
    """What a collector may have as well: its provider's page of a resource, for people."""

    def link(self, resource: Mapping[str, Any]) -> str:
        """An address, "" where there is none. `resource` is flat: kind, id, urn, account, region, properties. Cheap."""
        ...


@dataclass(frozen=True, slots=True)
class Property:
    """A place in the documents of a kind. `path` as in searches; `description` in plain text.

    `mark` is "" or what is special about it: secret (never kept), names only (values are secret), volatile.
    """

    path: str
    type: str
    description: str = ""
    mark: str = ""


@runtime_checkable
class Describing(Protocol):
    """A collector that can also tell what documents hold. A collector need not."""

    def schema(self, kind: str) -> Iterable[Property]:
        """Every place in the documents of a kind, in the order of paths; nothing for a kind of which it is unknown.

        May take seconds.
        """
        ...


@runtime_checkable
class Acting(Protocol):
    """A collector whose resources can be changed: its sessions are Actors. A collector need not."""

    def acts(self, kind: str) -> frozenset[str]:
        """What can be done to resources of a kind: verbs of Act. Cheap."""
        ...

    def fault(self, node: Node, act: Act) -> str:
        """Why this act cannot be done to this resource, "" when it can, as far as can be told without asking anybody.

        May take seconds.
        """
        ...


@runtime_checkable
class Actor(Protocol):
    """What the session of an Acting collector can do beside reading."""

    async def read(self, scope: Scope, node: Node, reader: Reader) -> Node | None:
        """One resource again, fresh and whole; None when it is gone. `node` is it as it was known.

        Raises a ReadError when any part of it could not be seen.
        """
        ...

    async def act(self, scope: Scope, node: Node, act: Act, calls: Calls) -> None:
        """Returns when it is done. `node` is what `read` has just given. Raises a ReadError.

        Tags are changed by what may be sent again; for a call `calls` never tries twice.
        """
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """What a target answered. `body`: at most 64 KiB of it. Names of `headers` in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Planner = Callable[[Act, Sequence[str], Notice, bool], Awaitable[str]]
"""Context.plan of a host that can make plans: act, URNs, notice, whether to apply it at once."""


class Context(Protocol):
    """What one attempt of one delivery is given."""

    now: datetime
    """In UTC."""
    attempt: int
    """1 for the first."""
    memory: Mapping[str, str]
    """What the last receipt of this target for this incident said: a message's number, an issue's key."""

    def send(  # noqa: PLR0913 (one call says all of a request)
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        json: Any = None,
        secrets: Iterable[Secret] = (),
        tls: ssl.SSLContext | None = None,
        accept: Container[int] = (),
    ) -> Awaitable[Reply]:
        """One request through the guarded session: no redirects, no address that is not allowed, time and size limits.

        Returns for 2xx and the statuses in `accept`. Raises Retry (408, 425, 429, 5xx, what the network does, and what
        an operator can mend: 401, 403, 404, 407, an address or a scheme that [egress] does not allow; Retry-After is
        obeyed, up to a day) or Rejected (everything else, redirects among it). `secrets`, those of the target and what
        comes after the host in the address are taken out of every message about it. `tls`: instead of the system's
        authorities, or with a certificate of our own.
        """
        ...

    def connect(self, host: str, port: int) -> Awaitable[socket.socket]:
        """A connected, non-blocking TCP socket under the same rule of addresses, for what is not HTTP."""
        ...

    def plan(self, act: Act, urns: Sequence[str], notice: Notice, *, at_once: bool = False) -> Awaitable[str]:
        """A plan for exactly these resources, made by the host under all its guards; what became of it, in one line.

        Texts of `act` are templates. `at_once`: applied without waiting for anybody's word, as long as the rule of the
        notice still matches. Told the same notice again it makes no second plan. Raises Retry where there is no
        daemon that could make one.
        """
        ...

    def clean(self, text: str) -> str:
        """What a target said, as it may be shown: one short line without the target's secrets, in any form."""
        ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a reaction gives back once it has delivered. `memory`: for the next notice of the same incident.

    `answer`: one line for people who look at the delivery.
    """

    memory: Mapping[str, str] = field(default_factory=dict)
    answer: str = ""


class Reaction(Protocol):
    """One kind of target. `settings` is the frozen struct type that a target's table is read into.

    most     items that one notice may hold; the others are counted only (`Notice.total`), but for those of an
             `every_item` reaction, which get notices of their own
    apart    True: where a rule does not say how to group, each resource is an incident of its own
    every_item   True: each resource must be named to the target (an alert each): nothing is only counted
    repeat   seconds after which what still fires is told again, to keep it alive; 0 for never
    """

    name: str
    settings: type[Any]
    most: int
    apart: bool
    every_item: bool
    repeat: float

    async def deliver(self, context: Context, settings: Any, notice: Notice) -> Receipt:
        """Returning means delivered. Raises Retry or Rejected; anything else is a Retry.

        May be called again with the same notice: receivers must be able to tell by `notice.id` or `notice.incident`.
        """
        ...
