"""An index of the whole estate tells where something is, untagged or not; what it does not know is no sign."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import msgspec
import pytest
from botocore.session import get_session
from botocore.validate import validate_parameters
from structlog.testing import capture_logs

from bench.fake import Fake, serving
from collectors.aws import collector
from collectors.aws.asking import Asking
from collectors.aws.catalog import load
from collectors.aws.client import Client
from collectors.aws.indexes import EXPRESSION, Sighting, Types, _row, aggregated, explored
from collectors.aws.settings import Aggregator, AwsSettings, Explorer, Organization
from collectors.aws.signs import resource_type
from syncd.model import Scope
from syncd.permitting import Wanted
from syncd.plugin import Selection, Sensing
from tests.collectors.aws.loopback import Script, as_json, calling, someone
from tests.collectors.aws.loopback import serving as serving_at
from tests.collectors.aws.readings import Reading

CENTRAL, OTHER = "100000000001", "100000000008"
VIEW = f"arn:aws:resource-explorer-2:us-west-2:{CENTRAL}:view/all/0a1b2c3d-0000-0000-0000-000000000000"
EXPLORER = Explorer(view=VIEW)
AGGREGATOR = Aggregator(name="organization", account=CENTRAL, region="us-west-2")
HELD = {
    "aws_ec2_instance": "ec2.instances",
    "aws_rds_instance": "rds.instances",
    "aws_ec2_security_group": "ec2.security_groups",
    "aws_sqs_queue": "sqs.queues",
    "aws_autoscaling_group": "autoscaling.groups",
    "aws_alb": "elbv2.load_balancers",
}
WORLDWIDE = {"aws_iam_user": "iam.users", "aws_s3_bucket": "s3.buckets", "aws_route53_zone": "route53.hosted_zones"}
EMPTY = ("aws_ec2_host", "aws_kinesis_stream", "aws_elasticache_cluster")


@pytest.fixture(scope="module")
def estate() -> Iterator[Fake]:
    with serving("--accounts=2", "--regions=4", "--active-regions=3", "--scale=0.4") as fake:
        yield fake


@asynccontextmanager
async def discovered(fake: Fake, patch: pytest.MonkeyPatch, **settings: Any) -> AsyncIterator[tuple[Sensing, set[str]]]:
    """A session that has found both accounts, and all scopes of them."""
    patch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    kinds = (*HELD, *WORLDWIDE, *EMPTY)
    opened = await collector.open(
        AwsSettings(kinds=kinds, endpoint_url=fake.url, organization=Organization(), **settings)
    )
    try:
        found = [each async for each in opened.scopes(Reading(), Selection())]
        yield opened, {each.key for each in found if isinstance(each, Scope)}
    finally:
        await opened.close()


async def signs(session: Sensing, resting: set[str]) -> list[str]:
    return [each.key async for each in session.signs(lambda scope: scope.key in resting, (), Reading())]


def calls(fake: Fake) -> dict[str, int]:
    found: dict[str, int] = fake.get("__stats")["ops"]
    return found


@pytest.mark.parametrize(
    ("settings", "operation"),
    [
        ({"explorer": EXPLORER}, "resource-explorer-2:ListResources"),
        ({"aggregator": AGGREGATOR}, "config:SelectAggregateResourceConfig"),
    ],
)
async def test_all_scopes_in_which_something_is_wake_and_no_other_in_a_few_calls_for_all_accounts(
    estate: Fake, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], operation: str
) -> None:
    async with discovered(estate, monkeypatch, **settings) as (session, scopes):
        estate.get("__reset")
        woken = await signs(session, scopes)
        assert len(woken) == len(set(woken)), "each once"
        catalog = load().kinds
        regional = {
            f"aws/{account}/{region}/{catalog[kind].scope}"
            for account in (CENTRAL, OTHER)
            for region in ("us-east-1", "us-west-2", "eu-west-1")
            for kind in HELD
        }
        worldwide = {
            f"aws/{account}/global/{catalog[kind].scope}" for account in (CENTRAL, OTHER) for kind in WORLDWIDE
        }
        assert set(woken) == regional | worldwide
        assert 1 < calls(estate)[operation] <= 4, "of several pages"


async def test_what_does_not_rest_is_told_by_nobody(estate: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    async with discovered(estate, monkeypatch, explorer=EXPLORER, aggregator=AGGREGATOR) as (session, scopes):
        assert await signs(session, set()) == []
        some = {f"aws/{OTHER}/us-west-2/{load().kinds['aws_ec2_instance'].scope}"}
        assert set(await signs(session, some)) == some <= scopes


async def test_a_refused_index_is_no_sign_and_the_others_are_still_asked(
    estate: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with discovered(estate, monkeypatch, explorer=EXPLORER, aggregator=AGGREGATOR) as (session, scopes):
        estate.post("__faults", [{"do": "denied", "service": "resource-explorer-2"}])
        try:
            with capture_logs() as logs:
                told = await signs(session, scopes)
            assert [each["reason"] for each in logs if each["event"] == "signs.unseen"] != []
            assert any(key.endswith("/ec2.instances") for key in told), "by the aggregator"
            estate.post("__faults", [{"do": "denied", "service": each} for each in ("resource-explorer-2", "config")])
            tagged = await signs(session, scopes)
            assert any(key.endswith("/sqs.queues") for key in tagged), "by tags"
            assert not any(key.endswith("/ec2.instances") for key in tagged)
        finally:
            estate.delete("__faults")


async def test_an_index_of_an_account_that_is_not_read_is_no_sign(
    estate: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = Aggregator(name="organization", account="999999999999", region="us-west-2")
    async with discovered(estate, monkeypatch, aggregator=far) as (session, scopes):
        estate.get("__reset")
        with capture_logs() as logs:
            await signs(session, scopes)
        assert {"event": "signs.unseen", "account": "999999999999", "region": "us-west-2"}.items() <= logs[0].items()
        assert "config:SelectAggregateResourceConfig" not in calls(estate)


ARN = "arn:aws:ec2:eu-west-1:111122223333:volume/vol-0123456789abcdef0"
RESOURCE = {
    "Arn": ARN,
    "LastReportedAt": "2026-02-03T04:05:06Z",
    "OwningAccountId": "111122223333",
    "Properties": [
        {"Data": [{"Key": "owner", "Value": "ann"}], "LastReportedAt": "2026-02-03T04:05:06Z", "Name": "tags"}
    ],
    "Region": "eu-west-1",
    "ResourceType": "ec2:volume",
    "Service": "ec2",
}
ROW = '{"COUNT(*)":2,"resourceType":"AWS::EC2::Volume","accountId":"111122223333","awsRegion":"eu-west-1"}'
FIELDS = {
    "SelectFields": [{"Name": "accountId"}, {"Name": "awsRegion"}, {"Name": "resourceType"}, {"Name": "COUNT(*)"}]
}
VOLUME = Sighting("111122223333", "eu-west-1", ("ec2",), "volume")


def asking(client: Client) -> Asking:
    return Asking(client, Reading(), someone("us-west-2", CENTRAL), "us-west-2", {})


def sent(script: Script, service: str, operation: str) -> list[dict[str, Any]]:
    """What was asked for, as the provider's own model takes it."""
    shape = get_session().get_service_model(service).operation_model(operation).input_shape
    bodies = [json.loads(body) for _, body in script.requests]
    for body in bodies:
        validate_parameters(body, shape)  # raises for what is none
    return bodies


