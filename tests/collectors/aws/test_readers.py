"""The reader of an answer: what it builds, and that it never takes an unreadable body for an empty one."""

import json
from datetime import datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from collectors.aws.models import Models
from collectors.aws.readers import Skip
from syncd.errors import Failed

MODELS = Models()


def read(
    service: str, operation: str, body: str | bytes, *, skip: Skip = frozenset(), status: int = 200, **headers: str
) -> dict[str, Any]:
    raw = body.encode() if isinstance(body, str) else body
    given_headers = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    return MODELS.operation(service, operation).reader_for(skip)(status, given_headers, raw)


def ec2(inner: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId>'
        f"<reservationSet><item><instancesSet><item>{inner}</item></instancesSet></item></reservationSet>"
        "</DescribeInstancesResponse>"
    )


def instance(inner: str) -> Any:
    return read("ec2", "DescribeInstances", ec2(inner))["reservations"][0]["instances"][0]


def iam(inner: str) -> str:
    return f"<ListUsersResponse><ListUsersResult>{inner}</ListUsersResult></ListUsersResponse>"


def test_structure_members_are_in_snake_case_and_map_keys_stay_as_they_are() -> None:
    body = json.dumps({"Configuration": {"Environment": {"Variables": {"Some_Key": "v"}}, "MemorySize": 128}})
    document = read("lambda", "GetFunction", body)
    assert document == {"configuration": {"environment": {"variables": {"Some_Key": "v"}}, "memory_size": 128}}


def test_members_that_the_model_does_not_know_are_skipped() -> None:
    assert instance("<instanceId>i-1</instanceId><brandNew><a>1</a></brandNew>") == {"instance_id": "i-1"}
    assert read("sqs", "ListQueues", '{"QueueUrls": ["u"], "BrandNew": {"a": 1}}') == {"queue_urls": ["u"]}


def test_empty_elements_are_empty_text_lists_and_structures() -> None:
    inner = "<keyName/><tagSet/><placement/>"
    assert instance(inner) == {"key_name": "", "tags": [], "placement": {}}


def test_null_members_and_items_are_left_out() -> None:
    assert read("sqs", "ListQueues", '{"QueueUrls": ["u", null], "NextToken": null}') == {"queue_urls": ["u"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("2024-01-01T00:00:00.000Z", "2024-01-01T00:00:00Z"),
        ("2024-01-01T00:00:00.120Z", "2024-01-01T00:00:00.120Z"),
        ("2024-01-01T00:00:00.123456Z", "2024-01-01T00:00:00.123Z"),
        ("2024-01-01T02:00:00+02:00", "2024-01-01T00:00:00Z"),
        ("2024-01-01T00:00:00", "2024-01-01T00:00:00Z"),
        ("1704067200", "2024-01-01T00:00:00Z"),
        ("Mon, 01 Jan 2024 00:00:00 GMT", "2024-01-01T00:00:00Z"),
    ],
)
def test_times_become_iso_text_in_utc(text: str, expected: str) -> None:
    assert instance(f"<launchTime>{text}</launchTime>") == {"launch_time": expected}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1704067200, "2024-01-01T00:00:00Z"),
        (1704067200.25, "2024-01-01T00:00:00.250Z"),
        (-1, "1969-12-31T23:59:59Z"),
        ("2024-01-01T00:00:00.000Z", "2024-01-01T00:00:00Z"),
    ],
)
def test_epoch_numbers_become_iso_text(value: object, expected: str) -> None:
    document = read("dynamodb", "DescribeTable", orjson.dumps({"Table": {"CreationDateTime": value}}))
    assert document == {"table": {"creation_date_time": expected}}


def test_a_value_is_read_alike_however_often_and_among_however_many_it_comes() -> None:
    numbers = [*range(2500), *range(2500)]
    items = "".join(f"<item><amiLaunchIndex>{number}</amiLaunchIndex></item>" for number in numbers)
    found = read("ec2", "DescribeInstances", ec2("").replace("<item></item>", items))["reservations"][0]["instances"]
    assert [each["ami_launch_index"] for each in found] == numbers
    for _ in range(2):
        with pytest.raises(Failed, match="ami_launch_index: an integer expected, found 'x'"):
            instance("<amiLaunchIndex>x</amiLaunchIndex>")


