"""Field by field: what is told is exactly what differs, and the order of sets is never told."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from syncd.store.diff import canonical, changes

SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=4)
)
DOCUMENTS = st.dictionaries(st.text("abc", min_size=1), VALUES, max_size=5)


def shuffled(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: shuffled(value[key], chance) for key in keys}
    if isinstance(value, list):
        return chance.sample([shuffled(item, chance) for item in value], len(value))
    return value


@given(DOCUMENTS)
def test_nothing_differs_from_itself(document: dict[str, Any]) -> None:
    assert changes(document, document) == []


@given(DOCUMENTS, st.randoms(use_true_random=False))
def test_another_order_is_no_difference(document: dict[str, Any], chance: random.Random) -> None:
    assert changes(document, shuffled(document, chance)) == []


def without_nulls(value: Any) -> Any:
    """An absent field reads as null."""
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return value


@given(DOCUMENTS, DOCUMENTS)
def test_documents_without_a_difference_are_equal_as_sets(old: dict[str, Any], new: dict[str, Any]) -> None:
    same = without_nulls(canonical(old, set())) == without_nulls(canonical(new, set()))
    if not changes(old, new):
        assert same


@given(DOCUMENTS, DOCUMENTS)
def test_each_difference_has_one_path(old: dict[str, Any], new: dict[str, Any]) -> None:
    paths = [change["path"] for change in changes(old, new)]
    assert len(paths) == len(set(paths))


def test_a_list_tells_what_left_and_what_came() -> None:
    found = changes({"groups": ["a", "b"]}, {"groups": ["b", "c", "d"]})
    assert found == [{"path": "groups[]", "old": ["a"], "new": ["c", "d"]}]


def test_the_one_element_that_changed_is_told_by_its_field() -> None:
    old = {"rules": [{"port": 80, "open": False}, {"port": 22, "open": False}]}
    new = {"rules": [{"port": 22, "open": True}, {"port": 80, "open": False}]}
    assert changes(old, new) == [{"path": "rules[].open", "old": False, "new": True}]


def test_a_number_that_becomes_a_truth_value_is_a_change() -> None:
    assert changes({"x": 1}, {"x": True}) == [{"path": "x", "old": 1, "new": True}]
