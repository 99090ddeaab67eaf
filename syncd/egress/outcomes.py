"""What a status, a Retry-After and an error of the network mean for a delivery."""

import math
import re
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

from syncd.errors import DeliveryError, Rejected, Retry

LONGEST_WAIT = 86_400.0
"""Seconds. A target may not put a delivery off for longer, whatever it says."""

_LATER = frozenset({408, 425, 429})
_MENDED_BY_PEOPLE = frozenset({401, 403, 404, 407})


_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (aiohttp.ClientConnectorDNSError, "the name of the host has no address"),
    (aiohttp.ClientProxyConnectionError, "the proxy cannot be reached: {}"),
    (aiohttp.ClientConnectorError, "no connection: {}"),
    (aiohttp.ServerDisconnectedError, "the connection was closed without an answer"),
    (aiohttp.ClientPayloadError, "the answer broke off"),
    (aiohttp.ClientResponseError, "the answer is not HTTP"),
    (OSError, "the connection broke: {}"),
)


def worth_another(status: int) -> bool:
    return status >= 500 or status in _LATER or status in _MENDED_BY_PEOPLE


def failure(status: int, headers: Mapping[str, str], reason: str, now: datetime) -> DeliveryError:
    if worth_another(status):
        return Retry(reason, after=retry_after(headers.get("Retry-After", ""), now))
    return Rejected(reason)


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds, from a number or a date. None for what is neither or has passed."""
    if re.fullmatch(r"\s*\d{1,12}(\.\d{1,12})?\s*", value, re.ASCII):
        seconds = float(value)
    else:
        try:
            then = parsedate_to_datetime(value)
            seconds = (then.replace(tzinfo=then.tzinfo or UTC) - now).total_seconds()
        except (ValueError, OverflowError, IndexError):
            return None
    return min(math.ceil(seconds), LONGEST_WAIT) if seconds > 0 else None


def network_reason(error: BaseException) -> str:
    """Own words: those of the libraries quote addresses."""
    system = getattr(error, "os_error", error)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"TLS: {_certificate(error.certificate_error)}"
    if isinstance(system, ssl.SSLError):
        return f"TLS: {_tls(system)}"
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy answered {error.status}"
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return words.format(_system(system))
    return f"failed: {type(error).__name__}"


def _certificate(error: BaseException) -> str:
    said = getattr(error, "verify_message", "") or type(error).__name__
    return f"the certificate is not valid: {said}"


def _tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error)
    return (error.reason or "the handshake failed").lower().replace("_", " ")


def _system(error: BaseException) -> str:
    return getattr(error, "strerror", "") or type(error).__name__
