"""Tags as they are asked for: keys that providers take, and values that are texts with paths in braces.

"{account.name}" is read of each resource; two braces stand for one.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from syncd.errors import ConfigError

_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
LONGEST_KEY, LONGEST_VALUE = 128, 256
_RESERVED = "aws:"


def check_key(name: str) -> None:
    """Raises ConfigError."""
    if not 0 < len(name) <= LONGEST_KEY:
        raise ConfigError(f"a key of a tag has 1 to {LONGEST_KEY} characters, found {name[:40]!r}")
    if name.lower().startswith(_RESERVED):
        raise ConfigError(f"{name}: keys that begin with {_RESERVED} belong to the provider")


def texts_of(value: Any) -> Iterator[str]:
    """All texts in it, at any depth."""
    if isinstance(value, str):
        yield value
    for part in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from texts_of(part)


def fields_of(text: str) -> list[str]:
    """The paths in braces; two braces stand for one. Raises ConfigError."""
    found = []
    for match in _FIELD.finditer(text):
        if match[0] in ("{", "}") or (match[1] is not None and not match[1].strip()):
            raise ConfigError(f"{text!r} is no template: expected a path in braces such as {{account.name}}")
        if match[1] is not None:
            found.append(match[1].strip())
    return found


def filled(text: str, values: Mapping[str, Any]) -> str:
    """The text with its fields filled. Raises ConfigError for a field without a value, or with more than one."""

    def one(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0][0]
        value = values.get(match[1].strip())
        if value is None or value == "":
            raise ConfigError(f"it has no {match[1].strip()}")
        if isinstance(value, (dict, list)):
            raise ConfigError(f"its {match[1].strip()} is no single value")
        return str(value).lower() if isinstance(value, bool) else str(value)

    return _FIELD.sub(one, text)
