"""On moto, over a bus and a queue: changes are told to a webhook within seconds, whatever happens between."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.hearing.turns import EVERY
from tests.collectors.aws.loopback import moto_server
from tests.fakes.daemon import until
from tests.moto.hearing import Account, Hook, Watch, hooked, watching

IAM = ["aws_iam_role", "aws_iam_policy", "aws_iam_user", "aws_iam_group"]
KINDS = ["aws_ec2_instance", "aws_s3_bucket", *IAM, "aws_sqs_queue"]
EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
ANYBODY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::papers/*"}
        ],
    }
)

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def account() -> Iterator[Account]:
    with moto_server() as url:
        yield Account(url)


@pytest.fixture
def hook() -> Iterator[Hook]:
    with hooked() as hook:
        yield hook


@pytest.mark.parametrize(("messages", "kills"), [(50, 1), pytest.param(1000, 5, marks=pytest.mark.soak)])
def test_changes_are_told_within_seconds_and_nothing_is_lost(
    account: Account, hook: Hook, tmp_path: Path, messages: int, kills: int
) -> None:
    """One daemon for all of it: to start one costs more than all that it does here."""
    instance = built(account)
    with watching(tmp_path, account, hook, account.wire(), kinds=KINDS) as watch:
        watch.daemon.start()
        assert watch.daemon.sync()["state"] == "complete"
        what_somebody_changes_is_told(watch, instance)
        a_burst_leads_to_few_readings_and_its_last_change_is_seen(watch, messages)
        what_nobody_understands_is_set_aside(watch)
        killed_in_between_it_misses_nothing(watch, kills)
        if kills > 1:  # as long as a poll takes: moto spends a processor on it
            a_queue_that_is_gone_is_shown_until_it_is_there_again(watch)
        assert watch.daemon.query("select count(*) from run") == [(1,)], "no run was needed"
    print("seconds until the webhook:", {name: round(seconds, 2) for name, seconds in watch.delays.items()})


def built(account: Account) -> str:
    """An instance that is stopped, a bucket that is not public, a role that may do nothing."""
    ec2, queue = account.client("ec2"), account.client("sqs")
    instance: str = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.stop_instances(InstanceIds=[instance])
    place = {"LocationConstraint": "eu-west-1"}
    account.client("s3").create_bucket(Bucket="papers", CreateBucketConfiguration=place)
    account.client("iam").create_role(RoleName="reader", AssumeRolePolicyDocument=EVERYTHING)
    queue.create_queue(QueueName="mail")
    return instance


def what_somebody_changes_is_told(watch: Watch, instance: str) -> None:
    """Limits are generous: what is measured is printed."""
    account = watch.account

    def start() -> None:
        account.client("ec2").start_instances(InstanceIds=[instance])
        account.told("ec2", "StartInstances")

    def publish() -> None:
        account.client("s3").put_bucket_policy(Bucket="papers", Policy=ANYBODY)
        account.told("s3", "PutBucketPolicy")

    def empower() -> None:
        account.client("iam").put_role_policy(RoleName="reader", PolicyName="everything", PolicyDocument=EVERYTHING)
        account.told("iam", "PutRolePolicy")

    watch.within("running", instance, start)
    watch.within("public", "papers", publish)
    watch.within("powerful", "reader", empower)


def delayed(watch: Watch, seconds: int) -> None:
    url = watch.account.client("sqs").get_queue_url(QueueName="mail")["QueueUrl"]
    watch.account.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": str(seconds)})


def a_burst_leads_to_few_readings_and_its_last_change_is_seen(watch: Watch, messages: int) -> None:
    before = len(watch.reads("sqs.queues"))
    begun = time.time()

    def burst() -> None:
        for number in (1, 2, 3, 4, 9):
            delayed(watch, number)
            watch.account.told("sqs", "SetQueueAttributes", messages // 5)

    watch.within("busy", "mail", burst, 60)
    until(lambda: not watch.account.left(), 60)
    took = time.time() - begun
    reads = len(watch.reads("sqs.queues")) - before
    assert 1 <= reads <= 1 + took / EVERY
    print(f"{messages:,} messages: {reads} readings in {took:.1f} s")


def what_nobody_understands_is_set_aside(watch: Watch) -> None:
    watch.account.client("sqs").send_message(QueueUrl=watch.account.queue, MessageBody="poison")
    until(lambda: watch.daemon.query("select body from set_aside") == [("poison",)])
    until(lambda: not watch.account.left())
    told = watch.daemon.get("/v1/hearing")[1]
    assert told["queues"][0]["set_aside"] == 1
    assert "it is no event of EventBridge" in told["set_aside"][0]["reason"]
    assert 'syncd_hearing_messages_total{collector="aws",outcome="aside"} 1.0' in watch.daemon.get("/metrics")[1]
    assert watch.daemon.post("/v1/hearing/forget", {"ids": [told["set_aside"][0]["id"]]})[1] == {"forgotten": 1}


def killed_in_between_it_misses_nothing(watch: Watch, kills: int) -> None:
    """A message that the killed process was given comes again once its time is over."""
    account = watch.account
    for number in range(kills):
        account.client("s3").create_bucket(
            Bucket=f"late-{number}", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        account.told("s3", "CreateBucket")
        time.sleep(0.03 * number)
        watch.daemon.restart()
    expected = [*((f"late-{number}",) for number in range(kills)), ("papers",)]
    names = "select name from resource where kind = 'aws_s3_bucket' order by name"
    until(lambda: watch.daemon.query(names) == expected, 30)
    until(lambda: not account.left(), 30)


def a_queue_that_is_gone_is_shown_until_it_is_there_again(watch: Watch) -> None:
    account = watch.account

    def trouble() -> str:
        return str(watch.daemon.status["hearing"][0]["trouble"])

    account.client("sqs").delete_queue(QueueUrl=account.queue)
    until(lambda: "ReceiveMessage" in trouble(), 60)
    assert watch.daemon.get("/healthz")[0] == 200
    account.wire()
    account.client("s3").delete_bucket(Bucket="late-0")
    account.told("s3", "DeleteBucket")
    until(lambda: not watch.daemon.query("select 1 from resource where name = 'late-0'"), 60)
    until(lambda: not trouble())
