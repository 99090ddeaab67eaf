"""Common properties of base kinds, compiled to functions over documents."""

from collections.abc import Callable, Mapping
from typing import Any

from collectors.aws.entries import Common
from collectors.aws.paths import getter, steps
from collectors.aws.templates import maker, template
from syncd.errors import Failed

Document = dict[str, Any]
Property = Callable[[Document, Mapping[str, str]], Any]

_EMPTY: tuple[Any, ...] = (None, "", [], {})


def roots_of(common: Common) -> frozenset[str]:
    """The top-level document keys that the property is made of."""
    paths = [common.of, common.exists, *(template(common.template).names() if common.template else ())]
    return frozenset(steps(path)[0].name for path in paths if path)


def compile_common(common: Common) -> Property:
    """None means: the provider does not say."""
    if common.template:
        make = maker(common.template)
        return lambda document, place: make(document, place) or None
    if common.exists:
        get = getter(common.exists)
        return lambda document, place: get(document) not in _EMPTY
    if not common.of:
        value = common.value
        return lambda document, place: value
    get, change = getter(common.of), _change(common)
    if "[]" not in common.of:
        return (lambda document, place: get(document)) if change is None else lambda d, place: change(get(d))
    return lambda document, place: (
        [part for part in (value if change is None else change(value) for value in get(document)) if part not in _EMPTY]
        or None
    )


def _change(common: Common) -> Callable[[Any], Any] | None:
    if common.map is not None:
        table, otherwise = common.map, common.otherwise
        return lambda value: table.get(_spelled(value), otherwise)
    if common.equals is not None:
        wanted = common.equals
        return lambda value: value == wanted
    if not (common.number or common.divide or common.otherwise is not None):
        return None
    number, divide, otherwise = common.number, common.divide, common.otherwise

    def change(value: Any) -> Any:
        if value is None:
            return otherwise
        if number:
            value = _number(value)
        return _quotient(value, divide) if divide else value

    return change


def _spelled(value: Any) -> Any:
    """Keys of a TOML table are text: booleans and numbers are looked up by how JSON spells them."""
    if value.__class__ is str or value is None:
        return value
    return str(value).lower()


def _number(value: Any) -> int | float:
    try:
        return int(value) if float(value) == int(float(value)) else float(value)
    except (TypeError, ValueError, OverflowError):
        raise Failed(f"expected a number, found {str(value)[:60]!r}") from None


def _quotient(value: Any, divide: float) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Failed(f"expected a number, found {str(value)[:60]!r}")
    quotient = value / divide
    return int(quotient) if quotient == int(quotient) else round(quotient, 6)
