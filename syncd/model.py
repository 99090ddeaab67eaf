"""The words of syncd as plain values: no I/O, no provider, no clock.

Values that a sync needs are structs: to define a dataclass takes a millisecond at every start, and there are a hundred.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from msgspec import Struct, field

Document = dict[str, Any]


class Scope(Struct, frozen=True):
    """The smallest part of an estate that is read as a whole: unit of concurrency, failure, commit and coverage.

    `region` is `global` for what has no region. `kinds` are the kinds it can yield. `fingerprint` changes when the
    catalog entry or the provider's model changes what a document of this scope holds: the next reading is a baseline.
    """

    collector: str
    account: str
    region: str
    name: str
    kinds: tuple[str, ...] = ()
    fingerprint: str = ""

    @property
    def key(self) -> str:
        """`aws/111122223333/eu-west-1/ec2.instances`: how people, coverage and `accept` name a scope."""
        return f"{self.collector}/{self.account}/{self.region}/{self.name}"


class Edge(NamedTuple):
    """A relation that one node's document states, from this node to `target`.

    `target` is a URN or a handle (see Node.handles); it need not be known yet. `incoming` turns the arrow round
    (target → node): used for containment, which the contained node states.
    """

    type: str
    target: str
    incoming: bool = False


class Node(Struct):
    """One resource as one reading saw it.

    urn          the provider's own global id (an ARN); built from cloud/account/region/kind/id where there is none
    kind, id, name, account, region, zone
    created_at, updated_at   ISO 8601 text in UTC, "" when the provider does not say
    tags         key → value, as the provider spells them
    common       properties of the base kinds (volume_size in GB, instance_status …)
    document     the provider's own document, keys of structures in snake_case, no secret, no volatile field
    volatile     counters, heartbeats, last-used times: outside the hash and the history
    edges        relations stated by the document
    handles      other names under which edges of other nodes may point here, e.g. "aws_iam_role:111122223333:web"
    facets       top-level keys ("tags" and common ones too) given by facet calls and not empty in this reading
    unseen       top-level keys whose call failed: values are carried over from the last reading, or missing
    never        the part of `unseen` that was never seen on this node
    """

    urn: str
    kind: str
    id: str
    name: str
    account: str
    region: str
    zone: str = ""
    created_at: str = ""
    updated_at: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    common: Document = field(default_factory=dict)
    document: Document = field(default_factory=dict)
    volatile: Document = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()
    handles: tuple[str, ...] = ()
    facets: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()


class Last(Struct, frozen=True):
    """What the store last knew of a node: a collector takes from here what a failed facet could not give."""

    document: Document
    tags: dict[str, str]
    never: frozenset[str]
    volatile: Document = {}


class Gap(Struct, frozen=True):
    """A facet call that failed for `count` nodes: the scope becomes partial, the nodes keep their last values."""

    state: str  # "denied" | "failed" | "disabled"
    operation: str
    permission: str
    reason: str
    count: int = 1


class Doubt(Struct, frozen=True):
    """Something in this reading that must be read a second time before it is believed.

    `always` is False for an empty answer, which matters only if known resources would vanish by it.
    """

    reason: str
    always: bool = False


class Imprint(Struct, frozen=True):
    """What the answers of this reading were, in bytes that only the collector understands.

    When the reading is believed as a whole, the next one of its scope is given them (Reader.imprint).
    """

    value: bytes


class Same(Struct, frozen=True):
    """The answers are those of the imprint that the reading was given, so the scope is as it was: yielded alone.

    `answers`: how many there were.
    """

    answers: int = 1


class Blind(Struct, frozen=True):
    """Discovery that did not see all: scopes of `account` ("" = of all) not yielded are marked, not retired."""

    collector: str
    account: str
    state: str  # "denied" | "failed" | "disabled"
    operation: str
    permission: str
    reason: str


class Act(Struct, frozen=True):
    """What is done to one resource: tags are put on it, taken off, or one operation of the provider is called.

    `parameters` of a call as its model spells them; a text where the model wants a number or a list of one will do.
    """

    verb: Literal["tag", "untag", "call"]
    tags: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    service: str = ""
    operation: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def wanted(self, tags: Mapping[str, str]) -> dict[str, str]:
        """The tags that a resource with these ones has afterwards."""
        return {key: value for key, value in {**tags, **self.tags}.items() if key not in self.keys}
