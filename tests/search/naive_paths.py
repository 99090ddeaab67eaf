"""What a path means on a node or on the element of an array, in plain Python."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from syncd.search.tree import EACH, Path
from tests.search.naive_compare import Refused
from tests.search.plain import Graph, Thing

Steps = tuple[str | int | None, ...]
TEXTS = ("id", "name", "kind", "urn", "cloud")
MAYBE = ("account", "region", "zone")
TIMES: dict[str, Callable[[Thing], str]] = {
    "created_at": lambda node: node.created_at,
    "updated_at": lambda node: node.updated_at,
    "first_seen": lambda node: node.first_seen,
    "changed_at": lambda node: node.changed_at,
    "ctime": lambda node: node.created_at or node.first_seen,
    "mtime": lambda node: node.updated_at or node.changed_at,
}
AGES = {"age": TIMES["ctime"], "last_update": TIMES["mtime"]}
COVERAGE = {"state": "", "since": "time", "read_at": "time", "reason": "", "age": "age", "scope": ""}
CONTAINS = "contains"


@dataclass(frozen=True)
class Reader:
    """How to read one value. `sort`: "time", "age" (the value is then the time it is counted from), or ""."""

    read: Callable[[Any], Any]
    sort: str = ""


def dig(value: Any, steps: Steps) -> Any:
    """What stands there, None where nothing does."""
    for step in steps:
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def unreadable(steps: Steps) -> bool:
    """Whether a step holds what JSON writes otherwise."""
    return any(isinstance(step, str) and (set(step) & {'"', "\\"} or min(step, default=" ") < " ") for step in steps)


def own(node: Thing, steps: Steps) -> Any:
    """The provider's words on a node."""
    found = (dig(part, steps) for part in (node.common, node.document, node.volatile))
    return next((value for value in found if value is not None), None)


def reader(graph: Graph, path: Path, *, element: bool) -> Reader:
    """For a path without `[*]`."""
    if EACH in path.steps or unreadable(path.steps):
        raise Refused
    if element:
        return Reader(lambda value: dig(value, path.steps))
    return _base(path.steps) or _related(graph, path.steps) or Reader(lambda node: own(node, path.steps))


def _base(steps: Steps) -> Reader | None:
    head, rest = str(steps[0]), steps[1:]
    if head == "tags":
        key = str(Path(rest))
        return Reader(lambda node: node.tags.get(key) if rest else node.tags)
    if head == "coverage":
        return _coverage(rest)
    if rest:
        return None
    if head in TIMES or head in AGES:
        of = (TIMES | AGES)[head]
        return Reader(lambda node: of(node) or None, "time" if head in TIMES else "age")
    if head in TEXTS:
        return Reader(lambda node: getattr(node, head))
    return Reader(lambda node: getattr(node, head) or None) if head in MAYBE else None


def _coverage(rest: Steps) -> Reader:
    if len(rest) != 1 or rest[0] not in COVERAGE:
        raise Refused
    name = str(rest[0])
    attribute = {"age": "read_at", "scope": "key"}.get(name, name)
    return Reader(lambda node: getattr(node.coverage, attribute) or None, COVERAGE[name])


# -- related nodes


def _related(graph: Graph, steps: Steps) -> Reader | None:
    head, rest = str(steps[0]), steps[1:]
    if head == "ancestors":
        if len(rest) < 2 or rest[0] not in graph.kinds:
            raise Refused
        head, rest = str(rest[0]), rest[1:]
    elif not rest or not of_another(graph, head):
        return None
    if head == "cloud":
        if rest not in (("name",), ("id",)):
            raise Refused
        return Reader(lambda node: node.cloud)
    inner = reader(graph, Path(rest), element=False)
    return Reader(lambda node: _read_on(inner, nearest(graph, node, head)), inner.sort)


def of_another(graph: Graph, head: str) -> bool:
    """Whether a path that begins so leads to another node."""
    return head in ("account", "region", "cloud") or ("_" in head and head in graph.concrete)


def _read_on(inner: Reader, node: Thing | None) -> Any:
    return None if node is None else inner.read(node)


def nearest(graph: Graph, node: Thing, kind: str) -> Thing | None:
    """The account or region that a node is in; of other kinds the nearest above it, else one beside it."""
    fitting = [other for _, other in sorted(graph.nodes.items()) if kind in other.kinds]
    if kind == "account":
        return next((other for other in fitting if other.id == node.account), None)
    if kind == "region":
        place = (node.account, node.region)
        return next((other for other in fitting if (other.account, other.id) == place), None)
    for keys in (*_above(graph, node.key), _beside(graph, node.key)):
        if found := [other for other in fitting if other.key in keys]:
            return found[0]
    return None


def _above(graph: Graph, key: int) -> Iterator[set[int]]:
    level = {key}
    for _ in range(len(graph.nodes)):
        level = {src for src, type_, dst in graph.edges if type_ == CONTAINS and dst in level}
        yield level


def _beside(graph: Graph, key: int) -> set[int]:
    return {dst for src, _, dst in graph.edges if src == key} | {src for src, _, dst in graph.edges if dst == key}


# -- arrays


def elements(path: Path, *, element: bool) -> Callable[[Any], tuple[bool, list[Any]]]:
    """Whether the (first) thing at `[*]` is an array, and what each of its elements gives."""
    steps = path.steps if EACH in path.steps else (*path.steps, EACH)
    if unreadable(steps):
        raise Refused
    cut = steps.index(EACH)

    def read(subject: Any) -> tuple[bool, list[Any]]:
        first = dig(subject, steps[:cut]) if element else own(subject, steps[:cut])
        return isinstance(first, list), list(_each(first, steps[cut + 1 :]))

    return read


def _each(value: Any, rest: Steps) -> Iterator[Any]:
    for item in value if isinstance(value, list) else ():
        if EACH in rest:
            cut = rest.index(EACH)
            yield from _each(dig(item, rest[:cut]), rest[cut + 1 :])
        else:
            yield dig(item, rest)
