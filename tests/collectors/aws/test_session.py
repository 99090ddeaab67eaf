"""The collector as the host sees it: scopes, the frame of accounts and regions, what a run asks for."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from collectors.aws import collector
from collectors.aws.collector import title
from collectors.aws.selection import by_scope
from collectors.aws.session import AwsSession
from collectors.aws.settings import AwsSettings, Organization
from syncd.errors import CredentialsError, Failed
from syncd.kinds import KindRegistry
from syncd.model import Blind, Node, Scope
from syncd.plugin import Selection
from tests.collectors.aws.loopback import fake_estate
from tests.collectors.aws.readings import Reading

KINDS = ("aws_vpc", "aws_iam_user", "aws_iam_role", "aws_alb_listener")


@pytest.fixture(scope="module")
def estate() -> Iterator[str]:
    with fake_estate("--accounts", "2", "--regions", "2", "--scale", "0.1") as url:
        yield url


@asynccontextmanager
async def session(url: str, patch: pytest.MonkeyPatch, **settings: Any) -> AsyncIterator[AwsSession]:
    patch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    given = {"kinds": KINDS, "organization": Organization(role="reader"), "endpoint_url": url, **settings}
    opened = await collector.open(AwsSettings(**given))
    try:
        yield opened
    finally:
        await opened.close()


async def scopes(opened: AwsSession, **selection: tuple[str, ...]) -> list[Scope]:
    found = [each async for each in opened.scopes(Reading(), Selection(**selection))]
    assert not [each for each in found if isinstance(each, Blind)]
    return [each for each in found if isinstance(each, Scope)]


async def nodes(opened: AwsSession, scope: Scope) -> list[Node]:
    return [each async for each in opened.collect(scope, Reading()) if isinstance(each, Node)]


async def test_every_account_has_its_frame_its_global_scopes_and_its_regions(
    estate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with session(estate, monkeypatch) as opened:
        found = await scopes(opened)
    by_account: dict[str, set[tuple[str, str]]] = {}
    for scope in found:
        by_account.setdefault(scope.account, set()).add((scope.region, scope.name))
    first, second = by_account.values()
    assert first - second == {("global", "organization")}
    assert second == {
        ("global", "account"),
        ("global", "iam.account_authorization_details"),
        *((region, name) for region in ("us-east-1", "us-west-2") for name in ("ec2.vpcs", "elbv2.listeners")),
    }


async def test_kinds_of_one_list_share_a_scope(estate: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with session(estate, monkeypatch) as opened:
        [shared, *_] = [scope for scope in await scopes(opened) if scope.name.startswith("iam")]
        found = await nodes(opened, shared)
    assert shared.kinds == ("aws_iam_user", "aws_iam_role")
    assert {node.kind for node in found} == {"aws_iam_user", "aws_iam_role"}


async def test_what_only_the_organizations_own_account_may_ask_is_asked_there_alone(
    estate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with session(estate, monkeypatch, kinds=("aws_organizations_*", "aws_vpc")) as opened:
        found = await scopes(opened)
    asked = {scope.account for scope in found if scope.name == "organizations.service_control_policies"}
    assert asked == {scope.account for scope in found if scope.name == "organization"}
    assert len(asked) < len({scope.account for scope in found})


async def test_the_frame_holds_accounts_and_regions_together(estate: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with session(estate, monkeypatch) as opened:
        found = {scope.name: await nodes(opened, scope) for scope in (await scopes(opened))[:2]}
    account, *regions = found["account"]
    assert account.urn == f"arn:aws:iam::{account.id}:root"
    assert {(node.name, node.edges[0].target, node.edges[0].incoming) for node in regions} == {
        (name, account.urn, True) for name in ("us-east-1", "us-west-2", "global")
    }
    assert [node.kind for node in found["organization"]] == ["aws_organization"]


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        ({"kinds": ("aws_vpc",)}, {"ec2.vpcs"}),
        ({"kinds": ("network",)}, {"ec2.vpcs"}),
        ({"regions": ("us-west-2",)}, {"ec2.vpcs", "elbv2.listeners"}),
        ({"regions": ("global",)}, {"iam.account_authorization_details"}),
        ({"scopes": ("aws/100000000001/us-east-1/ec2.vpcs",)}, {"ec2.vpcs"}),
        ({"scopes": ("aws/100000000001/global/account",)}, {"account"}),
        ({"accounts": ("nobody",)}, set()),
    ],
)
async def test_a_run_may_ask_for_less(
    estate: str, monkeypatch: pytest.MonkeyPatch, selection: dict[str, tuple[str, ...]], names: set[str]
) -> None:
    async with session(estate, monkeypatch) as opened:
        assert {scope.name for scope in await scopes(opened, **selection)} == names


async def test_a_run_that_asks_for_one_kind_still_reads_its_whole_scope(
    estate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with session(estate, monkeypatch) as opened:
        [scope, *_] = await scopes(opened, kinds=("aws_iam_user",))
        assert {node.kind for node in await nodes(opened, scope)} == {"aws_iam_user", "aws_iam_role"}


async def test_a_scope_that_nobody_discovered_fails(estate: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with session(estate, monkeypatch) as opened:
        with pytest.raises(Failed, match="was not found"):
            await nodes(opened, Scope("aws", "111122223333", "eu-west-1", "ec2.vpcs"))
        await scopes(opened)
        with pytest.raises(Failed, match="no scope"):
            await nodes(opened, Scope("aws", "100000000001", "us-east-1", "ec2.nothing"))


async def test_what_a_session_says_of_itself_names_credentials_and_accounts(
    estate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with session(estate, monkeypatch) as opened:
        await scopes(opened)
        about = opened.about()
    assert "100000000001" in about
    assert "secret" not in about


async def test_without_credentials_it_does_not_open() -> None:
    with pytest.raises(CredentialsError):
        await collector.open(AwsSettings())


def test_services_take_turns() -> None:
    order = list(by_scope(collector.catalog.kinds.values()))
    services = [name.split(".")[0] for name in order]
    assert len(set(services[:30])) == 30


def test_kinds_have_their_bases_and_the_common_properties_that_they_fill() -> None:
    registry = KindRegistry()
    registry.add(collector.kinds())
    assert {"instance", "aws_resource", "resource"} <= set(registry.bases("aws_ec2_instance"))
    volume = registry.get("aws_ec2_volume")
    assert (volume.title, volume.service) == ("EC2 volume", "ec2")
    assert volume.properties["volume_size"] == "number (GB)"


def test_relations_say_what_points_where() -> None:
    found = set(collector.relations())
    assert ("aws_account", "contains", "aws_region") in found
    assert ("aws_region", "contains", "aws_vpc") in found
    assert ("aws_alb", "contains", "aws_alb_listener") in found
    assert ("aws_ec2_volume", "attached_to", "aws_ec2_instance") in found


def test_permissions_are_those_of_every_call() -> None:
    found = collector.permissions(["aws_s3_bucket", "aws_alb_listener"])
    assert {"s3:ListAllMyBuckets", "s3:GetEncryptionConfiguration"} <= found
    assert {"elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeListeners"} <= found
    assert "lambda:ListFunctions" not in found
    assert "lambda:ListFunctions" in collector.permissions()


def test_titles_read_like_names() -> None:
    assert title("aws_ec2_security_group") == "EC2 security group"
