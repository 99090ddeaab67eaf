"""The page that compares our kinds with Resoto's says what the catalog has."""

import re
from pathlib import Path

import pytest

from collectors.aws import collector
from syncd.kinds import KindRegistry

PAGE = (Path(__file__).parents[3] / "docs" / "aws-resoto.md").read_text()
ROWS = re.findall(r"^\| `(aws_\w+)` \| (?:`(aws_\w+)`|–) \| (.*?) ?\|$", PAGE, re.MULTILINE)
KINDS = {kind.name: kind for kind in collector.kinds()}

# What its searches ask of base kinds, which must be the same here.
BASES = {
    "aws_acm_certificate": "certificate",
    "aws_alb": "load_balancer",
    "aws_bedrock_custom_model": "ai_model",
    "aws_bedrock_evaluation_job": "ai_job",
    "aws_bedrock_foundation_model": "ai_resource",
    "aws_cloudfront_function": "serverless_function",
    "aws_cloudformation_stack": "stack",
    "aws_cognito_user": "user",
    "aws_dynamodb_table": "database",
    "aws_ec2_elastic_ip": "ip_address",
    "aws_ec2_instance": "instance",
    "aws_ec2_snapshot": "snapshot",
    "aws_ec2_volume": "volume",
    "aws_efs_file_system": "network_share",
    "aws_eks_cluster": "managed_kubernetes_cluster_provider",
    "aws_iam_access_key": "access_key",
    "aws_iam_role": "iam_principal",
    "aws_rds_cluster": "database",
    "aws_root_user": "user",
    "aws_route53_resource_record": "dns_record",
    "aws_route53_zone": "dns_zone",
    "aws_s3_bucket": "bucket",
    "aws_sqs_queue": "queue",
    "aws_vpc": "network",
}


def test_the_page_has_each_of_its_kinds_once() -> None:
    assert len(ROWS) == len({theirs for theirs, _, _ in ROWS}) == 173


@pytest.mark.parametrize(("theirs", "ours", "told"), ROWS)
def test_a_kind_has_the_same_name_here_or_the_page_says_why_not(theirs: str, ours: str, told: str) -> None:
    assert (ours == theirs and ours in KINDS) or (not ours and theirs not in KINDS and told.startswith("left out: "))


@pytest.mark.parametrize("kind", BASES)
def test_base_kinds_are_theirs(kind: str) -> None:
    registry = KindRegistry()
    bases = [base for base in KINDS[kind].bases if base in registry]
    assert BASES[kind] in bases
