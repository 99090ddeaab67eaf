"""Hosted zones one by one, and tags in bulk."""

from collections.abc import Callable
from typing import NamedTuple

from bench.fakeaws import names
from bench.fakeaws.answers.lists import token, token_start
from bench.fakeaws.answers.table import Parameters, on, strings
from bench.fakeaws.documents import Document
from bench.fakeaws.world import World


@on("route53", "ListResourceRecordSets")
def records(_: World, __: Parameters) -> Document:
    servers = [{"Value": "ns-1.awsdns.com."}]
    authority = [{"Value": "ns-1. host. 1 7200 900 1209600 86400"}]
    return {
        "ResourceRecordSets": [
            {"Name": "zone.example.com.", "Type": "NS", "TTL": 172800, "ResourceRecords": servers},
            {"Name": "zone.example.com.", "Type": "SOA", "TTL": 900, "ResourceRecords": authority},
        ],
        "IsTruncated": False,
        "MaxItems": "300",
    }


def _zone_tags(world: World, zone: str) -> Document:
    tags: list[dict[str, str]] = []
    for i in range(world.count("route53.zone")):
        if names.zone_id(world, i) == zone:
            tags = world.tags("route53.zone", i)
    return {"ResourceType": "hostedzone", "ResourceId": zone, "Tags": tags}


@on("route53", "ListTagsForResource")
def zone_tags(world: World, parameters: Parameters) -> Document:
    return {"ResourceTagSet": _zone_tags(world, parameters["ResourceId"])}


@on("route53", "ListTagsForResources")
def tags_of_zones(world: World, parameters: Parameters) -> Document:
    return {"ResourceTagSets": [_zone_tags(world, zone) for zone in strings(parameters, "ResourceIds")]}


@on("route53", "GetHostedZone")
def hosted_zone(_: World, parameters: Parameters) -> Document:
    zone = {"Id": parameters["Id"], "Name": "zone.example.com.", "CallerReference": "x"}
    return {"HostedZone": zone, "VPCs": []}


class Tagged(NamedTuple):
    """What a resource type filter of the tagging API stands for."""

    type: str
    kind: str
    arn: Callable[[World, int], str]


def _bucket_arn(world: World, i: int) -> str:
    return f"arn:aws:s3:::{names.bucket_name(world, i)}"


TAGGED = (
    Tagged("s3", "s3.bucket", _bucket_arn),
    Tagged("sqs", "sqs.queue", names.queue_arn),
    Tagged("sns", "sns.topic", names.topic_arn),
    Tagged("kms", "kms.key", names.key_arn),
    Tagged("kms:key", "kms.key", names.key_arn),
    Tagged("lambda", "lambda.function", names.function_arn),
    Tagged("lambda:function", "lambda.function", names.function_arn),
    Tagged("dynamodb", "dynamodb.table", names.table_arn),
    Tagged("dynamodb:table", "dynamodb.table", names.table_arn),
    Tagged("elasticloadbalancing:loadbalancer", "elbv2.lb", names.balancer_arn),
    Tagged("elasticloadbalancing:targetgroup", "elbv2.tg", names.target_group_arn),
    Tagged("cloudwatch:alarm", "cloudwatch.alarm", names.alarm_arn),
)


@on("resourcegroupstaggingapi", "GetResources")
def tagged_resources(world: World, parameters: Parameters) -> Document:
    """Tags of whole kinds. Buckets are told in the region where they are, and only when asked for by type."""
    types = strings(parameters, "ResourceTypeFilters")
    sequence = [
        (tagged, i)
        for tagged in TAGGED
        if tagged.type in types or (not types and ":" in tagged.type)
        for i in range(world.count(tagged.kind))
        if tagged.kind != "s3.bucket" or names.bucket_region(world, i) == world.region
    ]
    start = token_start(parameters.get("PaginationToken"))
    end = start + min(100, int(parameters.get("ResourcesPerPage") or 50))
    page = [
        {"ResourceARN": tagged.arn(world, i), "Tags": world.tags(tagged.kind, i)} for tagged, i in sequence[start:end]
    ]
    return {"ResourceTagMappingList": page, "PaginationToken": token(end) if end < len(sequence) else ""}
