"""The frame that resources hang in: organization, units, accounts and regions as nodes, and who contains whom."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from collectors.aws.accounts import AccountDocuments, account_documents, organization_documents
from collectors.aws.client import Client
from collectors.aws.derive import moment
from collectors.aws.endpoints import GLOBAL
from collectors.aws.organizations import OrganizationDocuments, is_open
from collectors.aws.places import Place
from syncd.kinds import Kind
from syncd.model import Edge, Gap, Node
from syncd.plugin import Calls, Reader

Document = dict[str, Any]

ACCOUNT, ORGANIZATION = "account", "organization"
"""Names of the two scopes of discovery."""

FINGERPRINT = "frame-1"
ACCOUNT_KINDS = ("aws_account", "aws_region")
ORGANIZATION_KINDS = (
    "aws_organization",
    "aws_organizational_root",
    "aws_organizational_unit",
    "aws_account",
)
KINDS = (
    Kind("aws_resource", ("resource",), title="AWS resource"),
    Kind("aws_account", ("account", "aws_resource"), title="AWS account", service="organizations"),
    Kind("aws_region", ("region", "aws_resource"), title="AWS region", service="ec2"),
    Kind("aws_organization", ("cloud", "aws_resource"), title="AWS organization", service="organizations"),
    Kind("aws_organizational_root", ("organizational_root", "aws_resource"), title="Root", service="organizations"),
    Kind("aws_organizational_unit", ("organizational_unit", "aws_resource"), title="Unit", service="organizations"),
)
RELATIONS = (
    ("aws_organization", "contains", "aws_organizational_root"),
    ("aws_organizational_root", "contains", "aws_organizational_unit"),
    ("aws_organizational_unit", "contains", "aws_organizational_unit"),
    ("aws_organizational_root", "contains", "aws_account"),
    ("aws_organizational_unit", "contains", "aws_account"),
    ("aws_account", "contains", "aws_region"),
)
PERMISSIONS = frozenset(
    {
        "ec2:DescribeRegions",
        "iam:GetAccountPasswordPolicy",
        "iam:GetAccountSummary",
        "iam:ListAccountAliases",
        "sts:GetCallerIdentity",
        "tag:GetResources",
    }
)
"""What is called in each account, whatever kinds are read. Tags are signs of life wherever else they are read from."""
ORGANIZATION_PERMISSIONS = frozenset(
    {
        "organizations:DescribeOrganization",
        "organizations:ListAccounts",
        "organizations:ListAccountsForParent",
        "organizations:ListOrganizationalUnitsForParent",
        "organizations:ListRoots",
    }
)
"""What is called where the accounts of an Organization are looked for."""
# Of what GetAccountSummary tells these say how the account is set up; the rest counts resources.
_SETTINGS = ("Quota", "Present", "Enabled", "Version")


def account_urn(partition: str, account: str) -> str:
    return f"arn:{partition}:iam::{account}:root"


def region_urn(account: str, region: str) -> str:
    return f"urn:aws:region:{account}:{region}"


async def read_account(client: Client, place: Place, reader: Reader) -> AsyncIterator[Node | Gap]:
    """The account and its regions. Parts that were refused are carried over from the last reading."""
    found = await account_documents(client, reader, place)
    account = await _account(found, place, reader)
    yield account
    for document in (*found.regions, {"region_name": GLOBAL}):
        yield _region(document, place, account.urn)
    for gap in found.gaps:
        yield gap


async def _account(found: AccountDocuments, place: Place, reader: Reader) -> Node:
    document = dict(found.account)
    node = Node(
        urn=account_urn(place.partition, place.account),
        kind="aws_account",
        id=place.account,
        name=place.name,
        account=place.account,
        region=GLOBAL,
        facets=frozenset(document) - {"id", "arn", "name", "partition"},
        unseen=found.unseen,
    )
    last = await reader.last(node.urn) if found.unseen else None
    known = last.document if last is not None else {}
    document |= {key: known[key] for key in found.unseen if key in known}
    node.never = found.unseen if last is None else found.unseen & last.never
    summary = document.get("summary")
    if summary:
        counts = {key: value for key, value in summary.items() if not key.endswith(_SETTINGS)}
        document["summary"] = {key: value for key, value in summary.items() if key not in counts}
        node.volatile = {"summary": counts} if counts else {}
    node.document = document
    return node


def _region(document: Mapping[str, Any], place: Place, account: str) -> Node:
    name = document["region_name"]
    return Node(
        urn=region_urn(place.account, name),
        kind="aws_region",
        id=name,
        name=name,
        account=place.account,
        region=name,
        document=dict(document),
        edges=(Edge("contains", account, incoming=True),),
    )


async def read_organization(client: Client, place: Place, calls: Calls) -> AsyncIterator[Node]:
    """The organization's tree. Accounts are nodes of their own scopes; closed ones, which have none, are made here."""
    found = await organization_documents(client, calls, place)
    for node in organization_nodes(found, place):
        yield node


def organization_nodes(found: OrganizationDocuments, place: Place) -> list[Node]:
    organization = found.organization
    urns = {organization["id"]: _urn("organization", organization, organization["id"], place)}
    urns |= {root["id"]: _urn("root", root, organization["id"], place) for root in found.roots}
    urns |= {unit["id"]: _urn("ou", unit, organization["id"], place) for unit in found.units}
    nodes = [_node("aws_organization", organization, urns[organization["id"]], place)]
    for root in found.roots:
        edges = _below(root["id"], urns[organization["id"]], found, place)
        nodes.append(_node("aws_organizational_root", root, urns[root["id"]], place, edges))
    for unit in found.units:
        edges = _below(unit["id"], urns[unit["parent_id"]], found, place)
        nodes.append(_node("aws_organizational_unit", unit, urns[unit["id"]], place, edges))
    nodes.extend(_closed(account, place) for account in found.accounts if not is_open(account))
    return nodes


def _urn(what: str, document: Document, organization: str, place: Place) -> str:
    """The part's own ARN; made up as AWS makes it where the answer leaves it out."""
    path = document["id"] if what == "organization" else f"{organization}/{document['id']}"
    return document.get("arn") or f"arn:{place.partition}:organizations::{place.account}:{what}/{path}"


def _closed(account: Document, place: Place) -> Node:
    node = _node("aws_account", account, account_urn(place.partition, account["id"]), place)
    node.account = account["id"]
    node.created_at = moment(account.get("joined_timestamp", ""))
    return node


def _below(part: str, above: str, found: OrganizationDocuments, place: Place) -> tuple[Edge, ...]:
    """What contains a root or unit, and the accounts that lie in it."""
    accounts = sorted(account["id"] for account in found.accounts if account["parent_id"] == part)
    contained = (Edge("contains", account_urn(place.partition, account)) for account in accounts)
    return (Edge("contains", above, incoming=True), *contained)


def _node(kind: str, document: Document, urn: str, place: Place, edges: tuple[Edge, ...] = ()) -> Node:
    return Node(
        urn=urn,
        kind=kind,
        id=document["id"],
        name=document.get("name") or document["id"],
        account=place.account,
        region=GLOBAL,
        document=dict(document),
        edges=edges,
    )
