"""The account, the region, or another node above or beside a node, as the expression of its key."""

from collections.abc import Callable

from syncd.search import sources
from syncd.search.context import Context
from syncd.search.steps import levels, neighbours
from syncd.search.tree import Walk

HIGHEST = 20
"""Containment is no deeper than this anywhere: organization, units, account, region, network, subnet, instance."""
UP = Walk(None, ("contains",), 1, HIGHEST)
BESIDE = Walk((), (), 1, 1)


def ancestor(context: Context, node: str, kind: str) -> str:
    """The key of the nearest node of a kind; null where there is none."""
    if kind == "account":
        return _of_place(context, kind, lambda other: f"{other}.id = {node}.account")
    if kind == "region":
        place = "{other}.account = {node}.account and {other}.id = {node}.region"
        return _of_place(context, kind, lambda other: place.format(other=other, node=node))
    return f"coalesce({_above(context, node, kind)}, {_beside(context, node, kind)})"


def of_kind(context: Context, node: str, kind: str) -> str:
    numbers = ", ".join(map(str, sorted(context.schema.kinds[kind])))
    return f"{node}.kind in ({numbers})"


def _of_place(context: Context, kind: str, here: Callable[[str], str]) -> str:
    other = context.alias("n")
    found = (
        f"select {other}.key from {table} where {condition} and {of_kind(context, other, kind)} and {here(other)}"
        for table, condition in sources.nodes(context, other)
    )
    return f"({' union all '.join(found)} limit 1)"


def _above(context: Context, node: str, kind: str) -> str:
    table, recursion = levels(context, f"select {node}.key as key", UP)
    other = context.alias("n")
    columns = f"{table}.node, {table}.depth" if context.picture.past else f"{table}.node"
    found = [
        f"select {columns} from {table} cross join {of} "
        f"where {condition} and {of_kind(context, other, kind)} and depth > 0"
        for of, condition in sources.nodes(context, other, key=f"{table}.node")
    ]
    if not context.picture.past:
        return f"({recursion} {found[0]} order by depth, {table}.node limit 1)"
    return f"(select node from ({recursion} {' union all '.join(found)} order by 2, 1) limit 1)"


def _beside(context: Context, node: str, kind: str) -> str:
    other = context.alias("n")
    near = neighbours(context, f"{node}.key", BESIDE)
    found = (
        f"select {other}.key from ({near}) r cross join {table} where {condition} and {of_kind(context, other, kind)}"
        for table, condition in sources.nodes(context, other, key="r.node")
    )
    return f"({' union all '.join(found)} order by 1 limit 1)"
