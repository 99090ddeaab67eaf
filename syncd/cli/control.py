"""`syncctl sync`, `accept`, `pause` and `resume`: what makes the daemon do something, and waiting until it is done."""

import argparse
import sys
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from syncd.cli.exits import ENDINGS, DaemonDown, Exit
from syncd.cli.output import coloured, printable, show_document
from syncd.cli.words import ended, progress_of

if TYPE_CHECKING:
    from syncd.cli.client import Daemon

SELECTED = {"collectors": "collector", "accounts": "account", "regions": "region", "kinds": "kind"}


def sync(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    selection = {key: getattr(arguments, name) for key, name in SELECTED.items() if getattr(arguments, name)}
    return _requested(daemon, daemon.post("/v1/sync", selection), arguments)


def run_workflow(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    return _requested(daemon, daemon.post(f"/v1/workflows/{quote(arguments.name, safe='')}/run"), arguments)


def accept(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    return _requested(daemon, daemon.post("/v1/accept", {"scopes": arguments.scope}), arguments)


def _requested(daemon: "Daemon", request: Mapping[str, Any], arguments: argparse.Namespace) -> int:
    readable = arguments.output == "table"
    if readable:
        print(_words(request), flush=True)
    elif not arguments.wait:
        show_document(request, arguments.output)
    if not arguments.wait:
        return Exit.OK
    run = _wait(daemon, int(request["request"]))
    if run is None:
        return Exit.INTERRUPTED
    if readable:
        print(ended(run, coloured(sys.stdout, no_color=arguments.no_color)))
    else:
        show_document({**request, "run": run}, arguments.output)
    return ENDINGS.get(run["state"], Exit.ERROR)


def _words(request: Mapping[str, Any]) -> str:
    joined = ", joined the one that waits" if request["joined"] else ""
    scopes = "".join(f"\n  {printable(scope)}" for scope in request.get("scopes", ()))
    return f"request {request['request']}{joined}{scopes}"


def _wait(daemon: "Daemon", request: int) -> dict[str, Any] | None:
    """The run that did what was asked; None when whoever waits has had enough."""
    from syncd.cli.progress import ProgressLine

    line = ProgressLine(sys.stderr)
    run = 0
    try:
        with closing(daemon.stream(f"/v1/requests/{request}/follow")) as told:
            for news in told:
                if news["type"] == "progress":
                    run = int(news["run"])
                    line(progress_of(news))
                elif news["type"] == "finished":
                    return dict(news["run"])
    except KeyboardInterrupt:
        line.close()
        cancel = f"; cancel it with: syncctl runs cancel {run}" if run else ""
        print(f"syncctl: request {request} goes on in the daemon{cancel}", file=sys.stderr)
        return None
    finally:
        line.close()
    what = f"the daemon at {daemon.path} went away before request {request} was done"
    raise DaemonDown(f"{what}; what became of it: syncctl runs")


def pause(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    return _paused(daemon.post("/v1/pause"), arguments)


def resume(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    return _paused(daemon.post("/v1/resume"), arguments)


def _paused(answer: Mapping[str, Any], arguments: argparse.Namespace) -> int:
    if arguments.output != "table":
        show_document(answer, arguments.output)
    else:
        print("paused: nothing starts until: syncctl resume" if answer["paused"] else "not paused")
    return Exit.OK
