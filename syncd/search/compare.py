"""A value in SQL beside a literal of the text: always true or false, never null, so that `not` turns it round."""

from syncd.errors import QueryError
from syncd.search import functions, values
from syncd.search.context import Bindable, Context
from syncd.search.properties import Place, written
from syncd.search.tree import EACH, Compare, Op, Path, Value
from syncd.search.within import holds

ORDERING = frozenset({"<", "<=", ">", ">="})
TURNED: dict[Op, Op] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
UNITS = {"bytes": 0, "B": 0, "KB": 1, "MB": 2, "MiB/s": 2, "GB": 3, "TB": 4}
LONGEST_PATTERN = 1000
ELEMENT = Place("", "'any'")
"""Some value in a document, of which nothing is known."""
MIDNIGHT = "'0000-00-00T00:00:00'"
MOMENT = "'[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'"


def compared(context: Context, place: Place, compare: Compare) -> str:
    """The condition that a value meets the comparison."""
    op = compare.op
    if op in ("!=", "!~", "not in"):
        positive: dict[Op, Op] = {"!=": "=", "!~": "=~", "not in": "in"}
        return f"not {_positive(context, place, compare, positive[op])}"
    return _positive(context, place, compare, op)


def _positive(context: Context, place: Place, compare: Compare, op: Op) -> str:
    if op == "in":
        return _one_of(context, place, compare)
    value = compare.values[0]
    if op == "=~":
        return _matches(context, place, value)
    if value.data is None or isinstance(value.data, bool):
        return _constant(context, place, op, value)
    if place.sort == "age":
        return _age(context, place, op, value)
    return _compared_text(context, place, compare, op)


def _compared_text(context: Context, place: Place, compare: Compare, op: Op) -> str:
    value = compare.values[0]
    moment = moment_of(context, place, op, value)
    if moment is not None:
        return _time(context, place, op, moment)
    if op in ORDERING:
        return _ordered(context, place, op, number_of(context, compare.path, value, op))
    return _one_of(context, place, compare)


# -- equal


def _one_of(context: Context, place: Place, compare: Compare) -> str:
    """Plain values are looked up together; those that need more are asked for one by one."""
    plain: list[Bindable] = []
    others = []
    for value in compare.values:
        if place.sort == "age" or not isinstance(value.data, str):
            single = Compare(compare.path, "=", (value,), at=compare.at)
            others.append(_positive(context, place, single, "="))
        elif (moment := moment_of(context, place, "=", value)) is not None:
            others.append(_time(context, place, "=", moment))
        else:
            plain += equals(context, compare.path, value, place)
    if plain:
        listed = ", ".join(context.bind(each) for each in dict.fromkeys(plain))
        first = holds(context, place.texts, place.steps, plain)
        equal = f"ifnull({place.value} in ({listed}), false)"
        others.append(f"({first} and {equal})" if first else equal)
    return f"({' or '.join(others)})" if others else "false"


def contained(context: Context, texts: tuple[str, ...], compare: Compare) -> str:
    """A condition on the documents that have such a value somewhere, "" where there is none so simple."""
    plain: list[Bindable] = []
    for value in compare.values:
        if compare.op not in ("=", "in") or not isinstance(value.data, str):
            return ""
        if moment_of(context, ELEMENT, "=", value) is not None:
            return ""
        plain += equals(context, compare.path, value, ELEMENT)
    steps = compare.path.steps if EACH in compare.path.steps else ()
    return holds(context, texts, steps, plain)


def equals(context: Context, path: Path, value: Value, place: Place) -> list[Bindable]:
    """The values that a literal equals: a bare number is also the text that looks like it."""
    assert isinstance(value.data, str)
    found: list[Bindable] = [value.data]
    if value.bare and place.type:
        number = number_of(context, path, value, "=")
        if not isinstance(number, str):
            found.append(number)
    return found


def _constant(context: Context, place: Place, op: Op, value: Value) -> str:
    """null, true, false."""
    if op != "=":
        name = "null" if value.data is None else str(value.data).lower()
        raise QueryError(f"{name} cannot be compared with {op}", context.text, value.at, expected=("=", "!="))
    if value.data is None:
        return f"({place.value} is null)"
    equal = f"ifnull({place.type or 'null'} = '{str(value.data).lower()}', false)"
    first = holds(context, place.texts, place.steps, [int(value.data)])
    return f"({first} and {equal})" if first else equal


