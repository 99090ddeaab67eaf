"""Users, roles and policies one by one, and the account's authorization details in bulk."""

import datetime as dt
from collections.abc import Callable
from typing import NamedTuple

from bench.fakeaws import names
from bench.fakeaws.answers.lists import TOKENS, Listing, span
from bench.fakeaws.answers.table import Parameters, RefusedError, index, on, strings
from bench.fakeaws.documents import Document, iam
from bench.fakeaws.world import UTC, World

REPORT_COLUMNS = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
    "password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,"
    "access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
    "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,"
    "access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
)
REPORT_VALUES = (
    "2023-01-01T00:00:00+00:00,false,N/A,N/A,N/A,false,true,"
    "2023-01-01T00:00:00+00:00,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
)


class Detail(NamedTuple):
    """One part of the authorization details: what a filter calls it, and where its items go."""

    filter: str
    kind: str
    key: str
    make: Callable[[World, int], Document]


DETAILS = (
    Detail("User", "iam.user", "UserDetailList", iam.user_detail),
    Detail("Role", "iam.role", "RoleDetailList", iam.role_detail),
    Detail("LocalManagedPolicy", "iam.policy", "Policies", iam.policy_detail),
)


@on("iam", "GetAccountAuthorizationDetails")
def authorization_details(world: World, parameters: Parameters) -> Document:
    """One sequence of users, roles and policies, cut into pages."""
    wanted = strings(parameters, "Filter") or [detail.filter for detail in DETAILS]
    sequence = [(detail, i) for detail in DETAILS if detail.filter in wanted for i in range(world.count(detail.kind))]
    whole = Listing("", "", iam.user_detail, 100, 1000)
    page, told = span(parameters, TOKENS["iam"], len(sequence), whole)
    found: Document = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
    for detail, i in sequence[page.start : page.stop]:
        found[detail.key].append(detail.make(world, i))
    return found | told


@on("iam", "GetAccountSummary")
def account_summary(world: World, _: Parameters) -> Document:
    return {
        "SummaryMap": {
            "Users": world.count("iam.user"),
            "Policies": world.count("iam.policy"),
            "Roles": world.count("iam.role"),
            "AccountMFAEnabled": 1,
            "AccountAccessKeysPresent": 0,
        }
    }


@on("iam", "GetAccountPasswordPolicy", "GetLoginProfile")
def nothing_set(_: World, __: Parameters) -> Document:
    raise RefusedError("NoSuchEntity", "cannot be found", 404)


@on("iam", "GenerateCredentialReport")
def report_made(_: World, __: Parameters) -> Document:
    return {"State": "COMPLETE"}


@on("iam", "GetCredentialReport")
def report(world: World, _: Parameters) -> Document:
    users = ["<root_account>", *(names.user_name(i) for i in range(world.count("iam.user")))]
    rows = [f"{user},arn:aws:iam::{world.account}:user/{user},{REPORT_VALUES}" for user in users]
    content = "\n".join([REPORT_COLUMNS, *rows]).encode()
    return {"Content": content, "ReportFormat": "text/csv", "GeneratedTime": dt.datetime.now(UTC)}


def _user(world: World, parameters: Parameters) -> int:
    return index(world, "iam.user", parameters.get("UserName", "user-0"))


@on("iam", "GetUser")
def user(world: World, parameters: Parameters) -> Document:
    return {"User": iam.user(world, _user(world, parameters))}


@on("iam", "GetRole")
def role(world: World, parameters: Parameters) -> Document:
    i = index(world, "iam.role", parameters["RoleName"])
    return {"Role": iam.role(world, i) | {"Tags": world.tags("iam.role", i)}}


@on("iam", "GetPolicy")
def policy(world: World, parameters: Parameters) -> Document:
    i = index(world, "iam.policy", parameters["PolicyArn"])
    return {"Policy": iam.policy(world, i) | {"Tags": world.tags("iam.policy", i)}}


@on("iam", "GetPolicyVersion")
def policy_version(_: World, __: Parameters) -> Document:
    return {"PolicyVersion": {"Document": iam.POLICY, "VersionId": "v1", "IsDefaultVersion": True}}


@on("iam", "ListUserTags")
def user_tags(world: World, parameters: Parameters) -> Document:
    return _whole(Tags=world.tags("iam.user", _user(world, parameters)))


@on("iam", "ListRoleTags")
def role_tags(world: World, parameters: Parameters) -> Document:
    return _whole(Tags=world.tags("iam.role", index(world, "iam.role", parameters["RoleName"])))


@on("iam", "ListPolicyTags")
def policy_tags(world: World, parameters: Parameters) -> Document:
    return _whole(Tags=world.tags("iam.policy", index(world, "iam.policy", parameters["PolicyArn"])))


@on("iam", "ListAttachedUserPolicies")
def user_policies(world: World, parameters: Parameters) -> Document:
    return _whole(AttachedPolicies=[names.some_policy(world, _user(world, parameters))])


@on("iam", "ListAttachedRolePolicies")
def role_policies(world: World, parameters: Parameters) -> Document:
    i = index(world, "iam.role", parameters["RoleName"])
    return _whole(AttachedPolicies=[names.some_policy(world, i + j) for j in range(2)])


@on("iam", "ListAccessKeys")
def access_keys(world: World, parameters: Parameters) -> Document:
    i = _user(world, parameters)
    access_key = {
        "UserName": names.user_name(i),
        "AccessKeyId": "AKIA" + world.digest("ak", i, 16).upper(),
        "Status": "Active",
        "CreateDate": world.moment("ak", i),
    }
    return _whole(AccessKeyMetadata=[access_key])


@on("iam", "GetAccessKeyLastUsed")
def access_key_use(_: World, __: Parameters) -> Document:
    return {"UserName": "user-0", "AccessKeyLastUsed": {"ServiceName": "N/A", "Region": "N/A"}}


def _whole(**members: list[dict[str, str]] | list[Document]) -> Document:
    return {**members, "IsTruncated": False}
