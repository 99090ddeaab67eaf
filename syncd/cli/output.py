"""Rows on stdout: an aligned table for people, JSON, TSV or CSV for programs."""

import csv
import json
import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TextIO

Row = Sequence[Any]

FORMATS = ("table", "json", "tsv", "csv")
STATES = {
    "complete": "32",
    "partial": "33",
    "held": "33",
    "incomplete": "33",
    "running": "36",
    "denied": "31",
    "failed": "31",
    "cancelled": "31",
}
DIM, BOLD = "2", "1"


def coloured(stream: TextIO, *, no_color: bool) -> bool:
    return stream.isatty() and not no_color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, code: str, colours: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colours and code and text else text


def show(columns: Sequence[str], rows: Iterable[Row], output: str, *, colours: bool = False) -> None:
    """Prints rows in one of FORMATS; all but the table are streamed."""
    if output == "table":
        table(columns, rows, colours)
    elif output == "json":
        json_rows(dict(zip(columns, row, strict=True)) for row in rows)
    elif output == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    else:
        print("\t".join(columns))
        for row in rows:
            print("\t".join(_field(value) for value in row))


def json_rows(rows: Iterable[object]) -> None:
    """A JSON array with one element a line: whole for parsers, readable for people and diff."""
    start = "["
    for row in rows:
        print(start, json.dumps(row, ensure_ascii=False, default=str), sep="\n", end="")
        start = ","
    print("[]" if start == "[" else "\n]")


def table(columns: Sequence[str], rows: Iterable[Row], colours: bool = False) -> None:
    """Columns as wide as their content, numbers to the right, the last column open."""
    kept = list(rows)
    cells = [[printable(value) for value in row] for row in kept]
    numeric = [all(isinstance(row[i], int | float) for row in kept) and bool(kept) for i in range(len(columns))]
    heads = [name.upper().replace("_", " ") for name in columns]
    widths = [max(map(width, column)) for column in zip(heads, *cells, strict=True)]
    print(paint(_line(heads, widths, numeric), BOLD, colours))
    state = columns.index("state") if "state" in columns else -1
    for row in cells:
        print(_line(row, widths, numeric, lambda i, text: _state(text, colours) if i == state else text))


def _line(
    cells: Sequence[str],
    widths: Sequence[int],
    numeric: Sequence[bool],
    decorate: Callable[[int, str], str] = lambda _, text: text,
) -> str:
    padded = []
    for i, text in enumerate(cells):
        gap = " " * (widths[i] - width(text))
        last = i == len(cells) - 1
        padded.append(gap + decorate(i, text) if numeric[i] else decorate(i, text) + ("" if last else gap))
    return "  ".join(padded).rstrip()


def _state(text: str, colours: bool) -> str:
    return paint(text, STATES.get(text, DIM), colours)


def printable(value: object) -> str:
    """A value as text that cannot move a terminal's cursor: names come from strangers."""
    if value is None or value == "":
        return "-"
    text = str(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def width(text: str) -> int:
    """Columns on a terminal: East Asian wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) != 0 for c in text)


def _field(value: object) -> str:
    """One TSV field: tabs and line ends are written as \\t and \\n, a backslash as two."""
    text = "" if value is None else str(value)
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
