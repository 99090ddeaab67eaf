"""Where an operation's pages go on, by the pagination model: for faults and for answers of several pages."""

import re
from typing import Any

from bench.fakeaws.documents import Document
from bench.fakeaws.wire.request import Call

_PLAIN = re.compile(r"\w+(\.\w+)*")


def tokens(call: Call) -> list[tuple[str, str]]:
    """Input member and where the answer has it: `NextMarker || Contents[-1].Key` is told as its first plain part."""
    model = call.service.paginators.get(call.operation, {})
    inputs, outputs = _listed(model.get("input_token")), _listed(model.get("output_token"))
    return [(name, path) for name, output in zip(inputs, outputs, strict=True) if (path := _plain(output))]


def says_more(call: Call) -> str:
    """Where the answer says whether there is another page, "" for nowhere."""
    return _plain(call.service.paginators.get(call.operation, {}).get("more_results", ""))


def go_on(call: Call, document: Document, token: str) -> Document:
    """The answer with a token for another page."""
    for _, path in tokens(call):
        _put(document, path, token)
    if path := says_more(call):
        _put(document, path, True)
    return document


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _plain(expression: str) -> str:
    parts = (part.strip() for part in expression.split("||"))
    return next((part for part in parts if _PLAIN.fullmatch(part)), "")


def _put(document: Document, path: str, value: Any) -> None:
    *way, last = path.split(".")
    for name in way:
        document = document.setdefault(name, {})
    document[last] = value
