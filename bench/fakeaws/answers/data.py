"""Queues, topics, tables, keys, databases and alarms: the calls beside their lists."""

import datetime as dt

from bench.fakeaws import names
from bench.fakeaws.answers.lists import listing
from bench.fakeaws.answers.table import Parameters, index, missing, on
from bench.fakeaws.documents import Document, data, iam
from bench.fakeaws.world import UTC, World


@on("sqs", "GetQueueAttributes")
def queue_attributes(world: World, parameters: Parameters) -> Document:
    return {"Attributes": data.queue_attributes(world, index(world, "sqs.queue", parameters["QueueUrl"]))}


@on("sqs", "ListQueueTags")
def queue_tags(world: World, parameters: Parameters) -> Document:
    return {"Tags": world.tag_map("sqs.queue", index(world, "sqs.queue", parameters["QueueUrl"]))}


@on("sns", "GetTopicAttributes")
def topic_attributes(world: World, parameters: Parameters) -> Document:
    return {"Attributes": data.topic_attributes(world, index(world, "sns.topic", parameters["TopicArn"]))}


@on("sns", "ListTagsForResource")
def topic_tags(world: World, parameters: Parameters) -> Document:
    return {"Tags": world.tags("sns.topic", index(world, "sns.topic", parameters["ResourceArn"]))}


@on("dynamodb", "DescribeTable")
def table(world: World, parameters: Parameters) -> Document:
    return {"Table": data.table(world, index(world, "dynamodb.table", parameters["TableName"]))}


@on("dynamodb", "ListTagsOfResource")
def table_tags(world: World, parameters: Parameters) -> Document:
    return {"Tags": world.tags("dynamodb.table", index(world, "dynamodb.table", parameters["ResourceArn"]))}


@on("dynamodb", "DescribeContinuousBackups")
def table_backups(_: World, __: Parameters) -> Document:
    return {"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED"}}


def _key_index(world: World, parameters: Parameters) -> int:
    asked = parameters["KeyId"].split("/")[-1]
    for i in range(world.count("kms.key")):
        if names.key_id(world, i) == asked:
            return i
    raise missing("kms.key", asked)


@on("kms", "DescribeKey")
def key(world: World, parameters: Parameters) -> Document:
    return {"KeyMetadata": data.key(world, _key_index(world, parameters))}


@on("kms", "ListResourceTags")
def key_tags(world: World, parameters: Parameters) -> Document:
    tags = world.tags("kms.key", _key_index(world, parameters))
    return {"Tags": [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags], "Truncated": False}


@on("kms", "GetKeyRotationStatus")
def key_rotation(_: World, __: Parameters) -> Document:
    return {"KeyRotationEnabled": True}


@on("kms", "GetKeyPolicy")
def key_policy(_: World, __: Parameters) -> Document:
    return {"Policy": iam.POLICY, "PolicyName": "default"}


@on("kms", "ListKeyPolicies")
def key_policies(_: World, __: Parameters) -> Document:
    return {"PolicyNames": ["default"], "Truncated": False}


@on("kms", "ListAliases")
def key_aliases(world: World, parameters: Parameters) -> Document:
    keys = range(0 if parameters.get("KeyId") else world.count("kms.key"))
    return {"Aliases": [_alias(world, i) for i in keys], "Truncated": False}


def _alias(world: World, i: int) -> Document:
    name = f"alias/k{i}"
    return {"AliasName": name, "AliasArn": world.arn("kms", name), "TargetKeyId": names.key_id(world, i)}


@on("rds", "ListTagsForResource")
def database_tags(world: World, parameters: Parameters) -> Document:
    asked = parameters.get("ResourceName", "")
    return {"TagList": world.tags("rds.instance", index(world, "rds.instance", asked)) if ":db:" in asked else []}


@on("cloudwatch", "ListTagsForResource")
def alarm_tags(world: World, parameters: Parameters) -> Document:
    return {"Tags": world.tags("cloudwatch.alarm", index(world, "cloudwatch.alarm", parameters["ResourceARN"]))}


@on("cloudwatch", "DescribeAlarms")
def alarms(world: World, parameters: Parameters) -> Document:
    return listing(world, "cloudwatch", "DescribeAlarms", parameters) | {"CompositeAlarms": []}


@on("cloudwatch", "GetMetricData")
def metric_data(_: World, parameters: Parameters) -> Document:
    queries = parameters.get("MetricDataQueries")
    if isinstance(queries, list):
        ids = [query["Id"] for query in queries]
    else:
        ids = [value for key, value in parameters.items() if _is_query_id(key)]
    now = dt.datetime.now(UTC)
    return {"MetricDataResults": [_one_value(metric, now) for metric in ids], "Messages": []}


def _is_query_id(key: str) -> bool:
    return key.startswith("MetricDataQueries.") and key.endswith(".Id") and key.count(".") == 3


def _one_value(metric: str, now: dt.datetime) -> Document:
    return {"Id": metric, "Label": "x", "StatusCode": "Complete", "Timestamps": [now], "Values": [1.0]}
