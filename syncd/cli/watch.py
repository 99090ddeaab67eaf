"""`--watch`: the same look again and again, on a terminal in the same place."""

import argparse
import io
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout

from syncd.cli.exits import Exit

Look = Callable[[argparse.Namespace], int]


def again(look: Look, arguments: argparse.Namespace) -> int:
    """Every `arguments.watch` seconds until Ctrl-C, or until a look fails."""
    live = arguments.output == "table" and sys.stdout.isatty()
    try:
        while True:
            if live:
                _redraw(look, arguments)
            else:
                look(arguments)
                if arguments.output == "table":
                    print()
            sys.stdout.flush()
            time.sleep(arguments.watch)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED


class _Screen(io.StringIO):
    """Takes what a look prints, as colourful as for the terminal."""

    def isatty(self) -> bool:
        return True


def _redraw(look: Look, arguments: argparse.Namespace) -> None:
    screen = _Screen()
    with redirect_stdout(screen):
        look(arguments)
    print(*redrawn(screen.getvalue().splitlines(), shutil.get_terminal_size().lines), sep="\n", end="")


def redrawn(text: Sequence[str], height: int) -> Iterator[str]:
    """The screen from its top: each line overwrites what was there, so that nothing flickers; no line wraps."""
    kept = text if len(text) < height else [*text[: height - 2], f"… {len(text) - height + 2} more lines"]
    yield "\x1b[H\x1b[?7l" + (f"{kept[0]}\x1b[K" if kept else "")
    for line in kept[1:]:
        yield f"{line}\x1b[K"
    yield "\x1b[?7h\x1b[J"
