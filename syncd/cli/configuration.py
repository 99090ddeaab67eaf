"""`syncctl config` and `reload`: what the daemon goes by, whether the files are good, and taking them over."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from syncd.cli.exits import Exit
from syncd.cli.output import coloured, printable, show, show_document

if TYPE_CHECKING:
    from syncd.cli.client import Daemon


def show_config(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    answer = daemon.get("/v1/config")
    if arguments.output in ("json", "yaml"):
        show_document(answer, arguments.output)
        return Exit.OK
    if arguments.output == "table":
        print(f"{_files(answer)}\n")
    rows = flat(answer["config"])
    show(("setting", "value"), rows, arguments.output, colours=coloured(sys.stdout, no_color=arguments.no_color))
    return Exit.OK


def check_config(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    """Like `syncd check`, but in the daemon's environment and with its rights."""
    answer = daemon.post("/v1/config/check")
    if arguments.output != "table":
        show_document(answer, arguments.output)
    elif not answer["complaints"]:
        print("ok: syncctl reload would take the files over")
    else:
        for line in answer["complaints"]:
            print(f"syncctl: {printable(line)}", file=sys.stderr)
    return Exit.USAGE if answer["complaints"] else Exit.OK


def reload(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    answer = daemon.post("/v1/reload")
    if arguments.output == "table":
        print(f"reloaded: {_files(answer)}")
    else:
        show_document(answer, arguments.output)
    return Exit.OK


def _files(answer: Mapping[str, Any]) -> str:
    return ", ".join(map(printable, answer["files"])) or "no configuration file, all defaults"


def flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """{"sync": {"attempts": 6}} → ("sync.attempts", 6)."""
    for key, value in settings.items():
        if isinstance(value, dict) and value:
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
