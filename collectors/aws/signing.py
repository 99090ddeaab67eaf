"""Signature Version 4 over a request, with the day's key derived once per credentials, region and service."""

import hmac
import time
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

from botocore.utils import normalize_url_path

from collectors.aws.endpoints import Endpoint
from collectors.aws.request import Request

_S3_NAMES = frozenset({"s3", "s3-outposts", "s3-object-lambda", "s3express"})
_UNSIGNED = frozenset({"user-agent", "expect", "x-amzn-trace-id", "connection", "transfer-encoding"})
_KEPT = 4096


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """A key pair and perhaps a session token. Never shown, not even by repr."""

    access_key: str
    secret_key: str
    token: str | None = None

    def __repr__(self) -> str:
        return "Credentials(…)"


class Signer:
    """Signs, and keeps the derived keys of the current day."""

    def __init__(self) -> None:
        self._keys: dict[tuple[Credentials, str, str, str], bytes] = {}
        self._now = (0, "")

    def sign(self, request: Request, endpoint: Endpoint, credentials: Credentials, seconds: float) -> dict[str, str]:
        """The headers to send: those of the request, and those of the signature at the time `seconds`."""
        stamp = self._stamp(int(seconds))
        headers = dict(request.headers)
        headers["x-amz-date"] = stamp
        s3 = endpoint.signing_name in _S3_NAMES
        if s3:
            headers["x-amz-content-sha256"] = request.digest
        if credentials.token:
            headers["x-amz-security-token"] = credentials.token
        signed = {name: _trimmed(value) for name, value in headers.items() if name not in _UNSIGNED}
        signed["host"] = host_of(endpoint, request)
        names = sorted(signed)
        listed = ";".join(names)
        path = endpoint.path + request.path
        canonical = "\n".join(
            (
                request.method,
                path if s3 or path == "/" else quote(normalize_url_path(path), safe="/~"),
                request.query,
                *(f"{name}:{signed[name]}" for name in names),
                "",
                listed,
                headers.get("x-amz-content-sha256", request.digest),
            )
        )
        scope = f"{stamp[:8]}/{endpoint.region}/{endpoint.signing_name}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        key = self._key(credentials, stamp[:8], endpoint)
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, SignedHeaders={listed}, "
            f"Signature={signature}"
        )
        return headers

    def _stamp(self, second: int) -> str:
        if second != self._now[0]:
            self._now = (second, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second)))
        return self._now[1]

    def _key(self, credentials: Credentials, day: str, endpoint: Endpoint) -> bytes:
        name = (credentials, day, endpoint.region, endpoint.signing_name)
        key = self._keys.get(name)
        if key is None:
            if len(self._keys) >= _KEPT:
                self._keys.clear()
            key = f"AWS4{credentials.secret_key}".encode()
            for part in (day, endpoint.region, endpoint.signing_name, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._keys[name] = key
        return key


def _trimmed(value: str) -> str:
    return " ".join(value.split()) if " " in value or not value.isprintable() else value


def host_of(endpoint: Endpoint, request: Request) -> str:
    """The host that is called and signed; a prefix of the operation stands before it unless it is a stand-in's."""
    return f"{request.host_prefix}{endpoint.host}" if endpoint.prefixed else endpoint.host
