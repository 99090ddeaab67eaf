"""The templates of docs/aws-events.md: both stand up on moto, and what is told in a region comes into the queue."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from collectors.aws.catalog import load
from collectors.aws.events import Concerns, event_of, table
from tests.collectors.aws.loopback import moto_server
from tests.conftest import ROOT
from tests.moto.hearing import Account

PAGE = (ROOT / "docs" / "aws-events.md").read_text()
TEMPLATES = {
    text.split("\n", 1)[0].removeprefix("# "): text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
}


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with moto_server() as url:
        yield Account(url)


def stack(account: Account, name: str, **parameters: str) -> dict[str, str]:
    """Its outputs."""
    cloudformation = account.client("cloudformation")
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    where = name.partition(".")[0]
    cloudformation.create_stack(
        StackName=where, TemplateBody=TEMPLATES[name], Parameters=given, Capabilities=["CAPABILITY_IAM"]
    )
    [found] = cloudformation.describe_stacks(StackName=where)["Stacks"]
    assert found["StackStatus"] == "CREATE_COMPLETE"
    return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", ())}


@pytest.mark.filterwarnings("ignore:Tried to parse AWS..SQS..QueuePolicy:UserWarning")  # moto does not know it
def test_what_is_told_in_a_region_comes_into_the_queue_of_the_home(account: Account) -> None:
    made = stack(account, "home.yaml")
    stack(account, "region.yaml", Bus=made["Bus"])
    sqs = account.client("sqs")
    account.queue = sqs.get_queue_url(QueueName=made["Queue"].split(":")[-1])["QueueUrl"]
    told: dict[str, Any] = {"userIdentity": {"type": "Root"}}
    account.told("ec2", "StartInstances", **told)
    account.told("ec2", "DescribeInstances", **told, readOnly=True)
    account.told("ec2", "StartInstances", **told, errorCode="AccessDenied")
    account.told("logs", "CreateLogStream", **told)
    messages = sqs.receive_message(QueueUrl=account.queue, MaxNumberOfMessages=10)["Messages"]
    assert [json.loads(each["Body"])["detail"]["eventName"] for each in messages] == ["StartInstances"]
    event = event_of(messages[0]["Body"])
    assert event is not None
    assert (event.source, event.name) == ("ec2", "StartInstances")


def test_whoever_sends_and_receives_may_no_more_than_that(account: Account) -> None:
    made = yaml.safe_load(TEMPLATES["home.yaml"])["Resources"]
    [sends] = made["QueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert sends["Condition"]["ArnEquals"]["aws:SourceArn"] == {"Fn::GetAtt": ["Rule", "Arn"]}
    [receives] = made["Permissions"]["Properties"]["PolicyDocument"]["Statement"]
    assert receives["Action"] == ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    assert made["BusPolicy"]["Condition"] == "Organization"


def test_the_rule_of_a_region_names_only_what_says_something(account: Account) -> None:
    """Sentences that concern a scope, and no operation that the table does not leave out as well."""
    catalog = load()
    concerns = Concerns.of(catalog, catalog.kinds.values())
    rules: dict[str, Any] = yaml.safe_load(TEMPLATES["region.yaml"])["Resources"]
    states = rules["States"]["Properties"]["EventPattern"]
    for sentence in states["detail-type"]:
        sources = [each for each in states["source"] if concerned(concerns, each, sentence)]
        assert sources, sentence
    [without] = rules["Calls"]["Properties"]["EventPattern"]["detail"]["eventName"]
    nothing = {name for names in table().nothing.values() for name in names}
    assert set(without["anything-but"]) <= nothing


def concerned(concerns: Concerns, source: str, sentence: str) -> bool:
    body = {"account": "1" * 12, "region": "eu-west-1", "source": source, "detail-type": sentence, "detail": {}}
    event = event_of(json.dumps(body))
    return event is not None and bool(concerns.concerned(event))
