"""What the indexes of a whole estate say: Resource Explorer's, resource by resource, and AWS Config's, counted."""

import json
from collections.abc import Iterator
from typing import NamedTuple

from bench.fakeaws import names
from bench.fakeaws.answers.lists import token, token_start
from bench.fakeaws.answers.table import Parameters, RefusedError, on
from bench.fakeaws.documents import Document
from bench.fakeaws.estate import GLOBAL, KINDS
from bench.fakeaws.world import World

GROUPED = "SELECT accountId, awsRegion, resourceType, COUNT(*) GROUP BY accountId, awsRegion, resourceType"
MOST_RESOURCES, MOST_ROWS = 1000, 100


class Named(NamedTuple):
    """What each index calls a kind."""

    explorer: str
    config: str


NAMES = {
    "ec2.instance": Named("ec2:instance", "AWS::EC2::Instance"),
    "ec2.volume": Named("ec2:volume", "AWS::EC2::Volume"),
    "ec2.snapshot": Named("ec2:snapshot", ""),
    "ec2.eni": Named("ec2:network-interface", "AWS::EC2::NetworkInterface"),
    "ec2.sg": Named("ec2:security-group", "AWS::EC2::SecurityGroup"),
    "ec2.subnet": Named("ec2:subnet", "AWS::EC2::Subnet"),
    "ec2.vpc": Named("ec2:vpc", "AWS::EC2::VPC"),
    "elbv2.lb": Named("elasticloadbalancing:loadbalancer/app", "AWS::ElasticLoadBalancingV2::LoadBalancer"),
    "elbv2.tg": Named("elasticloadbalancing:targetgroup", "AWS::ElasticLoadBalancingV2::TargetGroup"),
    "lambda.function": Named("lambda:function", "AWS::Lambda::Function"),
    "rds.instance": Named("rds:db", "AWS::RDS::DBInstance"),
    "sqs.queue": Named("sqs:queue", "AWS::SQS::Queue"),
    "sns.topic": Named("sns:topic", "AWS::SNS::Topic"),
    "dynamodb.table": Named("dynamodb:table", "AWS::DynamoDB::Table"),
    "cloudwatch.alarm": Named("cloudwatch:alarm", "AWS::CloudWatch::Alarm"),
    "ecs.cluster": Named("ecs:cluster", "AWS::ECS::Cluster"),
    "eks.cluster": Named("eks:cluster", "AWS::EKS::Cluster"),
    "kms.key": Named("kms:key", "AWS::KMS::Key"),
    "autoscaling.group": Named("autoscaling:autoScalingGroup", "AWS::AutoScaling::AutoScalingGroup"),
    "cloudformation.stack": Named("cloudformation:stack", "AWS::CloudFormation::Stack"),
    "iam.user": Named("iam:user", "AWS::IAM::User"),
    "iam.role": Named("iam:role", "AWS::IAM::Role"),
    "iam.policy": Named("iam:policy", "AWS::IAM::Policy"),
    "s3.bucket": Named("s3:bucket", "AWS::S3::Bucket"),
    "route53.zone": Named("route53:hostedzone", "AWS::Route53::HostedZone"),
}


def _there(world: World) -> Iterator[tuple[World, str, str, int]]:
    """(account's world, region, kind, index) of everything. Buckets have a region, what is of the world has none."""
    estate = world.estate
    for account in estate.accounts:
        for kind in KINDS:
            for region in ("us-east-1",) if kind in GLOBAL else estate.regions:
                here = World(estate, account, region)
                for i in range(here.count(kind)):
                    yield here, _region(here, kind, i), kind, i


def _region(world: World, kind: str, i: int) -> str:
    if kind == "s3.bucket":
        return names.bucket_region(world, i)
    return "global" if kind in GLOBAL else world.region


@on("resource-explorer-2", "ListResources")
def resources(world: World, parameters: Parameters) -> Document:
    """Of all accounts, for the account and region that the view is of."""
    _, _, _, region, account, _ = parameters["ViewArn"].split(":", 5)
    if (world.region, world.account) != (region, account):
        raise RefusedError("UnauthorizedException", "not authorized to use this view", 401)
    there = [(here, where, kind, i) for here, where, kind, i in _there(world)]
    start = token_start(parameters.get("NextToken"))
    end = start + min(MOST_RESOURCES, int(parameters.get("MaxResults") or 100))
    found = [_resource(*each) for each in there[start:end]]
    more = {"NextToken": token(end)} if end < len(there) else {}
    return {"Resources": found, "ViewArn": parameters["ViewArn"], **more}


def _resource(world: World, region: str, kind: str, i: int) -> Document:
    called = NAMES[kind].explorer
    where = "" if region == "global" else region
    return {
        "Arn": f"arn:aws:{called.partition(':')[0]}:{where}:{world.account}:{called.partition(':')[2]}/{i}",
        "OwningAccountId": world.account,
        "Region": region,
        "ResourceType": called,
        "Service": called.partition(":")[0],
        "Properties": [],
    }


@on("config", "SelectAggregateResourceConfig")
def groups(world: World, parameters: Parameters) -> Document:
    """The one question that it understands, as counts."""
    if parameters["Expression"] != GROUPED:
        raise RefusedError("InvalidExpressionException", "The expression provided is invalid", 400)
    counts: dict[tuple[str, str, str], int] = {}
    for here, region, kind, _ in _there(world):
        key = (here.account, region, NAMES[kind].config)
        counts[key] = counts.get(key, 0) + 1
    rows = [(key, count) for key, count in sorted(counts.items()) if key[2]]
    start = token_start(parameters.get("NextToken"))
    end = start + min(MOST_ROWS, int(parameters.get("Limit") or parameters.get("MaxResults") or 500))
    more = {"NextToken": token(end)} if end < len(rows) else {}
    return {"Results": [_row(*each) for each in rows[start:end]], "QueryInfo": {"SelectFields": []}, **more}


def _row(key: tuple[str, str, str], count: int) -> str:
    account, region, kind = key
    return json.dumps({"COUNT(*)": count, "accountId": account, "awsRegion": region, "resourceType": kind})
