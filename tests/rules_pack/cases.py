"""For each rule of the pack: exactly which resources of the made estate begin it, and close ones that must not.

Resources go by their names, accounts by their ids, regions by account and name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.rules_pack.cloud import HOME, MAIN, OTHER
from tests.rules_pack.estate import AFAR, BARE, MEMBER, NARROW


@dataclass(frozen=True, slots=True)
class Case:
    """`begins`: all that match. `spared`: in the estate as well, and nearly so."""

    begins: frozenset[str]
    spared: frozenset[str]


def case(begins: str, spared: str) -> Case:
    return Case(frozenset(begins.split()), frozenset(spared.split()))


CASES: Mapping[str, Case] = {
    # exposure
    "aws-s3-public-bucket": case("open", "kept restricted private bare"),
    "aws-s3-no-public-access-block": case("open bare private", "kept restricted"),
    "aws-security-group-open-admin-port": case(
        "sg-ssh sg-rdp-6 sg-low sg-half sg-all",
        "sg-inside sg-web sg-all-inside sg-all-to-group sg-udp sg-ping sg-postgres sg-high",
    ),
    "aws-security-group-open-database-port": case(
        "sg-all sg-postgres sg-memcached",
        "sg-inside sg-web sg-ssh sg-low sg-all-inside sg-all-to-group sg-udp sg-ping sg-high",
    ),
    "aws-database-public": case("public figures-open", "orders figures"),
    "aws-ami-public": case("ami-2", "ami-1"),
    "aws-queue-or-topic-open-to-anybody": case(
        "bills-open news-open news-single", "bills bills-limited bills-refused bills-unseen news news-ours"
    ),
    "aws-iam-role-open-to-anybody": case("anybody anybody-listed anybody-single", "external machine"),
    "aws-eks-public-endpoint": case("pods-open", "pods pods-private"),
    "aws-alb-plain-http": case("HTTP:80", "HTTPS:443 HTTP:8080 HTTP:8081"),
    "aws-ec2-instance-metadata-v1": case("i-2", "i-1 i-3 i-6"),
    # encryption
    "aws-s3-unencrypted-bucket": case("bare", "kept"),
    "aws-ebs-volume-unencrypted": case("vol-2", "vol-1"),
    "aws-snapshot-unencrypted": case("snap-2 by-hand-plain cluster-plain", "snap-1 by-hand cluster-old"),
    "aws-rds-unencrypted": case("plain weak", "orders strong member"),
    "aws-data-store-unencrypted": case("figures-open find-plain hot-plain", "figures find hot"),
    "aws-efs-unencrypted": case("fs-2", "fs-1"),
    "aws-sqs-unencrypted": case("bills-plain", "bills bills-kms bills-unseen"),
    "aws-sns-unencrypted": case("news-plain", "news"),
    "aws-kinesis-unencrypted": case("clicks-plain", "clicks"),
    "aws-kms-key-without-rotation": case("00000002", "00000001 00000003 00000004 00000005 00000006"),
    "aws-kms-key-pending-deletion": case("00000005", "00000001 00000006"),
    "aws-secret-without-rotation": case("token-still", "token token-of-rds"),
    "aws-certificate-expiring": case(
        "soon.example server-soon", "long.example later.example gone.example server-long server-gone"
    ),
    "aws-certificate-expired": case("gone.example server-gone", "soon.example server-soon"),
    # identity
    "aws-root-access-key": case(MEMBER, MAIN),
    "aws-root-without-mfa": case(BARE, MAIN),
    "aws-password-policy-missing": case(BARE, MAIN),
    "aws-password-policy-weak": case(f"{AFAR} {NARROW}", f"{MAIN} {BARE}"),
    "aws-iam-user-without-mfa": case("bob", "ann robot"),
    "aws-iam-access-key-old": case("AKIAOLD AKIAASLEEP AKIANEVER", "AKIAYOUNG AKIAOFF"),
    "aws-iam-access-key-unused": case("AKIAASLEEP AKIANEVER", "AKIAYOUNG AKIAOLD AKIAOFF"),
    "aws-iam-policy-allows-everything": case("admin admin-list admin-single", "was-admin of-a-bucket nobody"),
    # audit
    "aws-account-without-trail": case(f"{BARE} {NARROW}", f"{MAIN} {MEMBER} {AFAR}"),
    "aws-cloudtrail-not-logging": case("second", "everything"),
    "aws-cloudtrail-single-region": case("narrow", "everything"),
    "aws-cloudtrail-without-validation": case("second", "everything"),
    "aws-guardduty-missing": case(
        f"{MAIN}/{OTHER} {MEMBER}/{HOME} {BARE}/{HOME}", f"{MAIN}/{HOME} {MEMBER}/{OTHER} {AFAR}/{HOME}"
    ),
    "aws-config-recorder-off": case("paused", "default"),
    "aws-vpc-without-flow-log": case("vpc-1 vpc-4", "vpc-2 vpc-3"),
    "aws-log-group-without-retention": case("/shop/for-ever", "/shop/kept"),
    # cost
    "aws-ebs-volume-unattached": case("vol-3", "vol-1"),
    "aws-ebs-volume-gp2": case("vol-3", "vol-1"),
    "aws-ip-address-unattached": case("eipalloc-1", "eipalloc-2"),
    "aws-ebs-snapshot-old": case("snap-3", "snap-1 snap-4 snap-5 snap-6"),
    "aws-rds-snapshot-old": case("by-hand-old cluster-old", "by-hand automated-old"),
    "aws-ec2-instance-stopped": case("i-4", "i-1"),
    "aws-nat-gateway-unused": case("nat-2", "nat-1 nat-3"),
    "aws-classic-balancer-without-instances": case("classic-empty", "classic"),
    "aws-balancer-without-targets": case("shop-empty", "shop redirects within"),
    "aws-secret-unused": case("token-unread", "token token-never"),
    # operations
    "aws-untagged": case("bare vol-2 carts-nameless i-2", "kept vol-1 carts i-1"),
    "aws-default-vpc-in-use": case("vpc-1", "vpc-2 vpc-3"),
    "aws-rds-without-backups": case("unsaved", "orders replica member"),
    "aws-database-without-deletion-protection": case("plain weak carts-loose", "orders member strong carts"),
    "aws-database-failed": case("full figures-broken", "orders stopped"),
    "aws-lambda-deprecated-runtime": case("mail-old", "mail mail-java"),
    "aws-ecr-scan-off": case("images-loose", "images"),
    "aws-ecr-mutable-tags": case("images-loose", "images"),
    "aws-cloudformation-stack-failed": case("web-broken web-unborn", "web web-back"),
    "aws-s3-without-versioning": case("bare suspended", "kept"),
}

BLIND = frozenset(
    {
        "aws-account-without-trail",
        "aws-balancer-without-targets",
        "aws-ebs-snapshot-old",
        "aws-guardduty-missing",
        "aws-iam-user-without-mfa",
        "aws-nat-gateway-unused",
        "aws-password-policy-missing",
        "aws-s3-no-public-access-block",
        "aws-s3-public-bucket",
        "aws-s3-unencrypted-bucket",
        "aws-s3-without-versioning",
        "aws-untagged",
        "aws-vpc-without-flow-log",
    }
)
"""Rules that ask whether something is not there: their search alone finds what was never seen as well."""
