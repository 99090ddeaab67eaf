"""Rows as a table of Markdown. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from syncd.cli.output import printable

_SPECIAL = re.compile(r"([\\|`*\[\]~]|(?<!\w)_|_(?!\w))")


def markdown(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Lines; columns of numbers stand to the right. What a name holds of Markdown or HTML is shown, not obeyed."""
    kept = [list(row) for row in rows]
    yield _line(columns)
    yield f"|{'|'.join(_rule([row[i] for row in kept]) for i in range(len(columns)))}|"
    yield from map(_line, kept)


def _rule(values: Sequence[Any]) -> str:
    numbers = [isinstance(value, int | float) and not isinstance(value, bool) for value in values]
    return " ---: " if numbers and all(numbers) else " --- "


def _line(row: Iterable[Any]) -> str:
    return f"| {' | '.join(map(_cell, row))} |"


def _cell(value: Any) -> str:
    text = "" if value is None else printable(value)
    return _SPECIAL.sub(r"\\\1", text).replace("&", "&amp;").replace("<", "&lt;")