async def test_resource_explorer_is_asked_page_after_page_as_its_model_says() -> None:
    view = {"ViewArn": VIEW}
    script = Script(
        [as_json({"Resources": [RESOURCE] * 3, "NextToken": "two", **view}), as_json({"Resources": [], **view})]
    )
    async with serving_at(script) as url, calling(url) as client:
        assert [each async for each in explored(client.models, asking(client), EXPLORER)] == [VOLUME], (
            "each once a page"
        )
    assert sent(script, "resource-explorer-2", "ListResources") == [
        {"ViewArn": VIEW, "MaxResults": 1000},
        {"ViewArn": VIEW, "MaxResults": 1000, "NextToken": "two"},
    ]
    assert {request.path for request, _ in script.requests} == {"/ListResources"}
    assert "/us-west-2/resource-explorer-2/" in script.requests[0][0].headers["Authorization"]


async def test_config_is_asked_page_after_page_as_its_model_says() -> None:
    script = Script(
        [as_json({"Results": [ROW, "{"], "QueryInfo": FIELDS, "NextToken": "2"}), as_json({"Results": [ROW]})]
    )
    async with serving_at(script) as url, calling(url) as client:
        found = [each async for each in aggregated(client.models, asking(client), AGGREGATOR)]
    assert found == [VOLUME, VOLUME]
    asked = {"ConfigurationAggregatorName": "organization", "Expression": EXPRESSION, "Limit": 100}
    assert sent(script, "config", "SelectAggregateResourceConfig") == [asked, {**asked, "NextToken": "2"}]


