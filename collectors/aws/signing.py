"""Signature Version 4 over a request, with the day's key derived once per credentials, region and service."""

import hmac
import time
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from botocore.utils import normalize_url_path

from collectors.aws.endpoints import Endpoint
from collectors.aws.request import Request

_S3_NAMES = frozenset({"s3", "s3-outposts", "s3-object-lambda", "s3express"})
_UNSIGNED = frozenset({"user-agent", "expect", "x-amzn-trace-id", "connection", "transfer-encoding"})
_DATE = "x-amz-date"
_KEPT = 4096
_FRAMES = 512

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """A key pair and perhaps a session token. Never shown, not even by repr."""

    access_key: str
    secret_key: str
    token: str | None = None

    def __repr__(self) -> str:
        return "Credentials(…)"


class _Frame(NamedTuple):
    """What requests share that differ only in path, query, body and time: nearly all of a signature's text."""

    day: str
    headers: dict[str, str]
    before: str
    after: str
    digest: str
    scope: str
    said: str
    keyed: hmac.HMAC


class Signer:
    """Signs, and keeps the derived keys of the current day and what requests to one place have in common."""

    def __init__(self) -> None:
        self._keys: dict[tuple[Credentials, str, str, str], bytes] = {}
        self._frames: dict[tuple[Any, ...], _Frame] = {}
        self._now = (0, "")

    def sign(self, request: Request, endpoint: Endpoint, credentials: Credentials, seconds: float) -> dict[str, str]:
        """The headers to send: those of the request, and those of the signature at the time `seconds`."""
        stamp = self._stamp(int(seconds))
        s3 = endpoint.signing_name in _S3_NAMES
        name = (request.headers, request.digest if s3 else "", request.host_prefix, endpoint, credentials)
        frame = self._frames.get(name)
        if frame is None or not stamp.startswith(frame.day):
            frame = self._frame(request, endpoint, credentials, stamp[:8], s3=s3)
            _keep(self._frames, name, frame, _FRAMES)
        path = endpoint.path + request.path
        if not s3 and path != "/":
            path = quote(normalize_url_path(path), safe="/~")
        digest = frame.digest or request.digest
        canonical = f"{request.method}\n{path}\n{request.query}\n{frame.before}{stamp}{frame.after}{digest}"
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{frame.scope}\n{sha256(canonical.encode()).hexdigest()}"
        signature = frame.keyed.copy()
        signature.update(text.encode())
        return {**frame.headers, _DATE: stamp, "authorization": frame.said + signature.hexdigest()}

    def _frame(self, request: Request, endpoint: Endpoint, credentials: Credentials, day: str, *, s3: bool) -> _Frame:
        headers = dict(request.headers)
        if s3:
            headers["x-amz-content-sha256"] = request.digest
        if credentials.token:
            headers["x-amz-security-token"] = credentials.token
        signed = {name: _trimmed(value) for name, value in headers.items() if name not in _UNSIGNED}
        signed |= {"host": host_of(endpoint, request), _DATE: ""}
        names = sorted(signed)
        listed = ";".join(names)
        before = "".join(f"{name}:{signed[name]}\n" for name in names if name < _DATE)
        after = "".join(f"{name}:{signed[name]}\n" for name in names if name > _DATE)
        scope = f"{day}/{endpoint.region}/{endpoint.signing_name}/aws4_request"
        return _Frame(
            day=day,
            headers=headers,
            before=f"{before}{_DATE}:",
            after=f"\n{after}\n{listed}\n",
            digest=headers.get("x-amz-content-sha256", ""),
            scope=scope,
            said=f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, SignedHeaders={listed}, Signature=",
            keyed=hmac.new(self._key(credentials, day, endpoint), digestmod="sha256"),
        )

    def _stamp(self, second: int) -> str:
        if second != self._now[0]:
            self._now = (second, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second)))
        return self._now[1]

    def _key(self, credentials: Credentials, day: str, endpoint: Endpoint) -> bytes:
        name = (credentials, day, endpoint.region, endpoint.signing_name)
        key = self._keys.get(name)
        if key is None:
            key = f"AWS4{credentials.secret_key}".encode()
            for part in (day, endpoint.region, endpoint.signing_name, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            _keep(self._keys, name, key, _KEPT)
        return key


def _keep(kept: dict[K, V], name: K, value: V, most: int) -> None:
    if len(kept) >= most:
        kept.clear()
    kept[name] = value


def _trimmed(value: str) -> str:
    return " ".join(value.split()) if " " in value or not value.isprintable() else value


def host_of(endpoint: Endpoint, request: Request) -> str:
    """The host that is called and signed; a prefix of the operation stands before it unless it is a stand-in's."""
    return f"{request.host_prefix}{endpoint.host}" if endpoint.prefixed else endpoint.host
