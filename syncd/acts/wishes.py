"""What somebody wants done, with values that are still templates: "{account.name}" is read of each resource."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from syncd.errors import ConfigError
from syncd.model import Act

_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
LONGEST_KEY, LONGEST_VALUE = 128, 256
_RESERVED = "aws:"


@dataclass(frozen=True, slots=True)
class Wish:
    """One act for all that a search finds. Texts among `tags` and `parameters` are templates."""

    search: str
    verb: Literal["tag", "untag", "call"]
    tags: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    service: str = ""
    operation: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Raises ConfigError for what can never be done."""
        if self.verb == "call" and not (self.service and self.operation):
            raise ConfigError("a call needs a service and an operation, such as ec2 StopInstances")
        names = [*self.tags] if self.verb == "tag" else [*self.keys]
        if self.verb != "call" and not names:
            raise ConfigError(f"{self.verb} needs at least one key")
        for name in names:
            _check_key(name)
        for text in texts_of([*self.tags.values(), self.parameters]):
            fields_of(text)

    def fields(self) -> list[str]:
        """The paths that all templates read, each once."""
        texts = texts_of([*self.tags.values(), self.parameters])
        return [*dict.fromkeys(path for text in texts for path in fields_of(text))]

    def told(self) -> dict[str, Any]:
        """What was asked for, as it is kept and shown."""
        named = ("tags", "keys", "service", "operation", "parameters")
        return {"verb": self.verb, **{name: value for name in named if (value := getattr(self, name))}}

    def act(self, values: Mapping[str, Any]) -> Act:
        """For one resource. `values`: path → what it has there. Raises ConfigError where it has nothing."""
        tags = {key: filled(text, values) for key, text in self.tags.items()}
        for key, value in tags.items():
            if len(value) > LONGEST_VALUE:
                raise ConfigError(f"the value of {key} has more than {LONGEST_VALUE} characters")
        return Act(self.verb, tags, self.keys, self.service, self.operation, _filled(self.parameters, values))


def _check_key(name: str) -> None:
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


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return filled(value, values)
    if isinstance(value, Mapping):
        return {name: _filled(part, values) for name, part in value.items()}
    return [_filled(part, values) for part in value] if isinstance(value, list) else value
