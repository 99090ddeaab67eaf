"""Who may do what in an account: users, groups, roles, policies, keys and identity providers."""

import json
from typing import Any

from demo.estate.site import Site
from demo.place import pairs

SAML = "<EntityDescriptor>" + "x" * 1000 + "</EntityDescriptor>"
ROLES = {
    "shop": "ec2.amazonaws.com",
    "orders-function": "lambda.amazonaws.com",
    "tasks": "ecs-tasks.amazonaws.com",
    "cluster": "eks.amazonaws.com",
    "nodes": "ec2.amazonaws.com",
    "workflow": "states.amazonaws.com",
    "events": "events.amazonaws.com",
    "flow-logs": "vpc-flow-logs.amazonaws.com",
    "build": "codebuild.amazonaws.com",
    "glue": "glue.amazonaws.com",
    "delivery": "firehose.amazonaws.com",
    "config": "config.amazonaws.com",
}
PEOPLE = {"ada": "developers", "grace": "developers", "linus": "operators", "margaret": "operators"}


def build(site: Site) -> None:
    """Roles that services take, people in groups, and the policy that the shop works with."""
    iam = site.place.client("iam")
    policy = iam.create_policy(
        PolicyName="read-orders",
        PolicyDocument=document("dynamodb:GetItem", "sqs:ReceiveMessage"),
        Tags=pairs(site.place.tags("read-orders", "storefront")),
    )["Policy"]["Arn"]
    for name, service in ROLES.items():
        role(site, name, service)
    iam.attach_role_policy(RoleName="shop", PolicyArn=policy)
    iam.attach_role_policy(RoleName="orders-function", PolicyArn=policy)
    iam.create_instance_profile(InstanceProfileName="shop", Tags=pairs(site.place.tags("shop", "storefront")))
    iam.add_role_to_instance_profile(InstanceProfileName="shop", RoleName="shop")
    _people(site, policy)
    iam.create_account_alias(AccountAlias=site.place.account.name)
    iam.update_account_password_policy(MinimumPasswordLength=14, RequireNumbers=True, RequireSymbols=True)


def role(site: Site, name: str, service: str) -> None:
    """One that a service takes."""
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    site.place.client("iam").create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        Tags=pairs(site.place.tags(name, "platform")),
    )


def _people(site: Site, policy: str) -> None:
    iam = site.place.client("iam")
    for group in sorted(set(PEOPLE.values())):
        iam.create_group(GroupName=group)
        iam.attach_group_policy(GroupName=group, PolicyArn=policy)
    for person, group in PEOPLE.items():
        iam.create_user(UserName=person, Tags=pairs(site.place.tags(person, group)))
        iam.add_user_to_group(GroupName=group, UserName=person)
        iam.create_access_key(UserName=person)
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="ada-phone")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName="ada", SerialNumber=device, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )


def rare(site: Site, certificate: str, key: str) -> None:
    """Identity providers and a certificate that was uploaded by hand."""
    iam, tags = site.place.client("iam"), site.place.tags
    iam.create_saml_provider(Name="office", SAMLMetadataDocument=SAML, Tags=pairs(tags("office", "security")))
    iam.create_open_id_connect_provider(
        Url="https://token.actions.example.com",
        ClientIDList=["sts.amazonaws.com"],
        ThumbprintList=["6938fd4d98bab03faadb97b34396831e3780aea1"],
        Tags=pairs(tags("builds", "platform")),
    )
    iam.upload_server_certificate(
        ServerCertificateName="legacy",
        CertificateBody=certificate,
        PrivateKey=key,
        Tags=pairs(tags("legacy", "storefront")),
    )


def document(*actions: str, effect: str = "Allow", **more: Any) -> str:
    statement = {"Effect": effect, "Action": list(actions), "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
