"""What AWS says instead of an answer becomes the right error, with the exact permission and without a secret."""

import json

import pytest
from multidict import CIMultiDict

from collectors.aws.faults import Fault, error_of, fault_of, server_time
from syncd.errors import Absent, Denied, Disabled, Failed, Gone, ReadError, Temporary, Throttled

CALL = "ec2:DescribeInstances"


def fault(code: str, status: int = 400, message: str = "") -> Fault:
    return Fault(status, code, message, "req-1")


def kind(code: str, status: int = 400, message: str = "") -> type[ReadError | Absent]:
    return type(error_of(fault(code, status, message), CALL, CALL))


BODIES = {
    "ec2": "<Response><Errors><Error><Code>C</Code><Message>M</Message></Error></Errors>"
    "<RequestID>R</RequestID></Response>",
    "query": '<ErrorResponse xmlns="urn:x"><Error><Type>Sender</Type><Code>C</Code><Message>M</Message></Error>'
    "<RequestId>R</RequestId></ErrorResponse>",
    "s3": "<Error><Code>C</Code><Message>M</Message><RequestId>R</RequestId></Error>",
    "json": json.dumps({"__type": "com.amazon.x#C", "message": "M", "RequestId": "R"}),
    "json with a URI": json.dumps({"__type": "C:http://internal/", "Message": "M", "requestId": "R"}),
    "rest-json": json.dumps({"code": "C", "message": "M", "RequestId": "R"}),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_code_message_and_request_id_are_read_in_every_protocol(body: str) -> None:
    found = fault_of(400, CIMultiDict(), body.encode())
    assert (found.code, found.message, found.request_id) == ("C", "M", "R")


def test_headers_name_the_code_where_the_body_does_not() -> None:
    headers = CIMultiDict({"x-amzn-ErrorType": "C:http://internal/", "x-amzn-RequestId": "R"})
    assert fault_of(400, headers, b'{"message": "M"}') == Fault(400, "C", "M", "R")
    compatible = CIMultiDict({"x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender"})
    assert (
        fault_of(400, compatible, b'{"__type": "QueueDoesNotExist"}').code == "AWS.SimpleQueueService.NonExistentQueue"
    )


@pytest.mark.parametrize("body", [b"<html>oops</html>", b"[]", b"{", b"\xff", b"<a"])
def test_a_body_that_is_no_error_leaves_the_code_empty(body: bytes) -> None:
    assert fault_of(400, CIMultiDict(), body).code == ""


KINDS = {
    Throttled: ["ThrottlingException", "Throttling", "RequestLimitExceeded", "SlowDown", "TooManyRequestsException"],
    Temporary: ["InternalError", "InternalFailure", "ServiceUnavailable", "RequestTimeout"],
    Denied: [
        "AccessDenied",
        "AccessDeniedException",
        "AccessDeniedFault",
        "UnauthorizedOperation",
        "AuthFailure",
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
    ],
    Disabled: [
        "OptInRequired",
        "SubscriptionRequiredException",
        "UnknownOperationException",
        "AWSOrganizationsNotInUseException",
    ],
    Gone: [
        "NoSuchBucket",
        "NoSuchEntity",
        "ResourceNotFoundException",
        "ClusterNotFoundException",
        "DBInstanceNotFound",
        "DBInstanceNotFoundFault",
        "InvalidInstanceID.NotFound",
        "QueueDoesNotExist",
        "AWS.SimpleQueueService.NonExistentQueue",
        "LoadBalancerNotFound",
    ],
    Failed: ["ValidationException", "InvalidInstanceID.Malformed", "MalformedQueryString", ""],
}


@pytest.mark.parametrize(
    ("expected", "code"), [(expected, code) for expected, codes in KINDS.items() for code in codes]
)
def test_each_code_has_its_meaning(expected: type[ReadError], code: str) -> None:
    assert kind(code) is expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, Denied),
        (403, Denied),
        (404, Failed),
        (429, Throttled),
        (500, Temporary),
        (502, Temporary),
        (503, Temporary),
    ],
)
def test_a_status_has_a_meaning_of_its_own(status: int, expected: type[ReadError]) -> None:
    assert kind("", status) is expected


