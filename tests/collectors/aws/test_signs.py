"""Where something may be in scopes that were empty: by a tag, by a reference; what cannot be seen is no sign."""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from collectors.aws import collector
from collectors.aws.catalog import load
from collectors.aws.settings import AwsSettings
from collectors.aws.signs import resource_type
from syncd.model import Scope
from syncd.plugin import Loose, Selection, Sensing
from tests.collectors.aws.loopback import fake_estate
from tests.collectors.aws.readings import Reading

KINDS = (
    "aws_ec2_instance",
    "aws_ec2_host",
    "aws_sqs_queue",
    "aws_kinesis_stream",
    "aws_iam_role",
    "aws_iam_user",
    "aws_lambda_function",
    "aws_dynamodb_table",
)


@pytest.fixture(scope="module")
def estate() -> Iterator[str]:
    with fake_estate("--accounts", "1", "--regions", "2", "--scale", "0.1") as url:
        yield url


@asynccontextmanager
async def discovered(url: str, patch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Sensing, list[Scope]]]:
    patch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    opened = await collector.open(AwsSettings(kinds=KINDS, endpoint_url=url))
    try:
        found = [each async for each in opened.scopes(Reading(), Selection())]
        yield opened, [each for each in found if isinstance(each, Scope)]
    finally:
        await opened.close()


async def signs(session: Sensing, resting: Iterable[str], loose: Iterable[Loose] = ()) -> set[str]:
    names = set(resting)
    return {each.key async for each in session.signs(lambda scope: scope.key in names, loose, Reading())}


async def test_tagged_resources_wake_exactly_the_resting_scopes_in_which_they_are(
    estate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with discovered(estate, monkeypatch) as (session, scopes):
        regional = {each.key for each in scopes if each.region != "global"}
        woken = await signs(session, regional)
        assert {key.rpartition("/")[2] for key in woken} == {"sqs.queues", "lambda.functions", "dynamodb.tables"}
        some = {key for key in regional if key.endswith("sqs.queues") and "us-west-2" in key}
        assert await signs(session, some) == some
        assert await signs(session, ()) == set()


async def test_a_reference_wakes_the_scopes_of_what_it_may_mean(estate: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with discovered(estate, monkeypatch) as (session, scopes):
        account = scopes[0].account
        hosts = f"aws/{account}/us-west-2/ec2.hosts"
        loose = [Loose(account, "us-west-2", "aws_ec2_instance", "in"), Loose("9" * 12, "x", "aws_ec2_host", "in")]
        assert await signs(session, [hosts], loose) == {hosts}
        assert await signs(session, [hosts], loose[1:]) == set()


async def test_what_cannot_be_looked_at_is_no_sign(estate: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with discovered(estate, monkeypatch) as (session, scopes), aiohttp.ClientSession() as http:
        fault = [{"do": "denied", "service": "resourcegroupstaggingapi"}]
        async with http.post(f"{estate}/__faults", json=fault) as answer:
            assert answer.status == 200
        try:
            assert await signs(session, {each.key for each in scopes if each.region != "global"}) == set()
        finally:
            async with http.delete(f"{estate}/__faults"):
                pass


def test_the_tagging_api_calls_kinds_as_their_arns_do() -> None:
    found = {name: resource_type(entry) for name, entry in load().kinds.items()}
    assert found["aws_ec2_instance"] == "ec2:instance"
    assert found["aws_rds_instance"] == "rds:db"
    assert found["aws_sqs_queue"] == "sqs"
    assert found["aws_lambda_function"] == "lambda:function"
    assert sum(map(bool, found.values())) > len(found) * 0.5
