"""The parser's table is that of the grammar, and a search does without it."""

from pathlib import Path

import pytest

from syncd.search import table

TEXTS = (
    "", "all", "is(volume) and not size >= 3 or 'x'", "a.b[*].{c = 1, d any in [1, 2]} sort name desc limit 1, 2",
    "is(a) with(count > 2, <-in[1:]- is(b)) {x[]: --> is(c)} -[0:]->", "aggregate(kind as k: sum(n * 2) as s): all",
)  # fmt: skip
AGAIN = "the grammar or lark changed: python -m syncd.search.table"


def test_the_table_is_of_this_grammar_and_this_lark_and_is_loaded() -> None:
    loaded = table._loaded(table.TABLE)
    assert loaded is not None, AGAIN
    built = table.built()
    assert sorted(map(repr, loaded.terminals)) == sorted(map(repr, built.terminals)), AGAIN
    assert sorted(map(str, loaded.rules)) == sorted(map(str, built.rules)), AGAIN
    for text in TEXTS:
        assert loaded.parse(text) == built.parse(text), text


@pytest.mark.parametrize("change", [b"lark 0.0.1 ", b""])
def test_a_table_of_another_lark_or_grammar_is_not_taken(change: bytes, tmp_path: Path) -> None:
    made = tmp_path / "grammar.table"
    table.write(made)
    assert table._loaded(made) is not None
    head, _, rest = made.read_bytes().partition(b"\n")
    made.write_bytes((change + head if change else head[:-1] + b"?") + b"\n" + rest)
    assert table._loaded(made) is None
    text = "is(volume) and size > 3 sort name limit 2 -[0:]-> is(instance)"
    assert table.parser(made).parse(text) == table.parser().parse(text)


def test_without_a_table_the_grammar_is_read(tmp_path: Path) -> None:
    assert table.parser(tmp_path / "nothing").parse("all").data == "start"
