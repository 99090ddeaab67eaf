"""Identity, organisation, regions and the rest of EC2's small calls."""

import datetime as dt

from bench.fakeaws.answers.table import Parameters, RefusedError, on
from bench.fakeaws.documents import Document
from bench.fakeaws.world import UTC, World


@on("sts", "GetCallerIdentity")
def caller_identity(world: World, _: Parameters) -> Document:
    arn = f"arn:aws:iam::{world.account}:user/collector"
    return {"UserId": "AIDA" + "B" * 16, "Account": world.account, "Arn": arn}


@on("sts", "AssumeRole", "AssumeRoleWithWebIdentity")
def assumed_role(world: World, parameters: Parameters) -> Document:
    """Any role of a known account; the access key carries the account, so that later calls need no memory."""
    arn = parameters["RoleArn"]
    account = arn.split(":")[4]
    if account not in world.estate.accounts:
        raise RefusedError("AccessDenied", f"not authorized to assume {arn}", 403)
    credentials = {
        "AccessKeyId": f"ASIA{account}",
        "SecretAccessKey": "s" * 40,
        "SessionToken": "t" * 300,
        "Expiration": dt.datetime.now(UTC) + dt.timedelta(hours=12),
    }
    return {"Credentials": credentials, "AssumedRoleUser": {"AssumedRoleId": "AROA:x", "Arn": arn}}


@on("organizations", "ListAccounts")
def accounts(world: World, _: Parameters) -> Document:
    return {"Accounts": [_account(world, account) for account in world.estate.accounts]}


def _account(world: World, account: str) -> Document:
    return {
        "Id": account,
        "Arn": f"arn:aws:organizations::{world.estate.accounts[0]}:account/o-x/{account}",
        "Email": f"a{account}@example.com",
        "Name": f"acct-{account[-4:]}",
        "Status": "ACTIVE",
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": dt.datetime(2020, 1, 1, tzinfo=UTC),
    }


@on("organizations", "DescribeOrganization")
def organization(world: World, _: Parameters) -> Document:
    return {"Organization": {"Id": "o-x", "MasterAccountId": world.estate.accounts[0], "FeatureSet": "ALL"}}


@on("account", "ListRegions")
def account_regions(world: World, _: Parameters) -> Document:
    regions = world.estate.regions
    return {"Regions": [{"RegionName": region, "RegionOptStatus": "ENABLED_BY_DEFAULT"} for region in regions]}


@on("ec2", "DescribeRegions")
def regions(world: World, _: Parameters) -> Document:
    return {"Regions": [_region(region) for region in world.estate.regions]}


def _region(region: str) -> Document:
    endpoint = f"ec2.{region}.amazonaws.com"
    return {"RegionName": region, "Endpoint": endpoint, "OptInStatus": "opt-in-not-required"}


@on("ec2", "DescribeAvailabilityZones")
def zones(world: World, _: Parameters) -> Document:
    return {
        "AvailabilityZones": [
            {"ZoneName": world.zone(i), "RegionName": world.region, "State": "available"} for i in range(3)
        ]
    }


@on("ec2", "DescribeAccountAttributes")
def account_attributes(_: World, __: Parameters) -> Document:
    platforms = {"AttributeName": "supported-platforms", "AttributeValues": [{"AttributeValue": "VPC"}]}
    return {"AccountAttributes": [platforms]}


@on("ec2", "DescribeInstanceAttribute")
def instance_attribute(_: World, parameters: Parameters) -> Document:
    asked = parameters.get("InstanceId")
    return {"InstanceId": asked, "UserData": {}, "DisableApiTermination": {"Value": False}}
