"""From an event to the scopes that it concerns: for each operation of the table, and whatever else a queue holds."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.aws.catalog import load
from collectors.aws.events import Concerns, Event, event_of, reads, table
from collectors.aws.models import Models

CATALOG = load()
CONCERNS = Concerns.of(CATALOG, CATALOG.kinds.values())
SCOPES = {entry.scope for entry in CATALOG.kinds.values()}
OPERATIONS: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_name("operations.toml").read_text())


def label(service: str) -> str:
    """What CloudTrail calls it."""
    sources = {name: source for source, names in table().sources.items() for name in names}
    return sources.get(service, CATALOG.services[service].prefix)


def called(source: str, operation: str, **parameters: Any) -> Event:
    return Event("111122223333", "eu-west-1", source, operation, call=True, given=parameters or None)


def scopes(event: Event) -> set[str]:
    return {entry.scope for entry in CONCERNS.concerned(event)}


def rows() -> Iterator[tuple[str, str, str]]:
    for service, by in OPERATIONS.items():
        for scope, names in by.items():
            yield from ((service, name, scope) for name in names.split())


def test_what_an_operation_changes_is_read_and_little_else() -> None:
    wrong = []
    for service, operation, scope in rows():
        found = {entry.scope for entry in CONCERNS.named(called(label(service), operation))}
        if scope not in found or len(found) > 8:
            wrong.append((operation, scope, sorted(found)))
    assert not wrong
    assert len({(service, operation) for service, operation, _ in rows()}) >= 250


def test_the_operations_of_the_table_are_such_that_change_something() -> None:
    named = {service: " ".join(by.values()).split() for service, by in OPERATIONS.items()}
    models = Models(named)
    for service, names in named.items():
        for name in names:
            assert not reads(models.operation(service, name).name)


AS_IAM = {"appstream", "bedrock-agent", "cloudhsmv2", "lexv2-models", "memorydb", "pinpoint", "s3control"}
"""Their endpoints are called otherwise, and the log calls them as IAM does: looked up one by one."""


def test_services_are_called_in_the_log_as_their_endpoints_are() -> None:
    """Where IAM's prefix and the endpoint differ, [sources] must say what CloudTrail does, or the line above."""
    models = Models()
    said = AS_IAM.union(*table().sources.values())
    services = {entry.call.service for entry in CATALOG.kinds.values()} - said
    found = {each: str(models.service(each).endpoint_prefix) for each in services}
    plain = {each: name.removeprefix("api.").removeprefix("data.") for each, name in found.items()}
    assert {each: label(each) for each in services} == plain


def test_the_table_names_services_and_scopes_that_there_are() -> None:
    data = table()
    for by in (data.also, data.instead):
        for source, names in by.items():
            assert source in CONCERNS.services
            assert {scope for each in names.values() for scope in each} <= SCOPES
    assert data.nothing.keys() <= CONCERNS.services.keys()


def test_what_nobody_knows_of_a_known_service_concerns_all_of_it() -> None:
    assert scopes(called("kms", "TurnTheWheel")) == {"kms.keys", "kms.aliases"}
    assert scopes(called("signin", "ConsoleLogin")) == set()
    assert scopes(called("kms", "GenerateDataKey")) == set()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CreateFunction20150331", {"lambda.functions"}),
        ("UpdateFunctionConfiguration20150331v2", {"lambda.functions"}),
        ("AddPermission20150331v2", {"lambda.functions"}),
    ],
)
def test_versions_behind_names_do_not_matter(name: str, expected: set[str]) -> None:
    assert scopes(called("lambda", name)) == expected


def test_of_tags_what_was_tagged_is_read() -> None:
    given = {"resourcesSet": {"items": [{"resourceId": "i-0abc"}, {"resourceId": "vol-0abc"}]}, "tagSet": {}}
    assert scopes(called("ec2", "CreateTags", **given)) == {"ec2.instances", "ec2.volumes"}
    arn = "arn:aws:lambda:eu-west-1:111122223333:function:f"
    assert scopes(called("lambda", "TagResource20170331v2", resource=arn)) == {"lambda.functions"}
    balancer = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/a/1"
    assert scopes(called("elasticloadbalancing", "AddTags", resourceArns=[balancer])) == {"elbv2.target_groups"}
    both = {"resourceARNList": ["arn:aws:s3:::papers", "arn:aws:dynamodb:eu-west-1:111122223333:table/t"]}
    found = scopes(called("tagging", "TagResources", **both))
    assert found >= {"s3.buckets", "dynamodb.tables"}
    assert scopes(called("ec2", "DeleteTags")) == {each for each in SCOPES if each.startswith("ec2.")}


