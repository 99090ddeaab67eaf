"""`syncctl status`: what the daemon is and does, once or again and again."""

import argparse
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from syncd.cli.exits import Exit
from syncd.cli.output import coloured, show_document
from syncd.cli.status_text import lines

if TYPE_CHECKING:
    from syncd.cli.client import Daemon


def status(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    if arguments.watch is None:
        _show(daemon, arguments, live=False)
        return Exit.OK
    live = arguments.output == "table" and sys.stdout.isatty()
    try:
        while True:
            _show(daemon, arguments, live=live)
            time.sleep(arguments.watch)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED


def _show(daemon: "Daemon", arguments: argparse.Namespace, *, live: bool) -> None:
    answer = daemon.get("/v1/status")
    if arguments.output != "table":
        show_document(answer, arguments.output)
    else:
        text = list(lines(answer, datetime.now(UTC), coloured(sys.stdout, no_color=arguments.no_color)))
        if live:
            print(*redrawn(text, shutil.get_terminal_size().lines), sep="\n", end="")
        else:
            print(*text, sep="\n", end="\n\n" if arguments.watch else "\n")
    sys.stdout.flush()


def redrawn(text: Sequence[str], height: int) -> Iterator[str]:
    """The screen from its top: each line overwrites what was there, so that nothing flickers; no line wraps."""
    kept = text if len(text) < height else [*text[: height - 2], f"… {len(text) - height + 2} more lines"]
    yield "\x1b[H\x1b[?7l" + (f"{kept[0]}\x1b[K" if kept else "")
    for line in kept[1:]:
        yield f"{line}\x1b[K"
    yield "\x1b[?7h\x1b[J"
