"""References in documents become edges: the right ones, in the right direction, and no others."""

from pathlib import Path
from typing import Any

import pytest

from collectors.aws.catalog import FOLDER, load
from collectors.aws.compile import Compiler
from collectors.aws.derive import Deriver
from collectors.aws.models import Models

ACCOUNT, REGION = "111122223333", "eu-west-1"
COMPILER = Compiler(load(FOLDER), Models())
OWN = {
    "aws_ec2_instance": {"instance_id": "i-0a"},
    "aws_ec2_volume": {"volume_id": "vol-0a"},
    "aws_ec2_snapshot": {"snapshot_id": "snap-0a"},
    "aws_ec2_security_group": {"group_id": "sg-0a"},
    "aws_ec2_route_table": {"route_table_id": "rtb-0a"},
    "aws_ec2_network_interface": {"network_interface_id": "eni-0a"},
    "aws_lambda_function": {
        "function_name": "f",
        "function_arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f",
    },
    "aws_cloudwatch_alarm": {"alarm_name": "a", "alarm_arn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:a"},
    "aws_cloud_trail": {"name": "trail", "trail_arn": f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/trail"},
    "aws_ecs_task_definition": {"task_definition_arn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/t:1"},
    "aws_route53_resource_record_set": {"hosted_zone_id": "Z1", "name": "a.example.", "type": "A"},
    "aws_autoscaling_group": {
        "auto_scaling_group_name": "g",
        "auto_scaling_group_arn": f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:1:autoScalingGroupName/g",
    },
}


def edges(kind: str, **document: Any) -> set[tuple[str, str, bool]]:
    place = {"account": ACCOUNT, "region": REGION, "partition": "aws"}
    deriver = Deriver(COMPILER.kind(COMPILER.catalog.kinds[kind]).shaping, place)
    node = deriver.node(deriver.item({**OWN[kind], **document}))
    return {(edge.type, edge.target, edge.incoming) for edge in node.edges if edge.type != "contains"}


def ec2(what: str, account: str = ACCOUNT, region: str = REGION) -> str:
    return f"arn:aws:ec2:{region}:{account}:{what}"


KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.mark.parametrize(
    ("kind", "document", "edge"),
    [
        ("aws_ec2_instance", {"vpc_id": "vpc-1"}, ("in", "aws_vpc:vpc-1", False)),
        ("aws_ec2_instance", {"subnet_id": "subnet-1"}, ("in", "aws_ec2_subnet:subnet-1", False)),
        (
            "aws_ec2_instance",
            {"security_groups": [{"group_id": "sg-1"}]},
            ("protected_by", "aws_ec2_security_group:sg-1", False),
        ),
        (
            "aws_ec2_instance",
            {"block_device_mappings": [{"ebs": {"volume_id": "vol-1"}}]},
            ("attached_to", ec2("volume/vol-1"), True),
        ),
        (
            "aws_ec2_instance",
            {"network_interfaces": [{"network_interface_id": "eni-1"}]},
            ("attached_to", ec2("network-interface/eni-1"), True),
        ),
        (
            "aws_ec2_instance",
            {"iam_instance_profile": {"arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/p"}},
            ("assumes", f"arn:aws:iam::{ACCOUNT}:instance-profile/p", False),
        ),
        ("aws_ec2_volume", {"kms_key_id": KEY}, ("encrypted_with", KEY, False)),
        ("aws_ec2_volume", {"kms_key_id": KEY.rpartition("/")[2]}, ("encrypted_with", KEY, False)),
        (
            "aws_ec2_volume",
            {"kms_key_id": "alias/aws/ebs"},
            ("encrypted_with", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/aws/ebs", False),
        ),
        ("aws_ec2_volume", {"attachments": [{"instance_id": "i-1"}]}, ("attached_to", ec2("instance/i-1"), False)),
        ("aws_ec2_snapshot", {"volume_id": "vol-1"}, ("made_from", ec2("volume/vol-1"), False)),
        (
            "aws_ec2_route_table",
            {"routes": [{"nat_gateway_id": "nat-1"}]},
            ("routes_to", ec2("natgateway/nat-1"), False),
        ),
        (
            "aws_ec2_route_table",
            {"routes": [{"gateway_id": "igw-1"}]},
            ("routes_to", "aws_ec2_internet_gateway:igw-1", False),
        ),
        (
            "aws_lambda_function",
            {"role": "arn:aws:iam::999999999999:role/path/r"},
            ("assumes", "arn:aws:iam::999999999999:role/path/r", False),
        ),
        (
            "aws_lambda_function",
            {"dead_letter_config": {"target_arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"}},
            ("sends_to", f"arn:aws:sqs:us-east-1:{ACCOUNT}:q", False),
        ),
        (
            "aws_cloudwatch_alarm",
            {"alarm_actions": [f"arn:aws:sns:{REGION}:{ACCOUNT}:t"]},
            ("sends_to", f"arn:aws:sns:{REGION}:{ACCOUNT}:t", False),
        ),
        (
            "aws_cloudwatch_alarm",
            {"dimensions": [{"name": "InstanceId", "value": "i-1"}]},
            ("watches", ec2("instance/i-1"), False),
        ),
        (
            "aws_cloudwatch_alarm",
            {"metrics": [{"metric_stat": {"metric": {"dimensions": [{"name": "QueueName", "value": "q"}]}}}]},
            ("watches", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", False),
        ),
        (
            "aws_cloudwatch_alarm",
            {"dimensions": [{"name": "LoadBalancer", "value": "app/a/1"}]},
            ("watches", f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/a/1", False),
        ),
        (
            "aws_cloud_trail",
            {"cloud_watch_logs_log_group_arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g:*"},
            ("sends_to", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g", False),
        ),
        (
            "aws_ecs_task_definition",
            {"container_definitions": [{"image": "999999999999.dkr.ecr.us-east-1.amazonaws.com/team/app:1@sha256:00"}]},
            ("made_from", "arn:aws:ecr:us-east-1:999999999999:repository/team/app", False),
        ),
        (
            "aws_route53_resource_record_set",
            {"alias_target": {"dns_name": "dualstack.LB-1.eu-west-1.elb.amazonaws.com."}},
            ("routes_to", "dns:lb-1.eu-west-1.elb.amazonaws.com", False),
        ),
        (
            "aws_autoscaling_group",
            {"vpc_zone_identifier": "subnet-1, subnet-2"},
            ("in", "aws_ec2_subnet:subnet-2", False),
        ),
    ],
)
def test_a_reference_becomes_an_edge(kind: str, document: dict[str, Any], edge: tuple[str, str, bool]) -> None:
    assert edge in edges(kind, **document)


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("aws_ec2_instance", {"vpc_id": ""}),
        ("aws_ec2_instance", {"vpc_id": "*"}),
        ("aws_ec2_instance", {"vpc_id": "vpc-NaN"}),
        ("aws_ec2_instance", {"owner_id": "999999999999", "reservation_id": "r-1", "requester_id": "someone"}),
        ("aws_ec2_volume", {"attachments": [{"volume_id": "vol-0a"}]}),
        ("aws_ec2_volume", {"snapshot_id": ""}),
        ("aws_ec2_snapshot", {"volume_id": "vol-ffffffff"}),
        ("aws_ec2_security_group", {"ip_permissions": [{"user_id_group_pairs": [{"group_id": "sg-0a"}]}]}),
        ("aws_ec2_security_group", {"owner_id": "999999999999"}),
        ("aws_ec2_route_table", {"routes": [{"gateway_id": "local"}]}),
        (
            "aws_ec2_network_interface",
            {"requester_id": "amazon-elb", "attachment": {"instance_owner_id": "amazon-aws"}},
        ),
        ("aws_cloudwatch_alarm", {"dimensions": [{"name": "SomeName", "value": "i-1"}]}),
        ("aws_cloudwatch_alarm", {"alarm_actions": ["arn:aws:automate:eu-west-1:ec2:stop"]}),
        ("aws_ecs_task_definition", {"container_definitions": [{"image": "nginx:latest"}]}),
        ("aws_lambda_function", {"role": f"arn:aws:iam::{ACCOUNT}:role/*"}),
    ],
)
def test_what_is_no_reference_makes_no_edge(kind: str, document: dict[str, Any]) -> None:
    assert edges(kind, **document) == set()


def test_the_same_reference_twice_is_one_edge() -> None:
    groups = [{"group_id": "sg-1"}]
    found = edges("aws_ec2_instance", security_groups=groups, network_interfaces=[{"groups": groups}])
    assert found == {("protected_by", "aws_ec2_security_group:sg-1", False)}


def test_every_rule_names_kinds_of_the_catalog() -> None:
    known = COMPILER.catalog.kinds.keys()
    assert {kind for rule in COMPILER.catalog.rules for kind in rule.kinds} <= known
    assert Path(FOLDER, "references.toml").exists()
