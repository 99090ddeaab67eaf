"""What is told of a request: one short line, never more of an address than scheme and host, never a secret."""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus, unquote, urlsplit

from syncd.log import MASK, SHORTEST_SECRET, Redaction
from syncd.plugin import Secret

LONGEST = 300
_LONG = 16  # of a part of a path: no word
_SENSITIVE_HEADER = re.compile("authorization|cookie|token|secret|key|signature|password", re.IGNORECASE)


class Cleaner:
    """Takes secrets out of texts, in every form in which a target may have given them back."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self.secrets = tuple(secrets)
        forms = {form for secret in self.secrets for part in _parts(secret.reveal()) for form in _forms(part)}
        longest_first = sorted(forms, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def __call__(self, text: str) -> str:
        """Cut before the patterns of what usually is a secret are tried: a hostile answer must not keep them busy."""
        known = self._known.sub(MASK, text) if self._known else text
        line = " ".join("".join(char if char.isprintable() else " " for char in known).split())
        return Redaction().text(line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…")

    def more(self, secrets: Iterable[Secret]) -> "Cleaner":
        added = tuple(secrets)
        return Cleaner((*self.secrets, *added)) if added else self


def header_secrets(headers: Mapping[str, str]) -> Iterator[Secret]:
    """Values of headers that carry credentials, however the reaction put them together."""
    for name, value in headers.items():
        if _SENSITIVE_HEADER.search(name):
            yield Secret(value)
            yield from map(Secret, value.split()[1:])


def address_secrets(url: str) -> Iterator[Secret]:
    """What of an address may be a secret although no setting says so: not its words, such as `api` or `alerts`."""
    whole, path, *pieces = _after_host(url)
    words = {word for word in unquote(path).split("/") if len(word) < _LONG}
    yield from (Secret(piece) for piece in (whole, path, *pieces) if unquote(piece) not in words)


def _parts(value: str) -> Iterator[str]:
    """The value, and of an address whatever comes after the host."""
    yield value
    if "://" in value:
        yield from _after_host(value)


def _after_host(url: str) -> Iterator[str]:
    """First all of it, then its pieces, as they stand and decoded."""
    try:
        split = urlsplit(url)
    except ValueError:
        split = urlsplit("")
    path = f"{split.path}?{split.query}" if split.query else split.path
    pieces = [path, split.path, split.query, split.fragment, split.username or "", split.password or ""]
    pieces += [*split.path.split("/"), *(pair.partition("=")[2] for pair in split.query.split("&"))]
    yield from pieces
    yield from map(unquote, pieces)


def _forms(value: str) -> Iterator[str]:
    """Short ones would tear words apart."""
    if len(value) < SHORTEST_SECRET:
        return
    written = json.dumps(value)[1:-1]
    yield from (value, quote(value, safe=""), quote(value), quote_plus(value), html.escape(value))
    yield from (written, written.replace("/", "\\/"), base64.b64encode(value.encode()).decode())
