"""What links to AWS' console promise: a page for the usual kinds, and never an address elsewhere."""

import pytest

from collectors.aws import collector
from collectors.aws.console import link, table


@pytest.mark.parametrize(
    ("kind", "urn", "expected"),
    [
        (
            "aws_ec2_instance",
            "arn:aws:ec2:eu-west-1:1:instance/i-0",
            "https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1#InstanceDetails:instanceId=i-0",
        ),
        (
            "aws_ec2_instance",
            "arn:aws-cn:ec2:cn-north-1:1:instance/i-0",
            "https://cn-north-1.console.amazonaws.cn/ec2/home?region=cn-north-1#InstanceDetails:instanceId=i-0",
        ),
        (
            "aws_iam_role",
            "arn:aws:iam::1:role/path/web+x",
            "https://console.aws.amazon.com/iam/home#/roles/details/web%2Bx",
        ),
        (
            "aws_sns_topic",
            "arn:aws:sns:eu-west-1:1:a",
            "https://eu-west-1.console.aws.amazon.com/sns/v3/home?region=eu-west-1#/topic/arn%3Aaws%3Asns%3Aeu-west-1%3A1%3Aa",
        ),
        ("aws_s3_bucket", "arn:aws:s3:::b", "https://console.aws.amazon.com/s3/buckets/b"),
        ("aws_ec2_dhcp_options", "arn:aws:ec2:eu-west-1:1:x/y", ""),
        ("aws_ec2_instance", "arn:aws-iso:ec2:us-iso-east-1:1:instance/i-0", ""),
        ("aws_ec2_instance", "nonsense", ""),
    ],
)
def test_aws_has_pages(kind: str, urn: str, expected: str) -> None:
    parts = urn.split(":")
    region = parts[3] if len(parts) > 3 and parts[3] else "global"
    assert link({"kind": kind, "id": "i-0", "urn": urn, "region": region, "account": "1"}) == expected


def test_a_link_leads_nowhere_else() -> None:
    evil = {"kind": "aws_ec2_instance", "urn": "arn:aws:x", "region": "evil.com/", "id": "a/../@x?y#z", "account": "1"}
    assert link(evil) == ""
    assert link({**evil, "region": "eu-west-1"}).endswith("instanceId=a%2F..%2F%40x%3Fy%23z")


def test_every_page_is_of_a_kind_of_the_catalog() -> None:
    assert set(table()) <= set(collector.catalog.kinds)
    for path in table().values():
        assert path.format(id="1", urn="1", region="1", account="1", last="1")