@settings(deadline=None)
@given(st.datetimes())
def test_every_time_that_can_be_written_is_read_as_itself(when: datetime) -> None:
    text = when.isoformat(timespec="milliseconds") + "Z"
    assert instance(f"<launchTime>{text}</launchTime>")["launch_time"] == text.replace(".000Z", "Z")


def test_blobs_are_dropped() -> None:
    body = '{"CiphertextBlob": "AAAA", "KeyId": "k"}'
    assert read("kms", "Encrypt", body) == {"key_id": "k"}


def test_skipped_paths_are_never_built() -> None:
    body = json.dumps({"Functions": [{"FunctionName": "f", "Environment": {"Variables": {"A": "secret"}}}]})
    skip: Skip = frozenset({("functions", "environment", "variables")})
    assert read("lambda", "ListFunctions", body, skip=skip) == {
        "functions": [{"function_name": "f", "environment": {}}]
    }


def test_a_star_drops_the_values_of_a_map_and_keeps_its_keys() -> None:
    body = json.dumps({"Functions": [{"Environment": {"Variables": {"A": "secret"}}}]})
    skip: Skip = frozenset({("functions", "environment", "variables", "*")})
    found = read("lambda", "ListFunctions", body, skip=skip)
    assert found == {"functions": [{"environment": {"variables": {"A": ""}}}]}


def test_skipped_paths_are_never_built_from_xml() -> None:
    skip: Skip = frozenset({("reservations", "instances", "key_name"), ("reservations", "instances", "tags", "value")})
    body = ec2(
        "<instanceId>i</instanceId><keyName>k</keyName><tagSet><item><key>a</key><value>b</value></item></tagSet>"
    )
    found = read("ec2", "DescribeInstances", body, skip=skip)
    assert found["reservations"][0]["instances"] == [{"instance_id": "i", "tags": [{"key": "a"}]}]


def test_members_under_a_namespace_of_their_own_are_found() -> None:
    body = (
        '<a:DescribeVpcsResponse xmlns:a="urn:a"><a:vpcSet><a:item><a:vpcId>v</a:vpcId></a:item></a:vpcSet>'
        "</a:DescribeVpcsResponse>"
    )
    assert read("ec2", "DescribeVpcs", body) == {"vpcs": [{"vpc_id": "v"}]}


def test_attributes_flattened_lists_and_maps_are_read() -> None:
    acl = (
        '<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><AccessControlList><Grant>'
        '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>u</URI></Grantee>'
        "</Grant></AccessControlList></AccessControlPolicy>"
    )
    assert read("s3", "GetBucketAcl", acl) == {"grants": [{"grantee": {"type": "Group", "uri": "u"}}]}
    versions = "<ListVersionsResult><Version><Key>a</Key></Version><Version><Key>b</Key></Version></ListVersionsResult>"
    assert read("s3", "ListObjectVersions", versions) == {"versions": [{"key": "a"}, {"key": "b"}]}
    summary = "<entry><key>Users</key><value>3</value></entry>"
    body = (
        f"<GetAccountSummaryResponse><GetAccountSummaryResult><SummaryMap>{summary}</SummaryMap>"
        "</GetAccountSummaryResult></GetAccountSummaryResponse>"
    )
    assert read("iam", "GetAccountSummary", body) == {"summary_map": {"Users": 3}}


@pytest.mark.parametrize(
    ("inner", "region"),
    [("<LocationConstraint/>", "us-east-1"), ("<LocationConstraint>EU</LocationConstraint>", "eu-west-1")],
)
def test_a_bucket_location_is_a_region(inner: str, region: str) -> None:
    assert read("s3", "GetBucketLocation", inner) == {"location_constraint": region}


def test_members_in_headers_are_read() -> None:
    document = read("s3", "HeadBucket", b"", x_amz_bucket_region="eu-west-1", x_amz_access_point_alias="true")
    assert document == {"bucket_region": "eu-west-1", "access_point_alias": True}
    when = "Mon, 01 Jan 2024 00:00:00 GMT"
    assert read("s3", "HeadObject", b"", x_amz_meta_Owner="me", content_length="7", Last_Modified=when) == {
        "content_length": 7,
        "last_modified": "2024-01-01T00:00:00Z",
        "metadata": {"Owner": "me"},
    }
    assert read("lambda", "InvokeAsync", b"", status=202) == {"status": 202}


