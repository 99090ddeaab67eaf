"""Asks the running daemon over its unix socket: one request a connection, JSON answers, streams line by line.

Imports nothing heavy, neither the configuration nor a collector: a look at the status must not cost a start of syncd.
"""

import http.client
import json
import re
import socket
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import syncd
from syncd.cli.exits import DaemonDown, NotAllowed
from syncd.errors import SyncdError

SYSTEM_SOCKET = Path("/run/syncd/control.sock")
PATIENCE = 30.0


def socket_file(named: Path | None, environment: Mapping[str, str], system: Path = SYSTEM_SOCKET) -> Path:
    """What is named, else $SYNCD_SOCKET, else the system's socket; the user's own if only that is there."""
    if named or environment.get("SYNCD_SOCKET"):
        return Path(named or environment["SYNCD_SOCKET"]).expanduser()
    runtime = environment.get("XDG_RUNTIME_DIR")
    own = Path(runtime) / "syncd" / "control.sock" if runtime else system
    return own if not _seen(system) and _seen(own) else system


def _seen(file: Path) -> bool:
    try:
        return file.exists()
    except PermissionError:
        return False


class Daemon:
    """The daemon behind the socket `path`. `patience`: seconds for a plain request; a stream may last.

    All methods raise DaemonDown when nobody answers (any more), NotAllowed when this user may not ask, and SyncdError
    with the daemon's own words when it refuses.
    """

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self.path = path
        self._patience = patience

    def get(self, path: str, **query: object) -> dict[str, Any]:
        """`query`: what is None or "" is left out."""
        with self._asked("GET", path, query, None, self._patience) as response:
            return self._object(response.read())

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        with self._asked("POST", path, {}, body or {}, self._patience) as response:
            return self._object(response.read())

    def stream(self, path: str, **query: object) -> Generator[dict[str, Any], None, None]:
        """The objects of an NDJSON answer as they come, for as long as the daemon keeps it open."""
        with self._asked("GET", path, query, None, None) as response:
            rest = b""
            while part := response.read1(1 << 16):  # unlike readline, it tells an end from a cut
                *whole, rest = (rest + part).split(b"\n")
                yield from map(self._object, whole)
            if rest:
                raise self._gone()

    @contextmanager
    def _asked(
        self,
        method: str,
        path: str,
        query: Mapping[str, object],
        body: Mapping[str, Any] | None,
        patience: float | None,
    ) -> Iterator[http.client.HTTPResponse]:
        """The answer to a request, if it is a good one; the connection is closed at the end."""
        connection = _Connection(self.path, patience)
        try:
            connection.request(method, path + _written(query), *_sent(body))
            response = connection.getresponse()
            if response.status >= 300:
                raise self._refusal(path, response.status, response.read())
            yield response
        except (OSError, http.client.HTTPException) as error:
            raise self._explained(error) from None
        finally:
            connection.close()

    def _object(self, text: bytes) -> dict[str, Any]:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise SyncdError(f"what answers at {self.path} is no syncd daemon: {_some(text)} is no JSON object")
        return value

    def _refusal(self, path: str, status: int, text: bytes) -> SyncdError:
        error = self._object(text).get("error")
        if not isinstance(error, dict):
            return SyncdError(f"the daemon at {self.path} answers {status} to {path}: {_some(text)}")
        message = str(error.get("message") or error.get("code") or status)
        if error.get("code") == "unknown_path" and path != "/v1/version":
            return SyncdError(self._other_version(path))
        return NotAllowed(message) if status == 403 else SyncdError(message)

    def _other_version(self, path: str) -> str:
        theirs, ours = str(self.get("/v1/version").get("version", "")), syncd.__version__
        if theirs == ours:
            return f"the daemon {theirs} does not know {path}; restart it: it may still run what an update has replaced"
        age = "older" if _numbers(theirs) < _numbers(ours) else "newer"
        return f"the daemon {theirs} is {age} than this syncctl {ours} and does not know {path}; use the same version"

    def _gone(self) -> DaemonDown:
        return DaemonDown(f"the daemon at {self.path} went away in the middle of an answer; see: journalctl -u syncd")

    def _explained(self, error: Exception) -> SyncdError:
        match error:
            case TimeoutError():
                return SyncdError(f"the daemon at {self.path} gave no answer within {self._patience:g} s")
            case FileNotFoundError() | NotADirectoryError() | ConnectionRefusedError():
                start = "systemctl start syncd (or: syncd run)"
                return DaemonDown(f"no syncd daemon answers at {self.path}; start it with: {start}")
            case PermissionError():
                return NotAllowed(f"you may not use {self.path}: join the group syncd, or use sudo")
            case ConnectionError() | http.client.IncompleteRead():
                return self._gone()
            case OSError():
                return SyncdError(f"{self.path}: {error.strerror or error}")
        return SyncdError(f"what answers at {self.path} is no syncd daemon: it does not speak HTTP")


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float | None) -> None:
        super().__init__("syncd", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(self._path))  # waits for its turn; with a time limit a crowd would make it fail at once
        self.sock.settimeout(self.timeout)


def _written(query: Mapping[str, object]) -> str:
    kept = {key: value for key, value in query.items() if value not in (None, "")}
    return "?" + urlencode(kept) if kept else ""


def _sent(body: Mapping[str, Any] | None) -> tuple[bytes | None, dict[str, str]]:
    about = {"User-Agent": f"syncctl/{syncd.__version__}", "Accept": "application/json"}
    if body is None:
        return None, about
    return json.dumps(body).encode(), about | {"Content-Type": "application/json"}


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def _some(text: bytes) -> str:
    return repr(text[:60].decode(errors="replace"))
