"""How a command ends: the documented exit codes, and one line for every error raised on purpose."""

import io
import os
import sys
from collections.abc import Callable
from enum import IntEnum

from syncd.cli.encoding import escaped
from syncd.errors import ConfigError, CredentialsError, QueryError, StoreLocked, SyncdError


class Exit(IntEnum):
    OK = 0
    ERROR = 1
    USAGE = 2
    INCOMPLETE = 3
    LOCKED = 4
    CREDENTIALS = 5
    DOWN = 6
    DENIED = 7
    INTERRUPTED = 130
    PIPE = 141


ENDINGS = {"complete": Exit.OK, "incomplete": Exit.INCOMPLETE, "cancelled": Exit.INTERRUPTED}
"""How a run ended → how the command does that waited for it; any other state is an error."""

HELP = """\
exit codes:
  0    done, and complete
  1    an error; the line on stderr says which
  2    wrong usage, search or configuration
  3    the run finished, but some scopes could not be read completely
  4    another syncd is writing the store
  5    no usable credentials
  6    no daemon answers
  7    not allowed
  130  interrupted; the store is consistent
"""


class DaemonDown(SyncdError):
    """Nothing answers at the control socket, or not any more."""


class NotAllowed(SyncdError):
    """This user may not open the control socket, or may not do what was asked."""


def guarded(program: str, command: Callable[[], int]) -> int:
    """Runs a command. Errors raised on purpose become one line on stderr; a closed pipe is quiet."""
    _print_anything()
    try:
        code = command()
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
        return Exit.PIPE
    except KeyboardInterrupt:
        return _say(program, "interrupted; what was committed stands and the store is consistent", Exit.INTERRUPTED)
    except QueryError as error:
        return _point(program, error)
    except SyncdError as error:
        return _say(program, str(error), _code(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _say(program, f"{where}{error.strerror or error}", Exit.ERROR)
    return code


def _say(program: str, message: str, code: Exit) -> Exit:
    print(f"{program}: {escaped(' '.join(message.split()))}", file=sys.stderr)
    return code


def _point(program: str, error: QueryError) -> Exit:
    """Several lines: a caret stands under the place."""
    print(*map(escaped, f"{program}: {error}".split("\n")), sep="\n", file=sys.stderr)
    return Exit.USAGE


def _code(error: SyncdError) -> Exit:
    match error:
        case ConfigError():
            return Exit.USAGE
        case StoreLocked():
            return Exit.LOCKED
        case CredentialsError():
            return Exit.CREDENTIALS
        case DaemonDown():
            return Exit.DOWN
        case NotAllowed():
            return Exit.DENIED
    return Exit.ERROR


def _print_anything() -> None:
    """A name that this terminal's encoding lacks is escaped; without this it would end the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def discard_output() -> None:
    """Python flushes stdout once more at its end and would complain of the closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
