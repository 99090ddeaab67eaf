"""How a comparison with a property of documents is looked up in the index of searches."""

from syncd.search.compare import ELEMENT, ORDERING, equals, moment_of, number_of
from syncd.search.context import Bindable, Context
from syncd.search.indexed import Steps
from syncd.search.properties import EXTRACT, TYPE, Root, is_ours, values_of
from syncd.search.tree import EACH, Compare, Op, Path, Value

LONGEST = 200
"""Characters of a text in the index: of longer ones the beginning stands there."""


def sought(context: Context, path: Path, compare: Compare) -> Steps:
    """The place in documents where an index could find what a comparison wants, () where none could."""
    steps = path.steps
    if compare.quantifier in ("all", "none") or compare.op not in ("=", "in", *ORDERING):
        return ()
    if compare.quantifier == "any" and EACH not in compare.path.steps:
        steps = (*steps, EACH)
    if is_ours(context, steps) or steps[0] in context.schema.moving:
        return ()
    return () if any(value.data is None for value in compare.values) else steps


def looked_up(context: Context, compare: Compare) -> tuple[str, bool]:
    """A condition on rows of `property` (p) that all values fulfil which fulfil the comparison; whether these are few
    values, so that one entry can be asked for.
    """
    if compare.op in ORDERING:
        return _ordered(context, compare, compare.op, compare.values[0]), False
    plain: list[Bindable] = []
    others = []
    for value in compare.values:
        if isinstance(value.data, bool):
            plain.append(int(value.data))
        elif (moment := moment_of(context, ELEMENT, "=", value)) is not None:
            others.append(_on_the_day(context, moment, "="))
        else:
            plain += [beginning(each) for each in equals(context, compare.path, value, ELEMENT)]
    if plain or not others:
        others.append(f"p.value in ({', '.join(context.bind(each) for each in dict.fromkeys(plain))})")
    return f"({' or '.join(others)})", len(others) == 1 and bool(plain)


def _ordered(context: Context, compare: Compare, op: Op, value: Value) -> str:
    """As compare.py has it, but with the limit itself, and of long texts the beginning: both keep their order."""
    if not isinstance(value.data, str):
        return "false"
    moment = moment_of(context, ELEMENT, op, value)
    if moment is not None:
        return _on_the_day(context, moment, op)
    limit = beginning(number_of(context, compare.path, value, op))
    low, high = ("''", "x''") if isinstance(limit, str) else ("-9e999", "9e999")
    bound = context.bind(limit)
    return f"p.value between {bound} and {high}" if op in (">", ">=") else f"p.value between {low} and {bound}"


def _on_the_day(context: Context, moment: str, op: Op) -> str:
    """Whole days: a date alone is its midnight, and may be written with or without what follows."""
    low = context.bind(moment[:10]) if op in ("=", ">", ">=") else "''"
    high = context.bind(moment[:9] + chr(ord(moment[9]) + 1)) if op in ("=", "<", "<=") else "x''"
    return f"(p.value >= {low} and p.value < {high})"


def beginning(value: Bindable) -> Bindable:
    """As much of a text as the index holds: SQLite's substr ends at a NUL."""
    return value.partition("\0")[0][:LONGEST] if isinstance(value, str) else value


# -- what is put in


def stored(context: Context, steps: Steps, column: str) -> tuple[tuple[str, ...], str]:
    """What a place holds in one of the two columns that documents have: tables to join, and the value, cut."""
    root = Root(lambda path, _: EXTRACT.format(column, path), lambda path, _: TYPE.format(column, path))
    tables, value = values_of(context, root, Path(steps))
    return tables, f"case typeof({value}) when 'text' then substr({value}, 1, {LONGEST}) else {value} end"
