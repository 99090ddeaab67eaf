"""A real receiver on loopback, and a real daemon that tells it of every command that it is given."""

import json
import os
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.cli.conftest import desk_at
from tests.fakes.daemon import Running
from tests.fakes.served import served
from tests.outbox.office import install_reactions


class Receiver(ThreadingHTTPServer):
    """`got`: id and events of each request, as soon as it is read; it answers `delay` seconds later with `status`.

    `meanwhile` is told the events before and after the answer, as its second argument says.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[str, tuple[int, ...]]] = []
        self.headers: list[dict[str, str]] = []
        self.delay = 0.0
        self.status = 200
        self.meanwhile: Callable[[tuple[int, ...], str], None] = lambda events, moment: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"

    @property
    def counts(self) -> Counter[str]:
        return Counter(name for name, _ in self.got)

    @property
    def events(self) -> set[int]:
        return {event for _, events in self.got for event in events}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked was killed."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        events = tuple(body["events"])
        self.server.got.append((body["id"], events))
        self.server.headers.append(dict(self.headers))
        self.server.meanwhile(events, "asked")
        time.sleep(self.server.delay)
        self.send_response(self.server.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
        self.server.meanwhile(events, "answered")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (its name there)
        pass


def receiving() -> AbstractContextManager[Receiver]:
    return served(Receiver())


def telling(place: Path, receiver: Receiver, **rule: Any) -> Running:
    """Not started yet."""
    desk = desk_at(place)
    desk.environment["PYTHONPATH"] += os.pathsep + str(install_reactions(place))
    sections: dict[str, dict[str, Any]] = {
        "[rule]": {"name": "commands", "on": ["control.command"], "to": ["hook"], **rule},
        "targets.hook": {
            "reaction": "post",
            "url": receiver.url,
            "token": "canary-4711-of-the-file",
            "wait_seconds": 0,
        },
        "egress": {"allow": ["127.0.0.1"], "http": ["127.0.0.1"]},
    }
    running = Running(desk, sections)
    running.configure()
    return running