def test_operations_that_answer_nothing_have_an_empty_document() -> None:
    assert read("s3", "DeleteBucket", b"", status=204) == {}
    assert read("lambda", "GetFunction", b"", skip=frozenset({("code",)}), status=204) == {}
    assert read("s3", "GetObject", b"anything") == {"metadata": {}}


def test_a_number_may_be_spelled_with_a_fraction_of_zero() -> None:
    assert read(*JSON_LIST, '{"Table": {"TableSizeBytes": 5.0}}') == {"table": {"table_size_bytes": 5}}
    alarm = '{"MetricAlarms": [{"Threshold": 18446744073709551615, "Period": 1.5}]}'
    assert read("cloudwatch", "DescribeAlarms", alarm) == {"metric_alarms": [{"threshold": 2.0**64, "period": 1.5}]}


def test_free_members_are_kept_as_they_are() -> None:
    found = read("omics", "GetRun", '{"parameters": {"AnyThing": [1, {"B": null}]}, "name": "n"}')
    assert found == {"parameters": {"AnyThing": [1, {"B": None}]}, "name": "n"}


@pytest.mark.parametrize("inside", ["[" * 200 + "]" * 200, '{"a": 9223372036854775808}', '["a\\u0000"]'])
def test_free_members_may_not_hold_what_cannot_be_stored(inside: str) -> None:
    with pytest.raises(Failed, match="omics:GetRun: unreadable answer"):
        read("omics", "GetRun", f'{{"parameters": {inside}}}')


def test_a_payload_member_is_the_body() -> None:
    body = "<DistributionList><Marker></Marker><IsTruncated>false</IsTruncated></DistributionList>"
    expected = {"distribution_list": {"marker": "", "is_truncated": False}}
    assert read("cloudfront", "ListDistributions", body) == expected
    assert read("s3", "GetBucketPolicy", '{"Version": "2012-10-17"}') == {"policy": '{"Version": "2012-10-17"}'}


def test_valid_empty_answers_are_empty() -> None:
    assert read("sqs", "ListQueues", "{}") == {}
    assert read("iam", "ListUsers", iam("")) == {}
    assert read("s3", "GetBucketVersioning", '<VersioningConfiguration xmlns="http://s3.amazonaws.com/"/>') == {}
    assert read("s3", "GetBucketLogging", "<BucketLoggingStatus/>") == {}


