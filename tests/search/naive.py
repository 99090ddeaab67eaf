"""What a search means, written from its description alone: plain Python over plain objects, simple and slow."""

import operator
from collections.abc import Callable, Iterable
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
    Not,
    Or,
    Part,
    Path,
    Query,
    Walk,
    With,
    Words,
)
from tests.search.naive_compare import Refused, Test, comparison, in_network, json_text, plain, words
from tests.search.naive_paths import elements, of_another, reader, unreadable
from tests.search.plain import Graph, Thing

COUNTING: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
CALCULATING: dict[str, Callable[[Any, Any], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
}  # fmt: skip
OURS = {
    *("id", "name", "kind", "urn", "account", "region", "zone", "cloud", "created_at", "updated_at", "first_seen"),
    *("changed_at", "ctime", "mtime", "age", "last_update", "tags", "coverage", "ancestors"),
}
Row = tuple[Any, ...]


class Naive:
    """Answers one search about one graph. Raises Refused where the compiler raises QueryError."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def keys(self, query: Query, limit: int, start: set[int] | None = None) -> list[int]:
        """`start`: from where a search that begins with a walk starts."""
        found = list(start or ())
        for part in query.parts:
            found = self.part(part, found)
        return found[:limit]

    def rows(self, query: Query, limit: int) -> list[Row]:
        assert query.aggregate is not None
        return self.aggregated(query.aggregate, self.keys(query, len(self.graph.nodes)))[:limit]

    def part(self, part: Part, before: list[int]) -> list[int]:
        test = self.matching(part.filter, part.having)
        order = self.order(part)
        reached = set(self.graph.nodes) if part.walk is None else self.walked(part.walk, set(before))
        found = order([self.graph.nodes[key] for key in reached if test(self.graph.nodes[key])])
        if part.limit is not None:
            offset, count = part.limit
            found = found[offset : offset + count]
        return [node.key for node in (reversed(found) if part.turned else found)]

    # -- order

    def order(self, part: Part) -> Callable[[list[Thing]], list[Thing]]:
        keys = [(reader(self.graph, key.path, element=False), key.descending) for key in part.sort]

        def ordered(nodes: list[Thing]) -> list[Thing]:
            nodes = sorted(nodes, key=lambda node: (node.kind, node.name, node.id, node.key))
            for read, descending in reversed(keys):
                is_age = read.sort == "age"
                ranks = {node.key: rank(read.read(node), is_age) for node in nodes}
                # Sorting is stable also when reversed, so that ties keep the order of the key behind.
                nodes.sort(key=lambda node, ranks=ranks: ranks[node.key], reverse=descending)  # type: ignore[misc]
            return nodes

        return ordered

    # -- walks

    def neighbours(self, walk: Walk, keys: set[int]) -> set[int]:
        found = set()
        for src, type_, dst in self.graph.edges:
            if walk.forward is not None and src in keys and type_ in (walk.forward or (type_,)):
                found.add(dst)
            if walk.backward is not None and dst in keys and type_ in (walk.backward or (type_,)):
                found.add(src)
        return found

    def walked(self, walk: Walk, keys: set[int]) -> set[int]:
        self.check(walk)
        found: set[int] = set()
        level, depth = keys, 0
        while walk.last is None or depth <= walk.last:
            new = level - found
            if depth >= walk.first:
                if walk.last is None and not new:
                    break
                found |= level
            level, depth = self.neighbours(walk, level), depth + 1
        return found

    def check(self, walk: Walk) -> None:
        if any(type_ not in self.graph.types for type_ in (*(walk.forward or ()), *(walk.backward or ()))):
            raise Refused
        if walk.first > 100 or (walk.last is not None and not walk.first <= walk.last <= 100):
            raise Refused

    # -- filters

    def matching(self, wanted: Filter, having: With | None) -> Test:
        test = self.filter(wanted, element=False)
        if having is None:
            return test
        found = self.having(having)
        return lambda node: test(node) and found(node)

    def having(self, having: With) -> Test:
        self.check(having.walk)
        test = self.matching(having.filter, having.then)

        def found(node: Thing) -> bool:
            reached = self.walked(having.walk, {node.key})
            count = sum(test(self.graph.nodes[key]) for key in reached)
            return COUNTING[having.op](count, having.count)

        return found

    def told(self, found: list[str], whole: list[str], begun: str) -> bool:
        return all(word in found for word in whole) and (not begun or any(word.startswith(begun) for word in found))

    def filter(self, wanted: Filter, *, element: bool) -> Test:
        match wanted:
            case All():
                return lambda _: True
            case Not(part):
                inner = self.filter(part, element=element)
                return lambda subject: not inner(subject)
            case And(parts) | Or(parts):
                tests = [self.filter(part, element=element) for part in parts]
                joined = all if isinstance(wanted, And) else any
                return lambda subject: joined(test(subject) for test in tests)
            case Is() | Id() | Words():
                return self.of_node(wanted, element=element)
        return self.of_property(wanted, element=element)

    def of_property(self, wanted: Compare | Call | Element, *, element: bool) -> Test:
        if isinstance(wanted, Compare):
            return self.compare(wanted, element=element)
        return self.call(wanted, element=element) if isinstance(wanted, Call) else self.element(wanted, element=element)

    def of_node(self, wanted: Is | Id | Words, *, element: bool) -> Test:
        if element:
            raise Refused
        match wanted:
            case Is(kinds):
                if any(kind not in self.graph.kinds for kind in kinds):
                    raise Refused
                return lambda node: not node.kinds.isdisjoint(kinds)
            case Id(ids):
                return lambda node: node.id in ids
        *whole, begun = words(wanted.text) or [""]
        return lambda node: self.told(words(text_of(node)), whole, begun)

    def compare(self, wanted: Compare, *, element: bool) -> Test:
        unit = self.graph.units.get(str(wanted.path.steps[-1]), "").rpartition("(")[2].rstrip(")")
        if not wanted.quantifier and EACH not in wanted.path.steps:
            read = reader(self.graph, wanted.path, element=element)
            test = comparison(wanted.op, wanted.values, read.sort, unit, self.graph.now)
            return lambda subject: test(read.read(subject))
        self.check_array(wanted.path, element=element)
        test = comparison(wanted.op, wanted.values, "", unit, self.graph.now)
        return quantified(wanted.quantifier or "any", elements(wanted.path, element=element), test)

    def call(self, wanted: Call, *, element: bool) -> Test:
        texts = [value.data for value in wanted.values]
        if wanted.name == "in_subnet":
            test = in_network(str(texts[0]))
            if EACH in wanted.path.steps:
                self.check_array(wanted.path, element=element)
                return quantified("any", elements(wanted.path, element=element), test)
        else:
            if any(not isinstance(key, str) or unreadable((key,)) for key in texts):
                raise Refused
            test = lambda value: isinstance(value, dict) and all(key in value for key in texts)  # noqa: E731
        read = reader(self.graph, wanted.path, element=element)
        return lambda subject: test(read.read(subject))

    def element(self, wanted: Element, *, element: bool) -> Test:
        steps = wanted.path.steps
        self.check_array(wanted.path, element=element)
        if EACH in steps and steps[-1] is not EACH:
            raise Refused
        test = self.filter(wanted.filter, element=True)
        return quantified("any", elements(wanted.path, element=element), test)

    def check_array(self, path: Path, *, element: bool) -> None:
        """What syncd says of a node is no array; arrays of other nodes cannot be asked for."""
        head = str(path.steps[0])
        if not element and (head in OURS or of_another(self.graph, head)):
            raise Refused

    # -- aggregates

    def aggregated(self, aggregate: Aggregate, keys: list[int]) -> list[Row]:
        groups = [self.group(group) for group in aggregate.groups]
        functions = [self.function(function) for function in aggregate.functions]
        found: dict[Row, list[Thing]] = {} if groups else {(): []}
        for node in (self.graph.nodes[key] for key in keys):
            found.setdefault(tuple(group(node) for group in groups), []).append(node)
        ordered = sorted(found.items(), key=lambda item: [rank(value) for value in item[0]])
        return [(*row, *(function(nodes) for function in functions)) for row, nodes in ordered]

    def group(self, group: Group) -> Callable[[Thing], Any]:
        parts = [part if isinstance(part, str) else self.unaged(part) for part in group.parts]
        if len(parts) > 1 or isinstance(parts[0], str):
            return lambda node: "".join(part if isinstance(part, str) else json_text(part(node)) for part in parts)
        only = parts[0]
        return lambda node: boolean(only(node))

    def unaged(self, path: Path) -> Callable[[Thing], Any]:
        read = reader(self.graph, path, element=False)
        if read.sort == "age":
            raise Refused
        return lambda node: plain(read.read(node))

    def function(self, function: Function) -> Callable[[Iterable[Thing]], Any]:
        of = function.of
        read = self.unaged(of) if isinstance(of, Path) else lambda _: of
        if function.name == "count":
            return lambda nodes: sum(read(node) is not None for node in nodes)
        return lambda nodes: summed(function.name, [calculated(function, read(node)) for node in nodes])


def boolean(value: Any) -> Any:
    """What is true or not is a group beside those of 1 and 0, and comes last."""
    return bytes([value]) if isinstance(value, bool) else value


def calculated(function: Function, value: Any) -> float | None:
    if not isinstance(value, int | float):
        return None
    for name, by in function.steps:
        if name == "/" and by == 0:
            return None
        value = CALCULATING[name](value, by)
    return float(value) if isinstance(value, float) else int(value)


class Rounded(float):
    """A sum of fractions. `error`: by so much it may differ when the same numbers are added in another order."""

    error: float = 0.0


def added(numbers: list[float], parts: int = 0) -> float:
    """Their sum, or that divided."""
    whole = sum(numbers) / parts if parts else sum(numbers)
    if not any(isinstance(number, float) for number in (whole, *numbers)):
        return whole
    found = Rounded(whole)
    found.error = sum(map(abs, numbers)) / (parts or 1) * len(numbers) * 2.0**-52
    return found


def summed(name: str, found: list[float | None]) -> float | None:
    numbers = [number for number in found if number is not None]
    if name == "sum":
        return added(numbers)
    if not numbers or name == "avg":
        return added(numbers, len(numbers)) if numbers else None
    return min(numbers) if name == "min" else max(numbers)


def quantified(quantifier: str, of: Callable[[Any], tuple[bool, list[Any]]], test: Test) -> Test:
    def found(subject: Any) -> bool:
        is_array, values = of(subject)
        if quantifier == "all":
            return is_array and all(test(value) for value in values)
        return any(test(value) for value in values) is (quantifier == "any")

    return found


def rank(value: Any, is_age: bool = False) -> tuple[int, Any]:
    """Nothing, then numbers, then texts; of ages the longest last."""
    value = plain(value)
    if value is None:
        return 0, 0
    if is_age:
        return 1, [-ord(char) for char in value]
    return (1 if isinstance(value, int | float) else 3 if isinstance(value, bytes) else 2), value


def text_of(node: Thing) -> str:
    return "\n".join((node.name, node.id, node.urn, json_text(node.tags), json_text(node.common)))
