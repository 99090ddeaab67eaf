"""What an account says about itself, as plain documents, with a Gap for each part that was refused."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from collectors.aws.client import Ask, Client
from collectors.aws.endpoints import GLOBAL
from collectors.aws.organizations import OrganizationDocuments, Organizations
from collectors.aws.places import Place
from syncd.errors import Absent, ReadError
from syncd.model import Gap
from syncd.plugin import Calls

Document = dict[str, Any]


class Part(Struct, frozen=True):
    """One question about an account: where its answer is, and what having no answer is called."""

    name: str
    service: str
    operation: str
    take: str
    permission: str = ""
    absent: frozenset[str] = frozenset()
    by_account: bool = False


PARTS = (
    Part("account_alias", "iam", "ListAccountAliases", "account_aliases"),
    Part("summary", "iam", "GetAccountSummary", "summary_map"),
    Part("password_policy", "iam", "GetAccountPasswordPolicy", "password_policy", absent=frozenset({"NoSuchEntity"})),
)


class AccountDocuments(Struct, frozen=True):
    """`account` has id, arn, name, partition and the parts that were seen; `unseen` names the others.

    A part that the account explicitly has not is missing from `account` and from `unseen`.
    """

    account: Document
    regions: tuple[Document, ...]
    gaps: tuple[Gap, ...] = ()
    unseen: frozenset[str] = field(default_factory=frozenset)


async def organization_documents(client: Client, calls: Calls, place: Place) -> OrganizationDocuments:
    """The organization, its roots, units and accounts. Raises a ReadError: a tree seen in part is no tree."""
    return await Organizations(client, calls, place.identity).documents()


async def account_documents(client: Client, calls: Calls, place: Place) -> AccountDocuments:
    """The account, and its regions as ec2:DescribeRegions gave them when the place was found."""
    account: Document = {
        "id": place.account,
        "arn": f"arn:{place.partition}:organizations::{place.account}:account",
        "name": place.name,
        "partition": place.partition,
    }
    gaps: list[Gap] = []
    unseen: set[str] = set()
    for part in PARTS:
        try:
            value = await _asked(client, calls, place, part)
        except Absent:
            continue
        except ReadError as error:
            gaps.append(Gap(error.state, error.operation, error.permission, error.reason))
            unseen.add(part.name)
        else:
            if value:
                account[part.name] = value[0] if isinstance(value, list) else value
    return AccountDocuments(account, place.region_documents, tuple(gaps), frozenset(unseen))


async def _asked(client: Client, calls: Calls, place: Place, part: Part) -> Any:
    operation = client.models.operation(part.service, part.operation)
    args: Mapping[str, Any] = {"AccountId": place.account} if part.by_account else {}
    region = place.identity.region if part.by_account else GLOBAL
    answer = await client.call(calls, Ask(place.identity, region, operation, args, part.absent, part.permission))
    return answer.get(part.take)
