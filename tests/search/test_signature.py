"""Signatures of documents: whatever a document holds fits its signature, and little else does."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.search.signature import fitting, signed

NAMES = st.text("abcdeXYZ_-.1", min_size=1, max_size=6)
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(10**14), 10**14),
    st.integers(-50, 50).map(float),
    st.text(max_size=30).filter(lambda text: not set(text) & {'"', "\\", "\x7f"} and text.isprintable()),
)
DOCUMENTS = st.dictionaries(
    NAMES,
    st.recursive(SCALARS, lambda inner: st.one_of(st.lists(inner), st.dictionaries(NAMES, inner)), max_leaves=12),
)


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each, name)
    else:
        yield name, value


def fits(signature: tuple[int, ...], name: str, *literals: Any) -> bool:
    """As SQLite sees it."""
    condition = fitting("b", name, literals)
    assert condition
    columns = ", ".join(f"{value} as s{number}" for number, value in enumerate(signature))
    with closing(sqlite3.connect(":memory:")) as connection:
        return bool(connection.execute(f"select {condition} from (select {columns}) b").fetchone()[0])


@given(DOCUMENTS, DOCUMENTS)
def test_whatever_a_document_holds_fits_its_signature(common: dict[str, Any], body: dict[str, Any]) -> None:
    signature = signed([common, body])
    for name, value in (*leaves(common), *leaves(body)):
        if str(value)[:1] not in ("[", "{"):
            assert fits(signature, name, "not this", value), (name, value)


def test_what_a_document_does_not_hold_rarely_fits() -> None:
    chance = random.Random(1)
    document = {f"member{number}": chance.randrange(1000) for number in range(40)}
    wrong = [fits(signed([document]), f"member{number}", 1000 + number) for number in range(40) for _ in range(2)]
    assert sum(wrong) <= 4


@pytest.mark.parametrize(("held", "asked"), [(True, 1), (False, 0), (5.0, 5), (5, 5.0), (-0.0, 0)])
def test_what_is_equal_in_sql_has_one_signature(held: Any, asked: Any) -> None:
    assert fits(signed([{"x": held}]), "x", asked)


@pytest.mark.parametrize("literal", ["x" * 201, 'a"b', "a\\b", "a\nb", "[1]", '{"a": 1}', 0.5, 10**15, -1e300])
def test_what_signatures_do_not_tell_is_not_asked_of_them(literal: Any) -> None:
    assert fitting("b", "x", [literal]) == fitting("b", "x", [1, literal]) == ""
    assert fitting("b", 'a"b', [1]) == fitting("b", "x", []) == ""


def test_texts_and_numbers_that_look_alike_differ() -> None:
    assert not fits(signed([{"x": "5"}]), "x", 5)
    assert not fits(signed([{"x": 5}]), "x", "5")
