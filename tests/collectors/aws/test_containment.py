"""Who contains whom: organization, units, accounts, regions; and what an account says of itself."""

from typing import Any

from msgspec.structs import replace

from collectors.aws.containment import organization_nodes, read_account
from collectors.aws.organizations import OrganizationDocuments
from collectors.aws.places import Place
from syncd.model import Gap, Last, Node
from tests.collectors.aws.loopback import ACCOUNT, calling, serving, someone, xml
from tests.collectors.aws.readings import REGION, Reading

PLACE = Place(someone(REGION), ACCOUNT, "main", "aws", (REGION,), ({"region_name": REGION},))
ORGANIZATION = f"arn:aws:organizations::{ACCOUNT}:organization/o-1"
ROOT = f"arn:aws:organizations::{ACCOUNT}:root/o-1/r-1"
UNIT = f"arn:aws:organizations::{ACCOUNT}:ou/o-1/ou-1"


def documents(**account: Any) -> OrganizationDocuments:
    return OrganizationDocuments(
        {"id": "o-1", "arn": ORGANIZATION},
        [{"id": "r-1", "arn": ROOT, "name": "Root"}],
        [{"id": "ou-1", "arn": UNIT, "name": "Prod", "parent_id": "r-1"}],
        [{"id": "999999999999", "name": "prod", "parent_id": "ou-1", "status": "ACTIVE", **account}],
    )


def contained(nodes: list[Node]) -> set[tuple[str, str]]:
    """(container, contained)."""
    return {
        (edge.target, node.urn) if edge.incoming else (node.urn, edge.target) for node in nodes for edge in node.edges
    }


def test_the_organization_contains_units_and_they_contain_accounts() -> None:
    assert contained(organization_nodes(documents(), PLACE)) == {
        (ORGANIZATION, ROOT),
        (ROOT, UNIT),
        (UNIT, "arn:aws:iam::999999999999:root"),
    }


def test_arns_that_the_answer_leaves_out_are_made_as_aws_makes_them() -> None:
    given = documents()
    for part in (given.organization, *given.roots, *given.units):
        del part["arn"]
    assert organization_nodes(given, PLACE)[1].urn == ROOT
    assert contained(organization_nodes(given, PLACE)) == contained(organization_nodes(documents(), PLACE))


def test_only_closed_accounts_which_nobody_can_read_are_made_from_the_organization() -> None:
    assert not [node for node in organization_nodes(documents(), PLACE) if node.kind == "aws_account"]
    closed = organization_nodes(documents(status="SUSPENDED", joined_timestamp="2024-01-01T00:00:00Z"), PLACE)[-1]
    assert (closed.urn, closed.account) == ("arn:aws:iam::999999999999:root", "999999999999")
    assert (closed.name, closed.created_at) == ("prod", "2024-01-01T00:00:00Z")


SUMMARY = """<GetAccountSummaryResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetAccountSummaryResult>
<SummaryMap><entry><key>Users</key><value>5</value></entry><entry><key>AccountMFAEnabled</key><value>1</value></entry>
</SummaryMap></GetAccountSummaryResult></GetAccountSummaryResponse>"""
REFUSED = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"


async def account(known: Last | None = None) -> tuple[Node, list[Gap]]:
    """The account where only its summary may be seen."""

    async def answer(request: Any) -> Any:
        return xml(SUMMARY) if b"GetAccountSummary" in await request.read() else xml(REFUSED, 403)

    reading = Reading(known={f"arn:aws:iam::{ACCOUNT}:root": known} if known else {})
    async with serving(answer) as url, calling(url) as client:
        found = [each async for each in read_account(client, replace(PLACE), reading)]
    [node] = [each for each in found if isinstance(each, Node) and each.kind == "aws_account"]
    return node, [each for each in found if isinstance(each, Gap)]


async def test_what_counts_resources_is_volatile_and_what_says_how_the_account_is_set_up_is_not() -> None:
    node, _ = await account()
    assert (node.document["summary"], node.volatile) == ({"AccountMFAEnabled": 1}, {"summary": {"Users": 5}})


async def test_parts_of_an_account_that_are_refused_keep_their_last_values() -> None:
    node, gaps = await account(Last({"password_policy": {"hard_expiry": True}}, {}, frozenset({"account_alias"})))
    assert node.document["password_policy"] == {"hard_expiry": True}
    assert {"password_policy", "account_alias"} <= node.unseen
    assert node.never == {"account_alias"}
    assert {gap.permission for gap in gaps} >= {"iam:GetAccountPasswordPolicy", "iam:ListAccountAliases"}


async def test_parts_that_were_never_seen_are_never_seen() -> None:
    node, _ = await account()
    assert "password_policy" in node.never
