"""Users, roles and policies; `detail` is the form of the account's authorization details."""

import json

from bench.fakeaws import names
from bench.fakeaws.documents import Document
from bench.fakeaws.world import World, team

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["s3:Get*", "s3:List*", "dynamodb:Query"], "Resource": "*"},
            {"Effect": "Deny", "Action": "iam:*", "Resource": "*"},
        ],
    }
)


def user(world: World, i: int) -> Document:
    return _user(world, i) | {"PasswordLastUsed": world.moment("pwd", i)}


def user_detail(world: World, i: int) -> Document:
    return _user(world, i) | {
        "GroupList": [],
        "UserPolicyList": [],
        "Tags": world.tags("iam.user", i),
        "AttachedManagedPolicies": [names.some_policy(world, i)],
    }


def _user(world: World, i: int) -> Document:
    name = names.user_name(i)
    return {
        "Path": "/",
        "UserName": name,
        "UserId": "AIDA" + world.digest("iam.user", i, 16).upper(),
        "Arn": world.global_arn("iam", f"user/{name}"),
        "CreateDate": world.moment("iam.user", i),
    }


def role(world: World, i: int) -> Document:
    return _role(world, i) | {"Description": f"role of {team(i)}", "MaxSessionDuration": 3600}


def role_detail(world: World, i: int) -> Document:
    return _role(world, i) | {
        "InstanceProfileList": [],
        "RolePolicyList": [],
        "Tags": world.tags("iam.role", i),
        "RoleLastUsed": {"LastUsedDate": world.moment("rlu", i), "Region": "us-east-1"},
        "AttachedManagedPolicies": [names.some_policy(world, i + j) for j in range(2)],
    }


def _role(world: World, i: int) -> Document:
    return {
        "Path": "/",
        "RoleName": names.role_name(i),
        "RoleId": "AROA" + world.digest("iam.role", i, 16).upper(),
        "Arn": names.role_arn(world, i),
        "CreateDate": world.moment("iam.role", i),
        "AssumeRolePolicyDocument": TRUST,
    }


def policy(world: World, i: int) -> Document:
    return {
        "PolicyName": names.policy_name(i),
        "PolicyId": "ANPA" + world.digest("iam.policy", i, 16).upper(),
        "Arn": names.policy_arn(world, i),
        "Path": "/",
        "DefaultVersionId": "v1",
        "AttachmentCount": 2,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        "CreateDate": world.moment("iam.policy", i),
        "UpdateDate": world.moment("iam.policy", i),
    }


def policy_detail(world: World, i: int) -> Document:
    version = {
        "Document": POLICY,
        "VersionId": "v1",
        "IsDefaultVersion": True,
        "CreateDate": world.moment("iam.policy", i),
    }
    return policy(world, i) | {"PolicyVersionList": [version]}
