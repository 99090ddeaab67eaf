"""The table of calls that have an answer of their own, and what such answers have in common."""

from collections.abc import Callable
from typing import Any

from bench.fakeaws.documents import Document
from bench.fakeaws.world import World

Parameters = dict[str, Any]
Handler = Callable[[World, Parameters], Document]

HANDLERS: dict[tuple[str, str], Handler] = {}

# what is said of a resource that is not there (any more), with the status
MISSING = {
    "elbv2.lb": ("LoadBalancerNotFound", 400),
    "elbv2.tg": ("TargetGroupNotFound", 400),
    "rds.instance": ("DBInstanceNotFound", 404),
    "sqs.queue": ("QueueDoesNotExist", 400),
    "sns.topic": ("NotFound", 404),
    "kms.key": ("NotFoundException", 400),
    "cloudformation.stack": ("ValidationError", 400),
    "s3.bucket": ("NoSuchBucket", 404),
    "iam.user": ("NoSuchEntity", 404),
    "iam.role": ("NoSuchEntity", 404),
    "iam.policy": ("NoSuchEntity", 404),
    "route53.zone": ("NoSuchHostedZone", 404),
}


class RefusedError(Exception):
    """An answer that is an AWS error."""

    def __init__(self, code: str, message: str = "", status: int = 400) -> None:
        super().__init__(code)
        self.code, self.message, self.status = code, message or code, status


def on(folder: str, *operations: str) -> Callable[[Handler], Handler]:
    """Puts a handler into the table."""

    def register(handler: Handler) -> Handler:
        HANDLERS.update({(folder, operation): handler for operation in operations})
        return handler

    return register


def missing(kind: str, name: str) -> RefusedError:
    code, status = MISSING.get(kind, ("ResourceNotFoundException", 404))
    return RefusedError(code, f"{name} does not exist", status)


def index(world: World, kind: str, name: str) -> int:
    """The index of a resource that is there, by the name or ARN that ends in it."""
    digits = name.rsplit("-", 1)[-1]
    if not digits.isdecimal() or int(digits) >= world.count(kind):
        raise missing(kind, name)
    return int(digits)


def strings(parameters: Parameters, name: str) -> list[str]:
    """A list parameter: a JSON list, or the query form (Name.member.N or Name.N)."""
    given = parameters.get(name)
    if isinstance(given, list):
        return [str(value) for value in given]
    found: list[str] = []
    while value := parameters.get(f"{name}.member.{len(found) + 1}", parameters.get(f"{name}.{len(found) + 1}")):
        found.append(value)
    return found or ([given] if isinstance(given, str) else [])
