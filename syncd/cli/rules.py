"""`syncctl rule …`: what rules say now, what they would have said, and having the daemon switch them."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from syncd.cli.database import store_of
from syncd.cli.events import since
from syncd.cli.exits import Exit
from syncd.cli.output import coloured, printable, report_lines, show_document, show_objects
from syncd.complaints import nearest
from syncd.config import rules_alone
from syncd.errors import ConfigError, QueryError
from syncd.settings import Config
from syncd.store import matches
from syncd.store.reader import searching

if TYPE_CHECKING:
    from syncd.cli.client import Daemon
    from syncd.rules.rehearse import Rehearsal

RULES = ("name", "on", "severity", "firing", "pending", "evaluated", "silent_until", "problem")
MATCHES = ("rule", "state", "since", "runs", "kind", "name", "account", "region", "urn")
TOLD = ("at", "type", "kind", "name", "account", "region", "reason", "because", "urn")
NOTICE = ("state", "title", "total", "group", "severity", "text")


# -- from the daemon


def listed(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    rows = daemon.get("/v1/rules")["rules"]
    if arguments.output == "table":
        rows = [{**row, "problem": str(row["problem"]).partition("\n")[0]} for row in rows]
    show_objects(RULES, rows, arguments.output, colours=_colours(arguments))
    return Exit.OK


def one(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    answer = daemon.get(_path(arguments.rule))["rule"]
    if arguments.output != "table":
        show_document(answer, arguments.output)
    else:
        print(*report_lines(answer, _colours(arguments)), sep="\n")
    return Exit.OK


def commanded(
    daemon: "Daemon", arguments: argparse.Namespace, command: str, body: Mapping[str, Any] | None = None
) -> int:
    answer = daemon.post(f"{_path(arguments.rule)}/{command}", body)["rule"]
    if arguments.output != "table":
        show_document(answer, arguments.output)
        return Exit.OK
    words = "on" if answer["on"] else "off"
    if answer["silent_until"]:
        words += f", silent until {answer['silent_until']}"
    print(f"{answer['name']} is {words}")
    return Exit.OK


def _path(rule: str) -> str:
    return f"/v1/rules/{quote(rule, safe='')}"


# -- from the file


def matching(arguments: argparse.Namespace) -> int:
    with searching(store_of(arguments)) as connection:
        rows = matches.listed(connection, arguments.rule, arguments.limit)
    show_objects(MATCHES, map(_flat, rows), arguments.output, colours=_colours(arguments))
    return Exit.OK


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row["resource"], **{name: row[name] for name in ("rule", "state", "since", "runs", "event")}}


def rehearsed(arguments: argparse.Namespace) -> int:
    from syncd.rules.rehearse import Rehearsal

    config, now = rules_alone(arguments.config), datetime.now(UTC)
    if arguments.rule not in config.rule:
        raise ConfigError(f"there is no rule {arguments.rule}; {nearest(arguments.rule, config.rule)}")
    rule, begin = config.rule[arguments.rule], _begin(arguments.since, now)
    with searching(store_of(arguments)) as connection:
        rehearsal = Rehearsal(connection, rule, config.search, now, config.schedule.timezone)
        if arguments.dry_run:
            return _shown_now(rehearsal, config, arguments)
        rows = list(_first(rehearsal.told(begin), arguments.limit, rule.name))
    show_objects(TOLD, rows[: arguments.limit], arguments.output, colours=_colours(arguments))
    if len(rows) > arguments.limit:
        print(f"syncctl: only the first {arguments.limit:,} are shown; --limit", file=sys.stderr)
    elif not rows and sys.stderr.isatty():
        print("syncctl: it would have told nothing", file=sys.stderr)
    return Exit.OK


def _shown_now(rehearsal: "Rehearsal", config: Config, arguments: argparse.Namespace) -> int:
    from syncd.rules.messages import messages

    rule = rehearsal.rule
    if not rule.search:
        raise ConfigError(f"rule {rule.name} finds nothing by itself: --since shows which events it would have told")
    try:
        nodes = rehearsal.matching()
    except QueryError as error:
        raise ConfigError(f"rule {rule.name}: {error}") from None
    at = rehearsal.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    found = messages(rehearsal.connection, rule, nodes, at, config.outbox)
    if arguments.output != "table":
        show_objects(NOTICE, map(asdict, found), arguments.output)
        return Exit.OK
    for notice in found:
        print(printable(notice.title), *filter(None, [notice.text]), sep="\n")
        print(*(f"  {printable(item.text)}" for item in notice.items[: arguments.limit]), sep="\n")
    if not found:
        print("syncctl: nothing matches now", file=sys.stderr)
    return Exit.OK


def _first(found: Iterable[dict[str, Any]], limit: int, rule: str) -> Iterator[dict[str, Any]]:
    try:
        yield from islice(found, limit + 1)
    except QueryError as error:
        raise ConfigError(f"rule {rule}: {error}") from None


def _begin(text: str, now: datetime) -> str:
    number, at = since(text, now)
    if number:
        raise ConfigError(f"--since: found {text}, expected an age such as 7d, or a time such as 2026-03-01")
    return at


def _colours(arguments: argparse.Namespace) -> bool:
    return coloured(sys.stdout, no_color=arguments.no_color)
