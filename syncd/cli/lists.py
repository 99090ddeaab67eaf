"""`syncctl collectors`, `accounts`, `debug` and `version`: lists that only the running daemon can tell."""

import argparse
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import syncd
from syncd.cli.exits import Exit
from syncd.cli.output import coloured, show_document, show_objects

if TYPE_CHECKING:
    from syncd.cli.client import Daemon

COLLECTORS = ("name", "kinds", "scopes", "incomplete", "nodes")
ACCOUNTS = ("collector", "account", "name", "scopes", "incomplete", "nodes", "read_at")
WORKFLOWS = ("name", "steps")
SUBSCRIBERS = ("name", "limit_seconds", "steps")
TASKS = ("name", "where")
LANES = ("account", "region", "service", "limit", "under_way", "waiting", "throttles", "paused_seconds")
VERSIONS = ("program", "version", "api", "python", "sqlite")
API = 1


def collectors(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    return _list(daemon.get("/v1/collectors")["collectors"], COLLECTORS, arguments)


def accounts(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    return _list(daemon.get("/v1/accounts")["accounts"], ACCOUNTS, arguments)


def tasks(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    return _list(daemon.get("/v1/debug/tasks")["tasks"], TASKS, arguments)


def _list(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], arguments: argparse.Namespace) -> int:
    show_objects(columns, rows, arguments.output, colours=_colours(arguments))
    return Exit.OK


def workflows(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    """JSON and YAML have the whole answer: with the subscribers, and the step that waits for some of them."""
    answer = daemon.get("/v1/workflows")
    if arguments.output in ("json", "yaml"):
        show_document(answer, arguments.output)
        return Exit.OK
    _list(map(_spaced, answer["workflows"]), WORKFLOWS, arguments)
    if arguments.output == "table" and answer["subscribers"]:
        print()
        _list(map(_spaced, answer["subscribers"]), SUBSCRIBERS, arguments)
    return Exit.OK


def _spaced(one: Mapping[str, Any]) -> dict[str, Any]:
    return {**one, "steps": " ".join(one["steps"])}


def limits(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    """JSON and YAML have the whole answer; rows have no place for what is not of one lane."""
    answer = daemon.get("/v1/debug/limits")
    if arguments.output in ("json", "yaml"):
        show_document(answer, arguments.output)
        return Exit.OK
    if arguments.output == "table":
        calls = f"{answer['under_way']:,} of at most {answer['max_in_flight']:,} calls under way"
        print(f"{calls}; {answer['writer_queue']:,} commits wait for the writer\n")
    return _list(answer["lanes"], LANES, arguments)


def version(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    """One's own is told whether or not a daemon answers."""
    rows = [{"program": "syncctl", "version": syncd.__version__, "api": API, "python": platform.python_version()}]
    try:
        rows.append({"program": "syncd", **daemon.get("/v1/version")})
    finally:
        show_objects(VERSIONS, rows, arguments.output, colours=_colours(arguments))
        sys.stdout.flush()
    return Exit.OK


def _colours(arguments: argparse.Namespace) -> bool:
    return coloured(sys.stdout, no_color=arguments.no_color)
