"""Requests as nobody would mean them: seeded, so that what fails fails again."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1e308, 2**70, "", "*", "\x00", "é\U0001f600", "[", "a" * 5000, [], {}, [[]], [None], {"a": []},
    ["fake"], ["*"],
)  # fmt: skip
KEYS = (
    "collectors",
    "accounts",
    "regions",
    "kinds",
    "scopes",
    "steps",
    "name",
    "limit_seconds",
    "state",
    "task",
    "x",
    "",
)
NUMBERS = ("0", "1", "-1", "9" * 18, "9" * 30, "1e3", "%00", "%31", "٣", "", "a", "..", "%2e%2e", "*", "true", "false")
NAMES = ("limit", "since", "type", "resource", "follow", "incomplete", "a", "")
METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "get", "PRI", "A" * 50, "")
VERSIONS = ("HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9", "", "http/1.1", "HTTP/1.1 HTTP/1.1")
HEADERS = (
    "Host: syncd", "Host:", "Host: a\r\nHost: b", "Connection: keep-alive", "Connection: upgrade\r\nUpgrade: websocket",
    "Expect: 100-continue", "Expect: x", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked",
    "Content-Length: -1", "Content-Length: 1\r\nContent-Length: 2", "Content-Length: 99999999999999999999",
    "Content-Encoding: gzip", "Content-Encoding: br", "Content-Type: application/json; charset=none",
    "Content-Type: multipart/form-data; boundary=a", "Range: bytes=0-1", "Cookie: \x01", "Accept: text/html", ": x",
    "X: " + "a" * 9000, " folded", "X : y", "A\x00: b",
    "Sec-WebSocket-Key: x\r\nUpgrade: websocket\r\nConnection: Upgrade",
)  # fmt: skip


def requests(paths: list[str], seed: int, count: int) -> Iterator[bytes]:
    """Bytes to send as they are: noise, broken HTTP, and good HTTP with what does not belong there."""
    random = Random(seed)
    shapes = (_noise, _broken, _strange_query, _strange_body, _strange_body)
    for _ in range(count):
        yield random.choice(shapes)(random, paths)


def _noise(random: Random, _paths: list[str]) -> bytes:
    return random.randbytes(random.choice((1, 10, 200, 5000))) + random.choice((b"", b"\r\n\r\n"))


def _broken(random: Random, paths: list[str]) -> bytes:
    line = f"{random.choice(METHODS)} {_path(random, paths)} {random.choice(VERSIONS)}"
    headers = random.sample(HEADERS, random.randint(0, 4))
    text = "\r\n".join([line, *headers, "", random.choice(("", "{}", "0\r\n\r\n", "zz\r\n"))])
    data = bytearray(text.encode())
    for _ in range(random.choice((0, 0, 1, 3))):
        data[random.randrange(len(data))] = random.randrange(256)
    return bytes(data)


def _path(random: Random, paths: list[str]) -> str:
    path = random.choice(paths)
    while "{" in path:
        path = path[: path.index("{")] + random.choice(NUMBERS) + path[path.index("}") + 1 :]
    return random.choice(
        (path, path, path + "/", path.upper(), "/" + path, path + "%2f..", "*", "//x" + path, "http://x" + path)
    )


def _strange_query(random: Random, paths: list[str]) -> bytes:
    values = (*NUMBERS, "%ff", "%ed%a0%80", "[a-", "*a" * 200, "';--", "a=b", "%", "\\")
    query = "&".join(f"{random.choice(NAMES)}={random.choice(values)}" for _ in range(random.randint(0, 4)))
    return f"GET {_path(random, paths)}?{query} HTTP/1.1\r\nHost: syncd\r\n\r\n".encode()


def _strange_body(random: Random, paths: list[str]) -> bytes:
    kind = random.randrange(4)
    if kind == 0:
        body = random.randbytes(random.choice((0, 3, 300, 70000)))
    elif kind == 1:
        body = json.dumps(random.choice(VALUES)).encode()
    else:
        body = json.dumps({random.choice(KEYS): random.choice(VALUES) for _ in range(random.randint(0, 3))}).encode()
    head = f"POST {_path(random, paths)} HTTP/1.1\r\nHost: syncd\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
