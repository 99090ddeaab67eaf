"""What somebody wants done, with values that are still templates: "{account.name}" is read of each resource."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from syncd.errors import ConfigError
from syncd.model import Act
from syncd.tagging import LONGEST_VALUE, check_key, fields_of, filled, texts_of


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
        if (self.tags and self.verb != "tag") or (self.keys and self.verb != "untag"):
            raise ConfigError("tags are for tag and keys for untag: one plan does one of them")
        try:
            orjson.dumps(self.told())
        except (TypeError, ValueError) as error:
            raise ConfigError(f"this cannot be kept: {error}") from None
        names = [*self.tags] if self.verb == "tag" else [*self.keys]
        if self.verb != "call" and not names:
            raise ConfigError(f"{self.verb} needs at least one key")
        for name in names:
            check_key(name)
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


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return filled(value, values)
    if isinstance(value, Mapping):
        return {name: _filled(part, values) for name, part in value.items()}
    return [_filled(part, values) for part in value] if isinstance(value, list) else value
