"""What a failed call for a part of a node does: nothing is lost, nothing is invented, everything is said."""

from pathlib import Path
from typing import Any

import pytest

from syncd.model import Last
from tests.collectors.aws.loopback import ACCOUNT
from tests.collectors.aws.readings import CLUSTERS, DENIED, GONE, REGION, Fault, Reading, cloud, cluster

TABLES = """
[aws_dynamodb_table]
list = "dynamodb.ListTables TableNames[]"
item = "table_name"
arn = "dynamodb:{region}:{account}:table/{table_name}"
id = "table_name"
name = "table_name"
base = ["database"]
created = "creation_date_time"
common = { db_status = { of = "table_status", map = { ACTIVE = "available" }, else = "unknown" } }
relation = [{ type = "encrypted_with", kind = "aws_kms_key", path = "sse_description.kms_master_key_arn" }]
[[aws_dynamodb_table.facet]]
name = "details"
call = "dynamodb.DescribeTable"
args = { TableName = "{table_name}" }
take = "Table"
[[aws_dynamodb_table.facet]]
name = "backups"
call = "dynamodb.DescribeContinuousBackups"
args = { TableName = "{table_name}" }
take = "ContinuousBackupsDescription"
into = "backups"
absent = ["ContinuousBackupsUnavailableException"]
[[aws_dynamodb_table.facet]]
name = "tags"
call = "dynamodb.ListTagsOfResource"
args = { ResourceArn = "{table_arn}" }
take = "Tags"
tags = true
after = "details"

[aws_kms_key]
list = "kms.ListKeys Keys[]"
arn = "key_arn"
id = "key_id"
"""
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/abc"
GONE_TABLE = Fault("TableNotFoundException")


def urn(name: str) -> str:
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"


def details(body: dict[str, Any]) -> dict[str, Any]:
    name = body["TableName"]
    table = {"TableName": name, "TableArn": urn(name), "TableStatus": "ACTIVE", "CreationDateTime": 1700000000}
    return {"Table": {**table, "SSEDescription": {"KMSMasterKeyArn": KEY}}}


BACKUPS = {"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED"}}
ANSWERS = {
    "ListTables": {"TableNames": ["a", "b"]},
    "DescribeTable": details,
    "DescribeContinuousBackups": BACKUPS,
    "ListTagsOfResource": {"Tags": [{"Key": "team", "Value": "x"}]},
}


def only(name: str, fault: Fault, otherwise: Any) -> Any:
    """A fault for one table, the usual answer for the others."""

    def answer(body: dict[str, Any]) -> Any:
        if body.get("TableName", body.get("ResourceArn", "")).endswith(name):
            return fault
        return otherwise(body) if callable(otherwise) else otherwise

    return answer


async def test_facets_fill_document_tags_common_properties_and_edges(tmp_path: Path) -> None:
    async with cloud(tmp_path, TABLES, **ANSWERS) as aws:
        found = await aws.read("aws_dynamodb_table")
    node = found["a"]
    assert (node.tags, node.common, node.created_at) == (
        {"team": "x"},
        {"db_status": "available"},
        "2023-11-14T22:13:20Z",
    )
    assert node.document["backups"] == {"continuous_backups_status": "ENABLED"}
    assert {"tags", "backups", "table_status", "db_status"} <= node.facets
    assert not node.unseen
    assert not node.never
    assert ("encrypted_with", KEY) in {(edge.type, edge.target) for edge in node.edges}


async def test_a_failed_facet_keeps_its_last_values_and_the_edges_and_properties_made_of_them(tmp_path: Path) -> None:
    async with cloud(tmp_path, TABLES, **ANSWERS) as aws:
        before = (await aws.read("aws_dynamodb_table"))["b"]
        aws.aws.answers["DescribeTable"] = only("b", DENIED, details)
        known = {before.urn: Last(before.document, dict(before.tags), frozenset())}
        found = await aws.read("aws_dynamodb_table", reading=Reading(known=known))
    node = found["b"]
    assert (node.document, node.tags, node.common) == (before.document, before.tags, before.common)
    assert (node.edges, node.created_at) == (before.edges, before.created_at)
    assert {"table_status", "db_status", "created_at"} <= node.unseen
    assert "table_name" not in node.unseen
    assert not node.never
    assert not found["a"].unseen


