"""A daemon's control socket with canned answers: what is asked is kept, what is answered is given."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from threading import Event, Thread
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

FIGURES = {"nodes": 3402, "calls": 210, "created": 3, "updated": 1, "deleted": 0}
RUN = {
    "run": 12, "started": "2026-03-01T12:00:00Z", "finished": "2026-03-01T12:00:31Z", "state": "incomplete",
    "trigger": "schedule", "seconds": 31.234, **FIGURES, "retries": 2, "throttles": 1, "reason": "",
}  # fmt: skip
GOING_ON = {
    "run": 13, "trigger": "control", "started": "2026-03-01T12:59:00Z", "selection": {"accounts": ["1*"]},
    "scopes_done": 3, "scopes_total": 8, "discovering": True, "incomplete": 1, **FIGURES, "seconds": 60.0,
    "remaining_seconds": 41.0,
}  # fmt: skip


def place(account: str, name: str, region: str, figures: tuple[int, int, int, int]) -> dict[str, Any]:
    counts = dict(zip(("scopes_total", "scopes_done", "incomplete", "nodes"), figures, strict=True))
    return {"collector": "aws", "account": account, "name": name, "region": region, **counts}


PLACES = [
    place("222", "", "eu-west-1", (2, 0, 0, 0)),
    place("111", "production", "us-east-1", (4, 2, 1, 1000)),
    place("111", "production", "eu-west-1", (2, 1, 0, 20)),
]
STATUS = {
    "version": "0.2.0", "pid": 4242, "started": "2026-03-01T09:48:00Z", "uptime_seconds": 11520.0, "state": "running",
    "paused": False,
    "store": {"path": "/var/lib/syncd/syncd.db", "bytes": 132.4e6, "wal_bytes": 4.1e6, "sqlite": "3.40.1"},
    "run": {**GOING_ON, "places": PLACES},
    "pending": [{"request": 3, "trigger": "control", "asked": "2026-03-01T12:59:30Z", "by": "anna", "selection": {}}],
    "schedule": [{"name": "all", "next": "2026-03-01T13:12:00Z"}],
    "last": [RUN], "coverage": {"complete": 90, "denied": 1, "held": 0}, "last_event": 812,
    "configuration": {"files": ["/etc/syncd/syncd.toml"], "loaded": "2026-03-01T09:48:00Z", "refused": ""},
    "warnings": ["the disk is nearly full"],
}  # fmt: skip

EVENT = {
    "seq": 813, "at": "2026-03-01T13:00:00Z", "run": 13, "number": 1, "type": "resource.updated", "scope": "aws/1/r/s",
    "kind": "box", "name": "a\x1b[2J", "urn": "urn:a", "body": {"changes": [{"path": "size", "old": 1, "new": 3}]},
}  # fmt: skip
ALIVE = {"type": "alive"}


class Asked(NamedTuple):
    method: str
    path: str
    query: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Canned:
    """One answer. `lines`: a stream; `held` keeps it open until the socket closes; `cut`: it ends without its end.

    `raw`: bytes in place of any HTTP.
    """

    status: int = 200
    body: bytes = b""
    lines: Sequence[bytes] | None = None
    held: bool = False
    cut: bool = False
    raw: bytes | None = None


def says(value: object, status: int = 200) -> Canned:
    return Canned(status, json.dumps(value).encode())


def refuses(status: int, code: str, message: str) -> Canned:
    return says({"error": {"code": code, "message": message}}, status)


def streams(*objects: object, held: bool = False, cut: bool = False) -> Canned:
    return Canned(lines=[json.dumps(value).encode() + b"\n" for value in objects], held=held, cut=cut)


@dataclass
class Control:
    """`answers` by "GET /v1/status"; a sequence of answers is given one after the other, the last again and again."""

    path: Path
    answers: dict[str, Canned | list[Canned]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    closing: Event = field(default_factory=Event)

    def answer(self, method: str, path: str) -> Canned:
        found = self.answers.get(f"{method} {path}")
        if isinstance(found, list):
            return found.pop(0) if len(found) > 1 else found[0]
        return found or refuses(404, "unknown_path", f"{path} is not known")


@contextmanager
def listening(path: Path) -> Iterator[Control]:
    """A daemon at `path` until the end of the block; streams that are held end with it."""
    control = Control(path)
    handler = type("Handler", (_Handler,), {"control": control})
    with ThreadingUnixStreamServer(str(path), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield control
        finally:
            control.closing.set()
            server.shutdown()
            thread.join()
            path.unlink()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    control: Control

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def _serve(self, method: str) -> None:
        url = urlsplit(self.path)
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.loads(text) if text else None
        self.control.asked.append(Asked(method, url.path, dict(parse_qsl(url.query)), body))
        self.close_connection = True
        with suppress(ConnectionError):  # whoever asked may have left: some tests do
            self._give(self.control.answer(method, url.path))

    def _give(self, canned: Canned) -> None:
        if canned.raw is not None:
            self.wfile.write(canned.raw)
        elif canned.lines is None:
            self._head(canned.status, "Content-Length", str(len(canned.body) + canned.cut))
            self.wfile.write(canned.body)
        else:
            self._head(canned.status, "Transfer-Encoding", "chunked")
            for line in canned.lines:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            if canned.held:
                self.control.closing.wait()
            if not canned.cut:
                self.wfile.write(b"0\r\n\r\n")

    def _head(self, status: int, name: str, value: str) -> None:
        self.send_response(status)
        self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name it has there)
        """Says nothing."""
