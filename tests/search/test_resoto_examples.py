"""Searches carry over: what Resoto's documentation shows is understood, or refused by name."""

from datetime import UTC, datetime

import pytest

from syncd.errors import QueryError
from syncd.search.parse import parse
from tests.search.printer import printed
from tests.search.resoto_examples import ELSEWHERE, EXAMPLES, REFUSED

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TEMPLATES = {"filter_kind": "is({{kind}})"}


def test_there_are_enough_of_them_and_none_twice() -> None:
    assert len(EXAMPLES) >= 100
    assert len({*EXAMPLES, *ELSEWHERE, *REFUSED}) == len(EXAMPLES) + len(ELSEWHERE) + len(REFUSED)


@pytest.mark.parametrize("text", [*EXAMPLES, *ELSEWHERE])
def test_an_example_is_understood_and_printed_as_the_same(text: str) -> None:
    query = parse(text, TEMPLATES, now=NOW)
    assert parse(f"search {text}", TEMPLATES, now=NOW) == query
    assert parse(printed(query), now=NOW) == query


@pytest.mark.parametrize(("text", "message"), REFUSED.items())
def test_what_syncd_has_nothing_for_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text, now=NOW)
    assert caught.value.message == message


def test_mixed_examples_tell_how_they_are_read() -> None:
    (warning,) = parse("is(aws_ec2_volume) or is(aws_s3_bucket) and tags.CostCenter != null", now=NOW).warnings
    assert "read as is(aws_ec2_volume) or (is(aws_s3_bucket) and tags.CostCenter != null);" in warning
