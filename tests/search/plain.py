"""A graph as plain objects: what the naive evaluator looks at."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

Edge = tuple[int, str, int]
"""(key of the source, type, key of the target)"""


@dataclass(frozen=True)
class Coverage:
    """How well a scope was seen. `key` is collector/account/region/name."""

    key: str
    state: str
    since: str
    read_at: str
    reason: str


@dataclass(frozen=True)
class Thing:
    """One node. `kinds`: its kind and all that it is built on. Texts that the provider does not say are ""."""

    key: int
    urn: str
    id: str
    name: str
    kind: str
    kinds: frozenset[str]
    cloud: str
    account: str
    region: str
    zone: str
    created_at: str
    updated_at: str
    first_seen: str
    changed_at: str
    tags: dict[str, Any]
    common: dict[str, Any]
    document: dict[str, Any]
    volatile: dict[str, Any]
    coverage: Coverage


@dataclass(frozen=True)
class Graph:
    """`kinds` and `types`: all that a search may name; `concrete` are the kinds that are no base kinds.

    `units`: common property → type and unit. `indexed`: places in documents that the index may have.
    """

    nodes: dict[int, Thing]
    edges: set[Edge]
    now: datetime
    kinds: frozenset[str]
    concrete: frozenset[str]
    types: frozenset[str]
    units: dict[str, str] = field(default_factory=dict)
    indexed: frozenset[tuple[str | int | None, ...]] = frozenset()

    def complete(self) -> "Graph":
        """Without the nodes whose scope is not complete: as if they were not there."""
        kept = {key: node for key, node in self.nodes.items() if node.coverage.state == "complete"}
        edges = {edge for edge in self.edges if edge[0] in kept and edge[2] in kept}
        return replace(self, nodes=kept, edges=edges)
