"""Operations with their arguments become the parts of an HTTP request, exactly as the provider's models say."""

import uuid
from base64 import b64encode
from collections.abc import Mapping
from hashlib import md5, sha256
from typing import Any, NamedTuple
from urllib.parse import quote

from botocore.exceptions import BotoCoreError

from collectors.aws.models import Operation
from syncd.errors import Failed

UNRESERVED = "-._~"

# Route 53 gives ids as /hostedzone/Z1 and takes them as Z1.
_BARE_ID_SHAPES = frozenset({"ResourceId", "DelegationSetId", "ChangeId"})


class Request(NamedTuple):
    """What is sent, before it is known to which host and with whose signature. `query` is in canonical form."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    digest: str
    host_prefix: str = ""


def write(operation: Operation, args: Mapping[str, Any]) -> Request:
    """Raises Failed for arguments that the operation does not take."""
    given = _adapted(operation, args)
    try:
        parts = operation.serialize(given, operation.model)
    except (KeyError, TypeError, ValueError, AttributeError, BotoCoreError) as error:
        reason = f"{operation.label} does not take these arguments: {error!r}"
        raise Failed(reason, operation=operation.label) from None
    path, _, fixed = parts["url_path"].partition("?")
    body = _body(parts["body"])
    headers = {name.lower(): str(value) for name, value in parts["headers"].items()} | _extra_headers(operation)
    if _wants_checksum(operation):
        headers["content-md5"] = b64encode(md5(body, usedforsecurity=False).digest()).decode()
    return Request(
        method=parts["method"],
        path=path,
        query=_query(fixed, parts["query_string"]),
        headers=tuple(headers.items()),
        body=body,
        digest=sha256(body).hexdigest(),
        host_prefix=parts.get("host_prefix") or "",
    )


def _adapted(operation: Operation, args: Mapping[str, Any]) -> dict[str, Any]:
    given = dict(args)
    shape = operation.model.input_shape
    if shape is None:
        return given
    for name in operation.model.idempotent_members:
        given.setdefault(name, str(uuid.uuid4()))
    for name, value in given.items():
        member = shape.members.get(name)
        if member is None:
            raise Failed(f"{operation.label} has no argument {name}", operation=operation.label)
        if member.serialization.get("location") == "uri" and value in (None, ""):
            raise Failed(f"{operation.label}: argument {name} is empty", operation=operation.label)
        if operation.service == "route53" and member.name in _BARE_ID_SHAPES and isinstance(value, str):
            given[name] = value.rpartition("/")[2]
    if operation.service == "glacier":
        given.setdefault("accountId", "-")
    return given


def _wants_checksum(operation: Operation) -> bool:
    """Some writing calls are refused without a checksum of their body."""
    model = operation.model
    return bool(model.http_checksum_required or model.http_checksum.get("requestChecksumRequired"))


def _extra_headers(operation: Operation) -> dict[str, str]:
    if operation.service == "apigateway":
        return {"accept": "application/json"}
    if operation.service == "glacier":
        return {"x-amz-glacier-version": operation.model.metadata["apiVersion"]}
    return {}


def _body(body: Any) -> bytes:
    if isinstance(body, dict):
        return "&".join(f"{quote(key, safe=UNRESERVED)}={_quoted(value)}" for key, value in body.items()).encode()
    return body.encode() if isinstance(body, str) else bytes(body)


def _quoted(value: Any) -> str:
    return quote(value if isinstance(value, (str, bytes)) else str(value), safe=UNRESERVED)


def _query(fixed: str, given: Any) -> str:
    """Sorted, encoded, and with `=` after a bare name: the form that is signed, so it is the form that is sent."""
    pairs = [(name, value) for name, _, value in (part.partition("=") for part in fixed.split("&") if part)]
    for name, value in given.items() if given else ():
        many = value if isinstance(value, list) else [value]
        pairs.extend((quote(name, safe=UNRESERVED), _quoted(one)) for one in many)
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))
