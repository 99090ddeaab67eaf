"""Aggregates over all nodes of some kinds: what they need stands in indexes and briefs, no node is looked at."""

from typing import NamedTuple

from syncd.kinds import RESOURCE
from syncd.search import sources
from syncd.search.aggregates import PLACES, aggregated
from syncd.search.conditions import matching
from syncd.search.context import Context
from syncd.search.tree import Aggregate, All, Is, Part, Path

OWN = frozenset(RESOURCE.properties)
"""What every node has in columns of its own."""


def is_whole(part: Part) -> bool:
    """Whether all nodes of some kinds are meant, and no part of them."""
    return isinstance(part.filter, All | Is) and not (part.walk or part.limit or part.having)


class Rows(NamedTuple):
    """`select`: of the columns to group. `outputs`: columns of the result. `having`: which groups there are."""

    select: str
    outputs: list[str]
    having: str = ""


def grouped(context: Context, node: str, part: Part, aggregate: Aggregate) -> Rows | None:
    """None where nodes must be looked at."""
    briefs = context.is_indexed and not context.picture.complete_only
    if _counts(aggregate) and (briefs or not context.picture.past):
        return _counted(context, node, part, aggregate)
    if briefs and all(_is_brief(context, path) for path in _paths(aggregate)):
        return _read(context, node, part, aggregate)
    return None


def _counts(aggregate: Aggregate) -> bool:
    """Whether all that is asked for is how many nodes there are of a kind in a place."""
    return all(group.parts in PLACES for group in aggregate.groups) and not any(
        isinstance(function.of, Path) for function in aggregate.functions
    )


def _counted(context: Context, node: str, part: Part, aggregate: Aggregate) -> Rows:
    """In the order of the index first, and put together after: a million nodes want no sorting. At a commit what came
    since is taken off again, and what was there then is added.
    """
    inputs, outputs = aggregated(context, node, aggregate, "sum(c)")
    where = matching(context, node, part.filter, None)
    columns = "".join(f"{each}, " for each in inputs)
    together = f"group by {node}.kind, {node}.account, {node}.region"
    [(table, ok), *_] = sources.nodes(context, node) if not context.picture.past else [(f"node {node}", "true")]
    rows = [f"select {columns}count(*) as c from {table} where {ok} and {where} {together}"]
    if context.picture.past:
        rows += [
            f"select {columns}{sign} from {table} where {ok} and {where}"
            for sign, table, ok in sources.since(context, node)
        ]
    return Rows(" union all ".join(rows), outputs, "sum(c) > 0" if context.picture.past else "")


def _read(context: Context, node: str, part: Part, aggregate: Aggregate) -> Rows:
    context.briefs.add(node)
    inputs, outputs = aggregated(context, node, aggregate)
    where = matching(context, node, part.filter, None)
    columns = ", ".join(inputs) or "1"
    found = sources.briefs(context, node)
    rows = (f"select {columns} from {table} where {ok} and {where}" for table, ok in found)
    return Rows(" union all ".join(rows), outputs)


def _paths(aggregate: Aggregate) -> list[Path]:
    groups = [part for group in aggregate.groups for part in group.parts if isinstance(part, Path)]
    return groups + [function.of for function in aggregate.functions if isinstance(function.of, Path)]


def _is_brief(context: Context, path: Path) -> bool:
    """Whether a brief has it: where a node is, and common properties, as a rule."""
    head, rest = path.steps[0], path.steps[1:]
    if rest or not isinstance(head, str) or head in context.schema.moving:
        return False
    return (path,) in PLACES or (head in context.schema.units and head not in OWN)
