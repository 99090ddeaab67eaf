"""The parser of searches. To build it from the grammar would take a fifth of a second of every command; a table that
was made of it lies beside the grammar and is read in a tenth of that.

    python -m syncd.search.table       writes the table anew: after a change of the grammar, or for another lark
"""

import io
from hashlib import blake2b
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import lark
from lark import Lark

_FOLDER = files("syncd.search")
_GRAMMAR = _FOLDER.joinpath("grammar.lark")
TABLE = _FOLDER.joinpath("grammar.table")


def parser(table: Traversable = TABLE) -> Lark:
    """From the table where it was made of this grammar by this lark, else from the grammar."""
    return _loaded(table) or built()


def _loaded(table: Traversable) -> Lark | None:
    try:
        head, _, data = table.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    return Lark.load(io.BytesIO(data)) if head == _head() else None


def built() -> Lark:
    return Lark(_GRAMMAR.read_text(encoding="utf-8"), parser="lalr", lexer="contextual", propagate_positions=True)


def _head() -> bytes:
    """What the table depends on. Its form is that of one release of lark."""
    return f"lark {lark.__version__} {blake2b(_GRAMMAR.read_bytes(), digest_size=16).hexdigest()}".encode()


def write(to: Path) -> None:
    data = io.BytesIO()
    built().save(data)
    to.write_bytes(_head() + b"\n" + data.getvalue())


if __name__ == "__main__":
    write(Path(str(TABLE)))
