"""What is made for operations that the estate has no answer for, as a stock client sees it."""

from collections.abc import Iterator

import pytest

from bench.fake import Fake, serving
from tests.bench.conftest import stock_client


@pytest.fixture(scope="module")
def made() -> Iterator[Fake]:
    with serving("--synth=3", "--pages=2", "--accounts=1", "--regions=1", "--scale=0.1") as fake:
        yield fake


def test_each_page_has_things_of_its_own_and_the_last_one_ends_the_list(made: Fake) -> None:
    pages = stock_client(made, "guardduty").get_paginator("list_detectors").paginate()
    found = [page["DetectorIds"] for page in pages]
    assert [len(page) for page in found] == [3, 3]
    assert len({each for page in found for each in page}) == 6


def test_a_token_within_a_structure_is_followed(made: Fake) -> None:
    pages = stock_client(made, "cloudfront").get_paginator("list_distributions").paginate()
    assert [len(page["DistributionList"]["Items"]) for page in pages] == [3, 3]


def test_the_things_of_one_parent_are_not_those_of_another(made: Fake) -> None:
    client = stock_client(made, "guardduty")
    first, second = (client.list_filters(DetectorId=name)["FilterNames"] for name in ("one", "two"))
    assert not set(first) & set(second)
    assert first == client.list_filters(DetectorId="one")["FilterNames"]


@pytest.mark.parametrize(("service", "operation"), [("bedrock-agent", "list_agents"), ("sso-admin", "list_instances")])
def test_a_service_that_signs_with_anothers_name_answers(made: Fake, service: str, operation: str) -> None:
    answer = getattr(stock_client(made, service), operation)()
    assert [len(value) for value in answer.values() if isinstance(value, list)] == [3]
