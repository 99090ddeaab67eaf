"""Single values of an answer: numbers, booleans and times, or Unreadable; never a guess."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

LARGEST = 2**63 - 1
SMALLEST = -(2**63)
DEEPEST = 100

_ISO = re.compile(
    r"(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60))(?:\.(\d+))?Z"
).fullmatch
_EPOCH = re.compile(r"-?\d{1,11}(?:\.\d+)?(?:[eE]\+?\d{1,2})?").fullmatch
_INTEGER = re.compile(r"\s*([+-]?[0-9]{1,19})\s*").fullmatch
_FLOAT = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?\s*").fullmatch
_BOOLEANS = {"true": True, "false": False, "True": True, "False": False, "TRUE": True, "FALSE": False}
_REMEMBERED, _LONGEST = 256, 40  # values of a member and characters of each, so that no answer fills the memory


class Unreadable(ValueError):
    """Part of an answer is not what the provider's model says: the message names the member, never quotes much."""


def wrong(name: str, expected: str, found: object) -> Unreadable:
    shown = repr(found)
    return Unreadable(f"{name}: {expected} expected, found {shown[:40]}{'…' if len(shown) > 40 else ''}")


def boolean(name: str, text: str) -> bool:
    found = _BOOLEANS.get(text)
    if found is None:
        raise wrong(name, "true or false", text)
    return found


def integer(name: str, text: str) -> int:
    match = _INTEGER(text)
    if match is None:
        raise wrong(name, "an integer", text)
    return bounded(name, int(match[1]))


def bounded(name: str, number: int) -> int:
    if not SMALLEST <= number <= LARGEST:
        raise wrong(name, "an integer of 64 bits", number)
    return number


def decimal(name: str, text: str) -> float:
    if _FLOAT(text) is None:
        raise wrong(name, "a number", text)
    return finite(name, float(text))


def finite(name: str, number: float) -> float:
    if number - number != 0:
        raise wrong(name, "a finite number", number)
    return number


def moment(name: str, text: str) -> str:
    """ISO 8601 in UTC ending in Z, with milliseconds only where they are not zero, so that text compares as time."""
    match = _ISO(text)
    if match is not None:
        fraction = match[2]
        if fraction is None:
            return text
        milliseconds = fraction[:3].ljust(3, "0")
        return f"{match[1]}Z" if milliseconds == "000" else f"{match[1]}.{milliseconds}Z"
    if _EPOCH(text) is not None:
        return moment_of_epoch(name, float(text))
    try:
        return _text(_parsed(text))
    except (ValueError, OverflowError):
        raise wrong(name, "a time", text) from None


def _parsed(text: str) -> datetime:
    found = datetime.fromisoformat(text) if text[:1].isdigit() else parsedate_to_datetime(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def moment_of_epoch(name: str, seconds: float) -> str:
    try:
        return _text(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        raise wrong(name, "a time", seconds) from None


def _text(found: datetime) -> str:
    # Microseconds are a float's rounding more often than the provider's word.
    whole = found.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    milliseconds = found.microsecond // 1000
    return f"{whole}.{milliseconds:03d}Z" if milliseconds else f"{whole}Z"


def plain(name: str, value: Any, depth: int = 0) -> None:
    """Raises Unreadable for a value that is nested too deeply to be written again, or holds what text cannot."""
    if depth > DEEPEST:
        raise Unreadable(f"{name}: nested deeper than {DEEPEST} levels")
    if isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            plain(name, part, depth + 1)
    elif isinstance(value, str):
        no_nul(name, value)
    elif type(value) is int:
        bounded(name, value)


def no_nul(name: str, text: str) -> None:
    if "\0" in text:
        raise Unreadable(f"{name}: NUL in text")


class Known(dict[str, Any]):
    """Values of one member by their text: the same few come again and again, and each is judged once."""

    def __init__(self, name: str, convert: Callable[[str, str], Any]) -> None:
        super().__init__()
        self._name, self._convert = name, convert

    def __missing__(self, text: str) -> Any:
        value = self._convert(self._name, text)
        if len(text) <= _LONGEST:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[text] = value
        return value


def known(name: str, kind: str) -> Known | None:
    """The values of a member of this type of the model; None where the text is the value."""
    convert = _CONVERSIONS.get(kind)
    return None if convert is None else Known(name, convert)


_CONVERSIONS: dict[str, Callable[[str, str], Any]] = {
    "boolean": boolean,
    "integer": integer,
    "long": integer,
    "float": decimal,
    "double": decimal,
    "timestamp": moment,
}
