"""What people decided about deriving: read from rules.toml, so that each decision stands with its reason."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

FILE = Path(__file__).with_name("rules.toml")


class Pattern(Struct, frozen=True, eq=False):
    form: re.Pattern[str]
    reason: str


class Rules(Struct, frozen=True, eq=False):
    """`services`, `operations`: name → why it is left out. `patterns` are of operations, `volatile` of members."""

    kept: frozenset[str]
    services: Mapping[str, str]
    operations: Mapping[str, str]
    patterns: tuple[Pattern, ...]
    names: Mapping[str, str]
    constants: Mapping[str, Mapping[str, Any]]
    volatile: tuple[Pattern, ...]
    secret: Pattern
    spared: re.Pattern[str]
    marked: str
    prefixes: Mapping[str, str]
    identities: Mapping[str, Mapping[str, Any]]
    arguments: Mapping[str, Mapping[str, Any]]
    needs: Mapping[str, str]
    parents: Mapping[str, str]
    actions: Mapping[str, str]

    def why_not(self, service: str, operation: str) -> str:
        """Why an operation is left out, "" when nothing speaks against it."""
        label = f"{service}.{operation}"
        found = self.services.get(service) or ("" if label in self.kept else self.operations.get(label, ""))
        if found or label in self.kept:
            return found
        return next((each.reason for each in self.patterns if each.form.fullmatch(operation)), "")

    def prefix(self, service: str) -> str:
        """How a service is called in the names of kinds."""
        return self.names.get(service) or service.replace("-", "_")


def load(path: Path = FILE) -> Rules:
    data = tomllib.loads(path.read_text("utf-8"))
    return Rules(
        kept=frozenset(data["kept"]),
        services=_reasons(data["service"]),
        operations=_reasons(data["operations"]),
        patterns=tuple(Pattern(re.compile(each["form"]), each["reason"]) for each in data["pattern"]),
        names=data["names"],
        constants=data["constants"],
        volatile=tuple(Pattern(re.compile(form), reason) for form, reason in data["volatile"].items()),
        secret=Pattern(re.compile(data["secret"]["form"]), data["secret"]["reason"]),
        spared=re.compile(data["secret"]["spared"]),
        marked=data["secret"]["marked"],
        prefixes=data["prefixes"],
        identities=data["identities"],
        arguments=data["arguments"],
        needs=data["needs"],
        parents=data["parents"],
        actions=data["actions"],
    )


def _reasons(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {name: row["reason"] for row in rows for name in row["names"]}
