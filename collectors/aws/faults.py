"""What AWS says when it does not give what was asked, as one of syncd's errors. Never with a secret in the reason."""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
from lxml import etree
from msgspec import Struct

from collectors.aws.readers_xml import local, parse
from collectors.aws.values import Unreadable
from syncd.errors import Absent, Denied, Disabled, Failed, Gone, ReadError, Temporary, Throttled

THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequests",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
TEMPORARY = frozenset(
    {
        "ConcurrentModificationException",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "InternalServiceError",
        "InternalServiceException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Unavailable",
    }
)
DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AccountProblem",
        "AllAccessDisabled",
        "AuthFailure",
        "AuthorizationError",
        "AuthorizationErrorException",
        "Blocked",
        "ClientUnauthorizedException",
        "Forbidden",
        "ForbiddenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "NotAuthorizedException",
        "PendingVerification",
        "SignatureDoesNotMatch",
        "UnauthorizedException",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)
DISABLED = frozenset(
    {
        "AWSOrganizationsNotInUseException",
        "InvalidAction",
        "NotSignedUp",
        "OptInRequired",
        "RegionDisabledException",
        "SubscriptionRequiredException",
        "UnknownOperation",
        "UnknownOperationException",
        "UnsupportedOperation",
        "UnsupportedOperationException",
    }
)
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
SKEWED = frozenset(
    {
        "InvalidSignatureException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)
UNKNOWN = frozenset(
    {
        "AccountProblem",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "MissingAuthenticationToken",
        "PendingVerification",
        "UnrecognizedClientException",
        *EXPIRED,
        *SKEWED,
    }
)
"""Who asks is not known, or not known any more: no permission would help."""

_GONE = re.compile(
    r"(?:NoSuch\w+|\w*NotFound(?:Exception|Fault|Error)?|[\w.]+\.NotFound|\w*DoesNotExist\w*|(?:[\w.]+\.)?NonExistentQueue)"
)
_PERMISSION = re.compile(r"not authorized to perform:? ([a-z0-9-]+:\w+)")
# Words that mean that the account does not use the service there, whatever code they come with.
_UNUSED = re.compile(
    r"not subscribed to|needs a subscription|is not enabled\b|has not been enabled"
    r"|not (?:available|supported) in (?:this|the|your) (?:current )?region"
    r"|is not (?:valid|supported) (?:for this web service|in this region)|only existing \w.* customers can"
    r"|subscription does not exist|no default admin could be found|is not currently delegated by",
    re.IGNORECASE,
)
_REQUEST_ID_HEADERS = ("x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id")
_LONGEST = 400


class Fault(Struct, frozen=True):
    """An error answer, of any protocol."""

    status: int
    code: str
    message: str
    request_id: str
    after: float | None = None
    region: str = ""

    def told(self, label: str) -> str:
        """One line for people: call, code, message, request id."""
        what = self.code or f"HTTP {self.status}"
        said = f"{label}: {what}" + (f": {self.message}" if self.message else "")
        return f"{said} (request {self.request_id})" if self.request_id else said


def fault_of(status: int, headers: Mapping[str, str], body: bytes) -> Fault:
    """Reads an error body of whatever protocol; what is no error body leaves the code empty."""
    found = _from_xml(body) if body.lstrip()[:1] == b"<" else _from_json(body)
    code = headers.get("x-amzn-errortype") or found.get("code") or ""
    query_code = headers.get("x-amzn-query-error", "").partition(";")[0]
    request_id = next((headers[name] for name in _REQUEST_ID_HEADERS if name in headers), found.get("request_id", ""))
    return Fault(
        status=status,
        code=query_code or _bare(code) or ("" if body else str(status)),
        message=_clean(found.get("message", "")),
        request_id=request_id[:100],
        after=_after(headers),
        region=headers.get("x-amz-bucket-region") or found.get("region", ""),
    )


def _bare(code: str) -> str:
    """`com.amazon#ThrottlingException:http://…` → `ThrottlingException`."""
    return code.partition(":")[0].rpartition("#")[2].strip()


def _from_json(body: bytes) -> dict[str, str]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        "code": _first(found, "__type", "code", "Code"),
        "message": _first(found, "message", "Message", "errorMessage"),
        "request_id": _first(found, "RequestId", "requestId"),
    }


def _first(found: dict[str, Any], *names: str) -> str:
    return next((found[name] for name in names if isinstance(found.get(name), str)), "")


_XML_PARTS = {
    "Code": "code",
    "Message": "message",
    "RequestId": "request_id",
    "RequestID": "request_id",
    "Region": "region",
}


def _from_xml(body: bytes) -> dict[str, str]:
    """`<Error>`, `<ErrorResponse><Error>` and `<Response><Errors><Error>` alike; an HTML page gives nothing."""
    try:
        root = parse(body)
    except (Unreadable, etree.XMLSyntaxError):
        return {}
    if local(root.tag) not in ("Error", "ErrorResponse", "Response", "ServiceUnavailableException"):
        return {}
    found: dict[str, str] = {}
    for element in root.iter():
        name = _XML_PARTS.get(local(element.tag))
        if name is not None and element.text and name not in found:
            found[name] = element.text
    return found


def is_error_body(body: bytes) -> bool:
    """S3 may begin an answer with status 200 and end it with an error."""
    return b"<Error>" in body[:200]


def _clean(message: str) -> str:
    """The first sentences of a message, without encoded parts, canonical requests and whatever may hold a token."""
    line = " ".join(message.split())
    for mark in (
        "The Canonical String",
        "Encoded authorization failure message",
        "The String-to-Sign",
        "Provided Token",
    ):
        line = line.partition(mark)[0]
    return line.strip()[:_LONGEST]


def _after(headers: Mapping[str, str]) -> float | None:
    milliseconds = headers.get("x-amz-retry-after", "")
    if milliseconds.isdigit():
        return int(milliseconds) / 1000
    text = headers.get("retry-after", "")
    return float(text) if text.isdigit() and len(text) < 7 else None


def server_time(headers: Mapping[str, str]) -> float | None:
    """Seconds since the epoch by the server's clock, where it says."""
    try:
        return parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return None


def error_of(fault: Fault, operation: str, permission: str, absent: frozenset[str] = frozenset()) -> ReadError | Absent:
    """What a fault means. `permission` is the action that the operation needs, unless the message names another."""
    reason = fault.told(operation)
    if fault.code in absent:
        return Absent(reason)
    named = _permission(fault.message)
    kind = _kind(fault, named)
    if issubclass(kind, Temporary):
        return kind(reason, operation=operation, after=fault.after)
    return kind(reason, operation=operation, permission=(named or permission) if kind is Denied else "")


def _kind(fault: Fault, named: str) -> type[ReadError]:
    """The first that applies, in this order."""
    kinds: tuple[tuple[type[ReadError], bool], ...] = (
        (Throttled, fault.code in THROTTLED or fault.status == 429),
        (Denied, bool(named)),
        (Disabled, fault.code in DISABLED or _UNUSED.search(fault.message) is not None),
        (Denied, _is_denied(fault)),
        (Temporary, fault.code in TEMPORARY or fault.status >= 500),
        (Gone, _is_gone(fault)),
    )
    return next((kind for kind, applies in kinds if applies), Failed)


def _is_denied(fault: Fault) -> bool:
    if fault.code in DENIED or fault.code in EXPIRED or fault.code in SKEWED:
        return True
    return fault.code.startswith("AccessDenied") or fault.status in (401, 403)


def _is_gone(fault: Fault) -> bool:
    """404 counts only with a code or, for a request that asks only for headers, with no body at all."""
    return _GONE.fullmatch(fault.code) is not None or (fault.status in (404, 410) and fault.code != "")


def _permission(message: str) -> str:
    match = _PERMISSION.search(message)
    return match[1] if match else ""
