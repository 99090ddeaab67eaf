"""Somebody's own program that is told: it believes what is signed, and nothing else."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

FRESH = 300
"""Seconds for which a signature is good."""

Notice = dict[str, Any]


class Receiver:
    """What came, by id: a notice that comes twice is one."""

    def __init__(self, url: str, secret: str) -> None:
        self.url = url
        self.secret = secret
        self._notices: dict[str, Notice] = {}
        self._came = threading.Condition()

    def take(self, headers: Message, body: bytes) -> bool:
        """Whether it was believed."""
        if not self._signed(headers, body):
            return False
        with self._came:
            self._notices.setdefault(headers["webhook-id"], json.loads(body))
            self._came.notify_all()
        return True

    def wait(self, state: str, seconds: float = 30.0) -> Notice | None:
        """The last notice of that state, None when none comes in time."""

        def found() -> Notice | None:
            return next((each for each in reversed(self._notices.values()) if each["state"] == state), None)

        with self._came:
            return self._came.wait_for(found, seconds)

    def _signed(self, headers: Message, body: bytes) -> bool:
        number, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "0")
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        digest = hmac.new(key, f"{number}.{at}.".encode() + body, hashlib.sha256).digest()
        wanted = "v1," + base64.b64encode(digest).decode()
        signatures = headers.get("webhook-signature", "").split()
        fresh = at.isdecimal() and abs(time.time() - int(at)) < FRESH
        return fresh and any(hmac.compare_digest(wanted, each) for each in signatures)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.send_response(204 if receiver.take(self.headers, body) else 401)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  its name in the base class
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        receiver = Receiver(f"http://127.0.0.1:{server.server_port}/syncd", secret)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
