from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from bench.fake import Fake, serving
from bench.fakeaws.estate import KINDS
from bench.job import READINGS, Reading
from tests.bench.conftest import stock_client

Client = Callable[..., Any]
ACCOUNT = "100000000001"


def read(client: Any, reading: Reading) -> list[Any]:
    if not client.can_paginate(reading.operation):
        return reading.items(getattr(client, reading.operation)(**reading.arguments))
    pages = client.get_paginator(reading.operation).paginate(**reading.arguments)
    return [item for page in pages for item in reading.items(page)]


def reading_of(kind: str) -> Reading:
    return next(reading for reading in READINGS if reading.kind == kind)


def count(client: Client, kind: str, region: str = "us-east-1") -> int:
    reading = reading_of(kind)
    return len(read(client(reading.service, region=region), reading))


def true_count(fake: Fake, kind: str, region: str = "us-east-1") -> int:
    rows = fake.get("__truth")["by_account_region_kind"]
    return sum(
        n for account, where, what, n in rows if (account, what) == (ACCOUNT, kind) and where in (region, "global")
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_stock_client_reads_as_many_as_the_truth_tells(fake: Fake, client: Client, kind: str) -> None:
    assert count(client, kind) == true_count(fake, kind)


def test_pages_follow_one_another_without_gap_or_overlap(client: Client) -> None:
    pages = client("ec2").get_paginator("describe_volumes").paginate(PaginationConfig={"PageSize": 7})
    ids = [volume["VolumeId"] for page in pages for volume in page["Volumes"]]
    assert len(ids) == len(set(ids)) == 75


def test_a_made_up_token_is_refused(client: Client) -> None:
    with pytest.raises(ClientError, match="not a token"):
        client("ec2").describe_volumes(NextToken="made-up", MaxResults=5)


def test_another_account_answers_to_an_assumed_role(fake: Fake, client: Client) -> None:
    other = fake.get("__truth")["accounts"][1]
    given = client("sts").assume_role(RoleArn=f"arn:aws:iam::{other}:role/any", RoleSessionName="test")["Credentials"]
    assert given["AccessKeyId"] == f"ASIA{other}"
    assert client("sts", account=other).get_caller_identity()["Account"] == other


def test_a_role_of_a_foreign_account_is_refused(client: Client) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        client("sts").assume_role(RoleArn="arn:aws:iam::999999999999:role/any", RoleSessionName="test")


def test_details_belong_to_the_items_of_their_list(client: Client) -> None:
    sqs, s3 = client("sqs"), client("s3")
    url = sqs.list_queues()["QueueUrls"][3]
    bucket = s3.list_buckets()["Buckets"][1]["Name"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["QueueArn"].rsplit(":", 1)[1] == url.rsplit("/", 1)[1]
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "us-west-2"


def test_a_list_of_buckets_that_is_asked_for_with_a_size_tells_where_each_lies(client: Client) -> None:
    s3 = client("s3")
    assert "BucketRegion" not in s3.list_buckets()["Buckets"][1]
    assert s3.list_buckets(MaxBuckets=2)["Buckets"][1]["BucketRegion"] == "us-west-2"


def test_a_mutation_changes_exactly_as_many_as_it_tells(fake: Fake, client: Client) -> None:
    ec2 = client("ec2")
    before = {volume["VolumeId"]: volume for volume in ec2.describe_volumes()["Volumes"]}
    fake.get("__mutate?permille=100")
    after = {volume["VolumeId"]: volume for volume in ec2.describe_volumes()["Volumes"]}
    changed = [key for key in before if before[key] != after[key]]
    told = [
        row
        for row in fake.get("__mutated")["by_account_region_kind"]
        if row[:3] == [ACCOUNT, "us-east-1", "ec2.volume"]
    ]
    assert changed
    assert len(changed) == told[0][3]
    assert all("rev" in {tag["Key"] for tag in after[key]["Tags"]} for key in changed)


def test_removed_resources_are_gone_from_truth_lists_and_details(fake: Fake, client: Client) -> None:
    sqs = client("sqs")
    urls = sqs.list_queues()["QueueUrls"]
    fake.post("__estate", {"remove": {"sqs.queue": 2}})
    assert sqs.list_queues()["QueueUrls"] == urls[:-2]
    assert true_count(fake, "sqs.queue") == len(urls) - 2
    with pytest.raises(ClientError, match="does not exist"):
        sqs.get_queue_attributes(QueueUrl=urls[-1])


def test_a_cluster_that_is_gone_is_a_failure_beside_the_others(fake: Fake, client: Client) -> None:
    fake.post("__estate", {"add": {"ecs.cluster": 1}})
    ecs = client("ecs")
    arns = ecs.list_clusters()["clusterArns"]
    fake.post("__estate", {"remove": {"ecs.cluster": 1}})
    described = ecs.describe_clusters(clusters=arns)
    assert [cluster["clusterArn"] for cluster in described["clusters"]] == arns[:-1]
    assert described["failures"] == [{"arn": arns[-1], "reason": "MISSING"}]


def test_changes_of_the_estate_add_up_and_can_be_undone(fake: Fake, client: Client) -> None:
    fake.post("__estate", {"add": {"iam.user": 3}})
    told = fake.post("__estate", {"scale": 1, "remove": {"iam.user": 1}})
    assert told == {"scale": 1.0, "delta": {"iam.user": 2}}
    assert count(client, "iam.user") == true_count(fake, "iam.user") == 32
    assert fake.delete("__estate") == {"scale": 0.5, "delta": {}}
    assert count(client, "iam.user") == 15


def test_a_senseless_order_is_refused_and_changes_nothing(fake: Fake) -> None:
    with pytest.raises(ValueError, match="must map a kind"):
        fake.post("__estate", {"remove": {"nothing": 1}})
    assert fake.get("__estate")["delta"] == {}


def test_statistics_count_calls_until_they_are_reset(fake: Fake, client: Client) -> None:
    client("ec2").describe_vpcs()
    assert fake.get("__stats")["ops"] == {"ec2:DescribeVpcs": 1}
    fake.get("__reset")
    assert fake.get("__stats")["requests"] == 0


def test_a_share_of_the_calls_is_throttled() -> None:
    with serving("--throttle=0.5") as fake:
        ec2 = stock_client(fake, "ec2")
        codes = {_code(ec2) for _ in range(20)}
        assert codes == {"", "RequestLimitExceeded"}
        assert 0 < fake.get("__stats")["throttled"] < 20


def _code(ec2: Any) -> str:
    try:
        ec2.describe_vpcs()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_all_processes_of_an_endpoint_serve_one_estate() -> None:
    with serving("--workers=2") as fake:
        fake.post("__estate", {"remove": {"ec2.vpc": 1}})
        counts = [len(stock_client(fake, "ec2").describe_vpcs()["Vpcs"]) for _ in range(8)]
        stats = fake.get("__stats")
        assert counts == [2] * 8
        assert (stats["requests"], len(stats["per_worker"])) == (8, 2)


def test_operations_beside_the_estate_can_have_made_up_items() -> None:
    with serving("--synth=3") as fake:
        assert len(stock_client(fake, "ec2").describe_images()["Images"]) == 3
        assert len(stock_client(fake, "glue").get_databases()["DatabaseList"]) == 3
        assert len(stock_client(fake, "ec2").describe_vpcs()["Vpcs"]) == 3
