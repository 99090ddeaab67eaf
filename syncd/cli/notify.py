"""`syncctl notify`: a target is told what a search finds, once somebody has seen what that is."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from syncd.cli.asking import query_text
from syncd.cli.exits import Exit
from syncd.cli.output import printable, show_document
from syncd.errors import ConfigError

if TYPE_CHECKING:
    from syncd.cli.client import Daemon


def notify(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    path, query = f"/v1/targets/{quote(arguments.target, safe='')}/notify", query_text([arguments.query])
    shown = daemon.post(path, {"query": query})
    if not arguments.yes or arguments.output == "table":
        print(*_lines(shown), sep="\n", file=sys.stdout if arguments.output == "table" else sys.stderr)
    if not arguments.yes and not _confirmed(shown):
        print("syncctl: nothing has been sent", file=sys.stderr)
        return Exit.ERROR
    answer = daemon.post(path, {"query": query, "send": True, "resources": shown["resources"]})
    if arguments.output == "table":
        print("\nit will be sent; what became of it: syncctl deliveries --rule 'by hand'")
    else:
        show_document(answer, arguments.output)
    return Exit.OK


def _lines(shown: Mapping[str, Any]) -> Iterator[str]:
    left = shown["resources"] - len(shown["lines"])
    yield f"{_counted(shown['notices'], 'notice')} to {printable(shown['target'])} ({printable(shown['reaction'])})"
    yield f"  {printable(shown['title'])}"
    yield from (f"  - {printable(line)}" for line in shown["lines"])
    if left:
        yield f"  and {left:,} more"


def _confirmed(shown: Mapping[str, Any]) -> bool:
    """Asked for at a terminal; who is not at one says --yes. Raises ConfigError."""
    if not sys.stdin.isatty():
        raise ConfigError("nothing has been sent: nobody can be asked here, so that sending needs --yes")
    what = f"Tell {printable(shown['target'])} of {_counted(shown['resources'], 'resource')}?"
    print(f"\n{what} Type yes: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() == "yes"


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'s' * (count != 1)}"
