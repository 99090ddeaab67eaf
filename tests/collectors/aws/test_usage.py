"""What CloudWatch measured: asked for many resources at once, told beside each, kept where it cannot be asked for."""

from pathlib import Path
from typing import Any

import pytest

from collectors.aws.catalog import load
from collectors.aws.models import Models
from collectors.aws.usage import MOST, Usage, measured, queries
from syncd.model import Last, Node
from tests.collectors.aws.loopback import ACCOUNT
from tests.collectors.aws.readings import DENIED, REGION, Fault, Reading, cloud

NOW = 1_772_370_061.0  # 2026-03-01T13:01:01Z
START = "2026-03-01T12:00:00Z"
KIND = "aws_dynamodb_table"
TABLES = """
[aws_dynamodb_table]
list = "dynamodb.ListTables TableNames[]"
item = "table_name"
arn = "dynamodb:{region}:{account}:table/{table_name}"
id = "table_name"
name = "table_name"
"""


def answered(body: dict[str, Any]) -> dict[str, Any]:
    """Every value is the length of what it is measured of."""
    results = []
    for query in body["MetricDataQueries"]:
        table = query["MetricStat"]["Metric"]["Dimensions"][0]["Value"]
        values = [] if table == "idle" else [float(len(table))]
        results.append({"Id": query["Id"], "Values": values, "StatusCode": "Complete"})
    return {"MetricDataResults": results}


def usage() -> Usage:
    return Usage(Models(), lambda: NOW)


async def test_minimum_average_and_maximum_of_the_last_whole_hour_stand_outside_the_document(tmp_path: Path) -> None:
    async with cloud(tmp_path, TABLES, ListTables={"TableNames": ["abc", "idle"]}, GetMetricData=answered) as aws:
        aws.usage = usage()
        found = await aws.read(KIND)
        [body] = [body for name, body in aws.aws.asked if name == "GetMetricData"]
    three = {"min": 3.0, "avg": 3.0, "max": 3.0, "sum": 3.0}
    names = ("consumed_read_capacity_units", "consumed_write_capacity_units")
    assert found["abc"].volatile == {"usage": {"start": START, "hours": 1, **dict.fromkeys(names, three)}}
    assert (found["idle"].volatile, found.gaps) == ({}, [])
    assert "usage" not in found["abc"].document
    assert (body["StartTime"], body["EndTime"]) == (1772366400, 1772370000)
    assert len(body["MetricDataQueries"]) == 2 * 2 * 4


async def test_many_resources_share_a_call_and_none_is_torn_apart(tmp_path: Path) -> None:
    tables = [f"t{number:03}" for number in range(130)]
    async with cloud(tmp_path, TABLES, ListTables={"TableNames": tables}, GetMetricData=answered) as aws:
        aws.usage = usage()
        found = await aws.read(KIND)
        sizes = [len(body["MetricDataQueries"]) for name, body in aws.aws.asked if name == "GetMetricData"]
    assert all("usage" in node.volatile for node in found.nodes.values())
    assert sum(sizes) == len(tables) * 8
    assert max(sizes) <= MOST
    assert all(size % 8 == 0 for size in sizes)


@pytest.mark.parametrize(
    "answer",
    [DENIED, Fault("InternalServerError", 500), {"MetricDataResults": [{"Id": "q999", "Values": [1.0]}]},
     {"MetricDataResults": [{"Id": "q0", "StatusCode": "InternalError"}]}],
)  # fmt: skip
async def test_what_cannot_be_measured_now_stays_as_it_was_and_is_told(tmp_path: Path, answer: Any) -> None:
    urn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/abc"
    before = {"usage": {"start": "before"}}
    async with cloud(tmp_path, TABLES, ListTables={"TableNames": ["abc", "new"]}, GetMetricData=answer) as aws:
        aws.usage = usage()
        found = await aws.read(KIND, reading=Reading(known={urn: Last({}, {}, frozenset(), before)}))
    assert (found["abc"].volatile, found["new"].volatile) == (before, {})
    assert (found["abc"].unseen, found["abc"].never) == (frozenset({"usage"}), frozenset())
    assert (found["new"].unseen, found["new"].never) == (frozenset({"usage"}), frozenset({"usage"}))
    assert [(gap.operation, gap.count) for gap in found.gaps] == [("cloudwatch:GetMetricData", 2)]


def test_every_measured_kind_is_in_the_catalog_and_its_dimensions_are_in_its_documents() -> None:
    catalog = load()
    assert len(measured()) >= 14
    for kind, of in measured().items():
        assert kind in catalog.kinds
        assert of.sum <= of.metrics.keys()


def test_only_what_can_be_measured_is_asked_about() -> None:
    running, stopped = (
        Node(id_, "aws_ec2_instance", id_, id_, "1", "r", document={"instance_id": id_, "state": {"name": state}})
        for id_, state in (("i-1", "running"), ("i-2", "stopped"))
    )
    found = list(queries(measured()["aws_ec2_instance"], [running, stopped]))
    assert {query.node.urn for query in found} == {"i-1"}
    assert found[0].stat["Metric"]["Dimensions"] == [{"Name": "InstanceId", "Value": "i-1"}]


def test_a_balancer_is_measured_by_the_end_of_its_arn_and_a_bucket_where_it_lies() -> None:
    arn = "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/web/50dc6c495c0c9188"
    balancer = Node("u", "aws_alb", "web", "web", "1", "r", document={"load_balancer_arn": arn, "type": "application"})
    asked = next(queries(measured()["aws_alb"], [balancer]))
    assert asked.stat["Metric"]["Dimensions"] == [{"Name": "LoadBalancer", "Value": "app/web/50dc6c495c0c9188"}]
    bucket = Node("b", "aws_s3_bucket", "b", "b", "1", "global", document={"name": "b", "location": "eu-west-1"})
    asked = next(queries(measured()["aws_s3_bucket"], [bucket]))
    assert (asked.region, asked.stat["Period"]) == ("eu-west-1", 48 * 3600)
    assert {"Name": "StorageType", "Value": "StandardStorage"} in asked.stat["Metric"]["Dimensions"]
