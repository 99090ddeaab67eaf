"""Tasks that must not vanish: one that fails is logged and begins anew, or the daemon ends with its error."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from syncd.errors import SyncdError

log = structlog.get_logger()

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
GOOD = 300.0
"""Seconds of work after which earlier failures are forgotten."""
MOST = 8
"""Failures in a row after which the daemon had better begin anew as a whole."""


async def kept(
    name: str,
    work: Callable[[], Awaitable[None]],
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Runs `work` until it returns. Raises its last error when it has failed too often."""
    failures = 0
    while True:
        begun = clock()
        try:
            await work()
            return
        except Exception as error:
            failures = 1 if clock() - begun > GOOD else failures + 1
            if isinstance(error, SyncdError):
                log.error("task.failed", task=name, failures=failures, reason=str(error))  # noqa: TRY400  no bug
            else:
                log.exception("task.failed", task=name, failures=failures)
            if failures >= MOST:
                raise
            await sleep(min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (failures - 1)))
