"""Groups and functions over the nodes of a search."""

from collections.abc import Iterable, Iterator
from typing import Any

from syncd.errors import QueryError
from syncd.search.context import Context
from syncd.search.properties import Place, node_root, single, written
from syncd.search.tree import Aggregate, Function, Group, Path

EXACT = 2**45
"""Integers up to here are added as such: too many to count are needed until their sum has more than 63 bits."""
TRUE, FALSE = "x'01'", "x'00'"
"""Groups of what is true or not: no number, and no text, since documents hold no blobs. See `told`."""
PLACES = ((Path(("kind",)),), (Path(("account",)),), (Path(("region",)),))
"""Groups whose nodes lie together in the index `node_place`."""


def told(values: Iterable[Any]) -> Iterator[Any]:
    """What a row of an aggregate is for those who asked."""
    return (value == b"\x01" if isinstance(value, bytes) else value for value in values)


def aggregated(
    context: Context, node: str, aggregate: Aggregate, number: str = "count(*)"
) -> tuple[list[str], list[str]]:
    """Columns to read of each node, r0, r1 …, and columns of the result made of them: g0, g1 … and f0, f1 …

    `number`: the expression of how many nodes there are in a group.
    """
    inputs, outputs = [], []
    for position, group in enumerate(aggregate.groups):
        raw, shown = _group(context, node, group, f"r{position}")
        inputs.append(f"{raw} as r{position}")
        outputs.append(f"{shown} as g{position}")
    for position, function in enumerate(aggregate.functions):
        name = f"f{position}"
        if isinstance(function.of, Path):
            inputs.append(f"{_operand(context, node, function)} as {name}")
            outputs.append(_function(function, name))
        else:
            value = _calculated(context, context.bind(_number(function.of)), function)
            outputs.append(_of_constant(function, value, number))
    return inputs, outputs


def _of_constant(function: Function, value: str, number: str) -> str:
    """What is the same for each node needs no look at any."""
    if function.name == "sum":
        return f"ifnull({number} * {value}, 0)"
    return f"ifnull({number}, 0)" if function.name == "count" else _function(function, value)


def _group(context: Context, node: str, group: Group, column: str) -> tuple[str, str]:
    """What to group by, and what to show of it in place of the column. Indexed columns are grouped by as they stand."""
    match group.parts:
        case (Path(("kind",)),):
            return f"{node}.kind", f"(select name from kind where id = {column})"
        case (Path((("account" | "region" | "zone") as name,)),):
            return f"{node}.{name}", f"nullif({column}, '')"
        case (Path() as only,):
            place = _value(context, node, only)
            if not place.type:
                return place.value, column
            return f"case {place.type} when 'true' then {TRUE} when 'false' then {FALSE} else {place.value} end", column
    places = [
        context.bind(part) if isinstance(part, str) else f"json_text({written(_value(context, node, part))})"
        for part in group.parts
    ]
    return " || ".join(places or [context.bind("")]), column


def _value(context: Context, node: str, path: Path) -> Place:
    place = single(context, node_root(context, node), path)
    if place.sort == "age":
        raise QueryError(
            f"{path} changes by the second: no group or sum", context.text, path.at, hint="group by created_at"
        )
    return place


def _operand(context: Context, node: str, function: Function) -> str:
    assert isinstance(function.of, Path)
    place = _value(context, node, function.of)
    if function.name == "count":
        return place.value
    # Of all sorts only numbers lie between the two infinities.
    number = f"case when {place.value} between -9e999 and 9e999 then {place.value} end" if place.type else "null"
    return _calculated(context, number, function)


def _calculated(context: Context, value: str, function: Function) -> str:
    if function.name == "count":
        return value  # what is there is counted, whatever could be made of it
    for operator, number in function.steps:
        bound = context.bind(_number(number))
        # As real numbers: 1 / 2 is a half.
        value = f"({value} * 1.0 / {bound})" if operator == "/" else f"({value} {operator} {bound})"
    return value


def _number(value: float) -> int | float:
    return int(value) if float(value).is_integer() else value


def _function(function: Function, operand: str) -> str:
    if function.name == "sum":
        # The sum of integers beyond 63 bits is an error in SQLite, that of real numbers is not.
        safe = f"case when {operand} between -{EXACT} and {EXACT} then {operand} else {operand} * 1.0 end"
        return f"ifnull(sum({safe}), 0)"
    return f"{function.name}({operand})"
