"""Requests that differ in a few texts only are written once, as a form, and then filled in.

The provider's serializer stays the judge: a form is made of what it wrote, and kept only if filling it in gives
byte for byte what it writes.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from collectors.aws.models import Operation
from collectors.aws.request import UNRESERVED, Request, write

Filled = Callable[[Sequence[str]], str]

_HOLE = re.compile(r"Zz(\d+)zZqxjk")  # what no serializer spells in another way
_PLAIN = re.compile(r"[A-Za-z0-9._~-]+").fullmatch
_PLAIN_IN_JSON = re.compile(r'[^"\\\x00-\x1f\x7f-\U0010ffff]+').fullmatch


class Form(Struct, frozen=True):
    """A request with holes. `fits` tells whether a text can stand in every hole as `fill` writes it there."""

    blank: Request
    fits: Callable[[str], object]
    path: Filled
    query: Filled
    body: Filled | None

    def fill(self, texts: Sequence[str]) -> Request:
        method, _, _, headers, body, digest, prefix = self.blank
        if self.body is not None:
            body = self.body(texts).encode()
            digest = sha256(body).hexdigest()
        return Request(method, self.path(texts), self.query(texts), headers, body, digest, prefix)


def form_of(operation: Operation, args: Mapping[str, Any], names: Sequence[str]) -> Form | None:
    """The form of all requests whose arguments differ from these in the texts called `names`; None if there is none."""
    holes = {name: f"Zz{number}zZqxjk" for number, name in enumerate(names)}
    blank = write(operation, {**args, **holes})
    body = blank.body.decode()
    in_json = body.startswith("{")
    if body.startswith("<") and _HOLE.search(body):
        return None
    places = _HOLE.findall("\n".join((blank.path, blank.query, body)))
    if sorted(places) != sorted(str(number) for number in range(len(names))):
        return None  # one of them stands elsewhere (a header, the host), or twice
    form = Form(
        blank,
        _PLAIN if _HOLE.search(blank.path) else _PLAIN_IN_JSON if in_json else bool,
        _filler(blank.path, _as_it_is),
        _filler(blank.query, _quoted),
        _filler(body, _as_it_is if in_json else _quoted) if _HOLE.search(body) else None,
    )
    texts = [args[name] for name in names]
    return form if all(map(form.fits, texts)) and form.fill(texts) == write(operation, args) else None


def _as_it_is(text: str) -> str:
    return text


def _quoted(text: str) -> str:
    return quote(text, safe=UNRESERVED)


def _filler(text: str, spelled: Callable[[str], str]) -> Filled:
    parts = _HOLE.split(text)
    if len(parts) == 1:
        return lambda texts: text
    if len(parts) == 3:
        before, number, after = parts[0], int(parts[1]), parts[2]
        return lambda texts: f"{before}{spelled(texts[number])}{after}"
    first, pairs = parts[0], tuple((int(number), after) for number, after in zip(parts[1::2], parts[2::2], strict=True))
    return lambda texts: first + "".join(spelled(texts[number]) + after for number, after in pairs)
