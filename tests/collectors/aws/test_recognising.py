"""Answers that are what they were are not parsed; anything else is, from the first page on."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from collectors.aws.answers import told
from collectors.aws.client import Ask, Client
from collectors.aws.models import Models, Operation
from collectors.aws.recognising import MOST_PAGES, Recognising, Room
from collectors.aws.wire import Answer
from syncd.errors import Failed
from syncd.model import Imprint, Same
from tests.collectors.aws.loopback import Host, Script, as_json, calling, serving, someone, xml
from tests.collectors.aws.readings import CLUSTERS, Fault, Found, Reading, cloud, cluster

MODELS = Models()
QUEUES = MODELS.operation("sqs", "ListQueues")
USERS = MODELS.operation("iam", "ListUsers")
VPCS = MODELS.operation("ec2", "DescribeVpcs")
DISTRIBUTIONS = MODELS.operation("cloudfront", "ListDistributions")

Pages = Sequence[web.Response]


def queues(*names: str, token: str = "") -> web.Response:
    return as_json({"QueueUrls": list(names)} | ({"NextToken": token} if token else {}))


def vpcs(name: str, request: str, token: str = "", more: str = "") -> web.Response:
    inner = f"<vpcSet><item><vpcId>{name}</vpcId>{more}</item></vpcSet>"
    following = f"<nextToken>{token}</nextToken>" if token else ""
    return xml(f"<DescribeVpcsResponse><requestId>{request}</requestId>{inner}{following}</DescribeVpcsResponse>")


def users(name: str, request: str, more: str = "") -> web.Response:
    found = f"<ListUsersResult><Users><member><UserName>{name}</UserName></member></Users>{more}</ListUsersResult>"
    about = f"<ResponseMetadata><RequestId>{request}</RequestId></ResponseMetadata>"
    return xml(f"<ListUsersResponse>{found}{about}</ListUsersResponse>")


class Read:
    """What one reading of a list told, and how many answers it asked for."""

    def __init__(self, documents: list[Any], recognising: Recognising, asked: int) -> None:
        self.documents = documents
        self.asked = asked
        said = next(recognising.told(), None)
        self.same = said.answers if isinstance(said, Same) else 0
        self.imprint = said.value if isinstance(said, Imprint) else b""


async def read(operation: Operation, pages: Pages, known: bytes = b"", room: int = 10**6, **args: Any) -> Read:
    script, recognising = Script([*pages]), Recognising(known, Room(room), "aws")
    async with serving(script) as url, calling(url, MODELS) as client:
        found = await listed(client, operation, recognising, args)
    if not recognising.same:
        found += recognising.released()
    return Read(found, recognising, len(script.requests))


async def listed(client: Client, operation: Operation, recognising: Recognising, args: Mapping[str, Any]) -> list[Any]:
    ask = Ask(someone(), "us-east-1", operation, args)
    return [page async for page in client.pages(Host(1), ask, recognising)]


async def test_the_same_answer_is_not_parsed() -> None:
    first = await read(QUEUES, [queues("a")])
    again = await read(QUEUES, [queues("a")], first.imprint)
    assert (again.documents, again.same) == ([], 1)


@pytest.mark.parametrize(
    ("operation", "make"),
    [
        (VPCS, lambda number: vpcs("vpc-1", f"r{number}", "" if number % 2 else f"t{number}")),
        (USERS, lambda number: users("a", f"r{number}")),
        (QUEUES, lambda number: queues("a", token="" if number % 2 else f"t\\u0020{number}")),
    ],
)
async def test_the_ids_of_requests_and_the_tokens_of_pages_may_differ(
    operation: Operation, make: Callable[[int], web.Response]
) -> None:
    first = await read(operation, [make(0), make(1)])
    again = await read(operation, [make(2), make(3)], first.imprint)
    assert (again.documents, again.same, again.asked) == ([], first.asked, first.asked)


async def test_a_page_that_differs_in_the_middle_is_parsed_with_all_others() -> None:
    pages = [queues("a", token="1"), queues("b", token="2"), queues("c")]
    first = await read(QUEUES, [*pages])
    changed = [queues("a", token="1"), queues("B", token="2"), queues("c")]
    again = await read(QUEUES, [*changed], first.imprint)
    assert [page["queue_urls"] for page in again.documents] == [["a"], ["B"], ["c"]]
    assert (again.same, again.asked) == (0, 3)
    assert (await read(QUEUES, [*changed], again.imprint)).same == 3


@pytest.mark.parametrize(
    ("before", "now", "names"),
    [
        ([queues("a")], [queues("a", token="1"), queues("b")], ["a", "b"]),
        ([queues("a", token="1"), queues("b")], [queues("a")], ["a"]),
        ([queues("a", token="1"), queues("b")], [queues("a", token="1"), queues("b", token="2"), queues()], ["a", "b"]),
    ],
)
async def test_a_list_that_is_longer_or_shorter_now_is_parsed(before: Pages, now: Pages, names: list[str]) -> None:
    first = await read(QUEUES, before)
    again = await read(QUEUES, now, first.imprint)
    assert [name for page in again.documents for name in page.get("queue_urls", ())] == names
    assert again.same == 0


async def test_without_room_to_hold_answers_back_they_are_parsed() -> None:
    pages = [queues("a", token="1"), queues("b")]
    first = await read(QUEUES, [*pages])
    again = await read(QUEUES, [*pages], first.imprint, room=40)
    assert ([page["queue_urls"] for page in again.documents], again.same) == ([["a"], ["b"]], 0)
    assert again.imprint == first.imprint


async def test_other_arguments_are_another_answer() -> None:
    first = await read(QUEUES, [queues("a")])
    assert (await read(QUEUES, [queues("a")], first.imprint, QueueNamePrefix="a")).same == 0


async def test_a_token_that_is_repeated_is_no_list_even_when_all_is_as_it_was() -> None:
    first = await read(QUEUES, [queues("a", token="1"), queues("b", token="2"), queues("c")])
    with pytest.raises(Failed, match="the same page token twice"):
        await read(QUEUES, [queues("a", token="1"), queues("b", token="1"), queues("c")], first.imprint)


async def test_what_is_named_like_a_token_inside_an_item_is_not_left_out() -> None:
    def pages(inside: str) -> Pages:
        return [vpcs("vpc-1", "r", more=f"<nextToken>{inside}</nextToken>")]

    first = await read(VPCS, pages("x"))
    assert first.imprint == b""
    assert (await read(VPCS, pages("y"), first.imprint)).documents


async def test_tokens_that_stand_deeper_are_followed_only_by_parsing() -> None:
    def page(marker: str) -> web.Response:
        inner = f"<IsTruncated>{'true' if marker else 'false'}</IsTruncated>"
        return xml(
            f"<DistributionList>{inner}{f'<NextMarker>{marker}</NextMarker>' if marker else ''}</DistributionList>"
        )

    assert (await read(DISTRIBUTIONS, [page("m"), page("")])).imprint == b""
    single = await read(DISTRIBUTIONS, [page("")])
    assert (await read(DISTRIBUTIONS, [page("")], single.imprint)).same == 1


async def test_a_scope_of_too_many_answers_has_no_imprint() -> None:
    assert (
        await read(QUEUES, [queues("a", token=str(number)) for number in range(MOST_PAGES)] + [queues()])
    ).imprint == b""


@pytest.mark.parametrize(
    ("operation", "one", "other"),
    [
        (VPCS, b"<R><requestId>1</requestId><a>x</a></R>", b"<R><requestId>1</requestId><a>y</a></R>"),
        (VPCS, b"<R><a><requestId>1</requestId></a></R>", b"<R><a><requestId>2</requestId></a></R>"),
        (USERS, b"<R><a><RequestId>1</RequestId></a></R>", b"<R><a><RequestId>2</RequestId></a></R>"),
        (QUEUES, b'{"NextToken":""}', b'{"NextToken":"a"}'),
        (QUEUES, b'{"a":"1","NextToken":"b"}', b'{"a":"2","NextToken":"b"}'),
        (QUEUES, b'{"a":["NextToken"],"NextToken":"b"}', b'{"a":["NextToken"],"NextToken":"c"}'),
        (QUEUES, b'{"NextToken":"\\ud800"}', b'{"NextToken":"\\ud801"}'),
    ],
)
def test_whatever_else_differs_is_another_answer(operation: Operation, one: bytes, other: bytes) -> None:
    digests = {told(operation, b"", Answer(200, {}, body)).digest for body in (one, other)}
    assert len(digests) == 2


SERVICES = """
[aws_ecs_service]
list = "ecs.ListServices serviceArns[]"
item = "service_arn"
parent = { kind = "aws_ecs_cluster", args = { cluster = "{cluster_arn}" } }
arn = "service_arn"
id = "service_arn"
"""


async def twice(folder: Path, catalog: str, kind: str, **answers: Any) -> tuple[Found, Found]:
    """Two readings in a row, the second with the imprint of the first."""
    async with cloud(folder, catalog, **answers) as aws:
        first = await aws.read(kind)
        return first, await aws.read(kind, reading=Reading(imprint=first.imprint))


async def test_a_scope_whose_pages_are_what_they_were_is_as_it_was(tmp_path: Path) -> None:
    listed = {"clusterArns": [cluster("a"), cluster("b")]}
    first, again = await twice(tmp_path, CLUSTERS, "aws_ecs_cluster", ListClusters=listed)
    assert (len(first.nodes), again.nodes, again.same) == (2, {}, 1)


async def test_a_second_reading_is_always_parsed_and_has_no_imprint(tmp_path: Path) -> None:
    listed = {"clusterArns": [cluster("a")]}
    async with cloud(tmp_path, CLUSTERS, ListClusters=listed) as aws:
        first = await aws.read("aws_ecs_cluster")
        again = await aws.read("aws_ecs_cluster", reading=Reading(again=True, imprint=first.imprint))
    assert (len(again.nodes), again.same, again.imprint) == (1, 0, b"")


async def test_children_have_no_imprint_since_their_parents_may_be_others(tmp_path: Path) -> None:
    answers = {"ListClusters": {"clusterArns": [cluster("a")]}, "ListServices": {"serviceArns": [cluster("s")]}}
    first, _ = await twice(tmp_path, CLUSTERS + SERVICES, "aws_ecs_service", **answers)
    assert (len(first.nodes), first.imprint) == (1, b"")


async def test_a_list_that_breaks_off_fails_though_its_beginning_is_as_it_was(tmp_path: Path) -> None:
    pages = [{"clusterArns": [cluster("a")], "nextToken": "t"}, {"clusterArns": [cluster("b")]}]
    given = iter([*pages, pages[0], Fault("InvalidParameterException")])
    with pytest.raises(Failed):
        await twice(tmp_path, CLUSTERS, "aws_ecs_cluster", ListClusters=lambda _: next(given))