# -- ordered


def _ordered(context: Context, place: Place, op: Op, limit: str | float) -> str:
    """Numbers order before texts in SQLite: `between` keeps to the sort of the limit, and names the value once."""
    if not place.type and not isinstance(limit, str):
        return "false"
    low, high = ("-9e999", "9e999") if not isinstance(limit, str) else ("''", "x''")
    bound = context.bind(limit)
    within = (
        f"{place.value} between {bound} and {high}" if op in (">", ">=") else f"{place.value} between {low} and {bound}"
    )
    strictly = f" and {place.value} <> {bound}" if op in ("<", ">") else ""
    return f"ifnull({within}{strictly}, false)"


def number_of(context: Context, path: Path, value: Value, op: Op) -> str | int | float:
    """What a bare literal means as a number, with its unit in that of the property; else its text."""
    assert isinstance(value.data, str)
    if not value.bare:
        return value.data
    number = values.number(value.data)
    if number is not None:
        return number
    size = values.size(value.data)
    if size is None:
        return value.data
    unit = context.schema.units.get(str(path.steps[-1]), "").rpartition("(")[2].rstrip(")")
    if unit not in UNITS:
        return size if op in ORDERING else value.data
    found = size / 1024 ** UNITS[unit]
    return int(found) if found.is_integer() else found


# -- times


def moment_of(context: Context, place: Place, op: Op, value: Value) -> str | None:
    """The moment that a literal means in this place, None where it is to be taken as it stands."""
    assert isinstance(value.data, str)
    found = values.moment(value.data, context.now)
    if place.sort == "time":
        if found is None:
            raise QueryError(
                f"{value.data} is no time",
                context.text,
                value.at,
                expected=("a date such as 2026-01-31", "a time such as 2026-01-31T12:00", "an offset such as -7d"),
            )
        return found
    if values.relative(value.data) is not None:
        return found if op in ORDERING else None
    return found if value.bare else None


def _time(context: Context, place: Place, op: Op, moment: str) -> str:
    if place.sort:
        return f"ifnull(substr({place.value}, 1, 19) {op} {context.bind(moment)}, false)"
    # A date alone is its midnight.
    whole = f"{place.value} || substr({MIDNIGHT}, length({place.value}) + 1)"
    return f"ifnull(substr({whole}, 1, 19) {op} {context.bind(moment)} and {place.value} glob {MOMENT}, false)"


def _age(context: Context, place: Place, op: Op, value: Value) -> str:
    seconds = _duration(value)
    if seconds is None:
        raise QueryError(
            f"{_shown(value)} is no duration", context.text, value.at, expected=("a duration such as 30d or 2h",)
        )
    moment = values.moment(f"-{seconds}s", context.now)
    if moment is None:
        raise QueryError(f"{_shown(value)} is too long", context.text, value.at)
    return _time(context, place, TURNED[op], moment)


def _duration(value: Value) -> int | None:
    """Whole seconds of a duration; a plain number is one of seconds."""
    if not isinstance(value.data, str):
        return None
    seconds = values.duration(value.data)
    if seconds is None:
        seconds = values.number(value.data)
    return None if seconds is None else int(seconds)


def _shown(value: Value) -> str:
    return value.data if isinstance(value.data, str) else str(value.data).lower()


# -- patterns


def _matches(context: Context, place: Place, value: Value) -> str:
    if not isinstance(value.data, str):
        raise QueryError("a regular expression is a text", context.text, value.at)
    if place.sort == "age":
        raise QueryError(
            "a duration has no text to match", context.text, value.at, expected=("a comparison such as < 30d",)
        )
    problem = functions.pattern_problem(value.data)
    if problem or len(value.data) > LONGEST_PATTERN:
        reason = problem or f"longer than {LONGEST_PATTERN} characters"
        raise QueryError(f"not a regular expression (RE2): {reason}", context.text, value.at)
    return f"regexp({context.bind(value.data)}, {written(place)})"
