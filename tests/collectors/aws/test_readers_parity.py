"""Our readers and botocore's own parsers make the same of the same bytes, in all protocols."""

import re
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore import parsers, xform_name
from botocore.awsrequest import HeadersDict
from botocore.loaders import Loader
from botocore.model import Shape

from collectors.aws.client import LARGEST_ANSWER, open_http
from collectors.aws.endpoints import Endpoints, EndpointSettings
from collectors.aws.models import Models, Operation
from collectors.aws.requests import Requests
from collectors.aws.signing import Credentials, Signer, host_of
from collectors.aws.wire import Outgoing, Wire
from tests.collectors.aws.loopback import fake_estate, moto_server

KEYS = Credentials("AKIAEXAMPLE", "a-secret-key")
READING = re.compile("List|Describe|Get")
SERVICES = [
    "ec2",
    "autoscaling",
    "iam",
    "rds",
    "elasticache",
    "cloudformation",
    "sns",
    "elbv2",
    "redshift",
    "s3",
    "route53",
    "cloudfront",
    "lambda",
    "apigateway",
    "apigatewayv2",
    "eks",
    "efs",
    "batch",
    "kafka",
    "opensearch",
    "appsync",
    "backup",
    "dynamodb",
    "sqs",
    "ecs",
    "ecr",
    "kms",
    "logs",
    "cloudwatch",
    "events",
    "secretsmanager",
    "ssm",
    "stepfunctions",
    "kinesis",
    "wafv2",
    "organizations",
    "acm",
]
GONE = object()


def dropped(shape: Shape) -> bool:
    if shape.type_name == "list":
        return dropped(shape.member)
    return shape.type_name == "blob" or (shape.type_name == "map" and dropped(shape.value))


def converted(shape: Shape, value: Any) -> Any:
    """What botocore parsed, in the form of our documents."""
    if shape.metadata.get("document") or shape.serialization.get("jsonvalue"):
        return value
    if value is None or dropped(shape):
        return GONE
    if shape.type_name == "structure":
        pairs = (
            (xform_name(name), converted(shape.members[name], value[name])) for name in value if name in shape.members
        )
    elif shape.type_name == "map":
        pairs = ((key, converted(shape.value, part)) for key, part in value.items())
    elif shape.type_name == "list":
        return [part for part in (converted(shape.member, one) for one in value) if part is not GONE]
    else:
        return iso(value) if isinstance(value, datetime) else value
    return {key: part for key, part in pairs if part is not GONE}


def iso(value: datetime) -> str:
    text = value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return text.replace(".000Z", "Z")


def theirs(operation: Operation, headers: Any, body: bytes) -> Any:
    shape = operation.output_shape
    answer = {"body": body, "headers": HeadersDict(headers), "status_code": 200}
    parsed = parsers.create_parser(operation.protocol).parse(answer, shape)
    return {} if shape is None else converted(shape, parsed)


def askable(service: str) -> list[str]:
    """The reading operations that need no argument."""
    document = Loader().load_service_model(service, "service-2")
    shapes = document["shapes"]
    return [
        name
        for name, operation in document["operations"].items()
        if READING.match(name) and not ("input" in operation and shapes[operation["input"]["shape"]].get("required"))
    ]


class Asker:
    """Sends an operation without arguments and gives status, headers and body as they came."""

    def __init__(self, http: Wire, url: str) -> None:
        self.models = Models()
        self._http = http
        self._endpoints = Endpoints(self.models, EndpointSettings(url=url))

    async def __call__(self, operation: Operation) -> tuple[int, Any, bytes]:
        request = Requests().build(operation, {})
        endpoint = self._endpoints.resolve(operation, "us-east-1")
        headers = Signer().sign(request, endpoint, KEYS, time.time())
        target = f"{request.path}?{request.query}".rstrip("?")
        host = host_of(endpoint, request)
        outgoing = Outgoing(request.method, endpoint.scheme, host, target, headers, request.body)
        return await self._http.send(outgoing, LARGEST_ANSWER)

    async def compare(self, service: str, names: list[str]) -> int:
        """How many operations were answered; asserts that both read each the same."""
        self.models.expect({service: names})
        answered = 0
        for name in names:
            operation = self.models.operation(service, name)
            status, headers, body = await self(operation)
            if status == 200 and name != "GetBucketLocation":
                answered += 1
                try:
                    expected = theirs(operation, headers, body)
                except parsers.ResponseParserError:
                    continue  # a made-up answer with more than one member of a union
                assert operation.read(status, headers, body) == expected, operation.label
        return answered


@pytest.fixture(scope="module")
def estate() -> Iterator[str]:
    with fake_estate("--synth", "2") as url:
        yield url


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture
async def http() -> AsyncIterator[Wire]:
    async with open_http() as session:
        yield session


@pytest.mark.parametrize("service", SERVICES)
async def test_every_list_of_a_service_is_read_as_botocore_reads_it(service: str, estate: str, http: Wire) -> None:
    assert await Asker(http, estate).compare(service, askable(service)) > 0


MOTO_LISTS = {
    "ec2": [
        "DescribeInstances",
        "DescribeVpcs",
        "DescribeSecurityGroups",
        "DescribeImages",
        "DescribeRegions",
        "DescribeVolumes",
    ],
    "iam": ["ListUsers", "ListRoles", "GetAccountAuthorizationDetails", "GetAccountSummary", "ListAccountAliases"],
    "s3": ["ListBuckets"],
    "sqs": ["ListQueues"],
    "dynamodb": ["ListTables"],
    "route53": ["ListHostedZones"],
    "lambda": ["ListFunctions"],
    "cloudwatch": ["DescribeAlarms"],
    "organizations": ["DescribeOrganization", "ListAccounts", "ListRoots"],
}


def fill(url: str) -> None:
    """A few resources of the kinds compared, made as a user would."""

    def client(service: str) -> Any:
        keys = {"aws_access_key_id": KEYS.access_key, "aws_secret_access_key": KEYS.secret_key}
        return boto3.client(service, endpoint_url=url, region_name="us-east-1", **keys)

    client("ec2").run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1, InstanceType="t2.micro")
    client("iam").create_user(UserName="u", Tags=[{"Key": "a", "Value": "b"}])
    client("s3").create_bucket(Bucket="bucket")
    client("sqs").create_queue(QueueName="queue")
    client("route53").create_hosted_zone(Name="example.org", CallerReference="1")
    client("organizations").create_organization(FeatureSet="ALL")


@pytest.mark.unmeasured
async def test_answers_of_moto_are_read_as_botocore_reads_them(moto: str, http: Wire) -> None:
    fill(moto)
    for service, names in MOTO_LISTS.items():
        assert await Asker(http, moto).compare(service, names) == len(names), service
