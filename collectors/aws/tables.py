"""Reads TOML tables key by key; whatever is of the wrong type, missing or not asked for becomes one problem line."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from msgspec import Struct, field

T = TypeVar("T")


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean X?`, or the known names when they are few, or nothing."""
    names = sorted(set(known))
    close = get_close_matches(name, names, 1, 0.5)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; known: {', '.join(names)}" if 0 < len(names) <= 12 else ""


class Problems(Struct):
    """One line per mistake."""

    lines: list[str] = field(default_factory=list)

    def add(self, where: str, text: str) -> None:
        line = f"{where}: {text}"
        if line not in self.lines:
            self.lines.append(line)


class Table:
    """One TOML table being read. `where` names file, kind and the way to the table."""

    def __init__(self, data: object, where: str, problems: Problems) -> None:
        self.where = where
        self.problems = problems
        self._known: set[str] = set()
        self._data: Mapping[str, Any] = data if isinstance(data, dict) else {}
        if not isinstance(data, dict):
            problems.add(where, f"expected a table, found {data!r}")

    def has(self, key: str) -> bool:
        self._known.add(key)
        return key in self._data

    def get(self, key: str, kind: type[T] | tuple[type[T], ...], default: T) -> T:
        """The value of `key`, or the default when it is absent or of the wrong type."""
        if not self.has(key):
            return default
        value = self._data[key]
        if isinstance(value, kind) and not (isinstance(value, bool) and kind is int):
            return value
        wanted = kind.__name__ if isinstance(kind, type) else " or ".join(k.__name__ for k in kind)
        self.problems.add(f"{self.where}: {key}", f"expected {wanted}, found {value!r}")
        return default

    def any(self, key: str) -> Any:
        return self._data[key] if self.has(key) else None

    def text(self, key: str, default: str = "", *, needed: bool = False) -> str:
        if needed and not self.has(key):
            self.problems.add(self.where, f"{key} is missing")
        return self.get(key, str, default)

    def flag(self, key: str) -> bool:
        return self.get(key, bool, False)

    def number(self, key: str, default: int) -> int:
        return self.get(key, int, default)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings, or one string."""
        value = self.any(key)
        if value is None:
            return ()
        found = [value] if isinstance(value, str) else value
        if isinstance(found, list) and all(isinstance(text, str) for text in found):
            return tuple(found)
        self.problems.add(f"{self.where}: {key}", f"expected a list of strings, found {value!r}")
        return ()

    def mapping(self, key: str) -> Mapping[str, Any]:
        return self.get(key, dict, {})

    def names(self, key: str) -> Mapping[str, str]:
        """A table of strings."""
        found = self.mapping(key)
        for name, value in found.items():
            if not isinstance(value, str):
                self.problems.add(f"{self.where}: {key}.{name}", f"expected a string, found {value!r}")
        return {name: value for name, value in found.items() if isinstance(value, str)}

    def regex(self, key: str) -> str:
        pattern = self.text(key)
        try:
            re.compile(pattern)
        except re.error as error:
            self.problems.add(f"{self.where}: {key}", f"the regex does not compile: {error}")
            return ""
        return pattern

    def table(self, key: str) -> "Table":
        self.has(key)
        return Table(self._data[key], f"{self.where}: {key}", self.problems)

    def tables(self, key: str) -> "list[Table]":
        found = self.get(key, list, [])
        return [Table(data, f"{self.where}: {key}[{index}]", self.problems) for index, data in enumerate(found)]

    def done(self) -> None:
        """Every key that nobody asked for is a mistake."""
        for key in self._data:
            if key not in self._known:
                self.problems.add(f"{self.where}: {key}", f"unknown key{nearest(key, self._known)}")