def test_a_bare_404_to_a_request_for_headers_means_gone() -> None:
    found = fault_of(404, CIMultiDict(), b"")
    assert type(error_of(found, CALL, CALL)) is Gone
    page = fault_of(404, CIMultiDict(), b"<html>no such page</html>")
    assert type(error_of(page, CALL, CALL)) is Failed


@pytest.mark.parametrize(
    "message",
    [
        "Account 1 is not subscribed to AWS Security Hub",
        "Macie is not enabled.",
        "The action X is not valid for this web service.",
        "This operation is not supported in this region",
        "Only existing Timestream for LiveAnalytics customers can access the service.",
        "The subscription does not exist.",
        "No default admin could be found for account 111122223333 in Region eu-west-1",
        "Account 111122223333 is not currently delegated by AWS FM",
    ],
)
def test_words_for_a_service_that_is_not_used_there_mean_disabled(message: str) -> None:
    assert kind("AccessDeniedException", 403, message) is Disabled


def test_the_message_names_the_missing_permission() -> None:
    message = (
        "User: arn:aws:sts::1:assumed-role/a/b is not authorized to perform: ec2:DescribeVpcs on resource: * because "
        "no identity-based policy is not enabled"
    )
    error = error_of(fault("UnauthorizedOperation", 403, message), CALL, "ec2:Guess")
    assert isinstance(error, Denied)
    assert (error.permission, error.operation) == ("ec2:DescribeVpcs", CALL)


def test_the_operation_names_the_permission_where_the_message_does_not() -> None:
    error = error_of(
        fault("AccessDenied", 403, "Access Denied"), "s3:GetBucketEncryption", "s3:GetEncryptionConfiguration"
    )
    assert isinstance(error, Denied)
    assert error.permission == "s3:GetEncryptionConfiguration"


def test_a_code_that_means_having_none_is_a_full_answer() -> None:
    found = fault("NoSuchTagSet", 404)
    assert isinstance(error_of(found, CALL, CALL, frozenset({"NoSuchTagSet"})), Absent)
    assert isinstance(error_of(found, CALL, CALL), Gone)


@pytest.mark.parametrize(
    ("headers", "after"),
    [({"Retry-After": "7"}, 7.0), ({"x-amz-retry-after": "1500"}, 1.5), ({"Retry-After": "soon"}, None), ({}, None)],
)
def test_throttling_says_when_to_come_back(headers: dict[str, str], after: float | None) -> None:
    error = error_of(fault_of(503, CIMultiDict(headers), BODIES["s3"].replace("C<", "SlowDown<").encode()), CALL, CALL)
    assert isinstance(error, Throttled)
    assert error.after == after


def test_the_reason_holds_code_and_request_id_and_nothing_that_was_signed() -> None:
    message = (
        "The request signature we calculated does not match. The Canonical String for this request was\nsecret-token"
    )
    error = error_of(
        fault_of(403, CIMultiDict(), json.dumps({"code": "SignatureDoesNotMatch", "message": message}).encode()),
        CALL,
        CALL,
    )
    assert "secret-token" not in str(error)
    assert "\n" not in str(error)
    told = str(error_of(fault("AccessDenied", 403, "No"), CALL, CALL))
    assert told == "ec2:DescribeInstances: AccessDenied: No (request req-1)"


def test_the_servers_clock_is_read_from_its_date() -> None:
    assert server_time(CIMultiDict({"Date": "Mon, 01 Jan 2024 00:00:00 GMT"})) == 1704067200
    assert server_time(CIMultiDict({"Date": "yesterday"})) is None
    assert server_time(CIMultiDict()) is None
