"""The entries of the AWS catalog as frozen values: what a kind is, where it is listed, what else is asked."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

EDGE_TYPES = (
    "contains",
    "in",
    "attached_to",
    "uses",
    "protected_by",
    "encrypted_with",
    "assumes",
    "has",
    "has_policy",
    "member_of",
    "made_from",
    "routes_to",
    "sends_to",
    "reads_from",
    "watches",
    "peers_with",
    "replicates",
)


class Target(Struct, frozen=True):
    """`ec2.DescribeVolumes`: an operation of a service as botocore names both."""

    service: str
    operation: str

    def __str__(self) -> str:
        return f"{self.service}.{self.operation}"


class Parent(Struct, frozen=True):
    """The list is called once per node (or per `batch` nodes) of another kind.

    `own`: the key of a parent that says whose it is; those of other accounts are not asked about.
    """

    kind: str
    args: Mapping[str, Any]
    keep: Mapping[str, str]
    batch: int = 1
    distinct: bool = False
    where: str = ""
    own: str = ""


class When(Struct, frozen=True):
    """Only nodes whose document has `key` not empty, or equal to `value`."""

    key: str
    value: Any = None


class Match(Struct, frozen=True):
    """Which item of a batch answer belongs to which node: the item's member and the node's document key."""

    item: str
    key: str


class Facet(Struct, frozen=True):
    """A part of a node that its own call gives; where the document holds it under `known`, nobody is asked."""

    name: str
    call: Target
    args: Mapping[str, Any]
    take: str = ""
    into: str = ""
    tags: bool = False
    absent: frozenset[str] = frozenset()
    batch: int = 1
    match: Match | None = None
    member: str = ""
    after: str = ""
    region: str = ""
    when: When | None = None
    pages: bool = False
    default: Any = None
    known: str = ""


class Common(Struct, frozen=True):
    """How a common property of a base kind comes from the document: one of `of`, `exists`, `template`, `value`."""

    of: str = ""
    exists: str = ""
    template: str = ""
    value: Any = None
    map: Mapping[str, Any] | None = None
    otherwise: Any = None
    divide: float = 0.0
    equals: Any = None
    number: bool = False


class Relation(Struct, frozen=True):
    """A reference in the document at `path` to a node of one of `kinds`.

    `form` is what the value must look like, its named groups fill `template`; `beside` is what another member of the
    same structure must say.
    """

    type: str
    kinds: tuple[str, ...]
    path: str
    incoming: bool = False
    split: str = ""
    template: str = ""
    form: str = ""
    beside: tuple[str, str] | None = None


class KindEntry(Struct, frozen=True):
    """One kind of the catalog, as written there. `organization`: read only where the Organization is; `derived`: by a
    tool from the provider's models, not by a person.
    """

    kind: str
    file: str
    call: Target
    path: str
    urn: str
    id: str
    worldwide: bool = False
    organization: bool = False
    args: Mapping[str, Any] = field(default_factory=dict)
    each: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    scope: str = ""
    item: str = ""
    lift: Mapping[str, str] = field(default_factory=dict)
    parent: Parent | None = None
    form: str = ""
    name: str = ""
    tags: str = ""
    tagging: str = ""
    created: str = ""
    updated: str = ""
    zone: str = ""
    bases: tuple[str, ...] = ()
    common: Mapping[str, Common] = field(default_factory=dict)
    volatile: Mapping[str, str] = field(default_factory=dict)
    secret: Mapping[str, str] = field(default_factory=dict)
    drop: Mapping[str, str] = field(default_factory=dict)
    ordered: tuple[str, ...] = ()
    decode: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    ref: str = ""
    relations: tuple[Relation, ...] = ()
    unrelated: tuple[str, ...] = ()
    facets: tuple[Facet, ...] = ()
    derived: bool = False

    @property
    def listing(self) -> tuple[Target, str, str]:
        """Kinds that share a listing share a scope."""
        return self.call, repr([sorted(self.args.items()), sorted(self.each.items())]), repr(self.parent)

    @property
    def single(self) -> bool:
        """Whether the call answers with one resource in place of a list."""
        return not self.path.endswith("[]")

    def relation_paths(self) -> tuple[str, ...]:
        return tuple(relation.path for relation in self.relations)


class Service(Struct, frozen=True):
    """What a whole file says of its service. `endpoint`: its name in botocore's list of regions, where that differs."""

    name: str
    prefix: str = ""
    worldwide: bool = False
    endpoint: str = ""
    actions: Mapping[str, str] = field(default_factory=dict)


class Rule(Struct, frozen=True):
    """What a member name refers to, in any kind (references.toml)."""

    member: str
    kinds: tuple[str, ...]
    type: str
    incoming: bool = False
    split: str = ""
    template: str = ""
    form: str = ""
    beside: tuple[str, str] | None = None
    within: tuple[str, ...] = ()
    except_: tuple[str, ...] = ()


class Catalog(Struct, frozen=True):
    """All entries of a folder."""

    services: Mapping[str, Service]
    kinds: Mapping[str, KindEntry]
    rules: tuple[Rule, ...]