@pytest.mark.parametrize(
    ("source", "sentence", "expected"),
    [
        ("aws.ec2", "EC2 Instance State-change Notification", "ec2.instances"),
        ("aws.ec2", "EBS Snapshot Notification", "ec2.snapshots"),
        ("aws.rds", "RDS DB Instance Event", "rds.db_instances"),
        ("aws.ecs", "ECS Task State Change", "ecs.tasks"),
        ("aws.cloudwatch", "CloudWatch Alarm State Change", "cloudwatch.alarms"),
        ("aws.cloudformation", "CloudFormation Stack Status Change", "cloudformation.stacks"),
    ],
)
def test_events_of_services_themselves_are_known_by_what_they_are_called(
    source: str, sentence: str, expected: str
) -> None:
    event = event_of(told(**{"source": source, "detail-type": sentence}))
    assert event is not None
    assert expected in scopes(event)


def test_a_bucket_that_tells_of_its_objects_is_not_read_for_each() -> None:
    event = event_of(told(**{"source": "aws.s3", "detail-type": "Object Created"}))
    assert event is not None
    assert scopes(event) == set()


def told(**changed: Any) -> str:
    detail = {"eventSource": "ec2.amazonaws.com", "eventName": "RunInstances", "readOnly": False}
    body = {
        "version": "0",
        "source": "aws.ec2",
        "detail-type": "AWS API Call via CloudTrail",
        "account": "111122223333",
        "region": "eu-west-1",
        "detail": detail,
    }
    return orjson.dumps({**body, **changed}).decode()


def test_an_event_is_read_as_it_comes() -> None:
    assert event_of(told()) == called("ec2", "RunInstances")
    detail = {"eventSource": "ec2.amazonaws.com", "eventName": "RunInstances", "recipientAccountId": "111122223333"}
    assert event_of(told(account="", detail=detail)) == called("ec2", "RunInstances")


@pytest.mark.parametrize(
    "more",
    [
        {"errorCode": "AccessDenied"},
        {"readOnly": True},
        {"eventName": "DescribeInstances"},
        {"eventName": "GetBucketAcl"},
    ],
)
def test_what_failed_and_what_only_reads_concerns_nothing(more: dict[str, Any]) -> None:
    detail = {"eventSource": "ec2.amazonaws.com", "eventName": "RunInstances", **more}
    assert event_of(told(detail=detail)) is None


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no JSON",
        "[]",
        "{}",
        "null",
        '"text"',
        "[" * 100_000,
        "\ud800",
        told(account="1/../2"),
        told(account=5),
        told(account="*" * 12),
        told(region="eu-west-1/x"),
        told(region="*"),
        told(source=None),
        told(detail=[]),
        told(detail={}),
        told(detail={"eventSource": "ec2.amazonaws.com", "eventName": "X" * 100_000}),
        told(**{"detail-type": "EC2 Instance " * 10_000}),
        told(detail={"eventSource": "ec2.amazonaws.com", "eventName": ""}),
    ],
)
def test_what_is_no_event_says_why(body: str) -> None:
    with pytest.raises(ValueError, match=r"^it is no event of (EventBridge|CloudTrail): .+"):
        event_of(body)


@settings(max_examples=50)
@given(st.text(max_size=60), st.recursive(st.text(max_size=30) | st.none() | st.integers(), st.lists, max_leaves=8))
def test_no_name_and_no_request_is_too_strange(name: str, given: Any) -> None:
    for source in ("ec2", "iam", "tagging", name):
        for call in (True, False):
            found = CONCERNS.concerned(Event("111122223333", "eu-west-1", source, name, call, given))
            assert {entry.scope for entry in found} <= SCOPES
