"""Tags in bulk: one sweep a region, and what happens when it is refused."""

from pathlib import Path
from typing import Any

import pytest

from syncd.model import Last
from tests.collectors.aws.loopback import ACCOUNT
from tests.collectors.aws.readings import DENIED, REGION, Fault, Reading, cloud

TABLES = """
[aws_dynamodb_table]
list = "dynamodb.ListTables TableNames[]"
item = "table_name"
arn = "dynamodb:{region}:{account}:table/{table_name}"
id = "table_name"
name = "table_name"
tagging = "dynamodb:table"
[[aws_dynamodb_table.facet]]
name = "tags"
call = "dynamodb.ListTagsOfResource"
args = { ResourceArn = "arn:{partition}:dynamodb:{region}:{account}:table/{table_name}" }
take = "Tags"
tags = true

[aws_sqs_queue]
list = "sqs.ListQueues QueueUrls[]"
item = "queue_url"
arn = "sqs:{region}:{account}:{queue_url|tail}"
id = "queue_url"
name = "{queue_url|tail}"
tagging = "sqs"
"""


def urn(name: str) -> str:
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"


def mapping(arn: str, **tags: str) -> dict[str, Any]:
    return {"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


SWEEP = {
    "ResourceTagMappingList": [mapping(urn("a"), team="x"), mapping(f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", team="q")]
}
ANSWERS = {
    "ListTables": {"TableNames": ["a", "b"]},
    "ListQueues": {"QueueUrls": [f"https://sqs/{ACCOUNT}/q"]},
    "GetResources": SWEEP,
    "ListTagsOfResource": {"Tags": [{"Key": "team", "Value": "own"}]},
}


async def test_one_sweep_serves_all_scopes_of_a_region(tmp_path: Path) -> None:
    async with cloud(tmp_path, TABLES, **ANSWERS) as aws:
        tables = await aws.read("aws_dynamodb_table")
        queues = await aws.read("aws_sqs_queue")
        sweeps = [body for name, body in aws.aws.asked if name == "GetResources"]
        assert aws.aws.count("ListTagsOfResource") == 0
    assert [body["ResourceTypeFilters"] for body in sweeps] == [["dynamodb:table", "sqs"]]
    assert (tables["a"].tags, tables["b"].tags, queues["q"].tags) == ({"team": "x"}, {}, {"team": "q"})
    assert tables["a"].facets == {"tags"}
    assert not tables["b"].facets


@pytest.mark.parametrize(
    "sweep", [DENIED, Fault("InternalServerError", 500), {"ResourceTagMappingList": [mapping("arn:aws:x:NaN:NaN:y")]}]
)
async def test_a_sweep_that_fails_leaves_tags_to_each_services_own_calls(tmp_path: Path, sweep: Any) -> None:
    async with cloud(tmp_path, TABLES, **{**ANSWERS, "GetResources": sweep}) as aws:
        found = await aws.read("aws_dynamodb_table")
    assert found["a"].tags == {"team": "own"}
    assert found.gaps == []


async def test_without_any_call_that_gives_tags_the_last_known_ones_stay(tmp_path: Path) -> None:
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
    known = {queue: Last({}, {"team": "before"}, frozenset())}
    async with cloud(tmp_path, TABLES, **{**ANSWERS, "GetResources": DENIED}) as aws:
        found = await aws.read("aws_sqs_queue", reading=Reading(known=known))
    assert found["q"].tags == {"team": "before"}
    assert found["q"].unseen == {"tags"}
    assert [(gap.state, gap.permission, gap.count) for gap in found.gaps] == [("denied", "tag:GetResources", 1)]


async def test_tags_denied_everywhere_are_unseen_not_removed(tmp_path: Path) -> None:
    known = {urn("a"): Last({}, {"team": "before"}, frozenset())}
    answers = {**ANSWERS, "GetResources": DENIED, "ListTagsOfResource": DENIED}
    async with cloud(tmp_path, TABLES, **answers) as aws:
        found = await aws.read("aws_dynamodb_table", reading=Reading(known=known))
    assert found["a"].tags == {"team": "before"}
    assert found["b"].never == {"tags"}
    assert [gap.permission for gap in found.gaps] == ["dynamodb:ListTagsOfResource"]


async def test_an_empty_sweep_is_asked_for_twice_before_it_is_believed(tmp_path: Path) -> None:
    answers = iter([{"ResourceTagMappingList": []}, SWEEP])
    async with cloud(tmp_path, TABLES, **{**ANSWERS, "GetResources": lambda body: next(answers)}) as aws:
        found = await aws.read("aws_dynamodb_table")
    assert found["a"].tags == {"team": "x"}


async def test_a_second_reading_sweeps_again(tmp_path: Path) -> None:
    async with cloud(tmp_path, TABLES, **ANSWERS) as aws:
        await aws.read("aws_dynamodb_table")
        await aws.read("aws_dynamodb_table", reading=Reading(again=True))
        assert aws.aws.count("GetResources") == 2


async def test_a_sweep_that_knows_none_of_a_kind_leaves_its_tags_to_its_own_calls(tmp_path: Path) -> None:
    others = {"ResourceTagMappingList": [mapping(f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", team="q")]}
    async with cloud(tmp_path, TABLES, **{**ANSWERS, "GetResources": others}) as aws:
        found = await aws.read("aws_dynamodb_table")
    assert found["a"].tags == {"team": "own"}


async def test_tags_that_a_sweep_no_longer_names_are_asked_for_one_by_one(tmp_path: Path) -> None:
    known = {urn("b"): Last({}, {"team": "before"}, frozenset())}
    answers = {**ANSWERS, "ListTables": {"TableNames": ["a", "b", "c"]}}
    async with cloud(tmp_path, TABLES, **answers) as aws:
        found = await aws.read("aws_dynamodb_table", reading=Reading(known=known))
        assert aws.aws.count("ListTagsOfResource") == 1
    assert {name: node.tags for name, node in found.nodes.items()} == {
        "a": {"team": "x"},
        "b": {"team": "own"},
        "c": {},
    }


async def test_known_tags_outlive_a_sweep_that_stops_telling_a_kind_whose_first_have_none(tmp_path: Path) -> None:
    names = [f"t{number:03}" for number in range(100)]
    known = {urn("t090"): Last({}, {"team": "before"}, frozenset())}

    def tags(body: dict[str, Any]) -> dict[str, Any]:
        return {"Tags": [{"Key": "team", "Value": "own"}] if body["ResourceArn"].endswith("t090") else []}

    answers = {**ANSWERS, "ListTables": {"TableNames": names}, "ListTagsOfResource": tags}
    async with cloud(tmp_path, TABLES, **{**answers, "GetResources": {"ResourceTagMappingList": []}}) as aws:
        found = await aws.read("aws_dynamodb_table", reading=Reading(known=known))
        assert aws.aws.count("ListTagsOfResource") == 65
    assert found["t090"].tags == {"team": "own"}


async def test_where_nodes_lie_in_other_regions_sweeps_give_tags_but_never_say_that_there_are_none(
    tmp_path: Path,
) -> None:
    elsewhere = TABLES.replace("tags = true", 'tags = true\nregion = "{region}"')
    async with cloud(tmp_path, elsewhere, **ANSWERS) as aws:
        found = await aws.read("aws_dynamodb_table")
        assert [body["ResourceArn"] for name, body in aws.aws.asked if name == "ListTagsOfResource"] == [urn("b")]
    assert (found["a"].tags, found["b"].tags) == ({"team": "x"}, {"team": "own"})
    async with cloud(tmp_path, elsewhere, **{**ANSWERS, "GetResources": DENIED}) as aws:
        found = await aws.read("aws_dynamodb_table")
    assert (found["a"].tags, found.gaps) == ({"team": "own"}, [])


async def test_a_sweep_is_kept_until_every_scope_of_the_account_has_been_read(tmp_path: Path) -> None:
    async with cloud(tmp_path, TABLES, **ANSWERS) as aws:
        aws.expect("aws_dynamodb_table")
        aws.expect("aws_sqs_queue")
        await aws.read("aws_dynamodb_table")
        assert (await aws.read("aws_sqs_queue"))["q"].tags == {"team": "q"}
        assert aws.aws.count("GetResources") == 1
        await aws.read("aws_sqs_queue")
        assert aws.aws.count("GetResources") == 2


async def test_a_scope_that_is_skipped_keeps_no_sweep(tmp_path: Path) -> None:
    async with cloud(tmp_path, TABLES, **ANSWERS) as aws:
        aws.expect("aws_dynamodb_table")
        aws.expect("aws_sqs_queue")
        await aws.read("aws_dynamodb_table")
        aws.skip("aws_sqs_queue")
        await aws.read("aws_dynamodb_table")
        assert aws.aws.count("GetResources") == 2
