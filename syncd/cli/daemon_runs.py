"""`syncctl runs list`, `show`, `log` and `cancel`: runs as the daemon tells them."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from syncd.cli.exits import Exit
from syncd.cli.output import BOLD, coloured, paint, printable, show_document, show_objects, table_lines
from syncd.cli.words import RUN, rounded

if TYPE_CHECKING:
    from syncd.cli.client import Daemon

LOG = (
    "scope", "state", "started", "seconds", "calls", "retries", "throttles", "bytes", "nodes", "created", "updated",
    "deleted", "reason",
)  # fmt: skip


def listed(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    answer = daemon.get("/v1/runs", limit=arguments.limit)
    show_objects(RUN, map(rounded, answer["runs"]), arguments.output, colours=_colours(arguments))
    return Exit.OK


def one(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    answer = daemon.get(f"/v1/runs/{arguments.run}")
    if arguments.output != "table":
        show_document(answer, arguments.output)
    else:
        more = {key: value for key, value in answer.items() if key not in ("run", "summary")}
        print(*_told({**answer["run"], **(answer["summary"] or {}), **more}, _colours(arguments)), sep="\n")
    return Exit.OK


def log(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    with closing(daemon.stream(f"/v1/runs/{arguments.run}/log")) as scopes:
        show_objects(LOG, scopes, arguments.output, colours=_colours(arguments))
    return Exit.OK


def cancel(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    answer = daemon.post(f"/v1/runs/{arguments.run}/cancel")
    if arguments.output == "table":
        print(f"run {answer['run']} ends; what it has committed stands")
    else:
        show_document(answer, arguments.output)
    return Exit.OK


def _told(run: Mapping[str, Any], colours: bool) -> Iterator[str]:
    """A line for each plain value, then a table for each list of rows."""
    tables = {key: value for key, value in run.items() if _is_table(value)}
    plain = {key: value for key, value in run.items() if key not in tables and value not in ("", None, [], {})}
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


def _colours(arguments: argparse.Namespace) -> bool:
    return coloured(sys.stdout, no_color=arguments.no_color)
