"""Scripted faults: which calls fail, how, and how often.

POST /__faults with a JSON list of rules; GET shows them with their hit counts; DELETE clears them. A rule has any of
service, operation, account, region (glob patterns), after (calls let through first), times (how often it hits; all if
left out), share (0..1 of the calls), and `do`, one of:
  denied · unauthorized · expired · throttled · internal · unavailable · disabled (opt-in or not subscribed) · not_found
  empty (a valid, empty answer) · garbage (HTML, status 200) · truncated (half of the body) · cut (connection closed)
  hang (never answers) · slow (adds `seconds`) · malformed (well-formed, of the wrong types) · endless (the same page
  for ever, with a token that says there is more)
"""

import dataclasses
import fnmatch
import random
import re
from typing import Any

from bench.fakeaws.answers.lists import ENDLESS
from bench.fakeaws.documents import Document
from bench.fakeaws.pages import go_on
from bench.fakeaws.wire.request import Call
from bench.fakeaws.wire.response import Response, empty, error, success

# kind of fault -> status, and error codes by service ("" for all others)
CODES = {
    "denied": (403, {"ec2": "UnauthorizedOperation", "s3": "AccessDenied", "": "AccessDeniedException"}),
    "unauthorized": (401, {"ec2": "AuthFailure", "": "UnrecognizedClientException"}),
    "expired": (400, {"": "ExpiredToken"}),
    "throttled": (503, {"ec2": "RequestLimitExceeded", "s3": "SlowDown", "": "ThrottlingException"}),
    "internal": (500, {"": "InternalFailure"}),
    "unavailable": (503, {"": "ServiceUnavailable"}),
    "disabled": (400, {"ec2": "OptInRequired", "": "SubscriptionRequiredException"}),
    "not_found": (404, {"": "ResourceNotFoundException"}),
}
WITHOUT_CODE = {"empty", "garbage", "truncated", "cut", "hang", "slow", "malformed", "endless"}
KINDS = frozenset(CODES) | WITHOUT_CODE


@dataclasses.dataclass(slots=True)
class Rule:
    """One scripted fault with its counts so far."""

    do: str
    service: str = "*"
    operation: str = "*"
    account: str = "*"
    region: str = "*"
    after: int = 0
    times: int | None = None
    share: float = 1.0
    seconds: float = 5.0
    seen: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        if self.do not in KINDS:
            raise ValueError("do must be one of " + ", ".join(sorted(KINDS)))

    def concerns(self, **call: str) -> bool:
        return all(fnmatch.fnmatchcase(value, getattr(self, name)) for name, value in call.items())

    def strikes(self, dice: float) -> bool:
        """Whether it is this call's turn; counts the call."""
        self.seen += 1
        due = self.seen > self.after and (self.times is None or self.hits < self.times) and dice < self.share
        self.hits += due
        return due


class Faults:
    """The rules in force. The first one that strikes decides what becomes of a call."""

    def __init__(self, seed: int = 3) -> None:
        self._rules: list[Rule] = []
        self._random = random.Random(seed)

    def set(self, rules: list[dict[str, Any]]) -> None:
        self._rules = [Rule(**rule) for rule in rules]

    def show(self) -> list[dict[str, Any]]:
        return [dataclasses.asdict(rule) for rule in self._rules]

    def hit(self, **call: str) -> Rule | None:
        """The rule that a call of this service, operation, account and region falls under."""
        for rule in self._rules:
            if rule.concerns(**call) and rule.strikes(self._random.random()):
                return rule
        return None


def refusal(call: Call, kind: str, message: str) -> Response:
    """The error that this service uses for this kind of fault."""
    status, codes = CODES[kind]
    folder = call.service.folder
    if kind == "throttled" and folder not in ("ec2", "s3"):
        status = 400
    return error(call.service, call.protocol, status, codes.get(folder, codes[""]), message)


def spoilt(rule: Rule, call: Call, response: Response) -> Response:
    """What a fault without delay makes of a good answer."""
    if rule.do in CODES:
        return refusal(call, rule.do, f"scripted: {rule.do}")
    match rule.do:
        case "empty":
            return success(call.service, call.operation, call.protocol, empty(call.service, call.operation))
        case "garbage":
            page = b"<html><body>It works!</body></html>"
            return Response(200, {"Content-Type": "text/html"}, page)
        case "truncated":
            return dataclasses.replace(response, body=response.body[: len(response.body) // 2])
        case "malformed":
            return dataclasses.replace(response, body=re.sub(rb"\d+", b"NaN", response.body))
    return response


def endless(call: Call, document: Document) -> Document:
    """The same page with a token that never ends."""
    return go_on(call, document, ENDLESS)
