"""A program on this machine: the notice as JSON on its standard input, its exit status is the answer."""

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from tempfile import TemporaryFile
from typing import IO, Annotated

from msgspec import Meta, Struct

from reactions.document import encoded
from syncd.errors import Rejected, Retry
from syncd.notice import Notice
from syncd.plugin import Context, Receipt, Secret

_DATA_ERROR = 65  # EX_DATAERR of sysexits.h
_MOST_KEPT = 65_536
_GRACE_SECONDS = 0.2
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Program = Annotated[tuple[str, ...], Meta(min_length=1)]


class ExecSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """command          the program's absolute path, then its arguments; there is no shell
    environment      name → value: nothing else of syncd's own environment is handed on
    directory        where the program begins
    timeout_seconds  after which it is killed, with all it has started
    """

    command: Program
    environment: dict[str, Secret] = {}
    directory: Annotated[str, Meta(pattern="^/", description="an absolute path")] = "/"
    timeout_seconds: Annotated[float, Meta(gt=0, le=300)] = 30.0

    def __post_init__(self) -> None:
        if not self.command[0].startswith("/"):
            raise ValueError("command: expected the absolute path of a program first")


class Exec:
    name = "exec"
    settings = ExecSettings
    most = 100
    apart = False
    every_item = False
    repeat = 0.0

    async def deliver(self, context: Context, settings: ExecSettings, notice: Notice) -> Receipt:
        """75 (EX_TEMPFAIL) and most others are worth another attempt, 65 (EX_DATAERR) is not."""
        try:
            async with asyncio.timeout(settings.timeout_seconds):
                status, output = await _run(settings, _environment(context, settings, notice), encoded(notice))
        except TimeoutError:
            raise Retry(f"{settings.command[0]}: killed after {settings.timeout_seconds:g} s") from None
        except OSError as error:
            raise Retry(f"{settings.command[0]}: cannot be started: {error.strerror}") from None
        said = context.clean(output.decode(errors="replace"))
        if status == 0:
            return Receipt(answer=said)
        ended = f"ended by signal {-status}" if status < 0 else f"exit status {status}"
        reason = f"{settings.command[0]}: {ended}{': ' if said else ''}{said}"
        raise (Rejected if status == _DATA_ERROR else Retry)(reason)


def _environment(context: Context, settings: ExecSettings, notice: Notice) -> dict[str, str]:
    about = {
        "PATH": _PATH,
        "LANG": "C.UTF-8",
        "SYNCD_NOTICE": notice.id,
        "SYNCD_STATE": notice.state,
        "SYNCD_RULE": notice.rule,
        "SYNCD_SEVERITY": notice.severity,
        "SYNCD_INCIDENT": notice.incident,
        "SYNCD_ATTEMPT": str(context.attempt),
    }
    return about | {name: value.reveal() for name, value in settings.environment.items()}


async def _run(settings: ExecSettings, environment: Mapping[str, str], given: bytes) -> tuple[int, bytes]:
    """Exit status and the begin of what it said. What it has started ends with it.

    A file and a pipe of our own: of those that asyncio makes it may wait for the end, which others can put off.
    """
    kept = bytearray()
    with TemporaryFile() as file, ExitStack() as ends:
        file.write(given)
        file.seek(0)
        reader, writer = os.pipe()
        output = ends.enter_context(open(reader, "rb", buffering=0))  # noqa: ASYNC230, PTH123 (a pipe)
        try:
            process = await asyncio.create_subprocess_exec(
                *settings.command,
                env=environment,
                cwd=settings.directory,
                stdin=file,
                stdout=writer,
                stderr=writer,
                start_new_session=True,
            )
        finally:
            os.close(writer)
        reading = asyncio.create_task(_keep(output, kept))
        try:
            status = await process.wait()
            _kill(process)
            await asyncio.wait({reading}, timeout=_GRACE_SECONDS)
            return status, bytes(kept)
        finally:
            if process.returncode is None:
                _kill(process)
            reading.cancel()
            await asyncio.gather(process.wait(), reading, return_exceptions=True)


async def _keep(output: IO[bytes], kept: bytearray) -> None:
    """Reads to the end, so that the program never waits for us, and keeps the begin."""
    stream = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), output)
    try:
        while part := await stream.read(_MOST_KEPT):
            kept += part[: _MOST_KEPT - len(kept)]
    finally:
        transport.close()


def _kill(process: asyncio.subprocess.Process) -> None:
    """The whole group: it is a session of its own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


reaction = Exec()