@cache
def known() -> Types:
    catalog = load()
    arns = {kind: resource_type(entry) for kind, entry in catalog.kinds.items()}
    return Types(catalog, catalog.kinds.values(), arns)


@pytest.mark.parametrize(
    ("called", "kind"),
    [
        ("AWS::EC2::SecurityGroup", "aws_ec2_security_group"),
        ("AWS::EC2::EIP", "aws_ec2_elastic_ip"),
        ("AWS::EC2::VPC", "aws_vpc"),
        ("AWS::RDS::DBInstance", "aws_rds_instance"),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", "aws_alb"),
        ("AWS::ElasticLoadBalancing::LoadBalancer", "aws_elb"),
        ("AWS::KinesisFirehose::DeliveryStream", "aws_firehose_delivery_stream"),
        ("AWS::Cognito::UserPool", "aws_cognito_user_pool"),
        ("AWS::Events::EventBus", "aws_eventbridge_bus"),
        ("AWS::MSK::Cluster", "aws_msk_cluster"),
        ("AWS::EC2::SomethingNew", ""),
        ("AWS::NewService::Thing", ""),
        ("Custom::Thing", ""),
    ],
)
def test_configs_types_are_the_kinds_that_they_mean(called: str, kind: str) -> None:
    row = msgspec.json.encode({"COUNT(*)": 3, "accountId": "1", "awsRegion": "eu-west-1", "resourceType": called})
    sighting = _row(row.decode())
    found = {entry.kind for entry in known().of(sighting)} if sighting is not None else set()
    assert kind in found if kind else found == set()


def test_most_types_that_config_knows_and_syncd_reads_are_found() -> None:
    types = known()
    model = get_session().get_service_model("config")
    names = [name for name in model.shape_for("ResourceType").enum if name.startswith("AWS::")]
    rows = [_row(f'{{"accountId": "1", "awsRegion": "r", "resourceType": "{name}"}}') for name in names]
    assert sum(bool(row and types.of(row)) for row in rows) >= 210


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"accountId": 1}', None, 7])
def test_a_row_that_is_none_tells_nothing(text: Any) -> None:
    assert _row(text) is None


def test_an_unknown_type_of_resource_explorer_tells_nothing() -> None:
    assert known().of(Sighting("1", "eu-west-1", ("ec2",), "unheard")) == []
    assert known().of(Sighting("1", "eu-west-1", ("",), "")) == []


def test_the_question_is_one_that_config_takes() -> None:
    shape = get_session().get_service_model("config").operation_model("SelectAggregateResourceConfig").input_shape
    assert len(EXPRESSION) <= shape.members["Expression"].metadata["max"]


def test_exactly_what_asks_the_index_is_allowed_on_the_index_alone() -> None:
    settings = AwsSettings(kinds=("aws_vpc",), explorer=EXPLORER, aggregator=AGGREGATOR)
    for member in (False, True):
        (policy,) = collector.policies(settings, Wanted(member=member))
        found = {each["Sid"]: (each["Action"], each["Resource"]) for each in policy.document["Statement"]}
        assert found["SyncdExplore"] == (["resource-explorer-2:Search"], VIEW)
        aggregators = f"arn:aws:config:us-west-2:{CENTRAL}:config-aggregator/*"
        assert found["SyncdAggregate"] == (["config:SelectAggregateResourceConfig"], aggregators)
    (plain,) = collector.policies(AwsSettings(kinds=("aws_vpc",)), Wanted())
    assert {each["Sid"] for each in plain.document["Statement"]} == {"SyncdRead"}


@pytest.mark.parametrize("view", ["", "all", "arn:aws:resource-explorer-2:eu-west-1:1:view/all", "arn:aws:s3:::x"])
def test_what_is_no_view_is_refused_with_the_form_of_one(view: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"explorer": {"view": view}}, AwsSettings)
