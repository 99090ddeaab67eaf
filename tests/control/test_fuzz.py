"""Whatever comes, the answer is JSON or a closed connection; nothing crashes, nothing is left behind."""

import http.client
import io
import socket
from contextlib import suppress
from select import select
from typing import Any, cast

import orjson
import psutil
import pytest

from syncd.control.asking import AT_ONCE
from tests.control.fuzz import requests
from tests.control.visitors import connect
from tests.fakes.daemon import Running, until

PATIENCE = 0.03
"""Seconds until an answer begins."""


class _Heard:
    """Bytes that came, for the reader of HTTP that Python has."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


def answer_to(daemon: Running, request: bytes) -> bytes:
    """All that comes back. A stream that would go on is left.

    What waits for the rest of a request is told that there is none. Not before: who hangs up gets no answer.
    """
    with connect(daemon.socket) as line, suppress(ConnectionResetError):
        with suppress(BrokenPipeError):
            line.sendall(request)
        if not select([line], [], [], PATIENCE)[0]:
            line.shutdown(socket.SHUT_WR)
        heard = b""
        while part := line.recv(65536):
            heard += part
            if b"x-ndjson" in heard or b"101 Switching" in heard:
                break
        return heard
    return b""


def understood(heard: bytes, method: str = "") -> None:
    """Nothing, or HTTP whose body is what it should be."""
    if not heard or heard == b"HTTP/1.1 100 Continue\r\n\r\n":
        return
    heard = heard.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    if heard.startswith(b"HTTP/2.0 "):  # who says so in the syntax of HTTP/1 is answered alike
        heard = heard.replace(b"HTTP/2.0", b"HTTP/1.1", 1)
    response = http.client.HTTPResponse(cast(socket.socket, _Heard(heard)), method=method)
    response.begin()
    kind = response.getheader("Content-Type", "").partition(";")[0]
    if response.status >= 400:
        assert kind == "application/json", heard
    if kind == "application/json" and (body := response.read()):
        found: Any = orjson.loads(body)
        assert response.status < 400 or set(found["error"]) == {"code", "message"} or "ready" in found, heard


def held(daemon: Running) -> tuple[int, int]:
    """Descriptors and tasks."""
    assert daemon.process
    return psutil.Process(daemon.process.pid).num_fds(), len(tasks(daemon))


def tasks(daemon: Running) -> set[str]:
    return {task["name"] for task in daemon.get("/v1/debug/tasks")[1]["tasks"]}


def bombard(daemon: Running, seed: int, count: int) -> None:
    document: dict[str, Any] = daemon.get("/v1/openapi.json")[1]
    paths = [path for path in document["paths"] if "/reload" not in path]
    until(lambda: {"outbox-alive", "outbox-dispatcher"} <= tasks(daemon))  # the last to begin
    before, answered = held(daemon), 0
    for request in requests(paths, seed, count):
        try:
            heard = answer_to(daemon, request)
            understood(heard, "HEAD" if request.startswith(b"HEAD ") else "")
        except (TimeoutError, AssertionError, ValueError, http.client.HTTPException) as error:
            raise AssertionError(f"not answered well: {request[:300]!r}") from error
        answered += bool(heard)
    assert answered > count / 3
    daemon.post("/v1/pause")
    # SQLite keeps the descriptor of a connection that is closed beside others, for the next one to the same file.
    most = (before[0] + 2 + AT_ONCE, before[1] + 2)
    until(lambda: [now <= bound for now, bound in zip(held(daemon), most, strict=True)] == [True, True], 30)
    assert daemon.get("/healthz")[0] == 200
    assert "Traceback" not in daemon.log
    assert '"level": "error"' not in daemon.log


def test_2000_strange_requests_are_answered_or_dropped(daemon: Running) -> None:
    bombard(daemon, seed=1, count=2000)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_100_000_strange_requests_are_answered_or_dropped(daemon: Running) -> None:
    bombard(daemon, seed=2, count=100_000)
