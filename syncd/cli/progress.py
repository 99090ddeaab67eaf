"""A run's progress on stderr: one live line on a terminal, else a plain line every few seconds."""

import os
import time
from collections.abc import Callable
from typing import TextIO

from syncd.sync.summary import Progress

LIVE_EVERY = 0.1
PLAIN_EVERY = 5.0


class ProgressLine:
    """Is called with each Progress. On a terminal, what others write to it (logs) scrolls above the live line."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._live = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._line = ""
        self._due = clock() + (0.0 if self._live else PLAIN_EVERY)

    def __call__(self, progress: Progress) -> None:
        now = self._clock()
        if now < self._due:
            return
        self._due = now + (LIVE_EVERY if self._live else PLAIN_EVERY)
        if self._live:
            self._line = words(progress)
            self._draw()
        else:
            print(words(progress), file=self._stream, flush=True)

    def write(self, text: str) -> int:
        """Lets logs share the terminal."""
        self._clear()
        written = self._stream.write(text)
        if text.endswith("\n"):
            self._draw()
        return written

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return self._live

    def close(self) -> None:
        """Takes the live line away."""
        self._clear()
        self._line = ""
        self._stream.flush()

    def _clear(self) -> None:
        if self._line:
            self._stream.write("\r\x1b[2K")

    def _draw(self) -> None:
        if self._line:
            # ?7l: a line longer than the terminal is cut off instead of wrapping, so that it can be cleared.
            self._stream.write(f"\r\x1b[2K\x1b[?7l{self._line}\x1b[?7h")
            self._stream.flush()


def words(progress: Progress) -> str:
    total = f"{progress.scopes_total}+" if progress.discovering else str(progress.scopes_total)
    parts = [
        f"{progress.scopes_done}/{total} scopes",
        f"{progress.nodes:,} resources",
        f"{progress.calls:,} calls",
        f"{progress.created:,} created, {progress.updated:,} updated, {progress.deleted:,} deleted",
    ]
    if progress.incomplete:
        parts.append(f"{progress.incomplete:,} incomplete")
    return " · ".join(parts)
