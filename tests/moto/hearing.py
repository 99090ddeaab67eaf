"""An account on moto whose events go over a bus into a queue, and a daemon that hears of them."""

import http.server
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from tests.cli.conftest import desk_at
from tests.fakes.daemon import Running, ended
from tests.fakes.served import served

REGION = "eu-west-1"
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
SEARCHES = {
    "running": "is(aws_ec2_instance) and instance_status = running",
    "public": "is(aws_s3_bucket) and policy_status.is_public = true",
    "powerful": "is(aws_iam_role) and role_policy_list[*].policy_name = everything",
    "busy": "is(aws_sqs_queue) and attributes.DelaySeconds = 9",
}


@dataclass
class Account:
    """An account of moto at `url`."""

    url: str
    queue: str = ""
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """Made once: to read its model costs more than a hundred calls."""
        if service not in self.clients:
            self.clients[service] = self._client(service)
        return self.clients[service]

    def _client(self, service: str) -> Any:
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return boto3.client(service, region_name=REGION, endpoint_url=self.url, **keys)

    def wire(self, name: str = "syncd", visibility: int = 2) -> str:
        """A rule of the default bus that sends what it is told to a queue; the queue's ARN."""
        sqs, events = self.client("sqs"), self.client("events")
        self.queue = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": str(visibility)})["QueueUrl"]
        arn: str = sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.put_rule(Name=name, EventPattern=json.dumps({"detail-type": ["AWS API Call via CloudTrail"]}))
        events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
        return arn

    def told(self, service: str, operation: str, times: int = 1, **detail: Any) -> None:
        """As CloudTrail tells of a call."""
        body = {"eventSource": f"{service}.amazonaws.com", "eventName": operation, "readOnly": False, **detail}
        body["recipientAccountId"] = "123456789012"  # moto leaves it out of the envelope
        entry = {"Source": f"aws.{service}", "DetailType": "AWS API Call via CloudTrail", "Detail": json.dumps(body)}
        bus = self.client("events")
        for start in range(0, times, 10):
            answer = bus.put_events(Entries=[entry] * min(10, times - start))
            assert not answer.get("FailedEntryCount"), answer

    def left(self) -> int:
        """Messages that are in the queue, given out or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.client("sqs").get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)


class Hook(http.server.ThreadingHTTPServer):
    """Where the daemon's webhook goes. `got`: when, the rule and the names that it told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[float, str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def heard(self, rule: str, name: str) -> float:
        """When it was told that this one matches, 0 while it was not."""
        return next((at for at, of, text in self.got if of == rule and name in text), 0.0)


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.got.append((time.time(), json.loads(text)["rule"], text))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (its name there)
        pass


def hooked() -> AbstractContextManager[Hook]:
    return served(Hook())


@dataclass
class Watch:
    """The daemon, whom it tells, and what it watches."""

    daemon: Running
    hook: Hook
    account: Account
    delays: dict[str, float] = field(default_factory=dict)

    def reads(self, scope: str) -> list[dict[str, Any]]:
        return [line for line in self.daemon.logged("hearing.read") if line["scope"].endswith(scope)]

    def within(self, rule: str, name: str, tell: Callable[[], None], seconds: float = 20.0) -> float:
        """How long after it was told to the bus the hook hears of it."""
        begun = time.time()
        tell()
        end = begun + seconds
        while not self.hook.heard(rule, name):
            assert time.time() < end, self.daemon.log[-3000:]
            time.sleep(0.02)
        self.delays[rule] = self.hook.heard(rule, name) - begun
        return self.delays[rule]


@contextmanager
def watching(place: Path, account: Account, hook: Hook, queue: str, **aws: Any) -> Iterator[Watch]:
    """A daemon with rules that tell the hook at once. Not started yet."""
    desk = desk_at(place)
    sections: dict[str, dict[str, Any]] = {
        "aws": {"region": REGION, "regions": [REGION], "endpoint_url": account.url, **aws},
        "aws.events": {"queue": queue},
        "targets.hook": {
            "reaction": "webhook",
            "url": hook.url,
            "secrets": ["whsec_" + "A" * 32],
            "wait_seconds": 0,
        },
        "egress": {"allow": ["127.0.0.1"], "http": ["127.0.0.1"]},
        "rules": {"to": ["hook"], "directories": []},
    }
    daemon = Running(desk, sections, KEYS | {"AWS_SHARED_CREDENTIALS_FILE": os.devnull})
    daemon.configure()
    file = desk.place / "syncd.toml"
    rules = "".join(f"\n[[rule]]\nname = \"{name}\"\nsearch = '{text}'\n" for name, text in SEARCHES.items())
    file.write_text(file.read_text().replace("[fake]", "") + rules)
    with ended(daemon):
        yield Watch(daemon, hook, account)
