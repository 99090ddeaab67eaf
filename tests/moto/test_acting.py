"""On moto, tags are put on and taken off by the right call of each kind, and whatever else is tagged stays so."""

import io
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from collectors.aws import collector
from collectors.aws.settings import AwsSettings
from syncd.acts.plans import Plans
from syncd.acts.wishes import Wish
from syncd.plugin import Selection
from syncd.settings import Config, PlansSettings, StoreSettings, SyncSettings
from syncd.store.requests import COLLECT, Request
from syncd.sync.limits import Limits
from syncd.sync.perform import Performer, now, open_store
from tests.collectors.aws.loopback import moto_server

REGION = "eu-west-1"
KINDS = (
    "aws_dynamodb_table", "aws_ec2_volume", "aws_iam_role", "aws_iam_user", "aws_lambda_function", "aws_rds_instance",
    "aws_s3_bucket", "aws_sqs_queue", "aws_autoscaling_group", "aws_kms_key", "aws_sns_topic",
)  # fmt: skip
TAGGED = {"owner": "anna", "odd key": "Ä / = 1"}
PAIRS = [{"Key": key, "Value": value} for key, value in TAGGED.items()]
TRUST = '{"Version": "2012-10-17", "Statement": []}'

pytestmark = pytest.mark.timeout(120)


@dataclass
class Estate:
    """`tags`: asks the provider itself, kind by kind."""

    url: str
    made: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return boto3.client(service, region_name=REGION, endpoint_url=self.url, **keys)

    def build(self) -> None:
        self.client("ec2").create_volume(
            AvailabilityZone=f"{REGION}a", Size=1, TagSpecifications=[{"ResourceType": "volume", "Tags": PAIRS}]
        )
        self.bucket("papers", PAIRS)
        iam = self.client("iam")
        role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST, Tags=PAIRS)["Role"]["Arn"]
        iam.create_user(UserName="anna", Tags=PAIRS)
        self.client("sqs").create_queue(QueueName="mail", tags=TAGGED)
        self.client("sns").create_topic(Name="news", Tags=PAIRS)
        self.client("kms").create_key(Tags=[{"TagKey": key, "TagValue": value} for key, value in TAGGED.items()])
        self.client("lambda").create_function(
            FunctionName="f", Role=role, Runtime="python3.11", Handler="f.f", Code={"ZipFile": code()}, Tags=TAGGED
        )
        self.client("rds").create_db_instance(
            DBInstanceIdentifier="books",
            Engine="postgres",
            DBInstanceClass="db.t3.micro",
            AllocatedStorage=20,
            Tags=PAIRS,
        )
        self.client("dynamodb").create_table(
            TableName="carts",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            Tags=PAIRS,
        )
        scaling = self.client("autoscaling")
        scaling.create_launch_configuration(LaunchConfigurationName="l", ImageId="ami-1", InstanceType="t3.micro")
        kept = [{**pair, "PropagateAtLaunch": True} for pair in PAIRS]
        scaling.create_auto_scaling_group(
            AutoScalingGroupName="g",
            LaunchConfigurationName="l",
            MinSize=0,
            MaxSize=0,
            AvailabilityZones=[f"{REGION}a"],
            Tags=kept,
        )

    def bucket(self, name: str, tags: list[dict[str, str]]) -> None:
        s3 = self.client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})

    def propagated(self) -> dict[str, bool]:
        """What the group's tags say of new instances."""
        (group,) = self.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        return {tag["Key"]: tag["PropagateAtLaunch"] for tag in group["Tags"]}

    def bucket_tags(self, name: str) -> dict[str, str]:
        return {tag["Key"]: tag.get("Value", "") for tag in self.client("s3").get_bucket_tagging(Bucket=name)["TagSet"]}


def code() -> bytes:
    with io.BytesIO() as held:
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr("f.py", "")
        return held.getvalue()


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


@pytest.fixture(scope="module")
def estate() -> Iterator[Estate]:
    """Each test has what it changes for itself, but for the one that tags everything of anna's."""
    with moto_server() as url:
        found = Estate(url)
        found.build()
        yield found


@asynccontextmanager
async def planning(estate: Estate, store: Path, *kinds: str) -> AsyncIterator[Plans]:
    """The estate read once, and plans for it."""
    settings = AwsSettings(kinds=kinds or KINDS, region=REGION, regions=(REGION,), endpoint_url=estate.url)
    config = Config(
        store=StoreSettings(path=str(store)),
        sync=SyncSettings(attempts=1),
        plans=PlansSettings(enabled=True, accounts=("123456789012",), max_resources=50, max_share=1.0),
        collectors={"aws": settings},
    )
    opened, limits = await open_store(config, {"aws": collector}), Limits(16)
    try:
        performer = Performer(config, opened, {"aws": collector}, limits)
        await performer.perform(Request(0, now(), "test", "", COLLECT, Selection()))
        yield Plans(opened, lambda: config, {"aws": collector}, lambda: limits, lambda: datetime.now(UTC))
    finally:
        await opened.close()


