"""Trees as lines for people. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from syncd.cli.output import printable

if TYPE_CHECKING:
    from syncd.cli.graph import Item, Walked
    from syncd.search.links import Link
    from syncd.search.tree import Walk


@dataclass(slots=True)
class Branch:
    """A line, and those below it."""

    label: str
    below: list["Branch"] = field(default_factory=list)


def tree_lines(branches: Sequence[Branch]) -> Iterator[str]:
    """Each top branch is a tree of its own."""
    # A stack, no recursion: a chain of edges may be longer than Python is deep.
    stack = [(branch, "", "", "") for branch in reversed(branches)]
    while stack:
        branch, before, corner, rest = stack.pop()
        yield f"{before}{corner}{branch.label}"
        inner = before + rest
        last = len(branch.below) - 1
        for index in range(last, -1, -1):
            end = index == last
            stack.append((branch.below[index], inner, "└─ " if end else "├─ ", "   " if end else "│  "))


def named(item: "Item") -> str:
    """`aws_ec2_instance web-1  i-0123`."""
    other = f"  {printable(item.id)}" if item.id != item.name and item.id else ""
    return f"{printable(item.kind)} {printable(item.name or item.id)}{other}"


# -- a result by place


def by_place(items: Iterable["Item"], accounts: Mapping[str, str]) -> list[Branch]:
    """Account, region, kind, resource; how many there are below each. `accounts`: id → name."""
    found: defaultdict[str, defaultdict[str, defaultdict[str, list[Item]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for item in items:
        found[item.account][item.region][item.kind].append(item)
    trees = []
    for account, regions in sorted(found.items()):
        below, total = [], 0
        for region, kinds in sorted(regions.items()):
            count = sum(map(len, kinds.values()))
            total += count
            branches = [Branch(f"{printable(kind)} ({len(of):,})", _leaves(of)) for kind, of in sorted(kinds.items())]
            below.append(Branch(f"{_place(region, 'no region')} ({count:,})", branches))
        name = accounts.get(account, "")
        label = f"{printable(name)} {printable(account)}" if name and name != account else _place(account, "no account")
        trees.append(Branch(f"{label} ({total:,})", below))
    return trees


def _place(text: str, none: str) -> str:
    return printable(text) if text else none


def _leaves(items: Iterable["Item"]) -> list[Branch]:
    return [
        Branch(printable(item.name or item.id) + (f"  {printable(item.id)}" if item.id != item.name else ""))
        for item in items
    ]


# -- a result by containment


def by_containment(items: Sequence["Item"], links: Iterable["Link"]) -> list[Branch]:
    """Each resource below what contains it, once; at the top those that nothing of the result contains."""
    branches = {item.key: Branch(named(item)) for item in items}
    parents: dict[int, int] = {}
    for link in links:
        if link.type == "contains" and not _is_above(parents, link.dst, link.src):
            parents.setdefault(link.dst, link.src)
    for item in items:
        if item.key in parents:
            branches[parents[item.key]].below.append(branches[item.key])
    return [branches[item.key] for item in items if item.key not in parents]


def _is_above(parents: Mapping[int, int], upper: int, lower: int) -> bool:
    """Whether a node is another's ancestor or the same: an edge back would make a ring."""
    while lower != upper and lower in parents:
        lower = parents[lower]
    return lower == upper


# -- a walk


def of_walk(walked: "Walked", walk: "Walk", items: Mapping[int, "Item"], start: int) -> Branch:
    """What a walk found below what it was found from.

    A node is spread out once, below one of those that are nearest to the start; elsewhere it is named, with a mark.
    """
    steps = _steps(walked, walk)
    spread, again = {start: Branch(named(items[start]))}, []
    stack = [start]
    while stack:
        node = stack.pop()
        inner = []
        ends = steps.get(node, {})
        for end in sorted(ends.keys() & items.keys(), key=lambda end: (ends[end], items[end][1:])):
            below = Branch(f"{', '.join(ends[end])} {named(items[end])}")
            spread[node].below.append(below)
            if end not in spread and walked.distance[end] > walked.distance[node]:
                spread[end] = below
                inner.append(end)
            else:
                again.append((below, end))
        stack += reversed(inner)
    _mark(spread, again, start)
    return spread[start]


def _mark(spread: Mapping[int, Branch], again: Iterable[tuple[Branch, int]], start: int) -> None:
    positions = {id(branch): number for number, branch in enumerate(_all(spread[start]))}
    for branch, key in again:
        above = positions[id(spread[key])] < positions[id(branch)]
        branch.label += f"  (shown {'above' if above else 'below'})"


def _all(root: Branch) -> Iterator[Branch]:
    stack = [root]
    while stack:
        branch = stack.pop()
        yield branch
        stack += reversed(branch.below)


def _steps(walked: "Walked", walk: "Walk") -> dict[int, dict[int, list[str]]]:
    """Node → neighbour on the way → how the edges to it are called, with arrows."""
    found: defaultdict[int, defaultdict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for link in walked.links:
        if goes(walk.forward, link.type):
            found[link.src][link.dst].append(f"{link.type} →")
        if goes(walk.backward, link.type):
            found[link.dst][link.src].append(f"{link.type} ←")
    return {node: dict(ends) for node, ends in found.items()}


def goes(types: Sequence[str] | None, name: str) -> bool:
    """Whether a walk follows edges of a type; () is all types, None none."""
    return types is not None and (not types or name in types)
