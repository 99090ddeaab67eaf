"""List calls: which resources each gives, and how its pages follow one another."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.fakeaws import names
from bench.fakeaws.answers.table import Parameters, RefusedError
from bench.fakeaws.documents import Document, compute, data, ec2, iam, network
from bench.fakeaws.world import World


@dataclass(frozen=True, slots=True)
class Listing:
    """`key` holds the items that `make` makes; a page has `size` of them unless asked, and never more than `most`."""

    key: str
    kind: str
    make: Callable[[World, int], Any]
    size: int = 1000
    most: int = 1000


@dataclass(frozen=True, slots=True)
class Tokens:
    """How a service names the place where the next page begins, and the flag that there is one."""

    given: str
    told: str
    more: str = ""


LISTS = {
    ("ec2", "DescribeInstances"): Listing("Reservations", "ec2.instance", ec2.reservation),
    ("ec2", "DescribeVolumes"): Listing("Volumes", "ec2.volume", ec2.volume),
    ("ec2", "DescribeSnapshots"): Listing("Snapshots", "ec2.snapshot", ec2.snapshot),
    ("ec2", "DescribeNetworkInterfaces"): Listing("NetworkInterfaces", "ec2.eni", network.interface),
    ("ec2", "DescribeSecurityGroups"): Listing("SecurityGroups", "ec2.sg", network.security_group),
    ("ec2", "DescribeSubnets"): Listing("Subnets", "ec2.subnet", network.subnet),
    ("ec2", "DescribeVpcs"): Listing("Vpcs", "ec2.vpc", network.vpc),
    ("elbv2", "DescribeLoadBalancers"): Listing("LoadBalancers", "elbv2.lb", network.load_balancer, 400, 400),
    ("elbv2", "DescribeTargetGroups"): Listing("TargetGroups", "elbv2.tg", network.target_group, 400, 400),
    ("lambda", "ListFunctions"): Listing("Functions", "lambda.function", compute.function, 50, 50),
    ("rds", "DescribeDBInstances"): Listing("DBInstances", "rds.instance", data.database, 100, 100),
    ("sqs", "ListQueues"): Listing("QueueUrls", "sqs.queue", names.queue_url),
    ("sns", "ListTopics"): Listing("Topics", "sns.topic", data.topic, 100, 100),
    ("dynamodb", "ListTables"): Listing("TableNames", "dynamodb.table", lambda _, i: names.table_name(i), 100, 100),
    ("cloudwatch", "DescribeAlarms"): Listing("MetricAlarms", "cloudwatch.alarm", data.alarm, 50, 100),
    ("ecs", "ListClusters"): Listing("clusterArns", "ecs.cluster", names.container_cluster_arn, 100, 100),
    ("eks", "ListClusters"): Listing(
        "clusters", "eks.cluster", lambda _, i: names.kubernetes_cluster_name(i), 100, 100
    ),
    ("kms", "ListKeys"): Listing("Keys", "kms.key", data.key_item, 100),
    ("autoscaling", "DescribeAutoScalingGroups"): Listing(
        "AutoScalingGroups", "autoscaling.group", compute.scaling_group, 50, 100
    ),
    ("cloudformation", "DescribeStacks"): Listing("Stacks", "cloudformation.stack", compute.stack, 100, 100),
    ("cloudformation", "ListStacks"): Listing("StackSummaries", "cloudformation.stack", compute.stack, 100, 100),
    ("iam", "ListUsers"): Listing("Users", "iam.user", iam.user, 100),
    ("iam", "ListRoles"): Listing("Roles", "iam.role", iam.role, 100),
    ("iam", "ListPolicies"): Listing("Policies", "iam.policy", iam.policy, 100),
    ("s3", "ListBuckets"): Listing("Buckets", "s3.bucket", data.bucket, 10000, 10000),
    ("route53", "ListHostedZones"): Listing("HostedZones", "route53.zone", data.hosted_zone, 100, 100),
}

TOKENS = {
    "elbv2": Tokens("Marker", "NextMarker"),
    "lambda": Tokens("Marker", "NextMarker"),
    "rds": Tokens("Marker", "Marker"),
    "iam": Tokens("Marker", "Marker", "IsTruncated"),
    "route53": Tokens("Marker", "NextMarker", "IsTruncated"),
    "kms": Tokens("Marker", "NextMarker", "Truncated"),
    "ecs": Tokens("nextToken", "nextToken"),
    "eks": Tokens("nextToken", "nextToken"),
    "s3": Tokens("ContinuationToken", "ContinuationToken"),
    "dynamodb": Tokens("ExclusiveStartTableName", "LastEvaluatedTableName"),
}
USUAL_TOKENS = Tokens("NextToken", "NextToken")
SIZES = ("MaxResults", "maxResults", "MaxItems", "MaxRecords", "PageSize", "Limit", "MaxBuckets")
ENDLESS = "for-ever"  # the token of a fault: see faults.py


def token(start: int) -> str:
    return f"t:{start}"


def token_start(text: str | None) -> int:
    """Where a page begins. A made-up token is refused, as AWS refuses it; the endless one leads back to the start."""
    if not text or text == ENDLESS:
        return 0
    mark, _, number = text.partition(":")
    if mark != "t" or not number.isdecimal():
        raise RefusedError("ValidationError", f"{text} is not a token that was given here")
    return int(number)


def span(parameters: Parameters, tokens: Tokens, count: int, listing: Listing) -> tuple[range, Document]:
    """The indices on the page that is asked for, and the members that tell of the next one."""
    start = token_start(parameters.get(tokens.given))
    asked = next((int(parameters[name]) for name in SIZES if parameters.get(name)), listing.size)
    end = min(count, start + min(listing.most, max(1, asked)))
    told: Document = {tokens.more: end < count} if tokens.more else {}
    if end < count:
        told[tokens.told] = token(end)
    return range(start, end), told


def listing(world: World, folder: str, operation: str, parameters: Parameters) -> Document:
    wanted, tokens = LISTS[folder, operation], TOKENS.get(folder, USUAL_TOKENS)
    if folder == "dynamodb":
        parameters = _from_table_name(parameters)
    page, told = span(parameters, tokens, world.count(wanted.kind), wanted)
    if folder == "dynamodb" and told:
        told = {tokens.told: names.table_name(page.stop - 1)}
    return {wanted.key: [wanted.make(world, i) for i in page], **told}


def _from_table_name(parameters: Parameters) -> Parameters:
    """Tables are paged by the name of the last one seen."""
    last = parameters.get("ExclusiveStartTableName")
    if not last or last == ENDLESS:
        return parameters
    return parameters | {"ExclusiveStartTableName": token(int(str(last).rpartition("-")[2]) + 1)}
