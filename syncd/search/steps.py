"""Walks along edges: adjacency steps and recursive closures over them."""

from collections.abc import Iterator

from syncd.errors import QueryError
from syncd.search import sources
from syncd.search.context import Context
from syncd.search.tree import Walk

ALL_TYPES = "default"
FURTHEST = 100
"""Steps that may be asked for; `[0:]` goes as far as there are edges."""


def walked(context: Context, start: str, walk: Walk) -> str:
    """A select of the column `node`: what a walk finds from the nodes that the select `start` gives as `key`."""
    if (walk.first, walk.last) == (1, 1):
        near = context.alias("w")
        steps = " union ".join(_steps(context, walk, near, f"{near}.node"))
        return f"with {near}(node) as (select key from ({start})) {steps}"
    if walk.last is not None:
        table, recursion = levels(context, start, walk)
        return f"{recursion} select distinct node from {table} where depth >= {int(walk.first)}"
    # Beside each other, not within: SQLite before 3.46 parses no more than a hundred symbols deep.
    reached = context.alias("c")
    ahead, begin = "with recursive ", f"select key from ({start})"
    if walk.first:
        table, recursion = levels(context, start, _exactly(walk))
        ahead, begin = f"{recursion}, ", f"select node from {table} where depth = {int(walk.first)}"
    return (
        f"{ahead}{reached}(node) as ({begin} union {_union(context, walk, reached, limit=None)}) "
        f"select node from {reached}"
    )


def levels(context: Context, start: str, walk: Walk) -> tuple[str, str]:
    """A table (node, depth) of all levels up to the last, and the `with` that makes it."""
    table = context.alias("w")
    steps = _union(context, walk, table, walk.last)
    return table, f"with recursive {table}(node, depth) as (select key, 0 from ({start}) union {steps})"


def neighbours(context: Context, key: str, walk: Walk) -> str:
    """A select of the column `node`: one step from the node with the key that the expression `key` gives."""
    return " union ".join(_steps(context, walk, "", key))


def checked(context: Context, walk: Walk) -> Walk:
    """Raises QueryError for unknown edge types and ranges that nobody can mean."""
    for name in (*(walk.forward or ()), *(walk.backward or ())):
        if name not in context.schema.types:
            raise QueryError(
                f"there are no edges of type {name}", context.text, walk.at, hint=context.schema.nearest_type(name)
            )
    if walk.last is not None and (walk.last < walk.first or walk.last > FURTHEST):
        raise QueryError(
            f"a walk of {walk.first} to {walk.last} steps is not possible",
            context.text,
            walk.at,
            expected=(f"a range within 0 to {FURTHEST}, or [{walk.first}:] for as far as there are edges",),
        )
    if walk.last is None and walk.first > FURTHEST:
        raise QueryError(f"a walk begins at most {FURTHEST} steps away", context.text, walk.at)
    return walk


def _exactly(walk: Walk) -> Walk:
    return Walk(walk.forward, walk.backward, walk.first, walk.first, walk.at)


def _union(context: Context, walk: Walk, table: str, limit: int | None) -> str:
    depth = "" if limit is None else f", {table}.depth + 1"
    within = "" if limit is None else f" and {table}.depth < {int(limit)}"
    return " union ".join(_steps(context, walk, table, f"{table}.node", depth, within))


def _steps(context: Context, walk: Walk, table: str, key: str, depth: str = "", within: str = "") -> Iterator[str]:
    """Selects of one step each: in and against the direction, by the node's own key and by its handles."""
    for types, near, far in ((walk.forward, "src", "dst"), (walk.backward, "dst", "src")):
        if types is None:
            continue
        kinds = of_type(context, types)
        for edge in sources.edges(context, "e"):
            end, joined = resolved(context, f"e.{far}")
            rest = f"{joined} where {edge.condition} and {kinds}{within} and {sources.known(context, end)}"
            before = f"{table} cross join " if table else ""
            yield f"select {end} as node{depth} from {before}{edge.table} e {rest} and e.{near} = {key}"
            for handle in sources.handles(context, "a"):
                yield (
                    f"select {end} as node{depth} from {before}{handle.table} a cross join {edge.table} e {rest} "
                    f"and {handle.condition} and a.node = {key} and e.{near} = a.key"
                )


def of_type(context: Context, types: tuple[str, ...]) -> str:
    if not types:
        return "true"
    numbers = sorted(number for name in types for number in context.schema.types.get(name, ()))
    return f"e.type in ({', '.join(map(str, numbers))})"


def resolved(context: Context, end: str) -> tuple[str, str]:
    """The node that an end means, which may be the key of a handle; and the joins that tell."""
    keys, joins = [], ""
    for position in range(len(sources.handles(context, ""))):
        name = f"h{position}"
        handle = sources.handles(context, name)[position]
        joins += f" left join {handle.table} {name} on {name}.key = {end} and {handle.condition}"
        keys.append(f"{name}.node")
    return f"coalesce({', '.join([*keys, end])})", joins
