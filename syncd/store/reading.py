"""One reading of one scope, compared with what was known while it streams in: only what differs is kept."""

from collections import Counter
from collections.abc import Set
from typing import NamedTuple

from msgspec import Struct, field

from syncd.errors import Failed
from syncd.model import Gap, Node, Scope
from syncd.store.records import Record, encode, split


class KnownNode(NamedTuple):
    """What the store holds of a node: enough to compare, without its document. `owned` is False for a mere sighting."""

    hash: bytes
    kind: str
    facets: str = ""
    unseen: str = ""
    never: str = ""
    volatile: str = ""
    owned: bool = True

    def had(self, facet: str) -> bool:
        """Whether the facet had a value when it was last seen."""
        return facet in split(self.facets) or (facet in split(self.unseen) and facet not in split(self.never))


class Known(dict[int, KnownNode]):
    """What the store holds of a scope, by key. `turn`: of its imprint before that was looked at."""

    turn: int = 0


class Reading(Struct):
    """Fills node by node; `changed` holds what is new or differs, `flags` what only carries over other facets.

    `broken`: why the reading contradicts itself; it may then only fill a scope of which nothing is known.

    `rebase`: the catalog entry or the provider's model changed, so every node is written anew with its edges.
    `same`: how many nodes are known, when all is as it was; nothing else is filled then. `imprint`: of this reading.
    `lost_facets` counts nodes on which a facet that had a value now has none: an answer to doubt.
    """

    scope: Scope
    known: Known
    largest: int
    most: int
    rebase: bool = False
    broken: str = ""
    seen: set[int] = field(default_factory=set)
    kinds: Counter[str] = field(default_factory=Counter)
    changed: list[Record] = field(default_factory=list)
    flags: list[Record] = field(default_factory=list)
    volatile: list[tuple[int, str]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    grave: list[str] = field(default_factory=list)
    lost_facets: int = 0
    same: int | None = None
    imprint: bytes = b""

    def add(self, node: Node) -> None:
        """Raises Failed for a node listed twice, too many nodes, or one that cannot be stored."""
        record = encode(node, self.largest)
        if record.key in self.seen:
            self._twice(node.urn)
            return
        if len(self.seen) >= self.most:
            raise Failed(f"more than sync.max_nodes_per_scope = {self.most} resources in one scope")
        self.seen.add(record.key)
        self.kinds[record.kind] += 1
        known = self.known.get(record.key)
        if known is None:
            self.changed.append(record)
            return
        if known.facets != record.facets and split(known.facets) - split(record.facets) - node.unseen:
            self.lost_facets += 1
        if known.hash != record.hash or self.rebase:
            self.changed.append(record)
        elif known.owned and (known.facets, known.unseen, known.never) != (record.facets, record.unseen, record.never):
            self.flags.append(record)
        if known.owned and record.volatile and record.volatile != known.volatile:
            self.volatile.append((record.key, record.volatile))

    def _twice(self, urn: str) -> None:
        """A list that shifts while its pages are read may show an item twice: once, not in two readings on end."""
        self.grave.append(f"{urn} is listed twice in one reading")

    @property
    def count(self) -> int:
        """Nodes of the scope."""
        return len(self.seen) if self.same is None else self.same

    @property
    def lasting(self) -> bytes:
        """The imprint, where the store holds just what was read, without any doubt. Of what is empty none is needed."""
        doubtful = self.gaps or self.doubts or self.grave or self.broken
        return self.imprint if self.seen and not doubtful else b""

    @property
    def vanished(self) -> list[int]:
        """Keys that were known and are not in this reading."""
        return [key for key in self.known if key not in self.seen]

    def leave(self, keys: Set[int]) -> None:
        """These were read alone since this reading began: what it saw of them is older."""
        if keys:
            self.imprint = b""
        if keys and not self.rebase:
            self.changed = [record for record in self.changed if record.key not in keys]
            self.flags = [record for record in self.flags if record.key not in keys]
            self.volatile = [pair for pair in self.volatile if pair[0] not in keys]

    def losses(self) -> dict[str, tuple[int, int]]:
        """Kind → (lost, known before), for owned nodes of kinds that lost something."""
        before: Counter[str] = Counter(k.kind for k in self.known.values() if k.owned)
        lost: Counter[str] = Counter(self.known[key].kind for key in self.vanished if self.known[key].owned)
        return {kind: (count, before[kind]) for kind, count in lost.items()}

    def doubtful(self) -> str:
        """Why this reading should be made a second time before it is believed; "" when it need not."""
        if self.grave:
            return self.grave[0]
        if self.known and not self.seen:
            return "the scope had resources and reads empty"
        if self.doubts and len(self.seen & self.known.keys()) < len(self.known):
            return self.doubts[0]
        if self.lost_facets:
            return f"a part that had a value reads empty on {self.lost_facets} resources"
        return ""

    def held(self, share: float, minimum: int) -> str:
        """Why this reading must not be believed without somebody's word; "" when it may."""
        for kind, (lost, before) in sorted(self.losses().items()):
            if lost >= minimum and lost > share * before:
                return f"{lost} of {before} {kind} would be deleted"
        if self.lost_facets >= minimum and self.lost_facets > share * len(self.known):
            return f"a part that had a value reads empty on {self.lost_facets} of {len(self.known)} resources"
        return ""

    @property
    def missing(self) -> int:
        return max((gap.count for gap in self.gaps), default=0)


def owner_account(urn: str) -> str:
    """The account that a URN names, "" when none: `arn:aws:ec2:eu-west-1:111122223333:subnet/s` → 111122223333."""
    if urn.startswith("arn:"):
        parts = urn.split(":", 5)
        return parts[4] if len(parts) == 6 else ""
    return ""
