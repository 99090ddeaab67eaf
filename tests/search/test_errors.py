"""What people are told: the whole text, for each way to write a search that means nothing."""

from datetime import UTC, datetime
from pathlib import Path
from tomllib import loads

import pytest
from lark.exceptions import LarkError

from syncd.errors import QueryError
from syncd.search.parse import LONGEST, parse
from syncd.search.wording import _CALLED

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TOLD = [
    (each["search"], each["answer"]) for each in loads(Path(__file__).with_name("refused.toml").read_text())["told"]
]


def refused(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse(text, now=NOW)
    return caught.value


@pytest.mark.parametrize(("text", "told"), TOLD, ids=[text for text, _ in TOLD])
def test_an_error_tells_the_place_what_is_expected_and_what_helps(text: str, told: str) -> None:
    assert f"{refused(text)}\n" == told


@pytest.mark.parametrize("text", [text for text, _ in TOLD])
def test_what_is_expected_is_short_sorted_and_in_words_of_people(text: str) -> None:
    error = refused(text)
    assert len(error.expected) <= 5
    assert not {*error.expected} & {*_CALLED}
    assert not isinstance(error, LarkError)
    assert error.__cause__ is None
    assert error.text == text
    assert 0 <= error.at <= len(text)


def test_expected_things_are_in_the_order_of_the_alphabet() -> None:
    assert refused("not").expected == ("a property", "is(…)", "quoted text")


def test_a_long_search_is_shown_around_the_place() -> None:
    error = refused("a = 3 " + "and b = 4 " * 40 + "and c" + " and d = 5" * 40)
    assert error.at == 412
    assert str(error).splitlines()[1:3] == [
        "  …= 4 and b = 4 and b = 4 and b = 4 and b = 4 and c and d = 5 and d = 5 and d = 5 and d = 5 and d = 5 …",
        " " * 53 + "^",
    ]


def test_of_several_lines_the_one_with_the_place_is_shown() -> None:
    assert str(refused("is(a)\nand b = = 3\nand c = 4")).splitlines()[1:3] == ["  and b = = 3", "          ^"]


def test_what_cannot_be_printed_is_shown_as_a_space() -> None:
    assert str(refused("\x1b[31m = 3")).splitlines()[1] == "   [31m = 3"
    assert "\x1b" not in str(refused("a = 3 \x1b[31m"))


def test_a_text_that_is_no_unicode_is_refused() -> None:
    error = refused("a = \ud800")
    assert (error.message, error.at) == ("this character cannot be read", 4)
    str(error).encode()


def test_a_text_that_is_too_long_is_refused_without_being_shown() -> None:
    error = refused("a" * (LONGEST + 1))
    assert str(error) == "a search has at most 20000 characters, this one has 20001"


def test_fifty_brackets_inside_each_other_are_enough() -> None:
    parse("(" * 50 + "a = 1" + ")" * 50, now=NOW)
    error = refused("(" * 51 + "a = 1" + ")" * 51)
    assert (error.message, error.at) == ("brackets are nested more than 50 deep", 50)


def test_brackets_in_quotes_are_text() -> None:
    parse("\"((\" and a = '[[' and `b]` = 1", now=NOW)


@pytest.mark.parametrize("text", ["not " * 4_000 + "a = 1", "a = 1 and " * 1_000 + "b = 2", "-->" * 3_000])
def test_a_long_row_is_no_depth(text: str) -> None:
    parse(text, now=NOW)


def test_a_message_without_a_text_stands_alone() -> None:
    assert str(QueryError("the regular expression cannot be read")) == "the regular expression cannot be read"
