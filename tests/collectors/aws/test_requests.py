"""Requests that are filled in are those that the provider's serializer writes."""

from typing import Any

import pytest

from collectors.aws.models import Models
from collectors.aws.request import write
from collectors.aws.request_forms import form_of
from collectors.aws.requests import Requests

MODELS = Models()
ARN = "arn:aws:sns:eu-west-1:111122223333:t"
# operation, the arguments that vary, those that do not, and whether a form can be filled in
CASES: list[tuple[str, dict[str, str], dict[str, Any], bool]] = [
    ("s3.GetBucketVersioning", {"Bucket": "a-bucket"}, {}, True),
    ("s3.ListObjectsV2", {"Bucket": "a-bucket", "Prefix": "x/y z"}, {"MaxKeys": 5}, False),
    ("sqs.GetQueueAttributes", {"QueueUrl": "https://sqs/1/q"}, {"AttributeNames": ["All"]}, True),
    ("kms.DescribeKey", {"KeyId": "arn:aws:kms:eu-west-1:1:key/k"}, {}, True),
    ("sns.GetTopicAttributes", {"TopicArn": ARN}, {}, True),
    ("iam.ListPolicyTags", {"PolicyArn": "arn:aws:iam::1:policy/a b+c", "Marker": "m/="}, {"MaxItems": 9}, True),
    ("eks.DescribeNodegroup", {"clusterName": "c", "nodegroupName": "n"}, {}, True),
    ("lambda.GetPolicy", {"FunctionName": "arn:aws:lambda:eu-west-1:1:function:f"}, {}, False),
    ("route53.ListTagsForResource", {"ResourceType": "hostedzone", "ResourceId": "/hostedzone/Z1"}, {}, False),
    ("wafv2.ListWebACLs", {"Scope": "REGIONAL"}, {"Limit": 100}, True),
]
VALUES = ["plain-1.2_3~", 'quo"te\\\\', "ü €", "a b", "x/y:z=?&%", "\\n", "Zz0zZqxjk", ""]


def operation(text: str) -> Any:
    return MODELS.operation(*text.split("."))


@pytest.mark.parametrize(("name", "texts", "others", "can"), CASES, ids=[case[0] for case in CASES])
def test_a_form_is_filled_in_as_the_serializer_writes(
    name: str, texts: dict[str, str], others: dict[str, Any], can: bool
) -> None:
    wanted, requests = operation(name), Requests()
    assert (form_of(wanted, {**texts, **others}, list(texts)) is not None) == can
    for _ in range(3):
        assert requests.build(wanted, {**texts, **others}) == write(wanted, {**texts, **others})
    for value in VALUES:
        for key in texts if value else ():
            args = {**texts, **others, key: value}
            assert requests.build(wanted, args) == write(wanted, args), (key, value)


def test_what_must_differ_each_time_has_no_form() -> None:
    wanted, requests = operation("ec2.CreateFleet"), Requests()
    args = {"Type": "instant"}
    assert requests.build(wanted, args) != requests.build(wanted, args)
