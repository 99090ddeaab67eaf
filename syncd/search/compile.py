"""From the tree of a search to one SQL statement with its values. Pure: names in it are ours, all else is bound."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from syncd.errors import QueryError
from syncd.search import sources
from syncd.search.aggregates import aggregated
from syncd.search.conditions import matching
from syncd.search.context import Bindable, Context
from syncd.search.properties import node_root, single
from syncd.search.steps import checked, walked
from syncd.search.tree import Aggregate, Part, Path, Query
from syncd.search.whole import Rows, grouped, is_whole

MOST_PARTS = 20


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL and its values. It gives keys of nodes in their order, or the rows of an aggregate with these columns."""

    sql: str
    values: Mapping[str, Bindable]
    columns: tuple[str, ...] = ()


class _Start(NamedTuple):
    """A select of the column `node`: what a part looks at. `present`: it names nodes of the present only, and `closed`
    those of the past, "" for all.
    """

    select: str
    present: bool = False
    closed: str = ""


EVERYTHING = _Start("")


def compiled(context: Context, query: Query, limit: int, origin: str = "") -> Statement:
    """At most `limit` rows. `origin`: a select of nodes (`key`): those that a search which begins with a walk starts
    from, or else candidates of the present for the first filter.

    Raises QueryError for what the graph's words do not allow.
    """
    if len(query.parts) > MOST_PARTS:
        raise QueryError(f"more than {MOST_PARTS} walks in one search", context.text, 0)
    first = query.parts[0].walk
    if first is not None and not origin:
        raise QueryError("a search begins with a filter", context.text, first.at, expected=("is(…)", "all"))
    ahead, begin = _ahead(context, query, origin)
    last = query.parts[-1]
    body = (
        _keys(context, last, begin, limit)
        if query.aggregate is None
        else _counted(context, last, query.aggregate, begin, limit)
    )
    return Statement(ahead + body, dict(context.values), _columns(query.aggregate))


def members(context: Context, query: Query, origin: str = "") -> Statement:
    """The keys of the nodes that a search finds, in no order; with `origin`, a select of nodes (`key`), those of them.

    With an origin the search must have one part.
    """
    ahead, begin = _ahead(context, query, origin)
    return Statement(ahead + _keys(context, query.parts[-1], begin), dict(context.values))


def _ahead(context: Context, query: Query, begin: str) -> tuple[str, str]:
    """All parts but the last as named tables, and the select of what the last one starts from."""
    tables = []
    for position, part in enumerate(query.parts[:-1]):
        tables.append(f"s{position}(key) as ({_keys(context, part, begin)})")
        begin = f"select key from s{position}"
    return f"with {', '.join(tables)} " if tables else "", begin


def _columns(aggregate: Aggregate | None) -> tuple[str, ...]:
    if aggregate is None:
        return ()
    return (*(group.name for group in aggregate.groups), *(function.label for function in aggregate.functions))


def _keys(context: Context, part: Part, origin: str, limit: int | None = None) -> str:
    """A select of the column `key`. The last part, which has a limit, is always in order."""
    node = context.alias("n")
    where = matching(context, node, part.filter, part.having)
    begin = _start(context, part, origin)
    if limit is None and part.limit is None:
        _sorted(context, part, "n0")  # nobody sees the order, but a wrong path is told
        return _from(context, node, begin, where, f"{node}.key as key")
    order = [*_sorted(context, part, node), *_usual(node)]
    columns = ", ".join([f"{node}.key as key", *(f"{value} as o{i}" for i, (value, _) in enumerate(order))])
    rows = _from(context, node, begin, where, columns)
    directions = [down for _, down in order]
    turned = [not down for down in directions] if part.turned else directions
    most = "" if limit is None else f" limit {int(limit)}"
    if part.limit is None:
        return f"select key from ({rows}) order by {_by(turned)}{most}"
    offset, count = part.limit
    chosen = f"select * from ({rows}) order by {_by(directions)} limit {int(count)} offset {int(offset)}"
    return f"select key from ({chosen}) order by {_by(turned)}{most}"


def _by(directions: list[bool]) -> str:
    """The ORDER BY over the columns o0, o1 …; the key comes last and makes it sure."""
    turned = directions[-1] if directions else False
    named = [f"o{i}{' desc' if down else ''}" for i, down in enumerate(directions)]
    return ", ".join([*named, f"key{' desc' if turned else ''}"])


def _sorted(context: Context, part: Part, node: str) -> list[tuple[str, bool]]:
    found = []
    for key in part.sort:
        place = single(context, node_root(context, node), key.path)
        if place.sort == "age":  # the oldest has the smallest time; what has no age comes before the youngest
            found.append((f"{place.value} is not null", key.descending))
        found.append((place.value, key.descending is not (place.sort == "age")))
    return found


def _usual(node: str) -> list[tuple[str, bool]]:
    """Kind, name and id: the order of results that nobody asked another order of."""
    return [(f"(select name from kind where id = {node}.kind)", False), (f"{node}.name", False), (f"{node}.id", False)]


def _start(context: Context, part: Part, origin: str) -> _Start:
    if part.walk:
        return _Start(walked(context, origin, checked(context, part.walk)))
    if not origin:
        return EVERYTHING
    closed = f"select key as node from ({context.closed})" if context.closed else ""
    return _Start(f"select key as node from ({origin})", present=True, closed=closed)


def _from(context: Context, node: str, start: _Start, where: str, columns: str) -> str:
    """The rows of a part: from all nodes, or from those that it starts from."""
    found = []
    free = list(sources.nodes(context, node))
    for position, (table, ok) in enumerate(sources.nodes(context, node, key="r.node")):
        begin = start.closed if start.present and position else start.select
        if begin:
            found.append(f"select {columns} from ({begin}) r cross join {table} where {ok} and {where}")
        else:
            found.append(f"select {columns} from {free[position][0]} where {free[position][1]} and {where}")
    return " union all ".join(found)


def _counted(context: Context, part: Part, aggregate: Aggregate, origin: str, limit: int) -> str:
    node = context.alias("n")
    _sorted(context, part, "n0")
    found = grouped(context, node, part, aggregate) if is_whole(part) and not origin else None
    rows, outputs, having = found or _looked_at(context, node, part, aggregate, origin)
    if any(isinstance(function.of, Path) for function in aggregate.functions):
        # Otherwise SQLite puts the expressions of the inner select wherever its columns are named: a sum would
        # read each document several times.
        rows += " limit -1"
    return f"select {', '.join(outputs)} from ({rows}) {_grouped(len(aggregate.groups), having)} limit {int(limit)}"


def _looked_at(context: Context, node: str, part: Part, aggregate: Aggregate, origin: str) -> Rows:
    """By a look at each node."""
    where = matching(context, node, part.filter, part.having)
    begin = _start(context, part, origin)
    if part.limit is not None:
        where, begin = f"{node}.key in ({_keys(context, part, origin)})", EVERYTHING
    inputs, outputs = aggregated(context, node, aggregate)
    return Rows(_from(context, node, begin, where, ", ".join(inputs) or "1"), outputs)


def _grouped(groups: int, having: str) -> str:
    inner, outer = (", ".join(f"{letter}{i}" for i in range(groups)) for letter in "rg")
    return f"group by {inner}{having and f' having {having}'} order by {outer}" if groups else ""