HTML = "<!DOCTYPE html><html><body>It works!</body></html>"
JSON_LIST = ("dynamodb", "DescribeTable")
UNREADABLE = {
    "an HTML page for JSON": ("sqs", "ListQueues", HTML),
    "an HTML page for EC2": ("ec2", "DescribeInstances", HTML),
    "an HTML page for S3": ("s3", "ListBuckets", "<html><body><Buckets/></body></html>"),
    "an HTML page for a policy": ("s3", "GetBucketPolicy", HTML),
    "half of a JSON body": ("sqs", "ListQueues", '{"QueueUrls": ["a", '),
    "half of an XML body": ("ec2", "DescribeInstances", ec2("<instanceId>i</instanceId>")[:200]),
    "no body for JSON": ("sqs", "ListQueues", ""),
    "no body for XML": ("iam", "ListUsers", ""),
    "no body for S3": ("s3", "ListBuckets", ""),
    "a list for an object": ("sqs", "ListQueues", "[]"),
    "text for the whole": ("sqs", "ListQueues", '"ok"'),
    "null": ("sqs", "ListQueues", "null"),
    "another answer": ("sqs", "ListQueues", '{"message": "ok"}'),
    "another operation's root": ("ec2", "DescribeInstances", "<DescribeVpcsResponse/>"),
    "no result element": ("iam", "ListUsers", "<ListUsersResponse><ResponseMetadata/></ListUsersResponse>"),
    "another root for S3": ("s3", "ListBuckets", "<Whatever/>"),
    "an error with status 200": ("s3", "ListBuckets", "<Error><Code>InternalError</Code></Error>"),
    "an entity": ("iam", "ListUsers", '<!DOCTYPE a [<!ENTITY b "c">]>' + iam("<Marker>&b;</Marker>")),
    "NaN in JSON": (*JSON_LIST, '{"Table": {"TableSizeBytes": NaN}}'),
    "NaN in XML": ("ec2", "DescribeInstances", ec2("<amiLaunchIndex>NaN</amiLaunchIndex>")),
    "a float's NaN in XML": (
        "cloudwatch",
        "DescribeAlarms",
        '{"MetricAlarms": [{"Threshold": "NaN"}]}',
    ),
    "an integer of 64 bits and more": (*JSON_LIST, '{"Table": {"TableSizeBytes": 9223372036854775808}}'),
    "an integer of 5,000 digits": (*JSON_LIST, '{"Table": {"TableSizeBytes": ' + "9" * 5000 + "}}"),
    "an integer of 5,000 digits in XML": (
        "ec2",
        "DescribeInstances",
        ec2(f"<amiLaunchIndex>{'9' * 5000}</amiLaunchIndex>"),
    ),
    "100,000 open brackets": ("sqs", "ListQueues", "[" * 100_000),
    "100,000 open elements": ("ec2", "DescribeInstances", "<a>" * 100_000),
    "a lone surrogate": ("sqs", "ListQueues", '{"QueueUrls": ["\\ud800"]}'),
    "a lone surrogate in XML": ("iam", "ListUsers", iam("<Marker>&#xD800;</Marker>")),
    "NUL": ("sqs", "ListQueues", '{"QueueUrls": ["a\\u0000b"]}'),
    "NUL in XML": ("iam", "ListUsers", iam("<Marker>&#0;</Marker>")),
    "bytes that are no UTF-8": ("sqs", "ListQueues", b'{"QueueUrls": ["\xff"]}'),
    "a number for text": ("sqs", "ListQueues", '{"QueueUrls": [1]}'),
    "text for a list": ("sqs", "ListQueues", '{"QueueUrls": "a"}'),
    "text for a number": (*JSON_LIST, '{"Table": {"TableSizeBytes": "many"}}'),
    "text for an object": (*JSON_LIST, '{"Table": "t"}'),
    "a boolean for a time": (*JSON_LIST, '{"Table": {"CreationDateTime": true}}'),
    "a time beyond all calendars": (*JSON_LIST, '{"Table": {"CreationDateTime": 1e18}}'),
    "a time that is none": ("ec2", "DescribeInstances", ec2("<launchTime>NaN-NaN-NaNTNaN:NaN:NaNZ</launchTime>")),
    "a 13th month": ("ec2", "DescribeInstances", ec2("<launchTime>2024-13-01T00:00:00Z</launchTime>")),
    "a boolean that is none": ("ec2", "DescribeInstances", ec2("<ebsOptimized>perhaps</ebsOptimized>")),
    "elements for text": ("ec2", "DescribeInstances", ec2("<instanceId><a/></instanceId>")),
    "text for a list in XML": ("ec2", "DescribeInstances", ec2("<tagSet>none</tagSet>")),
    "text for a structure in XML": ("ec2", "DescribeInstances", ec2("<placement>here</placement>")),
}


@pytest.mark.parametrize(("service", "operation", "body"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_an_unreadable_body_fails_the_reading_and_names_the_call(
    service: str, operation: str, body: str | bytes
) -> None:
    with pytest.raises(Failed, match=f"{service}:{operation}: unreadable answer: ") as caught:
        read(service, operation, body)
    assert caught.value.operation == f"{service}:{operation}"
    assert "\n" not in caught.value.reason
    assert len(caught.value.reason) < 500


def test_a_model_that_holds_itself_limits_how_deep_an_answer_is() -> None:
    condition = '{"NotStatement": {"Statement": ' * 80 + "{}" + "}}" * 80
    body = f'{{"RuleGroup": {{"Rules": [{{"Statement": {condition}}}]}}}}'
    with pytest.raises(Failed, match="nested deeper than 100 levels"):
        read("wafv2", "GetRuleGroup", body)


def test_no_content_is_an_answer_where_the_status_says_so() -> None:
    assert read("sqs", "ListQueues", "", status=204) == {}


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_refused_or_a_document(body: bytes) -> None:
    for service, operation in (("sqs", "ListQueues"), ("iam", "ListUsers"), ("s3", "ListBuckets")):
        try:
            document = read(service, operation, body)
        except Failed:
            continue
        assert isinstance(document, dict)


@settings(deadline=None)
@given(st.integers(0, 400))
def test_no_part_of_a_body_is_taken_for_the_whole(cut: int) -> None:
    whole = ec2("<instanceId>i-1</instanceId><launchTime>2024-01-01T00:00:00Z</launchTime>")
    part = whole[:cut]
    if part != whole:
        with pytest.raises(Failed):
            read("ec2", "DescribeInstances", part)