def found(plan: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {item["kind"]: (item["state"], item["reason"]) for item in plan["resources"]}


def after(plan: dict[str, Any]) -> list[dict[str, str]]:
    return [item["after"] for item in plan["resources"]]


async def test_tags_are_put_on_changed_and_taken_off_by_each_kind_and_all_others_stay(
    estate: Estate, tmp_path: Path
) -> None:
    async with planning(estate, tmp_path / "s.db") as plans:
        search = "is(aws_resource) and tags.owner = anna"
        done = await plans.apply(
            (await plans.plan(Wish(search, "tag", {"stage": "{kind}", "b": ""}), "me"))["plan"], "me"
        )
        assert found(done) == dict.fromkeys(KINDS, ("done", ""))
        assert after(done) == [TAGGED | {"stage": item["kind"], "b": ""} for item in done["resources"]]
        assert estate.bucket_tags("papers") == TAGGED | {"stage": "aws_s3_bucket", "b": ""}
        again = f"{search} and not is(aws_autoscaling_group)"
        done = await plans.apply((await plans.plan(Wish(again, "tag", {"stage": "x"}), "me"))["plan"], "me")
        assert after(done) == [TAGGED | {"stage": "x", "b": ""}] * (len(KINDS) - 1)
        done = await plans.apply((await plans.plan(Wish(search, "untag", keys=("stage", "b")), "me"))["plan"], "me")
        assert found(done) == dict.fromkeys(KINDS, ("done", ""))
        assert after(done) == [TAGGED] * len(KINDS)
        assert estate.bucket_tags("papers") == TAGGED
        assert estate.propagated() == dict.fromkeys(TAGGED, True)


async def test_a_resource_that_somebody_changes_or_protects_meanwhile_is_left_alone(
    estate: Estate, tmp_path: Path
) -> None:
    s3, sqs, iam = estate.client("s3"), estate.client("sqs"), estate.client("iam")
    estate.bucket("left", [])
    queue = sqs.create_queue(QueueName="left")["QueueUrl"]
    iam.create_user(UserName="left")
    async with planning(estate, tmp_path / "s.db", "aws_s3_bucket", "aws_sqs_queue", "aws_iam_user") as plans:
        plan = await plans.plan(Wish("name = left", "tag", {"stage": "x"}), "me")
        s3.put_bucket_tagging(Bucket="left", Tagging={"TagSet": [{"Key": "syncd:protected", "Value": "true"}]})
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"DelaySeconds": "9"})
        iam.delete_user(UserName="left")
        reasons = found(await plans.apply(plan["plan"], "me"))
    assert reasons["aws_s3_bucket"] == ("refused", "protected by its tag syncd:protected")
    assert reasons["aws_sqs_queue"][1].startswith("it has changed since the plan was made: attributes.DelaySeconds")
    assert reasons["aws_iam_user"] == ("refused", "it is gone")
    assert estate.bucket_tags("left") == {"syncd:protected": "true"}


async def test_the_last_tags_of_a_bucket_can_be_taken_off(estate: Estate, tmp_path: Path) -> None:
    estate.bucket("bare", [{"Key": "a", "Value": "b"}])
    async with planning(estate, tmp_path / "s.db", "aws_s3_bucket") as plans:
        plan = await plans.plan(Wish("name = bare", "untag", keys=("a",)), "me")
        assert after(await plans.apply(plan["plan"], "me")) == [{}]
    with pytest.raises(estate.client("s3").exceptions.ClientError, match="NoSuchTagSet"):
        estate.bucket_tags("bare")


async def test_an_operation_is_called_for_each_resource_and_seen_at_once(estate: Estate, tmp_path: Path) -> None:
    parameters = {"function-name": "{name}", "Timeout": "77", "Description": "of {account}"}
    operation = "UpdateFunctionConfiguration"
    wish = Wish("name = f", "call", service="lambda", operation=operation, parameters=parameters)
    async with planning(estate, tmp_path / "s.db", "aws_lambda_function") as plans:
        done = await plans.apply((await plans.plan(wish, "me"))["plan"], "me")
        assert found(done) == {"aws_lambda_function": ("done", "")}
        query = "select document ->> '$.timeout' from resource where name = 'f'"
        assert await plans.store.read(lambda c: c.execute(query).fetchone()) == (77,)
