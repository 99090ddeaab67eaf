"""The rules that come with syncd, on what people would build: moto's estate, which boto3 filled."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syncd.search.answer import Asking, Question
from tests.rules_pack.table import loaded

pytestmark = pytest.mark.timeout(300)  # the first test waits until all is built and read

FOUND = {
    "aws-account-without-trail": {"bookshop-production", "master"},
    "aws-cloudtrail-single-region": {"everything"},
    "aws-config-recorder-off": {"default"},
    "aws-database-without-deletion-protection": {"carts", "carts-cache", "ledger", "shop", "shop-reports"},
    "aws-ebs-volume-unattached": {"import-scratch"},
    "aws-ec2-instance-metadata-v1": {"nights", "prices", "search", "shop-1", "shop-2", "shop-3", "workers"},
    "aws-ecr-mutable-tags": {"shop/web", "shop/worker"},
    "aws-password-policy-missing": {"master"},
    "aws-root-without-mfa": {"bookshop-production", "master"},
    "aws-s3-no-public-access-block": {"bookshop-production-logs", "bookshop-production-pictures"},
    "aws-secret-without-rotation": {"payments/provider", "shop/database"},
    "aws-sns-unencrypted": {"alerts", "guards"},
}
SILENT = (
    "aws-balancer-without-targets", "aws-certificate-expiring", "aws-cloudtrail-not-logging", "aws-guardduty-missing",
    "aws-iam-access-key-old", "aws-iam-policy-allows-everything", "aws-iam-role-open-to-anybody",
    "aws-ip-address-unattached", "aws-kms-key-without-rotation", "aws-lambda-deprecated-runtime",
    "aws-log-group-without-retention",
    "aws-nat-gateway-unused", "aws-queue-or-topic-open-to-anybody", "aws-root-access-key", "aws-s3-public-bucket",
    "aws-security-group-open-admin-port", "aws-sqs-unencrypted", "aws-vpc-without-flow-log",
)  # fmt: skip
"""Rules to whose kinds the estate has something, all of it well kept."""


def test_rules_find_what_was_built_and_leave_the_rest_alone(store: Path) -> None:
    rules = loaded()
    assert {name: asked(store, rules[name].search) for name in FOUND} == FOUND
    for name in SILENT:
        kinds = rules[name].search.strip().partition(")")[0] + ")"
        assert asked(store, kinds), kinds
        assert asked(store, rules[name].search) == set(), name


def asked(store: Path, search: str) -> set[str]:
    connection = sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        rows = Asking(connection, Question(search, seconds=10), datetime.now(UTC)).answer().rows
    finally:
        connection.close()
    return {row["name"] for row in rows}
