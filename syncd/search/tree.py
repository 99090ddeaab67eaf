"""The tree of a search: plain values, made by the parser, read by the compiler. `at` is the offset in the text."""

from dataclasses import dataclass, field
from typing import Literal

Op = Literal["=", "!=", "<", "<=", ">", ">=", "=~", "!~", "in", "not in"]
Quantifier = Literal["", "any", "all", "none"]
EACH = None
"""The step `[*]` or `[]` of a path: every element of an array."""


@dataclass(frozen=True, slots=True)
class Path:
    """`block_device_mappings[*].ebs.volume_id` → ("block_device_mappings", EACH, "ebs", "volume_id").

    Keys in back-ticks may hold any character. `/reported.x` is `x`, `/ancestors.account.reported.name` is
    `ancestors.account.name`: the parser takes Resoto's sections away.
    """

    steps: tuple[str | int | None, ...]
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        text = ""
        for step in self.steps:
            text += "[*]" if step is EACH else f"[{step}]" if isinstance(step, int) else f".{step}"
        return text.removeprefix(".")


@dataclass(frozen=True, slots=True)
class Value:
    """A literal. `bare`: typed without quotes, so `30d`, `10GB`, `2026-01-02`, `22` may mean more than their text.

    `data` is the text of a word or quoted text, or true, false or null (only bare).
    """

    data: str | bool | None
    bare: bool = False
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class All:
    """Everything."""


@dataclass(frozen=True, slots=True)
class Is:
    kinds: tuple[str, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Id:
    ids: tuple[str, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Words:
    """Quoted full text that stands alone."""

    text: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """`values` has one value, but for in and not in, which have any number."""

    path: Path
    op: Op
    values: tuple[Value, ...]
    quantifier: Quantifier = ""
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """`in_subnet(path, "10.0.0.0/8")`, `has_key(path, key, …)`."""

    name: Literal["in_subnet", "has_key"]
    path: Path
    values: tuple[Value, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Element:
    """`path.{filter}` or `path[*].{filter}`: some element of the array fulfils the filter; its paths start there."""

    path: Path
    filter: "Filter"


@dataclass(frozen=True, slots=True)
class Not:
    part: "Filter"


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple["Filter", ...]


Filter = All | Is | Id | Words | Compare | Call | Element | Not | And | Or


@dataclass(frozen=True, slots=True)
class Walk:
    """From a set of nodes along edges, `first` to `last` steps (None: as far as it goes).

    `forward`, `backward`: edge types to follow in and against the direction of the arrow; () is all types, None is
    not at all. `-->` is Walk((), None), `<--` is Walk(None, ()), `<-[0:]->` is Walk((), (), 0, None).
    """

    forward: tuple[str, ...] | None
    backward: tuple[str, ...] | None
    first: int = 1
    last: int | None = 1
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class With:
    """How many nodes a walk finds that fulfil the filter and `then`: any is "> 0", empty is "= 0"."""

    op: Op
    count: int
    walk: Walk
    filter: Filter
    then: "With | None" = None


@dataclass(frozen=True, slots=True)
class SortKey:
    path: Path
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Merge:
    """`{name: query}` or `{name[]: query}`: what a query that begins with a walk finds from each node of the result."""

    name: str
    many: bool
    query: "Query"


@dataclass(frozen=True, slots=True)
class Part:
    """A set of nodes: those found by the walk from the part before it (None in the first), filtered, sorted, cut.

    `limit`: (offset, count). `turned`: the result in reverse order.
    """

    filter: Filter
    walk: Walk | None = None
    having: With | None = None
    merges: tuple[Merge, ...] = ()
    sort: tuple[SortKey, ...] = ()
    limit: tuple[int, int] | None = None
    turned: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A variable to group by: a path, or a text with paths in braces as ("in ", Path, "!")."""

    parts: tuple[str | Path, ...]
    name: str


@dataclass(frozen=True, slots=True)
class Function:
    """`sum(volume_size * 2 + 1) as size`. `of`: a path or a number; `steps`: operator and number, left to right."""

    name: Literal["sum", "count", "min", "max", "avg"]
    of: Path | float
    steps: tuple[tuple[Literal["+", "-", "*", "/"], float], ...]
    label: str


@dataclass(frozen=True, slots=True)
class Aggregate:
    groups: tuple[Group, ...]
    functions: tuple[Function, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """`warnings`: what the text could be misread as, such as `and` mixed with `or` without parentheses.

    `text`: what was parsed, with templates put in; offsets count in it.
    """

    parts: tuple[Part, ...]
    aggregate: Aggregate | None = None
    warnings: tuple[str, ...] = field(default=(), compare=False)
    text: str = field(default="", compare=False)
