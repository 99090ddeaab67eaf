"""The company: an Organization with three accounts, and in each a role to build with and a role to read with."""

import json
from typing import Any

from demo.place import Account, Credentials, Place, pairs

HOME = "eu-central-1"
MANAGEMENT = "123456789012"
ADMIN_ROLE = "OrganizationAccountAccessRole"
READ_ROLE = "syncd"
READER = "syncd"
TAKEN = "secretsmanager:ListSecrets"
TAGGING = "sqs:TagQueue"

# What syncd asks, by service, and one permission that has a policy of its own, so that it can be taken away.
READABLE = """
acm apigateway athena autoscaling backup cloudformation cloudfront cloudtrail cloudwatch codebuild cognito-idp config
dynamodb ec2 ecr ecs eks elasticache elasticfilesystem elasticloadbalancing es events firehose glue guardduty iam
kinesis kms lambda logs monitoring organizations rds redshift route53 s3 sns sqs ssm states sts tag wafv2
"""
VERBS = ("BatchGet*", "Describe*", "Get*", "List*")
SECRETS = ["secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"]
READ = [f"{service}:{verb}" for service in READABLE.split() for verb in VERBS]


def found(url: str) -> list[Account]:
    """Founds the organization: its management account, production and staging."""
    place = Place(url, Account(MANAGEMENT, "bookshop-management", "shared", Credentials("founder", "founder")), HOME)
    organizations = place.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    unit = organizations.create_organizational_unit(ParentId=root, Name="Workloads")["OrganizationalUnit"]["Id"]
    admin = _user(place, "founder", ["*"])
    management = Account(MANAGEMENT, "bookshop-management", "shared", admin)
    members = [_member(place, root, unit, stage) for stage in ("production", "staging")]
    return [management, *members]


def reader(url: str, management: Account) -> Credentials:
    """The keys of the user that syncd runs as: it may read, and take its role in the members."""
    return _user(Place(url, management, HOME), READER, [*READ, "secretsmanager:*", "sts:AssumeRole"])


def _member(place: Place, root: str, unit: str, stage: str) -> Account:
    """A member account in its unit, with the role that AWS makes in it for the management account."""
    organizations = place.client("organizations")
    tags = pairs({"stage": stage, "owner": "platform"})
    made = organizations.create_account(AccountName=f"bookshop-{stage}", Email=f"{stage}@bookshop.example", Tags=tags)
    account = made["CreateAccountStatus"]["AccountId"]
    organizations.move_account(AccountId=account, SourceParentId=root, DestinationParentId=unit)
    member = Account(account, f"bookshop-{stage}", stage, _take(place, account))
    _roles(Place(place.url, member, HOME))
    return member


def _take(place: Place, account: str) -> Credentials:
    arn = f"arn:aws:iam::{account}:role/{ADMIN_ROLE}"
    given = place.client("sts").assume_role(RoleArn=arn, RoleSessionName="founder")["Credentials"]
    return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def _user(place: Place, name: str, actions: list[str]) -> Credentials:
    iam = place.client("iam")
    iam.create_user(UserName=name, Tags=pairs({"owner": "platform"}))
    iam.put_user_policy(UserName=name, PolicyName="permissions", PolicyDocument=_allowing(actions))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def _roles(place: Place) -> None:
    """AWS lets the management account do everything by the role it makes; syncd gets a role that reads."""
    iam = place.client("iam")
    iam.put_role_policy(RoleName=ADMIN_ROLE, PolicyName="everything", PolicyDocument=_allowing(["*"]))
    trusted = {"AWS": f"arn:aws:iam::{MANAGEMENT}:user/{READER}"}
    iam.create_role(
        RoleName=READ_ROLE,
        AssumeRolePolicyDocument=_document({"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}),
        Tags=pairs({"owner": "platform"}),
    )
    for policy, actions in {"read": READ, "list-secrets": [TAKEN], "read-secrets": SECRETS}.items():
        iam.put_role_policy(RoleName=READ_ROLE, PolicyName=policy, PolicyDocument=_allowing(actions))


def take_away(url: str, account: Account) -> None:
    """One permission of the reading role in one account."""
    Place(url, account, HOME).client("iam").delete_role_policy(RoleName=READ_ROLE, PolicyName="list-secrets")


def allow_tagging(url: str, account: Account) -> None:
    """The reading role may change the tags of queues in one account."""
    iam = Place(url, account, HOME).client("iam")
    iam.put_role_policy(RoleName=READ_ROLE, PolicyName="tag-queues", PolicyDocument=_allowing([TAGGING]))


def _allowing(actions: list[str]) -> str:
    return _document({"Effect": "Allow", "Action": actions, "Resource": "*"})


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
