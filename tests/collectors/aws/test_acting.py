"""One resource is read whole or not at all, and a refused act names what is missing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web

from collectors.aws import collector
from collectors.aws.acting import Acts
from collectors.aws.client import Client
from collectors.aws.places import Place
from collectors.aws.settings import AwsSettings
from syncd.errors import Denied, Failed, ReadError, Temporary
from syncd.model import Act, Node
from tests.collectors.aws.loopback import ACCOUNT, Host, Script, as_json, calling, serving, someone, xml
from tests.collectors.aws.readings import Reading

REGION = "us-east-1"
ACTS = Acts(collector._compiler(AwsSettings()))
PLACE = Place(someone(), ACCOUNT, "one", "aws", (REGION,))
VOLUME = Node(f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/vol-1", "aws_ec2_volume", "vol-1", "vol-1", ACCOUNT, REGION)
TABLE = Node(
    f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/carts", "aws_dynamodb_table", "carts", "carts", ACCOUNT, REGION
)


def refused(code: str, status: int = 400) -> web.Response:
    text = f"<Response><Errors><Error><Code>{code}</Code><Message>no</Message></Error></Errors></Response>"
    return xml(text, status)


def volumes(*names: str) -> web.Response:
    items = "".join(f"<item><volumeId>{name}</volumeId><size>1</size></item>" for name in names)
    return xml(f"<DescribeVolumesResponse><volumeSet>{items}</volumeSet></DescribeVolumesResponse>")


@asynccontextmanager
async def answering(*answers: web.Response) -> AsyncIterator[tuple[Client, Script]]:
    script = Script([*answers])
    async with serving(script) as url, calling(url) as client:
        yield client, script


async def read(client: Client, node: Node) -> Node | None:
    return await ACTS.read(client, PLACE, REGION, node, Reading())


async def test_one_resource_is_asked_for_alone_where_its_list_can_be() -> None:
    async with answering(volumes("vol-1")) as (client, script):
        found = await read(client, VOLUME)
    assert found is not None
    assert (found.urn, found.common["volume_size"]) == (VOLUME.urn, 1)
    assert b"VolumeId.1=vol-1" in script.requests[0][1]


@pytest.mark.parametrize(
    ("kind", "asked"),
    [("aws_alb", b"LoadBalancerArns.member.1="), ("aws_alb_target_group", b"TargetGroupArns.member.1=")],
)
async def test_who_asks_a_load_balancing_service_for_one_gives_no_page_size(kind: str, asked: bytes) -> None:
    node = Node(f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:x/y", kind, "x", "x", ACCOUNT, REGION)
    async with answering(refused("LoadBalancerNotFound")) as (client, script):
        with suppress(ReadError):
            await read(client, node)
    body = script.requests[0][1]
    assert (asked in body, b"PageSize" in body) == (True, False)


@pytest.mark.parametrize("answer", [refused("InvalidVolume.NotFound"), volumes(), volumes("vol-2")])
async def test_what_is_not_listed_any_more_is_gone(answer: web.Response) -> None:
    async with answering(answer) as (client, _):
        assert await read(client, VOLUME) is None


async def test_what_may_not_be_looked_at_is_not_gone() -> None:
    async with answering(refused("UnauthorizedOperation", 403)) as (client, _):
        with pytest.raises(Denied) as denied:
            await read(client, VOLUME)
    assert denied.value.permission == "ec2:DescribeVolumes"


async def test_a_part_that_cannot_be_seen_is_no_reading() -> None:
    table = {"Table": {"TableName": "carts", "TableArn": TABLE.urn, "TableStatus": "ACTIVE"}}
    denied = as_json({"__type": "AccessDeniedException", "message": "no"}, 400)
    async with answering(as_json({"TableNames": ["carts"]}), as_json(table), denied) as (client, _):
        with pytest.raises(Denied, match="AccessDenied"):
            await read(client, TABLE)


async def test_an_act_that_is_refused_names_the_permission() -> None:
    async with answering(refused("UnauthorizedOperation", 403)) as (client, script):
        with pytest.raises(Denied) as denied:
            await ACTS.act(client, PLACE, REGION, VOLUME, Act("tag", {"a": "b"}), Reading())
    assert denied.value.permission == "ec2:CreateTags"
    assert b"Action=CreateTags&Version=2016-11-15&ResourceId.1=vol-1&Tag.1.Key=a&Tag.1.Value=b" in script.requests[0][1]


async def test_an_act_that_cannot_be_is_not_sent() -> None:
    group = Node("arn:aws:iam::1:group/g", "aws_iam_group", "g", "g", ACCOUNT, "global")
    async with answering(volumes()) as (client, script):
        with pytest.raises(Failed, match="cannot be changed"):
            await ACTS.act(client, PLACE, REGION, group, Act("tag", {"a": "b"}), Reading())
        bucket = Node("arn:aws:s3:::b", "aws_s3_bucket", "b", "b", ACCOUNT, "global")
        with pytest.raises(Failed, match="does not say what its tags"):
            await ACTS.act(client, PLACE, "global", bucket, Act("tag", {"a": "b"}), Reading())
    assert script.requests == []


UNSUCCESSFUL = (
    "<DeleteVpcEndpointsResponse><unsuccessful><item><error><code>OperationNotPermitted</code>"
    "<message>in use</message></error></item></unsuccessful></DeleteVpcEndpointsResponse>"
)


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "answer", "told"),
    [
        ("ec2", "DeleteVpcEndpoints", {"VpcEndpointIds": "vpce-1"}, xml(UNSUCCESSFUL), "unsuccessful: .*in use"),
        (
            "ec2",
            "RevokeSecurityGroupEgress",
            {"GroupId": "sg-1"},
            xml("<RevokeSecurityGroupEgressResponse><return>false</return></RevokeSecurityGroupEgressResponse>"),
            "return: false",
        ),
        (
            "events",
            "RemoveTargets",
            {"Rule": "r", "Ids": "1"},
            as_json({"FailedEntryCount": 1, "FailedEntries": [{"ErrorCode": "ConcurrentModification"}]}),
            "failed_entries: .*ConcurrentModification",
        ),
    ],
)
async def test_an_answer_that_lists_failures_is_no_success(
    service: str, operation: str, parameters: dict[str, str], answer: web.Response, told: str
) -> None:
    act = Act("call", service=service, operation=operation, parameters=parameters)
    async with answering(answer) as (client, _):
        with pytest.raises(Failed, match=told):
            await ACTS.act(client, PLACE, REGION, VOLUME, act, Reading())


async def test_an_answer_whose_list_of_failures_is_empty_is_a_success() -> None:
    act = Act("call", service="events", operation="RemoveTargets", parameters={"Rule": "r", "Ids": "1"})
    async with answering(as_json({"FailedEntryCount": 0, "FailedEntries": []})) as (client, _):
        await ACTS.act(client, PLACE, REGION, VOLUME, act, Reading())


async def test_a_call_is_sent_once_also_where_the_connection_ends_without_an_answer() -> None:
    function = Node("arn:aws:lambda:us-east-1:1:function:f", "aws_lambda_function", "f", "f", ACCOUNT, REGION)
    parameters = {"FunctionName": "f", "Timeout": "9"}
    act = Act("call", service="lambda", operation="UpdateFunctionConfiguration", parameters=parameters)
    sent: list[str] = []

    async def hanging_up(request: web.Request) -> web.StreamResponse:
        sent.append(request.method)
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with serving(hanging_up) as url, calling(url) as client:
        with pytest.raises(Temporary):
            await ACTS.act(client, PLACE, REGION, function, act, Host(attempts=1))
    assert sent == ["PUT"]
