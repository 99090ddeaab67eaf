"""`syncctl events --follow`: events as they come, each at once, until somebody has had enough."""

import argparse
import io
import select
import sys
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Any

from syncd.cli.events import COLUMNS, readable
from syncd.cli.exits import DaemonDown, Exit
from syncd.cli.output import coloured, show_objects
from syncd.errors import ConfigError

if TYPE_CHECKING:
    from syncd.cli.client import Daemon


def follow(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    """--limit N ends it after N events; without --since it tells only what is new."""
    limit = None if arguments.limit is None or arguments.limit < 0 else arguments.limit
    _flush_each_line()
    try:
        with closing(_events(daemon, arguments)) as events:
            _print(islice(events, limit), arguments)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return Exit.OK


def _events(daemon: "Daemon", arguments: argparse.Namespace) -> Generator[dict[str, Any], None, None]:
    since = _since(arguments.since) if arguments.since else daemon.get("/v1/status")["last_event"]
    told = daemon.stream("/v1/events", since=since, type=arguments.type, resource=arguments.resource, follow="true")
    with closing(told):
        for line in told:
            if "seq" in line:
                yield line
            else:
                _notice_a_closed_pipe()
    raise DaemonDown(f"the daemon at {daemon.path} went away; it told all events until then")


def _since(text: str) -> int:
    if text.isdecimal():
        return int(text)
    raise ConfigError(f"--since: found {text}, expected an event's number; ages and times need no --follow")


def _print(events: Iterator[dict[str, Any]], arguments: argparse.Namespace) -> None:
    if arguments.output == "table":
        colours = coloured(sys.stdout, no_color=arguments.no_color)
        for event in events:
            print(*readable(event, colours), sep="\n")
    else:
        show_objects(COLUMNS, events, "ndjson" if arguments.output == "json" else arguments.output)


def _flush_each_line() -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)


def _notice_a_closed_pipe() -> None:
    """Nothing is written while nothing happens: only the system knows that the reader has left."""
    poll = select.poll()
    try:
        poll.register(sys.stdout.fileno(), 0)
    except OSError:
        return  # no stream of the system, such as a test's
    if any(state & (select.POLLERR | select.POLLHUP) for _, state in poll.poll(0)):
        raise BrokenPipeError
