"""Units decide which accounts are meant; accounts and organization are read as documents, with a Gap where refused."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import boto3
import msgspec
import pytest

from collectors.aws.accounts import account_documents, organization_documents
from collectors.aws.client import Client
from collectors.aws.organizations import OrganizationDocuments, Organizations, chosen, is_open
from collectors.aws.places import Place, places
from collectors.aws.settings import AwsSettings, Organization
from syncd.errors import Disabled, Failed
from syncd.plugin import Selection
from tests.collectors.aws.loopback import (
    Host,
    Script,
    as_json,
    calling,
    fake_estate,
    moto_server,
    post_faults,
    serving,
    someone,
)

ENVIRON = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture(scope="module")
def accounts(moto: str) -> dict[str, str]:
    """Name → id in an organization: Root/web, Root/Prod/shop, Root/Prod/EU/shop-eu."""
    keys: dict[str, Any] = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret"}
    organizations = boto3.client("organizations", endpoint_url=moto, region_name="us-east-1", **keys)
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    prod = organizations.create_organizational_unit(ParentId=root, Name="Prod")["OrganizationalUnit"]["Id"]
    eu = organizations.create_organizational_unit(ParentId=prod, Name="EU")["OrganizationalUnit"]["Id"]
    made = {"prod": prod, "eu": eu}
    for name, parent in (("web", root), ("shop", prod), ("shop-eu", eu)):
        status = organizations.create_account(AccountName=name, Email=f"{name}@example.org")["CreateAccountStatus"]
        made[name] = status["AccountId"]
        organizations.move_account(AccountId=made[name], SourceParentId=root, DestinationParentId=parent)
    boto3.client("iam", endpoint_url=moto, region_name="us-east-1", **keys).create_account_alias(AccountAlias="main")
    return made


@pytest.fixture
async def client(moto: str, accounts: dict[str, str]) -> AsyncIterator[Client]:
    assert accounts
    async with calling(moto) as client:
        yield client


async def found(client: Client, **organization: Any) -> list[Place]:
    settings = msgspec.convert({"organization": organization}, AwsSettings)
    all_found = [one async for one in places(client, settings, Host(1), Selection(), environ=ENVIRON)]
    assert all(isinstance(one, Place) for one in all_found), all_found
    return [one for one in all_found if isinstance(one, Place)]


@pytest.mark.parametrize(
    ("organization", "expected"),
    [
        ({}, {"web", "shop", "shop-eu"}),
        ({"include": ["Prod"]}, {"shop", "shop-eu"}),
        ({"include": ["Root/Prod/EU"]}, {"shop-eu"}),
        ({"include": ["Root/Prod*"], "exclude": ["EU"]}, {"shop"}),
        ({"include": ["shop*"]}, {"shop", "shop-eu"}),
        ({"exclude": ["shop-eu", "web"]}, {"shop"}),
        ({"include": ["nothing"]}, set()),
    ],
)
async def test_accounts_are_chosen_by_unit_path_and_name(
    client: Client, organization: dict[str, Any], expected: set[str]
) -> None:
    seen = await found(client, **organization)
    assert {place.name for place in seen[1:]} == expected


async def test_accounts_are_chosen_by_the_id_of_a_unit(client: Client, accounts: dict[str, str]) -> None:
    assert {place.name for place in (await found(client, include=[accounts["eu"]]))[1:]} == {"shop-eu"}


async def test_the_organization_is_read_as_a_tree(client: Client, accounts: dict[str, str]) -> None:
    place = (await found(client))[0]
    tree = await organization_documents(client, Host(1), place)
    assert tree.organization["master_account_id"] == place.account
    assert [(unit["path"], unit["id"]) for unit in tree.units] == [
        ("Root/Prod", accounts["prod"]),
        ("Root/Prod/EU", accounts["eu"]),
    ]
    where = {account["name"]: (account["parent_id"], account["path"]) for account in tree.accounts}
    assert where["shop-eu"] == (accounts["eu"], "Root/Prod/EU")
    assert where["web"] == (tree.roots[0]["id"], "Root")


async def test_an_account_says_what_it_knows_about_itself(client: Client) -> None:
    place = (await found(client))[0]
    read = await account_documents(client, Host(1), place)
    assert not read.gaps
    assert (read.account["id"], read.account["account_alias"]) == (place.account, "main")
    assert read.account["summary"]["Users"] == 0
    assert "password_policy" not in read.account
    assert [region["region_name"] for region in read.regions if region["region_name"] == "eu-west-1"] == ["eu-west-1"]


async def test_a_part_that_is_refused_is_a_gap() -> None:
    with fake_estate() as url:
        async with calling(url) as client:
            place = await anext(places(client, AwsSettings(), Host(1), Selection(), environ=ENVIRON))
            assert isinstance(place, Place)
            await post_faults(url, {"do": "denied", "operation": "GetAccountSummary"})
            read = await account_documents(client, Host(1), place)
    assert [(gap.state, gap.permission) for gap in read.gaps] == [("denied", "iam:GetAccountSummary")]
    assert read.unseen == {"summary"}


async def test_an_account_without_an_organization_has_none() -> None:
    refusal = as_json({"__type": "AWSOrganizationsNotInUseException"}, 400)
    async with serving(Script([refusal])) as url, calling(url) as client:
        with pytest.raises(Disabled):
            await Organizations(client, Host(1), someone()).documents()


@pytest.mark.parametrize("answer", [{"Organization": {}}, {"Accounts": [{"Name": "no id"}]}])
async def test_an_organization_that_makes_no_sense_fails(answer: dict[str, Any]) -> None:
    async with serving(Script([as_json(answer)])) as url, calling(url) as client:
        organizations = Organizations(client, Host(1), someone())
        with pytest.raises(Failed):
            await (organizations.organization() if "Organization" in answer else organizations.accounts())


async def test_units_that_hold_each_other_fail() -> None:
    answers: list[dict[str, Any]] = [{"Organization": {"Id": "o"}}, {"Roots": [{"Id": "r", "Name": "Root"}]}]
    unit = {"OrganizationalUnits": [{"Id": "ou", "Name": "ou"}]}
    level: list[dict[str, Any]] = [unit, {"Accounts": []}]
    script = Script([as_json(one) for one in [*answers, *level * 20]])
    async with serving(script) as url, calling(url) as client:
        with pytest.raises(Failed, match="nested deeper"):
            await Organizations(client, Host(1), someone()).documents()


@pytest.mark.parametrize(
    ("account", "expected"),
    [({"status": "ACTIVE"}, True), ({"status": "SUSPENDED"}, False), ({"state": "PENDING_CLOSURE"}, False), ({}, True)],
)
def test_suspended_and_closing_accounts_are_not_read(account: dict[str, str], expected: bool) -> None:
    assert is_open(account) is expected


def test_the_management_account_is_known_by_the_organization() -> None:
    documents = OrganizationDocuments({"master_account_id": "1"}, accounts=[{"id": "1"}, {"id": "2"}])
    members, excluded = chosen(Organization(include_management=False), documents)
    assert ([account["id"] for account in members], excluded) == (["2"], {"1"})
