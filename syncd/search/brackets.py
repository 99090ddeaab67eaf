"""Quotes and brackets: closed, in order, and not nested beyond reason. Looked at before all else."""

import re

from syncd.errors import QueryError

DEEPEST = 50
_CLOSED_BY = {"(": ")", "[": "]", "{": "}"}
_PIECE = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|["'`()\[\]{}]""", re.DOTALL)


def check_brackets(text: str) -> None:
    """QueryError: a quote or bracket without its other half, more than DEEPEST brackets inside each other."""
    opened: list[tuple[str, int]] = []
    for found in _PIECE.finditer(text):
        piece, at = found[0], found.start()
        if piece in {'"', "'", "`"}:
            raise QueryError(f"the quote {piece} is not closed", text, at)
        if piece in _CLOSED_BY:
            opened.append((piece, at))
            if len(opened) > DEEPEST:
                raise QueryError(f"brackets are nested more than {DEEPEST} deep", text, at)
        elif piece in _CLOSED_BY.values():
            _close(opened, piece, text, at)
    if opened:
        piece, at = opened[-1]
        raise QueryError(f"the bracket {piece} is not closed", text, at, expected=[_CLOSED_BY[piece]])


def _close(opened: list[tuple[str, int]], piece: str, text: str, at: int) -> None:
    if not opened:
        raise QueryError(f"the bracket {piece} closes nothing", text, at)
    before, _ = opened.pop()
    if piece != _CLOSED_BY[before]:
        raise QueryError(f"the bracket {before} is closed by {piece}", text, at, expected=[_CLOSED_BY[before]])
