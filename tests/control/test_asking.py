"""What is found is told whole, or as much of it as an answer may have, and says so."""

import orjson

from syncd.control.asking import encoded

ROWS = [{"name": "a" * 80}, {"name": "b" * 80}, {"name": "c" * 80}]


def told(largest: int) -> list[object]:
    return [orjson.loads(line) for line in encoded({"type": "answer", "more": False}, iter(ROWS), largest)]


def test_an_answer_is_a_line_about_it_and_its_rows() -> None:
    assert told(1000) == [{"type": "answer", "more": False}, *ROWS]


def test_an_answer_that_is_too_large_ends_early_and_says_that_there_is_more() -> None:
    assert told(200) == [{"type": "answer", "more": True}, *ROWS[:2]]


def test_nothing_found_is_a_line_alone() -> None:
    assert list(encoded({"type": "history"}, [])) == [b'{"type":"history"}']