async def test_a_failed_facet_of_a_new_node_is_never_seen_and_makes_no_property(tmp_path: Path) -> None:
    async with cloud(tmp_path, TABLES, **{**ANSWERS, "DescribeTable": DENIED}) as aws:
        found = await aws.read("aws_dynamodb_table")
    node = found["a"]
    assert node.common == {}
    assert {"table_status", "db_status", "tags"} <= node.never <= node.unseen
    assert node.document == {"table_name": "a", "backups": {"continuous_backups_status": "ENABLED"}}


async def test_each_failed_call_is_one_gap_with_its_permission_and_count(tmp_path: Path) -> None:
    async with cloud(tmp_path, TABLES, **{**ANSWERS, "DescribeContinuousBackups": DENIED}) as aws:
        found = await aws.read("aws_dynamodb_table")
    [gap] = found.gaps
    assert (gap.state, gap.count, gap.permission) == ("denied", 2, "dynamodb:DescribeContinuousBackups")
    assert found["a"].unseen == {"backups"}


async def test_what_was_never_seen_stays_so_when_it_fails_again(tmp_path: Path) -> None:
    async with cloud(tmp_path, TABLES, **{**ANSWERS, "DescribeContinuousBackups": DENIED}) as aws:
        known = {urn("a"): Last({}, {}, frozenset({"backups"})), urn("b"): Last({}, {}, frozenset())}
        found = await aws.read("aws_dynamodb_table", reading=Reading(known=known))
    assert found["a"].never == {"backups"}
    assert not found["b"].never


async def test_the_providers_word_that_there_is_none_is_a_full_answer(tmp_path: Path) -> None:
    absent = Fault("ContinuousBackupsUnavailableException")
    async with cloud(tmp_path, TABLES, **{**ANSWERS, "DescribeContinuousBackups": absent}) as aws:
        found = await aws.read("aws_dynamodb_table")
    assert found.gaps == []
    assert "backups" not in found["a"].document
    assert not found["a"].unseen


async def test_an_item_that_is_gone_between_list_and_facet_is_a_reason_to_read_again(tmp_path: Path) -> None:
    async with cloud(tmp_path, TABLES, **{**ANSWERS, "DescribeTable": only("b", GONE, details)}) as aws:
        found = await aws.read("aws_dynamodb_table")
    assert [doubt.always for doubt in found.doubts] == [True]


async def test_an_item_that_is_listed_twice_though_its_facet_says_gone_is_kept_with_a_gap(tmp_path: Path) -> None:
    known = {urn("b"): Last({"table_name": "b", "table_status": "ACTIVE"}, {"team": "x"}, frozenset())}
    async with cloud(tmp_path, TABLES, **{**ANSWERS, "DescribeTable": only("b", GONE, details)}) as aws:
        found = await aws.read("aws_dynamodb_table", reading=Reading(again=True, known=known))
    assert found.doubts == []
    assert [(gap.state, gap.count) for gap in found.gaps] == [("failed", 1)]
    assert found["b"].document["table_status"] == "ACTIVE"


@pytest.mark.parametrize("fault", [DENIED, Fault("InternalServerError", 500), Fault("OptInRequired")])
async def test_failed_tags_are_not_removed_tags(tmp_path: Path, fault: Fault) -> None:
    known = {urn("a"): Last({}, {"team": "x"}, frozenset())}
    async with cloud(tmp_path, TABLES, **{**ANSWERS, "ListTagsOfResource": fault}) as aws:
        found = await aws.read("aws_dynamodb_table", reading=Reading(known=known))
    assert found["a"].tags == {"team": "x"}
    assert found["a"].unseen == {"tags"}
    assert found["b"].never == {"tags"}


async def test_a_facet_that_hangs_on_an_unseen_one_uses_what_was_last_known(tmp_path: Path) -> None:
    known = {urn("a"): Last({"table_name": "a", "table_arn": urn("a")}, {}, frozenset())}
    async with cloud(tmp_path, TABLES, **{**ANSWERS, "DescribeTable": DENIED}) as aws:
        found = await aws.read("aws_dynamodb_table", reading=Reading(known=known))
        assert [body for name, body in aws.aws.asked if name == "ListTagsOfResource"] == [{"ResourceArn": urn("a")}]
    assert found["a"].tags == {"team": "x"}
    assert "tags" in found["b"].never


DETAILED = (
    CLUSTERS
    + """
[[aws_ecs_cluster.facet]]
name = "details"
call = "ecs.DescribeClusters"
args = { clusters = ["{cluster_arn}"], include = ["TAGS"] }
take = "clusters[]"
batch = 2
match = { item = "clusterArn", key = "cluster_arn" }
"""
)


