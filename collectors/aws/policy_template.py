"""A CloudFormation template: the role that syncd takes in an account, with the policies that let it read there."""

from collections.abc import Iterable, Mapping
from typing import Any

from syncd.permitting import Policy, Trust

Document = dict[str, Any]

LARGEST_BODY = 51_200
"""Bytes of a template that is given in the call itself; larger ones are read from a bucket."""
_PRINCIPAL = r"^(\d{12}|arn:[a-z-]+:(iam|sts)::\d{12}:.+)$"


def template(policies: Iterable[Policy], trust: Trust, *, source_identity: bool = False) -> Document:
    """Who may take the role, by which external id, and what the role is called are parameters with these defaults."""
    made = {f"Policy{number}": _managed(policy, number) for number, policy in enumerate(policies, 1)}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The role that syncd reads this account with",
        "Parameters": _parameters(trust),
        "Conditions": {
            "HasExternalId": {"Fn::Not": [{"Fn::Equals": [{"Ref": "ExternalId"}, ""]}]},
        },
        "Resources": {"Role": _role(_path(trust.role), source_identity), **made},
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }


def _parameters(trust: Trust) -> Document:
    principal = {
        "Type": "String",
        "AllowedPattern": _PRINCIPAL,
        "Description": "The account (12 digits) or the ARN of the role or user that syncd runs as",
    }
    external_id = {
        "Type": "String",
        "Default": trust.external_id,
        "Description": "external_id of syncd's configuration; empty: none is asked for",
    }
    name = trust.role.rpartition("/")[2]
    role = {"Type": "String", "Default": name, "Description": "The role's name, as syncd's configuration has it"}
    if trust.principal:
        principal["Default"] = trust.principal
    return {"TrustedPrincipal": principal, "ExternalId": external_id, "RoleName": role}


def _path(role: str) -> str:
    """`teams/audit/syncd` → `/teams/audit/`."""
    path = role.rpartition("/")[0].strip("/")
    return f"/{path}/" if path else "/"


def _role(path: str, source_identity: bool) -> Document:
    actions = ["sts:AssumeRole", "sts:SetSourceIdentity"] if source_identity else ["sts:AssumeRole"]
    trusted = {
        "Effect": "Allow",
        "Principal": {"AWS": {"Ref": "TrustedPrincipal"}},
        "Action": actions if len(actions) > 1 else actions[0],
    }
    asked = {"Condition": {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}}}
    statement = {"Fn::If": ["HasExternalId", {**trusted, **asked}, trusted]}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": {"Ref": "RoleName"},
            "Path": path,
            "Description": "syncd reads this account with it",
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        },
    }


def _managed(policy: Policy, number: int) -> Document:
    document: Mapping[str, Any] = policy.document
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "Description": f"What syncd may do here, part {number}",
            "PolicyDocument": document,
            "Roles": [{"Ref": "Role"}],
        },
    }
