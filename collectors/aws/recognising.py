"""Whether the answers of a scope's lists are byte for byte what they were when it was last read as a whole.

An answer that is what it was holds the same items, so nothing need be made of it. It is not even parsed: whether the
list goes on is known from the last time, and where is told by its bytes. That is believed only of lists in which both
were the same as in the parsed answers when they were read. See docs/decisions/0022-unchanged-pages.md.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import botocore
from msgspec import Struct

import syncd
from collectors.aws.answers import DIGEST, Told, meaning_of, told
from collectors.aws.models import Operation
from collectors.aws.readers import Skip
from collectors.aws.shelf import stamp
from collectors.aws.wire import Answer
from syncd.model import Imprint, Same

Document = dict[str, Any]

MOST_PAGES = 256
"""Scopes with more answers have no imprint: it has a part for each."""
MOST_HELD = 8 * 1024 * 1024
"""Bytes of answers that all readings of a run together hold back, in case that a later one differs."""
_PAGE = DIGEST + 1
_LAST, _MORE = b"\x01", b"\x00"


class Room(Struct):
    """What is left for answers that are held back."""

    left: int = MOST_HELD


class Page(Struct, frozen=True):
    """One answer. `document`: None where it is what it was."""

    answer: Answer
    told: Told
    document: Document | None


class Recognising:
    """One reading of a scope. `known`: the imprint of the last one, b"" when there is none."""

    def __init__(self, known: bytes, room: Room, partition: str) -> None:
        self._known = known
        self._room = room
        self._common = f"{_code()} {partition}"
        self._found = bytearray()
        self._sound = True
        self._held: list[tuple[Listing, Answer]] = []
        self.alike = bool(known)

    @property
    def same(self) -> bool:
        """At the end: whether there were exactly the answers of the imprint."""
        return self.alike and len(self._found) == len(self._known)

    @property
    def answers(self) -> int:
        return len(self._found) // _PAGE

    @property
    def imprint(self) -> bytes:
        """Of the whole reading; b"" when it can have none."""
        return bytes(self._found) if self._sound and self.answers <= MOST_PAGES else b""

    def listing(self, operation: Operation, skip: Skip, args: Mapping[str, Any]) -> "Listing":
        """One of its lists. `args`: of the first page."""
        return Listing(self, operation, skip, meaning_of(self._common, operation, args))

    def spoil(self) -> None:
        """Something was part of the reading that an imprint cannot tell of."""
        self._sound = self.alike = False

    @property
    def expected(self) -> tuple[bytes, bool]:
        """The digest of an answer that is what it was, b"" for none, and whether it was the last of its list."""
        at = len(self._found)
        page = self._known[at : at + _PAGE] if self.alike else b""
        return page[:DIGEST], page[DIGEST:] == _LAST

    def note(self, listing: "Listing", page: Page, *, last: bool) -> None:
        """The next answer. One that is what it was is held back, while there is room."""
        self._found += page.told.digest + (_LAST if last else _MORE)
        if page.document is not None:
            self.alike = False
            return
        self._held.append((listing, page.answer))
        self._room.left -= len(page.answer.body)
        self.alike = self.alike and self._room.left >= 0

    def released(self) -> Iterator[Document]:
        """The documents of what was held back: something differs."""
        self.alike = False
        while self._held:
            listing, answer = self._held.pop(0)
            self._room.left += len(answer.body)
            yield listing.read(answer)

    def told(self) -> Iterator[Same | Imprint]:
        """At the end."""
        if self.same:
            yield Same(self.answers)
        elif self.imprint:
            yield Imprint(self.imprint)

    def close(self) -> None:
        """Nothing is held back any more."""
        self._room.left += sum(len(answer.body) for _, answer in self._held)
        self._held.clear()


class Listing(Struct, frozen=True):
    """One list of a reading, page by page. `meaning`: see answers.told."""

    of: Recognising
    operation: Operation
    skip: Skip
    meaning: bytes

    def look(self, answer: Answer) -> Page:
        """Parses an answer, unless it is what it was. Nothing is noted: the call may be made again."""
        here = told(self.operation, self.meaning, answer)
        digest, last = self.of.expected
        alike = here.digest == digest and (last or bool(here.token))
        return Page(answer, here, None if alike else self.read(answer))

    def read(self, answer: Answer) -> Document:
        return self.operation.reader_for(self.skip)(*answer)

    def unread(self, page: Page) -> dict[str, Any]:
        """Arguments of the page that comes after one that is what it was, empty after the last."""
        _, last = self.of.expected
        self.of.note(self, page, last=last)
        return {} if last else {self.operation.pages.inputs[0]: page.told.token}

    def parsed(self, page: Page, tokens: Mapping[str, Any]) -> None:
        """Notes an answer that was parsed, with what asks for the next page; both must tell the same."""
        self.of.note(self, page, last=not tokens)
        pages, token = self.operation.pages, page.told.token
        if (token or tokens) and pages.next(page.document or {}) != {pages.inputs[0]: token}:
            self.of.spoil()


@cache
def _code() -> str:
    """What makes nodes of answers, beside the catalog and the models: other code may make others of the same."""
    return stamp((syncd.__version__, botocore.__version__), sorted(Path(__file__).parent.glob("*.py")))