def described(body: dict[str, Any]) -> dict[str, Any]:
    tags = [{"key": "team", "value": "x"}]
    return {"clusters": [{"clusterArn": arn, "status": "ACTIVE", "tags": tags} for arn in body["clusters"]]}


LIST = {"clusterArns": [cluster(name) for name in ("a", "b", "c")]}


async def test_a_batch_asks_for_many_at_once_and_gives_their_tags_too(tmp_path: Path) -> None:
    async with cloud(tmp_path, DETAILED, ListClusters=LIST, DescribeClusters=described) as aws:
        found = await aws.read("aws_ecs_cluster")
        assert aws.aws.count("DescribeClusters") == 2
    assert {node.tags["team"] for node in found.nodes.values()} == {"x"}
    assert found["a"].document == {"cluster_arn": cluster("a"), "status": "ACTIVE"}
    assert found["a"].facets == {"tags", "status"}


async def test_a_batch_that_answers_for_fewer_is_read_again_then_marked(tmp_path: Path) -> None:
    def fewer(body: dict[str, Any]) -> dict[str, Any]:
        return {"clusters": [each for each in described(body)["clusters"] if each["clusterArn"] != cluster("b")]}

    async with cloud(tmp_path, DETAILED, ListClusters=LIST, DescribeClusters=fewer) as aws:
        first = await aws.read("aws_ecs_cluster")
        second = await aws.read("aws_ecs_cluster", reading=Reading(again=True))
    assert [doubt.always for doubt in first.doubts] == [True]
    assert second.doubts == []
    assert [(gap.state, gap.count) for gap in second.gaps] == [("failed", 1)]
    assert {"status", "tags"} <= second["b"].never


async def test_one_gone_item_does_not_take_the_rest_of_its_batch_along(tmp_path: Path) -> None:
    def gone(body: dict[str, Any]) -> Any:
        return Fault("ClusterNotFoundException") if cluster("b") in body["clusters"] else described(body)

    async with cloud(tmp_path, DETAILED, ListClusters=LIST, DescribeClusters=gone) as aws:
        found = await aws.read("aws_ecs_cluster", reading=Reading(again=True))
    assert [gap.count for gap in found.gaps] == [1]
    assert found["a"].document["status"] == "ACTIVE"
    assert found["b"].unseen


KEYS = """
[aws_kms_key]
list = "kms.ListKeys Keys[]"
arn = "key_arn"
id = "key_id"
name = "key_id"
[[aws_kms_key.facet]]
name = "details"
call = "kms.DescribeKey"
args = { KeyId = "{key_id}" }
take = "KeyMetadata"
[[aws_kms_key.facet]]
name = "rotation"
call = "kms.GetKeyRotationStatus"
args = { KeyId = "{key_id}" }
into = "rotation"
after = "details"
when = { key = "key_manager", is = "CUSTOMER" }
[[aws_kms_key.facet]]
name = "tags"
call = "kms.ListResourceTags"
args = { KeyId = "{key_id}" }
take = "Tags"
tags = true
pages = true
"""


def key(name: str) -> dict[str, str]:
    return {"KeyId": name, "KeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{name}"}


def key_details(body: dict[str, Any]) -> dict[str, Any]:
    manager = "CUSTOMER" if body["KeyId"] == "own" else "AWS"
    return {"KeyMetadata": {"KeyId": body["KeyId"], "KeyManager": manager, "Enabled": True}}


def key_tags(body: dict[str, Any]) -> dict[str, Any]:
    first = {"Tags": [{"TagKey": "a", "TagValue": "1"}], "NextMarker": "2", "Truncated": True}
    return {"Tags": [{"TagKey": "b", "TagValue": "2"}], "Truncated": False} if "Marker" in body else first


KEY_ANSWERS = {
    "ListKeys": {"Keys": [key("own"), key("theirs")], "Truncated": False},
    "DescribeKey": key_details,
    "GetKeyRotationStatus": {"KeyRotationEnabled": True},
    "ListResourceTags": key_tags,
}


async def test_a_facet_is_asked_only_where_it_applies_and_all_its_pages_are_read(tmp_path: Path) -> None:
    async with cloud(tmp_path, KEYS, **KEY_ANSWERS) as aws:
        found = await aws.read("aws_kms_key")
        assert aws.aws.count("GetKeyRotationStatus") == 1
    assert found["own"].document["rotation"] == {"key_rotation_enabled": True}
    assert "rotation" not in found["theirs"].document
    assert found["own"].tags == {"a": "1", "b": "2"}


