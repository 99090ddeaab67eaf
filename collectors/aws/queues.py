"""The queue that events come from: where it is, and the three calls that are made to it."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from collectors.aws.calling import refused
from collectors.aws.client import Ask, Client
from collectors.aws.credentials import Identity, Source
from collectors.aws.endpoints import partition_of
from collectors.aws.settings import QUEUE
from syncd.errors import Failed
from syncd.hearer import Message
from syncd.plugin import Calls

HEARING = frozenset({"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"})
"""What the three calls need."""
LONGEST = 20
TOGETHER = 10
_SUFFIXES = {"aws-cn": "amazonaws.com.cn", "aws-iso": "c2s.ic.gov", "aws-iso-b": "sc2s.sgov.gov"}


class Queue(Struct, frozen=True):
    """One queue. `url` names it in calls; where they go says the region."""

    url: str
    region: str
    account: str

    @classmethod
    def of(cls, text: str) -> "Queue":
        """Of an ARN or a URL that the settings have let pass."""
        found = QUEUE.fullmatch(text)
        if found is None:
            raise Failed(f"{text} is no queue")
        region, account, name = (part for part in found.groups() if part is not None)
        suffix = _SUFFIXES.get(partition_of(region), "amazonaws.com")
        url = text if text.startswith("https:") else f"https://sqs.{region}.{suffix}/{account}/{name}"
        return cls(url, region, account)

    @property
    def arn(self) -> str:
        name = self.url.rpartition("/")[2]
        return f"arn:{partition_of(self.region)}:sqs:{self.region}:{self.account}:{name}"


class Queues(Struct):
    """Calls with the collector's own credentials: the queue's policy need not name any role of an account."""

    client: Client
    source: Source

    async def receive(self, queue: Queue, calls: Calls) -> list[Message]:
        """A long poll: it answers as soon as there is something."""
        args = {
            "MaxNumberOfMessages": TOGETHER,
            "WaitTimeSeconds": LONGEST,
            "AttributeNames": ["ApproximateReceiveCount", "SentTimestamp"],
        }
        answer = await self._call(queue, calls, "ReceiveMessage", args)
        return [_message(each) for each in answer.get("messages") or ()]

    async def delete(self, queue: Queue, messages: Sequence[Message], calls: Calls) -> None:
        entries = [{"Id": str(number), "ReceiptHandle": each.receipt} for number, each in enumerate(messages)]
        answer = await self._call(queue, calls, "DeleteMessageBatch", {"Entries": entries})
        if reason := refused(answer):
            raise Failed(f"sqs:DeleteMessageBatch answered: {reason}", operation="sqs:DeleteMessageBatch")

    async def waiting(self, queue: Queue, calls: Calls) -> int:
        names = ["ApproximateNumberOfMessages"]
        answer = await self._call(queue, calls, "GetQueueAttributes", {"AttributeNames": names})
        return _number((answer.get("attributes") or {}).get(names[0]))

    async def _call(self, queue: Queue, calls: Calls, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        operation = self.client.models.operation("sqs", name)
        identity = Identity(queue.account, partition_of(queue.region), queue.region, self.source)
        permission = "sqs:DeleteMessage" if name == "DeleteMessageBatch" else ""
        ask = Ask(identity, queue.region, operation, {"QueueUrl": queue.url, **args}, permission=permission)
        return await self.client.call(calls, ask)


def _message(document: Mapping[str, Any]) -> Message:
    given = document.get("attributes") or {}
    name, receipt = document.get("message_id"), document.get("receipt_handle")
    if not name or not receipt:
        raise Failed("sqs:ReceiveMessage: a message without id or receipt", operation="sqs:ReceiveMessage")
    times, sent = _number(given.get("ApproximateReceiveCount")), _number(given.get("SentTimestamp"))
    return Message(str(name), str(document.get("body") or ""), str(receipt), max(1, times), sent / 1000)


def _number(text: object) -> int:
    return int(text) if isinstance(text, str) and text.isdecimal() else 0
