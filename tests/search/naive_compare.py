"""A value beside a literal, in plain Python. None is a missing value; times and ages come as the text of a time."""

import ipaddress
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
import re2

from syncd.search import values
from syncd.search.tree import Op, Value

Test = Callable[[Any], bool]
NEGATED: dict[Op, Op] = {"!=": "=", "!~": "=~", "not in": "in"}
TURNED: dict[Op, Op] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
UNITS = {"bytes": 1, "B": 1, "KB": 1024, "MB": 1024**2, "MiB/s": 1024**2, "GB": 1024**3, "TB": 1024**4}


class Refused(Exception):
    """The search cannot be answered: the compiler says so with a QueryError."""


def plain(value: Any) -> Any:
    """Arrays and objects as their JSON text; integers beyond 63 bits as the store has them."""
    if isinstance(value, list | dict):
        return json_text(value)
    return float(value) if isinstance(value, int) and not -(2**63) <= value < 2**63 else value


def json_text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def comparison(op: Op, literals: tuple[Value, ...], sort: str, unit: str, now: datetime) -> Test:
    """`sort`: "time" for a base time, "age" for a span since the time that is compared. `unit`: of the property."""
    if op in NEGATED:
        positive = comparison(NEGATED[op], literals, sort, unit, now)
        return lambda value: not positive(value)
    if op == "in":
        tests = [comparison("=", (literal,), sort, unit, now) for literal in literals]
        return lambda value: any(test(value) for test in tests)
    return _single(op, literals[0], sort, unit, now)


def _single(op: Op, literal: Value, sort: str, unit: str, now: datetime) -> Test:
    if literal.data is None or isinstance(literal.data, bool):
        if op != "=":
            raise Refused
        return lambda value: value is literal.data
    if sort == "age":
        return _age(op, literal.data, now)
    if op == "=~":
        return _pattern(literal.data)
    if (moment := _moment(op, literal, sort, now)) is not None:
        return _time(op, moment)
    return _plain(op, _number(op, literal, unit), literal.data)


def _age(op: Op, text: str, now: datetime) -> Test:
    seconds = values.duration(text)
    if seconds is None:
        seconds = values.number(text)
    if op == "=~" or seconds is None or int(seconds) < 0:
        raise Refused
    moment = values.moment(f"-{int(seconds)}s", now)
    if moment is None:
        raise Refused
    return _time(TURNED.get(op, op), moment)


def _moment(op: Op, literal: Value, sort: str, now: datetime) -> str | None:
    assert isinstance(literal.data, str)
    found = values.moment(literal.data, now)
    if sort == "time":
        if found is None:
            raise Refused
        return found
    if values.relative(literal.data) is not None:
        return found if op != "=" else None
    return found if literal.bare else None


def _time(op: Op, moment: str) -> Test:
    def test(value: Any) -> bool:
        if not isinstance(value, str) or not re.match("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            return False
        whole = value + "0000-00-00T00:00:00"[len(value) :]
        return _ordered(op, whole[:19], moment)

    return test


def _number(op: Op, literal: Value, unit: str) -> float | None:
    assert isinstance(literal.data, str)
    if not literal.bare:
        return None
    number, size = values.number(literal.data), values.size(literal.data)
    if number is not None or size is None:
        return number
    if unit in UNITS:
        return size / UNITS[unit]
    return size if op != "=" else None


def _plain(op: Op, number: float | None, text: str) -> Test:
    def test(value: Any) -> bool:
        value = plain(value)
        if op == "=":
            return bool(value == text or (number is not None and value == number))
        if number is not None:
            return isinstance(value, int | float) and _ordered(op, value, number)
        return isinstance(value, str) and _ordered(op, value, text)

    return test


def _ordered(op: Op, value: Any, limit: Any) -> bool:
    if op == "=":
        return bool(value == limit)
    if op in ("<", "<="):
        return bool(value < limit or (op == "<=" and value == limit))
    return bool(value > limit or (op == ">=" and value == limit))


def _pattern(text: str) -> Test:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        compiled = re2.compile(text, options)
    except re2.error:
        raise Refused from None
    return lambda value: value is not None and compiled.search(json_text(plain(value))) is not None


def in_network(text: str) -> Test:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise Refused from None

    def test(value: Any) -> bool:
        try:
            found = ipaddress.ip_network(value if isinstance(value, str) else "", strict=False)
        except ValueError:
            return False
        return found.version == network.version and found.subnet_of(network)  # type: ignore[arg-type] # one version

    return test


def words(text: str) -> list[str]:
    lowered = "".join(c.lower() if c < "\x80" else c for c in text)
    return re.findall("[a-z0-9\u0080-\U0010ffff]+", lowered)
