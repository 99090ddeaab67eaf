"""What an answer is told by without being read: a digest of its bytes, and the token of the next page in them."""

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from collectors.aws.models import Operation
from collectors.aws.wire import Answer

DIGEST = 16
Span = tuple[int, int]

_NONE: Span = (0, 0)
# The ids of requests stand at these two places, whatever else an answer holds.
_EC2_ID = re.compile(rb"\s*(?:<\?xml[^>]*\?>)?\s*<\w+[^>]*>\s*<requestId>([^<]*)</requestId>").match
_QUERY_ID = re.compile(
    rb"<ResponseMetadata>\s*<RequestId>([^<]*)</RequestId>\s*</ResponseMetadata>\s*</\w+>\s*"
).fullmatch
_JSON_TEXT = re.compile(rb'\s*:\s*("(?:[^"\\]|\\.)*")').match
_XML_TEXT = re.compile(rb"([^<&\r]*)</").match
_REQUEST_ID = frozenset({"requestid", "responsemetadata"})


class Told(NamedTuple):
    """Equal digests, equal answers but for the request's id and the token. `token`: "" where none can be told."""

    digest: bytes
    token: str


def told(operation: Operation, meaning: bytes, answer: Answer) -> Told:
    """`meaning`: what equal answers must have in common beside their bytes."""
    body = answer.body
    token, where = _token(operation, body)
    digest = blake2b(meaning, digest_size=DIGEST)
    digest.update(b"%d %d " % (answer.status, bool(token)))
    view, at = memoryview(body), 0
    for begin, end in sorted((_request_id(operation.protocol, body), where)):
        digest.update(view[at:begin])
        at = max(at, end)
    digest.update(view[at:])
    return Told(digest.digest(), token)


def is_told_by_its_body(operation: Operation) -> bool:
    """Whether all that is read of an answer stands in its body, which does not differ each time."""
    members = operation.output_shape.members if operation.output_shape is not None else {}
    return not any(
        shape.serialization.get("location") or name.lower() in _REQUEST_ID for name, shape in members.items()
    )


def meaning_of(common: str, operation: Operation, args: Mapping[str, Any]) -> bytes:
    """Of the answers of one list. `args`: of its first page."""
    asked = orjson.dumps(dict(args), option=orjson.OPT_SORT_KEYS, default=repr)
    words = f"{common}\0{operation.made_of}\0{operation.label}\0".encode()
    return blake2b(words + asked, digest_size=DIGEST).digest()


def _request_id(protocol: str, body: bytes) -> Span:
    if protocol == "ec2":
        found = _EC2_ID(body)
    elif protocol == "query" and (start := body.rfind(b"<ResponseMetadata>")) >= 0:
        found = _QUERY_ID(body, start)
    else:
        return _NONE
    return found.span(1) if found is not None else _NONE


def _token(operation: Operation, body: bytes) -> tuple[str, Span]:
    """The text of the member that asks for the next page, where there is exactly one of its name."""
    name = operation.token_name.encode()
    is_json = operation.protocol in ("json", "rest-json")
    mark = b'"%b"' % name if is_json else b"<%b>" % name
    at = body.find(mark) if name else -1
    if at < 0 or body.rfind(mark) != at:
        return "", _NONE
    found = (_JSON_TEXT if is_json else _XML_TEXT)(body, at + len(mark))
    if found is None:
        return "", _NONE
    try:
        text = str(orjson.loads(found[1]) if is_json else found[1].decode())
    except ValueError:
        return "", _NONE
    return (text, found.span(1)) if text else ("", _NONE)