async def test_whether_a_facet_applies_is_unknown_while_what_decides_it_was_never_seen(tmp_path: Path) -> None:
    async with cloud(tmp_path, KEYS, **{**KEY_ANSWERS, "DescribeKey": DENIED}) as aws:
        found = await aws.read("aws_kms_key")
        assert aws.aws.count("GetKeyRotationStatus") == 0
    assert {"rotation", "key_manager"} <= found["own"].never
    assert [gap.operation for gap in found.gaps] == ["kms:DescribeKey"]


async def test_two_facets_of_one_call_cost_one_call(tmp_path: Path) -> None:
    catalog = """
[aws_ecs_task_definition]
list = "ecs.ListTaskDefinitions taskDefinitionArns[]"
item = "arn"
arn = "arn"
id = "arn"
name = "{arn|tail}"
"""
    call = 'call = "ecs.DescribeTaskDefinition"\nargs = { taskDefinition = "{arn}", include = ["TAGS"] }\n'
    facet = f"[[aws_ecs_task_definition.facet]]\n{call}"
    catalog += f'{facet}name = "details"\ntake = "taskDefinition"\n{facet}name = "tags"\ntake = "tags"\ntags = true\n'
    answer = {"taskDefinition": {"family": "f"}, "tags": [{"key": "a", "value": "1"}]}
    arns = {"taskDefinitionArns": [f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/f:1"]}
    async with cloud(tmp_path, catalog, ListTaskDefinitions=arns, DescribeTaskDefinition=answer) as aws:
        found = await aws.read("aws_ecs_task_definition")
        assert aws.aws.count("DescribeTaskDefinition") == 1
    assert (found["1"].tags, found["1"].document["family"]) == ({"a": "1"}, "f")


async def test_an_answer_about_all_nodes_is_asked_for_once_a_reading(tmp_path: Path) -> None:
    catalog = """
[aws_kms_key]
list = "kms.ListKeys Keys[]"
arn = "key_arn"
id = "key_id"
name = "key_id"
[[aws_kms_key.facet]]
name = "alias"
call = "kms.ListAliases"
take = "Aliases[]"
member = "AliasName"
into = "alias"
batch = 1000
match = { item = "TargetKeyId", key = "key_id" }
pages = true
"""
    names = [f"k{number}" for number in range(100)]

    def pages(body: dict[str, Any]) -> dict[str, Any]:
        if "Marker" in body:
            return {"Keys": [key(name) for name in names[70:]], "Truncated": False}
        return {"Keys": [key(name) for name in names[:70]], "Truncated": True, "NextMarker": "2"}

    aliases = {"Aliases": [{"TargetKeyId": name, "AliasName": f"alias/{name}"} for name in names], "Truncated": False}
    async with cloud(tmp_path, catalog, ListKeys=pages, ListAliases=aliases) as aws:
        found = await aws.read("aws_kms_key")
        assert aws.aws.count("ListAliases") == 1
    assert {node.document["alias"] for node in found.nodes.values()} == {f"alias/{name}" for name in names}


KEYS_TOLD = """
[aws_kms_key]
list = "kms.ListKeys Keys[]"
arn = "kms:{region}:{account}:key/{key_id}"
id = "key_id"
[[aws_kms_key.facet]]
name = "full name"
call = "kms.DescribeKey"
args = { KeyId = "{key_id}" }
take = "KeyMetadata.Arn"
into = "full_name"
known = "key_arn"
"""


async def test_what_the_list_tells_is_not_asked_for_and_counts_as_seen(tmp_path: Path) -> None:
    answers: dict[str, Any] = {
        "ListKeys": {"Keys": [{"KeyId": "told", "KeyArn": "arn:told"}, {"KeyId": "asked"}]},
        "DescribeKey": lambda body: {"KeyMetadata": {"Arn": f"arn:{body['KeyId']}"}},
    }
    async with cloud(tmp_path, KEYS_TOLD, **answers) as aws:
        found = await aws.read("aws_kms_key")
        assert [body["KeyId"] for name, body in aws.aws.asked if name == "DescribeKey"] == ["asked"]
    for name in ("told", "asked"):
        assert found[name].document["full_name"] == f"arn:{name}"
        assert found[name].facets == {"full_name"}
