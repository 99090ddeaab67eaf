"""`syncctl deliveries`, `replay` and `targets`: what was told to whom, what was not, and once more."""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from syncd.cli.exits import DaemonDown, Exit
from syncd.cli.output import coloured, printable, report_lines, show_document, show_objects

if TYPE_CHECKING:
    from syncd.cli.client import Daemon

COLUMNS = ("id", "state", "target", "rule", "events", "attempts", "made", "due", "finished", "reason", "title")
TARGETS = ("name", "reaction", "state", "waiting", "due", "done", "dead", "failures", "again_in_seconds", "reason")
ONE = ("id", "state", "target", "rule", "uid", "incident", "made", "due", "attempts", "finished", "reason", "answer")
NOTICE = ("title", "text", "severity", "firing", "total")


def deliveries(arguments: argparse.Namespace) -> int:
    from syncd.cli.database import store_of
    from syncd.store.notices import Wanted, listed
    from syncd.store.reader import searching

    wanted = Wanted(arguments.state, arguments.target, arguments.rule)
    with searching(store_of(arguments)) as connection:
        rows = listed(connection, wanted, arguments.limit)
    for row in rows:
        row["id"] = row["id"] or ""
    show_objects(COLUMNS, rows, arguments.output, colours=_colours(arguments))
    return Exit.OK


def one(arguments: argparse.Namespace) -> int:
    from syncd.cli.database import store_of
    from syncd.errors import StoreError
    from syncd.store.notices import shown
    from syncd.store.reader import searching

    with searching(store_of(arguments)) as connection:
        row = shown(connection, arguments.id)
    if row is None:
        raise StoreError(f"there is no delivery {arguments.id}: syncctl deliveries lists them")
    if arguments.output != "table":
        show_document(row, arguments.output)
        return Exit.OK
    body = row["body"]
    items = [
        {"event": item["event"], "at": item["at"], "change": item["change"], "text": item["text"]}
        for item in body["items"]
    ]
    told = {name: row[name] for name in ONE} | {name: body[name] for name in NOTICE} | {"items": items}
    print(*report_lines(told, _colours(arguments)), sep="\n")
    return Exit.OK


def replay(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    body: dict[str, Any] = {"dead": True} if arguments.dead else {"ids": arguments.id}
    answer = daemon.post("/v1/deliveries/replay", body | ({"target": arguments.target} if arguments.target else {}))
    if arguments.output != "table":
        show_document(answer, arguments.output)
    else:
        numbers = ", ".join(map(printable, answer["replayed"]))
        print(f"due again: {numbers}" if numbers else "there are no dead letters to send again")
    return Exit.OK


def targets(arguments: argparse.Namespace) -> int:
    """With a daemon as it sees them; without one from the files alone."""
    try:
        rows = _daemon(arguments).get("/v1/targets")["targets"]
    except DaemonDown:
        rows = _configured(arguments)
    show_objects(TARGETS, rows, arguments.output, colours=_colours(arguments))
    return Exit.OK


def _configured(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    from syncd.config import load
    from syncd.outbox.work import targets_of
    from syncd.store.notices import Counts, counts
    from syncd.store.reader import searching

    config = load(arguments.config, database=arguments.db)
    known = Counts({}, "")
    if config.store.file.exists():
        with searching(config.store.file) as connection:
            known = counts(connection)
    return targets_of(config, known)


def test(arguments: argparse.Namespace) -> int:
    """Through the daemon, else from here; the exit code says whether it arrived."""
    try:
        answer = _daemon(arguments).post(f"/v1/targets/{quote(arguments.name, safe='')}/test")
    except DaemonDown:
        answer = _tested(arguments)
    if arguments.output != "table":
        show_document(answer, arguments.output)
    else:
        print(_words(answer))
    return Exit.OK if answer["delivered"] else Exit.ERROR


def _words(answer: Mapping[str, Any]) -> str:
    if answer["delivered"]:
        return f"{printable(answer['target'])} took it: {printable(answer['answer'])}"
    return f"{printable(answer['target'])} did not take it: {printable(answer['reason'])}"


def _tested(arguments: argparse.Namespace) -> dict[str, Any]:
    from datetime import UTC, datetime

    from syncd.config import load
    from syncd.errors import ConfigError
    from syncd.outbox.sending import Gateway, tested

    config = load(arguments.config)
    if arguments.name not in config.targets:
        known = ", ".join(config.targets) or "none"
        raise ConfigError(f"there is no target {arguments.name}; expected one of: {known}")

    async def send() -> dict[str, Any]:
        gateway = Gateway()
        try:
            return await tested(gateway, config.egress, datetime.now(UTC), config.targets[arguments.name])
        finally:
            await gateway.close()

    return asyncio.run(send())


def _daemon(arguments: argparse.Namespace) -> "Daemon":
    from syncd.cli.client import Daemon, socket_file

    return Daemon(socket_file(arguments.socket, os.environ), patience=330.0)


def _colours(arguments: argparse.Namespace) -> bool:
    return coloured(sys.stdout, no_color=arguments.no_color)
