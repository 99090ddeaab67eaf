"""Operations come from the provider's models, and no more of these stays in memory than is used."""

import pytest

from collectors.aws.models import Models
from collectors.aws.paging import alternatives, find
from syncd.errors import Failed

MODELS = Models()


@pytest.mark.parametrize(
    ("service", "operation", "protocol"),
    [
        ("ec2", "DescribeVpcs", "ec2"),
        ("iam", "ListUsers", "query"),
        ("s3", "ListBuckets", "rest-xml"),
        ("lambda", "ListFunctions", "rest-json"),
        ("dynamodb", "ListTables", "json"),
        ("cloudwatch", "DescribeAlarms", "json"),
    ],
)
def test_the_protocol_is_one_that_is_spoken_here(service: str, operation: str, protocol: str) -> None:
    found = MODELS.operation(service, operation)
    assert (found.protocol, found.label) == (protocol, f"{service}:{operation}")
    assert found is MODELS.operation(service, operation)


def test_unknown_services_and_operations_fail_by_name() -> None:
    with pytest.raises(Failed, match="no operation DescribeUnicorns"):
        MODELS.operation("ec2", "DescribeUnicorns")
    with pytest.raises(Failed, match="know no service unicorns"):
        MODELS.operation("unicorns", "List")


def test_a_service_without_a_protocol_spoken_here_fails() -> None:
    with pytest.raises(Failed, match="no protocol that is spoken here"):
        MODELS.operation("cloudwatchomni", "CreateAccessGrant")


def test_only_wanted_operations_and_the_shapes_they_reach_are_kept() -> None:
    models = Models({"ec2": ["DescribeVpcs", "DescribeSubnets"]})
    models.operation("ec2", "DescribeVpcs")
    kept = models.service("ec2")
    assert sorted(kept.operation_names) == ["DescribeSubnets", "DescribeVpcs"]
    assert "Vpc" in kept.shape_names
    assert "Instance" not in kept.shape_names


def test_an_operation_that_nobody_expected_is_added_to_those_kept() -> None:
    models = Models({"ec2": ["DescribeVpcs"]})
    first = models.operation("ec2", "DescribeVpcs")
    models.operation("ec2", "DescribeInstances")
    assert sorted(models.service("ec2").operation_names) == ["DescribeInstances", "DescribeVpcs"]
    assert models.operation("ec2", "DescribeVpcs") is first


def test_documentation_is_kept_on_request() -> None:
    shape = Models(documentation=True).operation("ec2", "DescribeVpcs").output_shape
    assert shape is not None
    assert "VPC" in shape.members["Vpcs"].documentation
    lean = MODELS.operation("ec2", "DescribeVpcs").output_shape
    assert lean is not None
    assert lean.members["Vpcs"].documentation == ""


def test_pages_come_from_the_pagination_model() -> None:
    pages = MODELS.operation("route53", "ListResourceRecordSets").pages
    assert pages.inputs == ("StartRecordName", "StartRecordType", "StartRecordIdentifier")
    document = {"is_truncated": True, "next_record_name": "a.", "next_record_type": "A"}
    assert pages.says_more(document) is True
    assert pages.next(document) == {"StartRecordName": "a.", "StartRecordType": "A"}
    assert pages.next({}) == {}


def test_lists_that_the_pagination_model_forgot_go_on_with_their_usual_token() -> None:
    pages = MODELS.operation("wafv2", "ListWebACLs").pages
    assert pages.next({"next_marker": "m"}) == {"NextMarker": "m"}
    pages = MODELS.operation("dynamodb", "ListGlobalTables").pages
    assert pages.next({"last_evaluated_global_table_name": "t"}) == {"ExclusiveStartGlobalTableName": "t"}


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("ListCachePolicies", "cache_policy_list"),
        ("ListFunctions", "function_list"),
        ("ListRealtimeLogConfigs", "realtime_log_configs"),
    ],
)
def test_lists_in_a_structure_of_their_own_go_on_with_what_stands_beside_the_items(operation: str, name: str) -> None:
    pages = MODELS.operation("cloudfront", operation).pages
    assert pages.next({name: {"next_marker": "m", "items": []}}) == {"Marker": "m"}
    assert pages.next({name: {"items": []}}) == {}


def test_an_operation_without_tokens_has_no_pages() -> None:
    assert not MODELS.operation("ec2", "DescribeRegions").pages


@pytest.mark.parametrize(
    ("service", "operation", "key", "size"),
    [
        ("iam", "ListUsers", "MaxItems", 1000),
        ("ec2", "DescribeInstances", "MaxResults", 1000),
        ("organizations", "ListAccounts", "MaxResults", 20),
        ("sqs", "ListQueues", "MaxResults", 1000),
        ("rds", "DescribeDBInstances", "MaxRecords", 0),
    ],
)
def test_the_largest_page_that_the_model_allows_is_known(service: str, operation: str, key: str, size: int) -> None:
    pages = MODELS.operation(service, operation).pages
    assert (pages.limit_key, pages.size) == (key, size)


def test_alternatives_and_indexes_of_tokens_are_followed() -> None:
    token = alternatives("NextMarker || Contents[-1].Key")
    assert find(token, {"next_marker": "m", "contents": [{"key": "a"}]}) == "m"
    assert find(token, {"next_marker": "", "contents": [{"key": "a"}, {"key": "b"}]}) == "b"
    assert find(token, {"contents": []}) is None
    assert find(alternatives("A.B"), {"a": None}) is None


def test_an_expression_that_is_no_path_is_refused() -> None:
    with pytest.raises(ValueError, match="not a path"):
        alternatives("length(Items)")
