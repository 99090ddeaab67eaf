"""`syncctl runs list`, `show`, `log` and `cancel`: runs as the daemon tells them."""

import argparse
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from syncd.cli.exits import Exit
from syncd.cli.output import coloured, report_lines, show_document, show_objects
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
        print(*report_lines({**answer["run"], **(answer["summary"] or {}), **more}, _colours(arguments)), sep="\n")
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


def _colours(arguments: argparse.Namespace) -> bool:
    return coloured(sys.stdout, no_color=arguments.no_color)
