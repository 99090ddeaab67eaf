"""Discovery finds every account once, says which part of the estate it could not look into, and never guesses."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest

from collectors.aws.client import Client
from collectors.aws.places import Place, check, places, sources
from collectors.aws.settings import AwsSettings
from syncd.errors import CredentialsError
from syncd.model import Blind
from syncd.plugin import Selection
from tests.collectors.aws.loopback import Host, Script, calling, fake_estate, post_faults, serving, xml

ENVIRON = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
FIRST = "100000000001"
EVERYTHING = Selection()


@pytest.fixture(scope="module")
def estate() -> Iterator[str]:
    with fake_estate("--accounts", "3", "--regions", "3") as url:
        yield url


@pytest.fixture
async def client(estate: str) -> AsyncIterator[Client]:
    await post_faults(estate)
    async with calling(estate) as client:
        yield client


def configured(**given: Any) -> AwsSettings:
    return msgspec.convert(given, AwsSettings)


async def found(
    client: Client, settings: AwsSettings, selection: Selection = EVERYTHING, host: Host | None = None
) -> tuple[list[Place], list[Blind]]:
    all_found = [one async for one in places(client, settings, host or Host(1), selection, environ=ENVIRON)]
    return [one for one in all_found if isinstance(one, Place)], [one for one in all_found if isinstance(one, Blind)]


async def members(client: Client) -> list[str]:
    seen, _ = await found(client, configured(organization={}))
    return [place.account for place in seen]


async def test_without_configuration_the_credentials_own_account_is_read(client: Client) -> None:
    seen, blind = await found(client, configured())
    assert [(place.account, place.partition) for place in seen] == [(FIRST, "aws")]
    assert not blind
    assert len(seen[0].regions) == 3
    assert [document["region_name"] for document in seen[0].region_documents] == [*seen[0].regions]
    assert seen[0].identity.about == "the environment"


async def test_an_organization_gives_all_its_accounts_with_their_names(client: Client) -> None:
    seen, blind = await found(client, configured(organization={"role": "reader"}))
    assert not blind
    assert len({place.account for place in seen}) == len(seen) == 3
    assert all(place.name == f"acct-{place.account[-4:]}" for place in seen)
    assert [place.organization for place in seen] == [True, False, False]
    assert seen[1].identity.about == f"role arn:aws:iam::{seen[1].account}:role/reader"


async def test_accounts_are_chosen_by_id(client: Client) -> None:
    _, second, third = await members(client)
    only, _ = await found(client, configured(organization={"include": [second]}))
    assert [place.account for place in only] == [FIRST, second]
    but, _ = await found(client, configured(organization={"exclude": [third]}))
    assert [place.account for place in but] == [FIRST, second]


async def test_a_management_account_that_is_left_out_serves_only_to_read_the_organization(client: Client) -> None:
    seen, _ = await found(client, configured(organization={"include_management": False}))
    assert [(place.reads, place.organization, bool(place.regions)) for place in seen] == [
        (False, True, False),
        (True, False, True),
        (True, False, True),
    ]


async def test_a_role_gives_its_account_the_configured_name(client: Client) -> None:
    _, second, third = await members(client)
    roles = [{"arn": f"arn:aws:iam::{second}:role/a", "name": "second"}, f"arn:aws:iam::{third}:role/b"]
    seen, blind = await found(client, configured(roles=roles))
    assert not blind
    assert [(place.account, place.name) for place in seen[1:]] == [(second, "second"), (third, third)]


async def test_an_account_reached_in_two_ways_is_read_once(client: Client) -> None:
    _, second, _ = await members(client)
    roles = [f"arn:aws:iam::{second}:role/a", f"arn:aws:iam::{FIRST}:role/a", f"arn:aws:iam::{second}:role/b"]
    seen, _ = await found(client, configured(roles=roles, organization={}))
    assert [place.account for place in seen] == await members(client)
    assert seen[0].identity.about == "the environment"
    assert seen[1].identity.about.endswith(f"{second}:role/a")


async def test_a_role_that_may_not_be_assumed_is_blind_for_its_account(client: Client) -> None:
    role = "arn:aws:iam::999999999999:role/reader"
    seen, blind = await found(client, configured(roles=[role]))
    assert [place.account for place in seen] == [FIRST]
    assert [(one.account, one.state, one.operation, one.permission) for one in blind] == [
        ("999999999999", "denied", "sts:AssumeRole", "sts:AssumeRole")
    ]
    assert role in blind[0].reason


async def test_an_organization_that_may_not_be_listed_is_blind_for_accounts_unknown(
    client: Client, estate: str
) -> None:
    await post_faults(estate, {"do": "denied", "service": "organizations"})
    seen, blind = await found(client, configured(organization={}))
    assert [place.account for place in seen] == [FIRST]
    assert [(one.account, one.state, one.permission) for one in blind] == [("", "denied", "organizations:ListAccounts")]


async def test_an_account_whose_regions_are_unknown_is_blind(client: Client, estate: str) -> None:
    _, second, _ = await members(client)
    await post_faults(estate, {"do": "unauthorized", "operation": "DescribeRegions", "account": second})
    seen, blind = await found(client, configured(organization={}))
    assert second not in [place.account for place in seen]
    assert [(one.account, one.state, one.permission) for one in blind] == [(second, "denied", "ec2:DescribeRegions")]


async def test_regions_that_are_spelled_out_are_read_though_they_may_not_be_listed(client: Client, estate: str) -> None:
    await post_faults(estate, {"do": "denied", "operation": "DescribeRegions"})
    seen, blind = await found(client, configured(regions=["eu-west-1", "us-east-1"]))
    assert [place.regions for place in seen] == [("eu-west-1", "us-east-1")]
    assert not blind


@pytest.mark.parametrize("fault", ["garbage", "truncated", "empty", "internal", "cut"])
async def test_whatever_fails_in_discovery_is_blind_and_not_less(client: Client, estate: str, fault: str) -> None:
    await post_faults(estate, {"do": fault, "operation": "DescribeRegions"})
    seen, blind = await found(client, configured())
    assert not seen
    assert [(one.account, one.state, one.operation) for one in blind] == [(FIRST, "failed", "ec2:DescribeRegions")]


async def test_accounts_that_credentials_belong_to_must_be_known(client: Client, estate: str) -> None:
    await post_faults(estate, {"do": "internal", "operation": "GetCallerIdentity"})
    seen, blind = await found(client, configured(organization={}, roles=[f"arn:aws:iam::{FIRST}:role/a"]))
    assert not seen
    assert [one.account for one in blind] == ["", FIRST]


async def test_the_host_retries_what_passes(client: Client, estate: str) -> None:
    await post_faults(estate, {"do": "throttled", "times": 2})
    host = Host(attempts=3)
    seen, blind = await found(client, configured(), host=host)
    assert (len(seen), len(blind), len(host.failures)) == (1, 0, 2)


async def test_regions_are_those_enabled_that_configuration_and_selection_want(client: Client) -> None:
    every = (await found(client, configured()))[0][0].regions
    assert (await found(client, configured(regions=["us-*"])))[0][0].regions == tuple(
        r for r in every if r[:3] == "us-"
    )
    assert (await found(client, configured(exclude_regions=[every[0]])))[0][0].regions == every[1:]
    selected = Selection(regions=(every[1],))
    assert (await found(client, configured(), selected))[0][0].regions == every[1:2]


async def test_only_selected_accounts_are_looked_into(client: Client) -> None:
    _, second, _ = await members(client)
    host = Host(1)
    seen, _ = await found(client, configured(organization={}), Selection(accounts=(second,)), host)
    assert [place.account for place in seen] == [second]
    assert host.operations.count("ec2:DescribeRegions") == 1
    by_name, _ = await found(client, configured(organization={}), Selection(accounts=(f"acct-{second[-4:]}",)))
    assert [place.account for place in by_name] == [second]


async def test_credentials_are_checked_before_a_run() -> None:
    await check(sources(configured(), ENVIRON))
    with pytest.raises(CredentialsError, match="no AWS credentials"):
        await check(sources(configured(), {}))
    with pytest.raises(CredentialsError, match="profile nobody"):
        await check(sources(configured(profiles=["nobody"]), {}))


async def test_a_profile_that_cannot_be_used_is_blind_and_the_others_are_read(client: Client) -> None:
    given = sources(configured(), ENVIRON) | sources(configured(profiles=["nobody"]), {})
    all_found = [one async for one in places(client, configured(), Host(1), EVERYTHING, given=given, environ=ENVIRON)]
    assert isinstance(all_found[0], Blind)
    assert (all_found[0].account, all_found[0].state) == ("", "denied")
    assert "profile nobody" in all_found[0].reason
    assert isinstance(all_found[1], Place)


async def test_an_answer_without_an_account_is_no_identity() -> None:
    inner = "<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>"
    async with serving(Script([xml(inner)])) as url, calling(url) as client:
        seen, blind = await found(client, configured())
    assert not seen
    assert [(one.account, one.reason) for one in blind] == [
        ("", "sts:GetCallerIdentity: no account in the answer [the environment]")
    ]


async def test_an_account_without_an_alias_that_may_be_read_is_called_by_its_id(client: Client, estate: str) -> None:
    await post_faults(estate, {"do": "denied", "operation": "ListAccountAliases"})
    seen, blind = await found(client, configured())
    assert [place.name for place in seen] == [FIRST]
    assert not blind
