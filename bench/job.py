"""The common job: the 25 kinds that every contender reads, with the calls and follow-ups that they take."""

from dataclasses import dataclass, field
from typing import Any

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Detail:
    """A call for each item of a list. `source` is the item's member that goes into `argument`, "" the item itself."""

    operation: str
    argument: str
    source: str
    key: str
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """A list call. `identity` is the member that identifies an item ("" = itself), `whole` one call for all."""

    service: str
    operation: str
    key: str
    kind: str
    identity: str
    details: tuple[Detail, ...] = ()
    whole: Detail | None = None
    arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def regional(self) -> bool:
        return self.service not in ("iam", "s3", "route53")

    def items(self, page: Item) -> list[Any]:
        found = page.get(self.key, [])
        return [item for group in found for item in group["Instances"]] if self.key == "Reservations" else found

    def name(self, item: Item | str) -> str:
        return item if isinstance(item, str) else str(item[self.identity])


def arguments(detail: Detail, item: Item | str) -> dict[str, Any]:
    value = item if isinstance(item, str) else item[detail.source]
    return {detail.argument: value, **detail.extra}


def document(item: Item | str) -> Item:
    return {"id": item} if isinstance(item, str) else dict(item)


READINGS = (
    Reading("ec2", "describe_instances", "Reservations", "ec2.instance", "InstanceId"),
    Reading("ec2", "describe_volumes", "Volumes", "ec2.volume", "VolumeId"),
    Reading("ec2", "describe_snapshots", "Snapshots", "ec2.snapshot", "SnapshotId", arguments={"OwnerIds": ["self"]}),
    Reading("ec2", "describe_network_interfaces", "NetworkInterfaces", "ec2.eni", "NetworkInterfaceId"),
    Reading("ec2", "describe_security_groups", "SecurityGroups", "ec2.sg", "GroupId"),
    Reading("ec2", "describe_subnets", "Subnets", "ec2.subnet", "SubnetId"),
    Reading("ec2", "describe_vpcs", "Vpcs", "ec2.vpc", "VpcId"),
    Reading("elbv2", "describe_load_balancers", "LoadBalancers", "elbv2.lb", "LoadBalancerArn"),
    Reading("elbv2", "describe_target_groups", "TargetGroups", "elbv2.tg", "TargetGroupArn"),
    Reading(
        "lambda",
        "list_functions",
        "Functions",
        "lambda.function",
        "FunctionArn",
        (Detail("list_tags", "Resource", "FunctionArn", "Tags"),),
    ),
    Reading("rds", "describe_db_instances", "DBInstances", "rds.instance", "DBInstanceArn"),
    Reading(
        "sqs",
        "list_queues",
        "QueueUrls",
        "sqs.queue",
        "",
        (
            Detail("get_queue_attributes", "QueueUrl", "", "Attributes", {"AttributeNames": ["All"]}),
            Detail("list_queue_tags", "QueueUrl", "", "Tags"),
        ),
    ),
    Reading(
        "sns",
        "list_topics",
        "Topics",
        "sns.topic",
        "TopicArn",
        (
            Detail("get_topic_attributes", "TopicArn", "TopicArn", "Attributes"),
            Detail("list_tags_for_resource", "ResourceArn", "TopicArn", "Tags"),
        ),
    ),
    Reading(
        "dynamodb",
        "list_tables",
        "TableNames",
        "dynamodb.table",
        "",
        (Detail("describe_table", "TableName", "", "Table"),),
    ),
    Reading("cloudwatch", "describe_alarms", "MetricAlarms", "cloudwatch.alarm", "AlarmArn"),
    Reading(
        "ecs",
        "list_clusters",
        "clusterArns",
        "ecs.cluster",
        "",
        whole=Detail("describe_clusters", "clusters", "", "clusters"),
    ),
    Reading(
        "eks", "list_clusters", "clusters", "eks.cluster", "", (Detail("describe_cluster", "name", "", "cluster"),)
    ),
    Reading(
        "kms",
        "list_keys",
        "Keys",
        "kms.key",
        "KeyArn",
        (
            Detail("describe_key", "KeyId", "KeyId", "KeyMetadata"),
            Detail("list_resource_tags", "KeyId", "KeyId", "Tags"),
        ),
    ),
    Reading(
        "autoscaling",
        "describe_auto_scaling_groups",
        "AutoScalingGroups",
        "autoscaling.group",
        "AutoScalingGroupARN",
    ),
    Reading("cloudformation", "describe_stacks", "Stacks", "cloudformation.stack", "StackId"),
    Reading(
        "iam",
        "list_users",
        "Users",
        "iam.user",
        "Arn",
        (
            Detail("list_attached_user_policies", "UserName", "UserName", "AttachedPolicies"),
            Detail("list_user_tags", "UserName", "UserName", "Tags"),
        ),
    ),
    Reading(
        "iam",
        "list_roles",
        "Roles",
        "iam.role",
        "Arn",
        (
            Detail("list_attached_role_policies", "RoleName", "RoleName", "AttachedPolicies"),
            Detail("list_role_tags", "RoleName", "RoleName", "Tags"),
        ),
    ),
    Reading("iam", "list_policies", "Policies", "iam.policy", "Arn", arguments={"Scope": "Local"}),
    Reading(
        "s3",
        "list_buckets",
        "Buckets",
        "s3.bucket",
        "Name",
        (
            Detail("get_bucket_location", "Bucket", "Name", "LocationConstraint"),
            Detail("get_bucket_tagging", "Bucket", "Name", "TagSet"),
        ),
    ),
    Reading("route53", "list_hosted_zones", "HostedZones", "route53.zone", "Id"),
)

SERVICES = tuple(dict.fromkeys(reading.service for reading in READINGS))
ROLE = "collector"
HOME_REGION = "us-east-1"
SCHEMA = "create table node (account, region, kind, id, doc, primary key (account, region, kind, id))"
INSERT = "insert or replace into node values (?, ?, ?, ?, ?)"
