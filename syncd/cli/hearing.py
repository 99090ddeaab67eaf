"""`syncctl hearing`: what providers told that nobody understood."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from syncd.cli.exits import Exit
from syncd.cli.output import coloured, report_lines, show_document, show_objects

if TYPE_CHECKING:
    from syncd.cli.client import Daemon

COLUMNS = ("id", "at", "collector", "queue", "message", "reason")


def listed(arguments: argparse.Namespace) -> int:
    from syncd.cli.database import store_of
    from syncd.store import aside
    from syncd.store.reader import searching

    with searching(store_of(arguments)) as connection:
        rows = aside.listed(connection)
    show_objects(COLUMNS, rows, arguments.output, colours=_colours(arguments))
    return Exit.OK


def one(arguments: argparse.Namespace) -> int:
    from syncd.cli.database import store_of
    from syncd.errors import StoreError
    from syncd.store import aside
    from syncd.store.reader import searching

    with searching(store_of(arguments)) as connection:
        row = aside.shown(connection, arguments.id)
    if row is None:
        raise StoreError(f"there is no message {arguments.id}: syncctl hearing lists them")
    if arguments.output != "table":
        show_document(row, arguments.output)
    else:
        print(*report_lines(row, _colours(arguments)), sep="\n")
    return Exit.OK


def forget(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    body: dict[str, Any] = {"all": True} if arguments.all else {"ids": arguments.id}
    answer = daemon.post("/v1/hearing/forget", body)
    if arguments.output != "table":
        show_document(answer, arguments.output)
    else:
        print(f"forgotten: {int(answer['forgotten'])}")
    return Exit.OK


def _colours(arguments: argparse.Namespace) -> bool:
    return coloured(sys.stdout, no_color=arguments.no_color)
