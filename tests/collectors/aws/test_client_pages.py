"""Lists are read to their end, and a list that has no proper end is no list."""

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from collectors.aws.client import Ask
from collectors.aws.models import Models, Operation
from syncd.errors import Failed
from tests.collectors.aws.loopback import Host, Script, as_json, calling, fake_estate, serving, someone, xml

MODELS = Models()
QUEUES = MODELS.operation("sqs", "ListQueues")
USERS = MODELS.operation("iam", "ListUsers")


async def pages(
    script: Script, operation: Operation = QUEUES, args: dict[str, Any] | None = None, **more: Any
) -> list[Any]:
    async with serving(script) as url, calling(url, MODELS, **more) as client:
        return [page async for page in client.pages(Host(1), Ask(someone(), "us-east-1", operation, args or {}))]


def users(name: str, more: str) -> web.Response:
    inner = f"<Users><member><UserName>{name}</UserName></member></Users>{more}"
    return xml(f"<ListUsersResponse><ListUsersResult>{inner}</ListUsersResult></ListUsersResponse>")


async def test_tokens_are_followed_to_the_last_page() -> None:
    script = Script([as_json({"QueueUrls": ["a"], "NextToken": "t"}), as_json({"QueueUrls": ["b"], "NextToken": ""})])
    assert [page["queue_urls"] for page in await pages(script)] == [["a"], ["b"]]
    assert [body for _, body in script.requests] == [b'{"MaxResults": 1000}', b'{"MaxResults": 1000, "NextToken": "t"}']


async def test_the_largest_page_is_asked_for_unless_less_is_configured_or_given() -> None:
    script = Script([as_json({})])
    await pages(script, largest_page=50)
    await pages(script, args={"MaxResults": 7})
    assert [body for _, body in script.requests] == [b'{"MaxResults": 50}', b'{"MaxResults": 7}']


async def test_single_items_are_asked_for_without_a_page_size() -> None:
    script = Script([xml("<DescribeInstancesResponse/>")])
    await pages(script, MODELS.operation("ec2", "DescribeInstances"), {"InstanceIds": ["i-1"]})
    assert b"MaxResults" not in script.requests[0][1]


async def test_a_page_that_says_it_is_the_last_is_the_last() -> None:
    script = Script([users("a", "<IsTruncated>false</IsTruncated><Marker>m</Marker>")])
    assert len(await pages(script, USERS)) == 1


async def test_a_token_is_followed_where_the_page_does_not_say_whether_there_is_more() -> None:
    script = Script([users("a", "<Marker>m</Marker>"), users("b", "")])
    assert len(await pages(script, USERS)) == 2


def counting() -> Callable[[], web.Response]:
    number = iter(range(100))
    return lambda: as_json({"QueueUrls": [], "NextToken": f"t{next(number)}"})


@pytest.mark.parametrize(
    ("script", "operation", "complaint"),
    [
        (Script([as_json({"NextToken": "t"})]), QUEUES, "the same page token twice"),
        (
            Script([as_json({"NextToken": "t"}), as_json({"NextToken": "u"}), as_json({"NextToken": "t"})]),
            QUEUES,
            "the same page token twice",
        ),
        (Script([users("a", "<IsTruncated>true</IsTruncated>")]), USERS, "without a page token"),
        (
            Script([as_json({"Items": [], "LastEvaluatedKey": {"a": {"S": "b"}}})]),
            MODELS.operation("dynamodb", "Scan"),
            "a page token that is no text",
        ),
    ],
)
async def test_a_list_without_a_proper_end_fails(script: Script, operation: Operation, complaint: str) -> None:
    args = {"TableName": "t"} if operation.service == "dynamodb" else {}
    with pytest.raises(Failed, match=complaint):
        await pages(script, operation, args)


async def test_a_list_of_endless_new_tokens_fails() -> None:
    with pytest.raises(Failed, match="more than 50 pages"):
        await pages(Script([counting()]), most_pages=50)


async def test_a_failing_page_fails_the_list() -> None:
    script = Script([as_json({"NextToken": "t"}), as_json({"__type": "ValidationException"}, 400)])
    with pytest.raises(Failed, match="ValidationException"):
        await pages(script)


async def test_operations_without_pages_are_one_page() -> None:
    script = Script([xml("<DescribeRegionsResponse><regionInfo/></DescribeRegionsResponse>")])
    assert await pages(script, MODELS.operation("ec2", "DescribeRegions")) == [{"regions": []}]


async def test_an_estate_is_listed_whole_in_every_page_size() -> None:
    with fake_estate("--scale", "2") as url:
        found = []
        for size in (1000, 7):
            async with calling(url, MODELS, largest_page=size) as client:
                operation = MODELS.operation("iam", "ListRoles")
                listed = [page async for page in client.pages(Host(1), Ask(someone(), "us-east-1", operation, {}))]
            found.append([role["arn"] for page in listed for role in page["roles"]])
    assert found[0] == found[1]
    assert len(set(found[0])) == len(found[0]) > 7
