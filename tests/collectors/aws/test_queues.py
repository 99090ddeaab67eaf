"""Where a queue is, by its ARN or its URL; and what a configuration may say."""

import subprocess
import sys

import msgspec
import pytest

from collectors.aws.queues import Queue
from collectors.aws.settings import AwsSettings, Events

ARN = "arn:aws:sqs:eu-west-1:111122223333:syncd"
URL = "https://sqs.eu-west-1.amazonaws.com/111122223333/syncd"


@pytest.mark.parametrize(
    ("text", "url", "region"),
    [
        (ARN, URL, "eu-west-1"),
        (URL, URL, "eu-west-1"),
        (
            "arn:aws-cn:sqs:cn-north-1:111122223333:a.fifo",
            "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/a.fifo",
            "cn-north-1",
        ),
        (
            "https://vpce-1.sqs.us-east-1.vpce.amazonaws.com/111122223333/q",
            "https://vpce-1.sqs.us-east-1.vpce.amazonaws.com/111122223333/q",
            "us-east-1",
        ),
    ],
)
def test_a_queue_is_named_by_its_arn_or_its_url(text: str, url: str, region: str) -> None:
    assert Queue.of(text) == Queue(url, region, "111122223333")


def test_one_or_several_can_be_configured() -> None:
    assert Events(queue=ARN).queues == (ARN,)
    assert Events(queue=(ARN, URL)).queues == (ARN, URL)


@pytest.mark.parametrize(
    "queue", ["", "syncd", "arn:aws:sns:eu-west-1:111122223333:t", "http://evil/1/q", [ARN, "x"], 5]
)
def test_what_is_no_queue_is_complained_of(queue: object) -> None:
    with pytest.raises(msgspec.ValidationError, match="queue"):
        msgspec.convert({"events": {"queue": queue}}, AwsSettings)


def test_a_process_that_has_read_settings_ends_as_it_should() -> None:
    """msgspec aborted at the end of a process that had read a union of a pattern and a list."""
    program = (
        "import msgspec; from collectors.aws.settings import AwsSettings; "
        f"msgspec.convert({{'events': {{'queue': '{ARN}'}}}}, AwsSettings)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
