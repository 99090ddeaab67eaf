"""A scope as it is read: its list call, its kinds, and the calls for their facets. Values made by the compiler."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct

from collectors.aws.answers import is_told_by_its_body
from collectors.aws.arguments import Arguments
from collectors.aws.derive import Shaping
from collectors.aws.entries import Facet, KindEntry, Target, When
from collectors.aws.models import Operation
from collectors.aws.readers import Skip

Document = dict[str, Any]
Extract = Callable[[Document], list[Document]]


class Call(Struct, frozen=True):
    """One operation as this scope uses it."""

    operation: Operation
    args: Arguments
    permission: str
    skip: Skip = frozenset()
    absent: frozenset[str] = frozenset()


class Take(Struct, frozen=True):
    """What one facet takes of an answer: `keys` are the document keys it can give ("tags" for tags).

    `richer` are those of them that stand above what the list itself gives; `member` is the part of a batch's item.
    """

    facet: Facet
    get: Callable[[Document], Any]
    keys: frozenset[str]
    richer: frozenset[str] = frozenset()
    tag_names: tuple[str, str] | None = None
    member: str = ""


class FacetCall(Struct, frozen=True):
    """One call that gives one or several facets of a node, or of up to `batch` nodes."""

    call: Call
    takes: tuple[Take, ...]
    batch: int = 1
    match: tuple[Callable[[Document], Any], Callable[[Document], Any]] | None = None
    region: Callable[[Document, Mapping[str, str]], str] | None = None
    when: When | None = None
    pages: bool = False
    known: Callable[[Document], Any] | None = None

    @property
    def keys(self) -> frozenset[str]:
        return frozenset().union(*(take.keys for take in self.takes))

    @property
    def gives_tags(self) -> bool:
        return any(take.facet.tags for take in self.takes)


class KindPlan(Struct, frozen=True):
    """One kind of a scope. `levels` are facet calls, each level after the one before."""

    entry: KindEntry
    extract: Extract
    shaping: Shaping
    levels: tuple[tuple[FacetCall, ...], ...]
    tagging: str = ""

    @property
    def kind(self) -> str:
        return self.entry.kind

    @property
    def tags_call(self) -> bool:
        return any(call.gives_tags for level in self.levels for call in level)

    @property
    def elsewhere(self) -> bool:
        """Whether the nodes of a scope lie in different regions, where they are tagged."""
        return any(call.gives_tags and call.region is not None for level in self.levels for call in level)


class ParentPlan(Struct, frozen=True):
    """The nodes of another kind that the list is asked for, one by one or `batch` at once."""

    scope: "ScopePlan"
    kind: KindPlan
    args: Arguments
    keep: Mapping[str, Callable[[Document, Mapping[str, str]], str]]
    where: Callable[[Document], Any] | None
    own: Callable[[Document], Any] | None
    batch: int
    single: bool
    needed: frozenset[str]


class ScopePlan(Struct, frozen=True, dict=True):
    """A list call and the kinds that it gives. `each`: arguments with which it is made again and again.

    `nothing` is what stands for an answer that the one resource has no such thing; None where there is a list.
    """

    name: str
    worldwide: bool
    target: Target
    call: Call
    kinds: tuple[KindPlan, ...]
    parent: ParentPlan | None
    fingerprint: str
    each: tuple[Document, ...] = ({},)
    nothing: Document | None = None

    @cached_property
    def is_plain(self) -> bool:
        """Whether all that is known of its nodes stands in the bodies of its own list."""
        bare = not any(kind.levels or kind.tagging for kind in self.kinds)
        return bare and self.parent is None and is_told_by_its_body(self.call.operation)

    @cached_property
    def kind_names(self) -> tuple[str, ...]:
        return tuple(kind.kind for kind in self.kinds)
