"""Whether a database holds all there is: its counts per kind, account and region against the endpoint's truth."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.fakeaws.estate import GLOBAL

# kind of the fake estate -> kind of syncd
SYNCD_KINDS = {
    "ec2.instance": "aws_ec2_instance",
    "ec2.volume": "aws_ec2_volume",
    "ec2.snapshot": "aws_ec2_snapshot",
    "ec2.eni": "aws_ec2_network_interface",
    "ec2.sg": "aws_ec2_security_group",
    "ec2.subnet": "aws_ec2_subnet",
    "ec2.vpc": "aws_vpc",
    "elbv2.lb": "aws_alb",
    "elbv2.tg": "aws_alb_target_group",
    "lambda.function": "aws_lambda_function",
    "rds.instance": "aws_rds_instance",
    "sqs.queue": "aws_sqs_queue",
    "sns.topic": "aws_sns_topic",
    "dynamodb.table": "aws_dynamodb_table",
    "cloudwatch.alarm": "aws_cloudwatch_alarm",
    "ecs.cluster": "aws_ecs_cluster",
    "eks.cluster": "aws_eks_cluster",
    "kms.key": "aws_kms_key",
    "autoscaling.group": "aws_autoscaling_group",
    "cloudformation.stack": "aws_cloudformation_stack",
    "iam.user": "aws_iam_user",
    "iam.role": "aws_iam_role",
    "iam.policy": "aws_iam_policy",
    "s3.bucket": "aws_s3_bucket",
    "route53.zone": "aws_route53_zone",
}

Place = tuple[str, str, str]  # account, region, kind of the fake estate
Counts = Counter[Place]


def _place(account: str, region: str, kind: str) -> Place:
    """Global kinds are filed under `global`, wherever a collector says that they are."""
    return account, "global" if kind in GLOBAL else region, kind


def expected(truth: dict[str, Any]) -> Counts:
    """The counts of `/__truth`."""
    return Counter({_place(account, region, kind): n for account, region, kind, n in truth["by_account_region_kind"]})


def stored(database: Path) -> Counts:
    """The counts of a database of syncd (view `resource`) or of a baseline (table `node` with the estate's kinds)."""
    names = {name: kind for kind, name in SYNCD_KINDS.items()}
    counts: Counts = Counter()
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        view = connection.execute("select 1 from sqlite_master where type = 'view' and name = 'resource'").fetchone()
        source = "resource" if view else "node"
        rows = connection.execute(f"select account, region, kind, count(*) from {source} group by 1, 2, 3")
        for account, region, kind, number in rows:
            if (known := names.get(kind, kind)) in SYNCD_KINDS:
                counts[_place(account, region, known)] += number
    return counts


def differences(truth: dict[str, Any], database: Path) -> list[str]:
    """One line for each place whose count is not the true one; empty when the database is complete."""
    want, have = expected(truth), stored(database)
    return [
        f"{'/'.join(place)}: {have[place]} of {want[place]}"
        for place in sorted(want.keys() | have.keys())
        if have[place] != want[place]
    ]
