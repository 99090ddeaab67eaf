"""Rows on stdout: an aligned table for people, JSON, YAML, TSV or CSV for programs."""

import csv
import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TextIO

from syncd.cli.encoding import escaped, field_text, json_text, yaml_lines

Row = Sequence[Any]

FORMATS = ("table", "json", "ndjson", "tsv", "csv", "yaml")
DOCUMENTS = ("table", "json", "ndjson", "yaml")
"""For one answer that is no list of rows."""
OBJECTS = ("json", "ndjson", "yaml")
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
    elif output in OBJECTS:
        _objects((dict(zip(columns, row, strict=True)) for row in rows), output)
    elif output == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(map(field_text, row) for row in rows)
    else:
        print("\t".join(columns))
        for row in rows:
            print("\t".join(_field(value) for value in row))


def show_objects(
    columns: Sequence[str], objects: Iterable[Mapping[str, Any]], output: str, *, colours: bool = False
) -> None:
    """Like `show`: json, ndjson and yaml have all that the objects have, the other formats these columns of it."""
    if output in OBJECTS:
        _objects(objects, output)
    else:
        show(columns, ([item.get(name) for name in columns] for item in objects), output, colours=colours)


def show_document(value: object, output: str) -> None:
    """Prints one value as json, ndjson or yaml."""
    if output == "yaml":
        print(*yaml_lines(value), sep="\n")
    else:
        print(json_text(value, indent=2 if output == "json" else None))


def _objects(objects: Iterable[object], output: str) -> None:
    if output == "json":
        json_rows(objects)
    elif output == "ndjson":
        for item in objects:
            print(json_text(item))
    else:
        _yaml_rows(objects)


def json_rows(rows: Iterable[object]) -> None:
    """A JSON array with one element a line: whole for parsers, readable for people and diff."""
    start = "["
    for row in rows:
        print(start, json_text(row), sep="\n", end="")
        start = ","
    print("[]" if start == "[" else "\n]")


def _yaml_rows(rows: Iterable[object]) -> None:
    empty = True
    for row in rows:
        print(*yaml_lines([row]), sep="\n")
        empty = False
    if empty:
        print("[]")


def table(columns: Sequence[str], rows: Iterable[Row], colours: bool = False) -> None:
    print(*table_lines(columns, rows, colours), sep="\n")


def table_lines(columns: Sequence[str], rows: Iterable[Row], colours: bool = False) -> list[str]:
    """Columns as wide as their content, numbers to the right, the last column open."""
    kept = list(rows)
    cells = [[printable(value) for value in row] for row in kept]
    numeric = [bool(kept) and all(_is_number(row[i]) for row in kept) for i in range(len(columns))]
    heads = [name.upper().replace("_", " ") for name in columns]
    widths = [max(map(width, column)) for column in zip(heads, *cells, strict=True)]
    state = next((i for i, name in enumerate(columns) if name in ("state", "coverage.state")), -1)
    lines = [paint(_line(heads, widths, numeric), BOLD, colours)]
    lines += [
        _line(row, widths, numeric, lambda i, text: _state(text, colours) if i == state else text) for row in cells
    ]
    return lines


def report_lines(report: Mapping[str, Any], colours: bool) -> Iterator[str]:
    """A line for each plain value, then a table for each list of rows."""
    tables = {key: value for key, value in report.items() if _is_table(value)}
    plain = {key: value for key, value in report.items() if key not in tables and value not in ("", None, [], {})}
    longest = max(map(len, plain), default=0)
    for key, value in plain.items():
        yield f"{printable(key):{longest}}  {_brief(value)}"
    for key, rows in tables.items():
        columns = list(rows[0])
        cells = [[row.get(name) for name in columns] for row in rows]
        yield from ("", paint(printable(key), BOLD, colours), *table_lines(columns, cells, colours))


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) and row for row in value)


def _brief(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{printable(item)} {printable(key)}" for key, item in value.items())
    return ", ".join(map(printable, value)) if isinstance(value, list) else printable(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


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
    if isinstance(value, bool):
        return "yes" if value else "no"
    return escaped(value if isinstance(value, str) else field_text(value))


def width(text: str) -> int:
    """Columns on a terminal: East Asian wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) != 0 for c in text)


def _field(value: object) -> str:
    """One TSV field: tabs and line ends are written as \\t and \\n, a backslash as two."""
    text = field_text(value)
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
