"""Random searches as trees that mostly hit something: paths and literals come from the graph they ask."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from syncd.search.tree import (
    EACH,
    Aggregate,
    All,
    And,
    Call,
    Compare,
    Element,
    Filter,
    Function,
    Group,
    Id,
    Is,
    Merge,
    Not,
    Or,
    Part,
    Path,
    Quantifier,
    Query,
    SortKey,
    Value,
    Walk,
    With,
    Words,
)
from tests.search.graphs import KEYS, NAMES, NUMBERS, TAGS, TEXTS
from tests.search.naive_compare import json_text
from tests.search.plain import Graph

Steps = tuple[str | int | None, ...]
BASE: tuple[Steps, ...] = tuple(
    tuple(text.split("/"))
    for text in (
        "id", "name", "kind", "urn", "account", "region", "zone", "cloud", "tags", "coverage/state", "coverage/reason",
        "coverage/scope", "account/name", "region/tags/env", "account/state", "cloud/name", "ancestors/account/id",
        "ancestors/cloud/id", "fake_net/name", "ancestors/fake_disk/volume_size", "fake_vm/state",
        "ancestors/network/region/name", "fake_box/nest", "account/region/kind",
    )
)  # fmt: skip
TIMES: tuple[Steps, ...] = (
    *(("created_at",), ("updated_at",), ("ctime",), ("mtime",), ("first_seen",), ("changed_at",)),
    *(("coverage", "since"), ("coverage", "read_at"), ("account", "ctime"), ("fake_net", "created_at")),
)
AGES: tuple[Steps, ...] = (("age",), ("last_update",), ("coverage", "age"), ("account", "age"), ("fake_net", "age"))
ODD: tuple[Steps, ...] = (
    *(
        ("nowhere",),
        ("coverage",),
        ("coverage", "x"),
        ("cloud", "x"),
        ("ancestors", "x", "y"),
        ("ancestors", "account"),
    ),
    *(('quo"te',), ("tags", EACH), ("name", EACH), ("state", 0), ("name", "x"), ("tags", "a", 0)),
)
DURATIONS = ("0s", "1m", "30d", "2h30m", "1w", "100yr", "86400", "1.5h", "0.5", "1d", "-5", "soon")
OFFSETS = ("-7d", "+3h", "-100yr", "-1s", "-24h", "-7")
DATES = (
    "2026-01-02",
    "2026-01-02T03:04:05Z",
    "2026-01-02T04:04:05+01:00",
    "2026-02-28T12:00",
    "2019-12-31",
    "2026-13-01",
)
SIZES = ("10GB", "1.5GiB", "1024B", "10KB", "0B", "5gb", "10TB", "10737418240B")
NETWORKS = (
    "10.0.0.0/8",
    "10.0.0.1",
    "10.0.0.0/24",
    "0.0.0.0/0",
    "::/0",
    "fe80::/10",
    "2001:db8::/16",
    "10.0.0.5/255.0.0.0",
)
PATTERNS = (
    "^web",
    "a|b",
    "",
    "^$",
    "1",
    "[",
    "STRASSE",
    "straße",
    r"\d+",
    "true",
    '"',
    "^.$",
    r"e\+?\d\d",
    "日",
    "(?-i)A",
    "é",
)
KINDS = ("fake_vm", "fake_disk", "volume", "resource", "network", "account", "fake_box", "instance", "region", "queue")
ORDERING = ("<", "<=", ">", ">=")
OPS = ("=", "!=", *ORDERING, "=~", "!~", "in", "not in", "=", "in")


def nested(value: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """All paths into a document with what stands there, also by `[*]`."""
    if steps:
        yield steps, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from nested(item, (*steps, key))
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from nested(item, (*steps, index))
            yield from nested(item, (*steps, EACH))


@dataclass
class Asker:
    """Makes searches about one graph."""

    graph: Graph
    chance: random.Random

    def __post_init__(self) -> None:
        nodes = self.graph.nodes.values()
        parts = [part for node in nodes for part in (node.common, node.document, node.volatile)]
        self.places = [place for part in parts for place in nested(part)] or [(("nowhere",), "x")]
        self.indexed = [place for place in self.places if place[0] in self.graph.indexed]
        self.tags = [(("tags", *key.split(".")), text) for node in nodes for key, text in node.tags.items() if key]

    def pick(self, *options: Any) -> Any:
        return self.chance.choice(options)

    def often(self, share: float) -> bool:
        return self.chance.random() < share

    # -- parts of searches

    def query(self) -> Query:
        count = self.pick(1, 1, 1, 2, 2, 3)
        parts = [self.part(self.walk() if number else None) for number in range(count)]
        if self.often(0.2):
            return Query(tuple(parts), self.aggregate())
        if self.often(0.1):
            many = self.pick(True, False)
            inner = Query(tuple(self.part(self.walk()) for _ in range(self.pick(1, 1, 2))))
            parts[-1] = Part(parts[-1].filter, parts[-1].walk, merges=(Merge("found", many, inner),))
        return Query(tuple(parts))

    def part(self, walk: Walk | None) -> Part:
        having = self.having() if self.often(0.15) else None
        sort = (
            tuple(SortKey(self.path(), self.often(0.5)) for _ in range(self.pick(1, 1, 2))) if self.often(0.3) else ()
        )
        limit = (self.pick(0, 0, 1, 3), self.pick(0, 1, 2, 5)) if self.often(0.2) else None
        return Part(self.filter(), walk, having, (), sort, limit, self.often(0.1))

    def walk(self) -> Walk:
        forward, backward = self.pick(
            ((), None), (None, ()), ((), ()), ("some", None), (None, "some"), ("some", "some")
        )
        ends = (self.types() if forward == "some" else forward, self.types() if backward == "some" else backward)
        first, last = self.pick((1, 1), (1, 1), (1, 1), (0, None), (1, None), (0, 1), (1, 3), (2, 2), (2, None), (0, 0))
        return Walk(*ends, first, last)

    def types(self) -> tuple[str, ...]:
        if self.often(0.02):
            return ("nothing",)
        return self.pick(("contains",), ("in",), ("uses", "in"), ("contains", "uses"))  # type: ignore[no-any-return]

    def having(self, depth: int = 0) -> With:
        then = self.having(1) if not depth and self.often(0.2) else None
        op, count = self.pick((">", 0), ("=", 0), (">", 1), ("=", 1), ("<", 2), ("!=", 1), (">=", 2), ("<=", 0))
        return With(op, count, self.walk(), self.pick(All(), self.simple()), then)

    # -- filters

    def filter(self, depth: int = 0) -> Filter:
        kind = self.chance.randrange(12)
        if kind == 0 or (kind < 4 and not depth):
            return All()
        if kind == 4 and depth < 3:
            return Not(self.filter(depth + 1))
        if kind < 7 and depth < 3:
            parts = tuple(self.filter(depth + 1) for _ in range(self.pick(2, 2, 3)))
            return And(parts) if self.often(0.5) else Or(parts)
        return self.simple()

    def looked_up(self) -> Query:
        """What the index of properties of documents may be asked."""
        return Query((Part(self._looked_up() if self.indexed else self.filter()),))

    def _looked_up(self) -> Filter:
        steps, value = self.pick(*self.indexed)
        op, cut = self.pick("=", "=", "in", *ORDERING), steps.index(EACH) if EACH in steps else len(steps)
        literals = self.literals(op, steps, value)
        found: Filter = Compare(Path(steps), op, literals, self.pick("", "", "any"))
        if steps[cut + 1 :] not in ((), (EACH,)) and self.often(0.5):
            inner = steps[cut + 1 : -1] if steps[-1] is EACH else steps[cut + 1 :]
            quantifier: Quantifier = "any" if inner != steps[cut + 1 :] else self.pick("", "any")
            found = Element(Path(steps[:cut]), Compare(Path(inner), op, literals, quantifier))
        if self.often(0.7):
            return found
        parts = (found, self.pick(Is((self.pick("fake_box", "fake_disk"),)), self.compare()))
        return And(parts if self.often(0.5) else parts[::-1])

    def simple(self) -> Filter:
        rare = (self.kind, self.id, self.words, self.in_subnet, self.has_key, self.element)
        kind = self.chance.randrange(14)
        return rare[kind]() if kind < len(rare) else self.compare()

    def kind(self) -> Filter:
        return Is(tuple(self.pick(*KINDS) for _ in range(self.pick(1, 1, 2))))

    def id(self) -> Filter:
        return Id(tuple(self.pick("same", "i-1", "O'id", "1", "", '"') for _ in range(self.pick(1, 2))))

    def words(self) -> Filter:
        return Words(self.pick(*NAMES, "fake", "WEB 1", "wei", "a b", "MÜNCHEN", "e n v", "st", "--", "10.0"))

    def in_subnet(self) -> Filter:
        return Call("in_subnet", self.path(0.3), (Value(self.pick(*NETWORKS)),))

    def compare(self) -> Compare:
        steps, value = self.place()
        op = self.pick(*OPS)
        likely = EACH in steps or isinstance(value, list) or self.often(0.05)
        quantifier: Quantifier = self.pick("", "any", "all", "none") if likely else ""
        return Compare(Path(steps), op, self.literals(op, steps, value), quantifier)

    def literals(self, op: str, steps: Steps, value: Any) -> tuple[Value, ...]:
        if op in ("=~", "!~"):
            return (Value(self.pick(*PATTERNS), self.often(0.5)),)
        if op in ("in", "not in"):
            return tuple(self.literal(op, steps, value) for _ in range(self.pick(0, 1, 2, 3)))
        return (self.literal(op, steps, value),)

    def literal(self, op: str, steps: Steps, value: Any) -> Value:
        """Often what stands there, in a way that fits the path."""
        if self.often(0.03) or (value is None and self.often(0.4)):
            return Value(self.pick(None, True, False), bare=True)
        if isinstance(value, bool) and op not in ORDERING and self.often(0.6):
            return Value(self.pick(True, False), bare=True)
        fitting = DURATIONS if steps in AGES else DATES + OFFSETS if steps in TIMES else ()
        if fitting and self.often(0.95):
            return Value(self.pick(*fitting), self.often(0.7))
        if str(steps[-1]).endswith(("_size", "_memory")) and self.often(0.5):
            return Value(self.pick(*SIZES), bare=True)
        if value is not None and self.often(0.8):
            return Value(json_text(value), self.often(0.6))
        text = self.pick(self.pick(*TEXTS), str(self.pick(*NUMBERS)), self.pick(*DATES, *OFFSETS, *SIZES))
        return Value(text, self.often(0.6))

    def place(self, base: float = 0.35) -> tuple[Steps, Any]:
        """A path, and a value that stands there somewhere."""
        if self.often(0.02):
            return self.pick(*ODD), "x"
        if self.often(base):
            steps = self.pick(*BASE, *TIMES, *AGES)
            return steps, self.seen(steps)
        if self.tags and self.often(0.2):
            return self.pick(*self.tags)  # type: ignore[no-any-return]
        return self.pick(*self.places)  # type: ignore[no-any-return]

    def seen(self, steps: Steps) -> Any:
        node = self.pick(*self.graph.nodes.values())
        if steps[0] == "coverage":
            return getattr(node.coverage, {"scope": "key", "age": "read_at"}.get(str(steps[1]), str(steps[1])))
        return getattr(node, str(steps[-1]), None)

    def path(self, arrays: float = 0.03) -> Path:
        steps, _ = self.place()
        return Path(steps) if EACH not in steps or self.often(arrays) else Path(steps[: steps.index(EACH)])

    def has_key(self) -> Call:
        steps, value = self.place(0.05)
        keys = list(value) if isinstance(value, dict) and value else [*KEYS, *TAGS]
        path, keys = (Path(("tags",)), [*TAGS]) if self.often(0.2) else (Path(steps), keys)
        return Call("has_key", path, tuple(Value(self.pick(*keys)) for _ in range(self.pick(1, 1, 2))))

    def element(self) -> Filter:
        """A filter on elements that are objects, where there are some."""
        found = [
            (steps, item) for steps, value in self.places if isinstance(value, list) for item in value
            if isinstance(item, dict) and item
        ]  # fmt: skip
        if not found:
            return self.compare()
        steps, item = self.pick(*found)
        inner = [self.inner(item) for _ in range(self.pick(1, 1, 2))]
        return Element(Path((*steps, *self.pick((), (EACH,)))), inner[0] if len(inner) == 1 else And(tuple(inner)))

    def inner(self, item: dict[str, Any]) -> Filter:
        steps, value = self.pick(*nested(item))
        op = self.pick(*OPS)
        quantifier: Quantifier = self.pick("", "", "any", "all", "none")
        compare = Compare(Path(steps), op, self.literals(op, steps, value), quantifier)
        return self.pick(compare, compare, Not(compare), Call("has_key", Path(steps), (Value(self.pick(*KEYS)),)))  # type: ignore[no-any-return]

    # -- aggregates

    def aggregate(self) -> Aggregate:
        groups = tuple(self.group(number) for number in range(self.pick(0, 1, 1, 2)))
        functions = tuple(self.function(number) for number in range(self.pick(1, 1, 2, 3) if groups else 2))
        return Aggregate(groups, functions)

    def group(self, number: int) -> Group:
        if self.often(0.2):
            return Group(
                ("in '", Path(self.pick(("kind",), ("region",), ("volume_encrypted",), ("flag",))), '" x'), f"g{number}"
            )
        return Group((self.path(),), f"g{number}")

    def function(self, number: int) -> Function:
        of = self.pick(1.0, self.path(), self.path(), Path(("volume_size",)), Path(("size",)))
        name = self.pick("sum", "count", "min", "max", "avg", "sum")
        operators = tuple(
            (self.pick("+", "-", "*", "/"), self.pick(0, 1, 2, 0.5, 100)) for _ in range(self.pick(0, 0, 1, 2))
        )
        return Function(name, of, operators, f"f{number}")
