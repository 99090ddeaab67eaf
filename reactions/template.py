"""Texts with places to fill in: Jinja in a sandbox, where a name that nobody knows is an error."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from syncd.errors import Rejected

LARGEST = 1_048_576
"""Characters that a text may have."""
_LONGEST_IN_HEADER = 1_000


def as_it_is(value: Any) -> Any:
    return value


def in_address(value: Any) -> str:
    """No value can leave its place in an address."""
    return quote(str(value), safe="")


def in_header(value: Any) -> str:
    """No value can begin a header of its own, or be longer than servers take."""
    return " ".join("".join(char if char.isprintable() else " " for char in str(value)[:_LONGEST_IN_HEADER]).split())


class Environment(ImmutableSandboxedEnvironment):
    """`notice.items` is what the notice holds, not what a dictionary can do."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


@lru_cache
def environment(finalize: Callable[[Any], Any]) -> Environment:
    """`finalize` is done to each value before it is put in. Nothing is escaped as HTML: there is none."""
    return Environment(undefined=StrictUndefined, finalize=finalize, autoescape=False)


def check(name: str, text: str, *, secret: bool = False) -> None:
    """Raises ValueError for a text that is no template. Of a secret one nothing is quoted."""
    try:
        environment(as_it_is).parse(text)
    except TemplateError as error:
        raise ValueError(f"{name}: {'not a template' if secret else error}") from None


def fill(name: str, text: str, values: dict[str, Any], finalize: Callable[[Any], Any] = as_it_is) -> str:
    """Raises Rejected: what is wrong with a template stays wrong."""
    parts: list[str] = []
    size = 0
    try:
        for part in environment(finalize).from_string(text).generate(values):
            parts.append(part)
            size += len(part)
            if size > LARGEST:
                raise Rejected(f"{name}: the text is longer than {LARGEST} characters")
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise Rejected(f"{name}: {_said(error)}") from None
    return "".join(parts)


def _said(error: Exception) -> str:
    """Errors of Python quote values, those of Jinja names."""
    return str(error) if isinstance(error, TemplateError) else f"a value cannot be used there ({type(error).__name__})"
