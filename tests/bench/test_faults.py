"""What a stock client sees of each scripted fault."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, PaginationError, ReadTimeoutError

from bench.fake import Fake
from bench.fakeaws.faults import KINDS

Client = Callable[..., Any]

REFUSALS = {
    "denied": ("UnauthorizedOperation", "AccessDeniedException"),
    "unauthorized": ("AuthFailure", "UnrecognizedClientException"),
    "expired": ("ExpiredToken", "ExpiredToken"),
    "throttled": ("RequestLimitExceeded", "ThrottlingException"),
    "internal": ("InternalFailure", "InternalFailure"),
    "unavailable": ("ServiceUnavailable", "ServiceUnavailable"),
    "disabled": ("OptInRequired", "SubscriptionRequiredException"),
    "not_found": ("ResourceNotFoundException", "ResourceNotFoundException"),
}


def script(fake: Fake, **rule: object) -> None:
    fake.post("__faults", [rule])


@pytest.mark.parametrize("do", REFUSALS)
def test_a_refusal_has_the_code_of_the_service(fake: Fake, client: Client, do: str) -> None:
    script(fake, do=do)
    codes = []
    for service, operation in (("ec2", "describe_vpcs"), ("cloudwatch", "describe_alarms")):
        with pytest.raises(ClientError) as refused:
            getattr(client(service), operation)()
        codes.append(refused.value.response["Error"]["Code"])
    assert tuple(codes) == REFUSALS[do]


def test_an_empty_answer_is_valid_and_holds_nothing(fake: Fake, client: Client) -> None:
    script(fake, do="empty")
    assert client("ec2").describe_vpcs()["Vpcs"] == []
    assert client("cloudwatch").describe_alarms()["MetricAlarms"] == []


@pytest.mark.parametrize("do", ["garbage", "truncated"])
def test_a_stock_client_takes_garbage_and_half_an_answer_for_no_resources(fake: Fake, client: Client, do: str) -> None:
    script(fake, do=do)
    assert not client("lambda").list_functions().get("Functions")


def test_a_cut_connection_has_no_answer(fake: Fake, client: Client) -> None:
    script(fake, do="cut")
    with pytest.raises(ConnectionClosedError):
        client("ec2").describe_vpcs()


def test_a_call_that_hangs_is_never_answered(fake: Fake, client: Client) -> None:
    script(fake, do="hang")
    with pytest.raises(ReadTimeoutError):
        client("ec2").describe_vpcs()


def test_a_slow_call_is_answered_late(fake: Fake, client: Client) -> None:
    script(fake, do="slow", seconds=0.1)
    assert len(client("ec2").describe_vpcs()["Vpcs"]) == 2
    script(fake, do="slow", seconds=60)
    with pytest.raises(ReadTimeoutError):
        client("ec2").describe_vpcs()


def test_a_malformed_answer_has_values_of_the_wrong_type(fake: Fake, client: Client) -> None:
    script(fake, do="malformed")
    with pytest.raises(Exception, match="NaN"):
        client("ec2").describe_volumes()


def test_endless_pages_repeat_themselves(fake: Fake, client: Client) -> None:
    script(fake, do="endless")
    dynamodb = client("dynamodb")
    pages = [dynamodb.list_tables(**start) for start in ({}, {"ExclusiveStartTableName": "for-ever"})]
    assert pages[0]["TableNames"] == pages[1]["TableNames"] != []
    assert {page["LastEvaluatedTableName"] for page in pages} == {"for-ever"}
    with pytest.raises(PaginationError, match="for-ever"):
        list(dynamodb.get_paginator("list_tables").paginate())


def test_a_rule_hits_only_what_it_names(fake: Fake, client: Client) -> None:
    script(fake, do="denied", service="ec2", operation="DescribeV*", region="us-west-*")
    assert client("ec2", region="us-east-1").describe_vpcs()["Vpcs"]
    assert client("ec2", region="us-west-2").describe_subnets()["Subnets"]
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        client("ec2", region="us-west-2").describe_vpcs()


def test_a_rule_waits_strikes_and_ends_as_often_as_told(fake: Fake, client: Client) -> None:
    script(fake, do="empty", after=1, times=2)
    ec2 = client("ec2")
    assert [len(ec2.describe_vpcs()["Vpcs"]) for _ in range(4)] == [2, 0, 0, 2]
    assert [(rule["seen"], rule["hits"]) for rule in fake.get("__faults")] == [(4, 2)]


def test_cleared_faults_leave_no_trace(fake: Fake, client: Client) -> None:
    script(fake, do="denied")
    fake.delete("__faults")
    assert len(client("ec2").describe_vpcs()["Vpcs"]) == 2


def test_an_unknown_fault_is_refused_with_all_that_are_known(fake: Fake) -> None:
    with pytest.raises(ValueError, match="do must be one of") as refused:
        script(fake, do="explode")
    assert all(kind in str(refused.value) for kind in KINDS)
