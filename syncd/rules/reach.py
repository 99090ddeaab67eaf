"""What the answer of a search can depend on: which kinds, how far away, on time, on coverage. Pure.

Whatever is told here is more rather than less than what is so: a rule that is asked too often is slow, one that is
asked too seldom is wrong.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple

from syncd.search import values
from syncd.search.ancestors import BESIDE, UP
from syncd.search.compare import ORDERING
from syncd.search.properties import AGES, COLUMNS, MAYBE, TIMES
from syncd.search.schema import Schema
from syncd.search.tree import (
    EACH,
    All,
    And,
    Call,
    Compare,
    Element,
    Filter,
    Id,
    Is,
    Not,
    Or,
    Part,
    Path,
    Query,
    Value,
    Walk,
    With,
    Words,
)  # fmt: skip

Kinds = frozenset[str] | None
"""Names of kinds; None is any."""
PLACES = ("account", "region")
CONTAINMENT = "contains"
OF_ALL = frozenset({*COLUMNS, *MAYBE, *TIMES, *AGES, "kind", "cloud", "coverage"})
"""What every node has, whatever of its document could be seen."""


class Hop(NamedTuple):
    """Nodes that a walk reaches and that decide. `kinds`: of those that are looked at; `then`: on from there.

    `nearest`: one node is meant, the nearest of this kind.
    """

    walk: Walk
    kinds: Kinds
    then: tuple["Hop", ...] = ()
    nearest: str = ""


class Window(NamedTuple):
    """A time of the node itself that is compared with the time it is, and so many `seconds` before or after."""

    path: Path
    seconds: float


@dataclass(frozen=True, slots=True)
class Reach:
    """What the answer for a node depends on.

    queries   searches of one part; what all of them find is what the search finds
    single    it can be asked about some nodes alone; else who matches may depend on all that are found
    own       kinds of the nodes that it can find
    hops      what lies around the node and decides
    places    base kinds of which the node's own place is looked at: account, region
    windows   times of the node that are compared with now; `always`: a time that cannot be narrowed down so
    coverage  it asks for coverage
    reads     top-level names of the node's document that it reads, None for any
    doubtful  what was not seen elsewhere could make a node match
    """

    queries: tuple[Query, ...]
    single: bool
    own: Kinds
    hops: tuple[Hop, ...] = ()
    places: frozenset[str] = frozenset()
    windows: tuple[Window, ...] = ()
    always: bool = False
    coverage: bool = False
    reads: Kinds = frozenset()
    doubtful: bool = False

    @property
    def local(self) -> bool:
        """Whether the node alone decides."""
        return self.single and not self.hops and not self.places


def reach(query: Query, schema: Schema) -> Reach:
    """Raises nothing: the search has been compiled before."""
    each = one_by_one(query)
    own = _kinds_found(query.parts[-1].filter, schema)
    if not each:
        return Reach((query,), False, own, always=True, reads=None, doubtful=True)
    found = _Found(schema)
    found.filter(query.parts[-1].filter)
    for one in each:
        if (having := one.parts[0].having) is not None:
            found.hops.append(found.having(having))
    return Reach(
        each, True, own, tuple(found.hops), frozenset(found.places),
        tuple(found.windows), found.always, found.coverage, found.reads, found.doubtful,
    )  # fmt: skip


def one_by_one(query: Query) -> tuple[Query, ...]:
    """`A --> B` finds what fulfils `B with(any, <-- A)`, and where B has a with(…) of its own, both.

    Nothing where sort and limit decide, or a part on the way has both.
    """
    chain: With | None = None
    if query.aggregate is not None or any(part.limit for part in query.parts):
        return ()
    for before, part in pairwise(query.parts):
        if chain is not None and before.having is not None:
            return ()
        assert part.walk is not None
        chain = With(">", 0, turned(part.walk), before.filter, chain or before.having)
    last = query.parts[-1]
    conditions: list[With | None] = [having for having in (chain, last.having) if having is not None]
    return tuple(replace(query, parts=(Part(last.filter, having=having),)) for having in conditions or [None])


def own_part(query: Query, schema: Schema) -> Query | None:
    """Those conditions of a search of one part that the node alone decides; None where there are none."""
    wanted = query.parts[0].filter
    own: list[Filter] = []
    for part in wanted.parts if isinstance(wanted, And) else (wanted,):
        found = _Found(schema)
        found.filter(part)
        if not (found.hops or found.places or isinstance(part, All)):
            own.append(part)
    return replace(query, parts=(Part(And(tuple(own))),)) if own else None


def turned(walk: Walk) -> Walk:
    """From where it leads to where it comes from."""
    return replace(walk, forward=walk.backward, backward=walk.forward)


def touched(hops: tuple[Hop, ...]) -> Kinds:
    """Kinds of what lies on the way and at its end. Between the ends of a longer walk anything may lie."""
    kinds: set[str] = set()
    for hop in hops:
        further = touched(hop.then)
        if hop.kinds is None or further is None or hop.walk.last != 1:
            return None
        kinds |= hop.kinds | further
    return frozenset(kinds)


def within_account(hops: tuple[Hop, ...]) -> bool:
    """Whether the hops lead along containment only: that does not leave the account."""
    only = (CONTAINMENT,)
    return all(
        hop.walk.forward in (None, only) and hop.walk.backward in (None, only) and within_account(hop.then)
        for hop in hops
    )


def _kinds_found(wanted: Filter, schema: Schema) -> Kinds:
    """The kinds of what can fulfil a filter."""
    match wanted:
        case Is(wanted_kinds):
            return frozenset(schema.names[number] for name in wanted_kinds for number in schema.kinds.get(name, ()))
        case And(parts):
            known = [kinds for part in parts if (kinds := _kinds_found(part, schema)) is not None]
            return frozenset.intersection(*known) if known else None
        case Or(parts):
            every = [_kinds_found(part, schema) for part in parts]
            return None if None in every else frozenset().union(*(kinds for kinds in every if kinds is not None))
        case _:
            return None


@dataclass(slots=True)
class _Found:
    """Gathers over a filter. `far`: of a node that lies around the one that is asked about."""

    schema: Schema
    far: bool = False
    hops: list[Hop] = field(default_factory=list)
    places: set[str] = field(default_factory=set)
    windows: list[Window] = field(default_factory=list)
    always: bool = False
    coverage: bool = False
    reads: Kinds = frozenset()
    doubtful: bool = False

    def having(self, wanted: With, walk: Walk | None = None) -> Hop:
        far = _Found(self.schema, far=True)
        far.filter(wanted.filter)
        if wanted.then is not None:
            far.hops.append(far.having(wanted.then))
        self._takes(far)
        self.doubtful |= far.doubtful or wanted.op not in (">", ">=")
        return Hop(walk or wanted.walk, _kinds_found(wanted.filter, self.schema), tuple(far.hops))

    def _takes(self, far: "_Found") -> None:
        self.places |= far.places
        moves = far.reads is None or bool(far.reads & self.schema.moving)
        self.always |= far.always or moves or bool(far.windows)
        self.coverage |= far.coverage

    def filter(self, wanted: Filter) -> None:
        match wanted:
            case And(parts) | Or(parts):
                for part in parts:
                    self.filter(part)
            case Not(part):
                self.filter(part)
            case Words():
                self.reads = None
            case Compare(path) | Call(_, path):
                self._of(path, wanted)
            case Element(path, inner):
                self._of(path, wanted)
                self.always |= any(_moving(each) for each in _compares(inner))
            case Is() | Id() | All():
                pass

    def _of(self, path: Path, wanted: Compare | Call | Element) -> None:
        if self._elsewhere(path, wanted):
            return
        head = path.steps[0]
        if head == "coverage":
            self.coverage = True
        elif isinstance(head, str) and head not in OF_ALL and self.reads is not None:
            self.reads |= {head}
        if isinstance(wanted, Compare):
            self._times(path, wanted)

    def _times(self, path: Path, wanted: Compare) -> None:
        offsets = list(_offsets(wanted))
        if not offsets:
            return
        if self.far or EACH in path.steps or wanted.quantifier or path.steps[0] == "coverage":
            self.always = True
            return
        of = Path((AGES[str(path)],), path.at) if str(path) in AGES else path
        self.windows += [Window(of, seconds) for seconds in offsets]

    def _elsewhere(self, path: Path, wanted: Compare | Call | Element) -> bool:
        """A property of the account, the region, or another node above or beside this one."""
        head, rest = path.steps[0], path.steps[1:]
        if head == "ancestors" and len(rest) > 1:
            head, rest = rest[0], rest[1:]
        elif not rest or not isinstance(head, str) or not self._is_kind(head):
            return False
        if head == "cloud":
            return True
        self.doubtful = True
        self.always |= isinstance(wanted, Compare) and _moving(wanted)
        inner = _Found(self.schema, far=True)
        inner._of(Path(rest, path.at), wanted)
        self._takes(inner)
        if head in PLACES:
            self.places |= {str(head)}
            if inner.hops:
                self.always = True
            return True
        kinds = frozenset(self.schema.names[number] for number in self.schema.kinds.get(str(head), ()))
        nearest = "" if inner.hops or inner.places else str(head)
        self.hops += [Hop(walk, kinds, tuple(inner.hops), nearest) for walk in (UP, BESIDE)]
        return True

    def _is_kind(self, name: str) -> bool:
        return name in (*PLACES, "cloud") or ("_" in name and self.schema.is_concrete(name))


def _compares(wanted: Filter) -> Iterator[Compare]:
    match wanted:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _compares(part)
        case Not(part) | Element(_, part):
            yield from _compares(part)
        case Compare():
            yield wanted


def _moving(wanted: Compare) -> bool:
    return any(True for _ in _offsets(wanted))


def _offsets(wanted: Compare) -> Iterator[float]:
    """Seconds from now to the moments that a property is compared with."""
    head, last = str(wanted.path.steps[0]), str(wanted.path.steps[-1])
    aged = last in AGES or (head == "coverage" and last == "age")
    for value in wanted.values:
        offset = _duration(value) if aged else _relative(value)
        if offset is None and aged and last in AGES and len(wanted.path.steps) > 1:
            offset = _relative(value)
        if offset is not None and (aged or wanted.op in ORDERING or _is_time(last)):
            yield offset


def _is_time(name: str) -> bool:
    return name in TIMES or name in ("since", "read_at")


def _relative(value: Value) -> float | None:
    return values.relative(value.data) if isinstance(value.data, str) else None


def _duration(value: Value) -> float | None:
    """How long ago a thing of this age began."""
    if not isinstance(value.data, str):
        return None
    seconds = values.duration(value.data)
    found = values.number(value.data) if seconds is None else seconds
    return None if found is None else -float(int(found))
