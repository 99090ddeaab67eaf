"""The small parts that documents and calls are made with: paths, templates, arguments, order, what is left out."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest

from collectors.aws.arguments import Arguments
from collectors.aws.common import compile_common
from collectors.aws.entries import Common
from collectors.aws.paths import getter, steps
from collectors.aws.prune import decoded, emptier, remover, splitter
from collectors.aws.templates import maker, prepare, template
from collectors.aws.work import merge, run_all
from syncd.errors import Failed

PLACE = {"account": "111122223333", "region": "eu-west-1", "partition": "aws"}
B = [{"c": 1}, {"c": 2}, {}]
DOCUMENT = {"a": {"b": B}, "name": "x", "arn": "arn:aws:x:::type/y", "count": 3, "none": None}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("name", "x"),
        ("a.b[].c", [1, 2]),
        ("a.x.c", None),
        ("name.x", None),
        ("name[]", []),
        ("a.b", B),
    ],
)
def test_a_path_finds_a_value_or_a_list_of_values(path: str, found: Any) -> None:
    assert getter(path)(DOCUMENT) == found


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("ec2:{region}:{account}:x/{name}", "ec2:eu-west-1:111122223333:x/x"),
        ("{arn|tail}", "y"),
        ("{none|name}", "x"),
        ("{owner|account}:{name}", "111122223333:x"),
        ("{count}", "3"),
        ("{none}/x", ""),
        ("{name}-{none}", ""),
        ("{a}", ""),
        ("plain", "plain"),
        ("{region}", "eu-west-1"),
    ],
)
def test_a_template_is_filled_or_gives_nothing(text: str, made: str) -> None:
    assert maker(text)(DOCUMENT, PLACE) == made
    assert prepare(text)(PLACE)(DOCUMENT) == made


def test_names_of_hosts_compare_however_they_are_written() -> None:
    assert maker("{name|host}")({"name": "Dualstack.LB.example.COM."}, PLACE) == "lb.example.com"


@pytest.mark.parametrize("text", ["{", "}", "{}", "{|}", "a{b"])
def test_a_broken_template_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a template"):
        template(text)


def test_a_broken_path_is_refused() -> None:
    with pytest.raises(ValueError, match="not a path"):
        steps("a..b")


def test_arguments_are_filled_whole_or_not_made() -> None:
    args = Arguments({"Id": "{name}", "Nested": {"List": ["x", "{count}"]}, "Limit": 5})
    assert args.one(DOCUMENT, PLACE) == {"Id": "x", "Nested": {"List": ["x", "3"]}, "Limit": 5}
    assert args.one({"count": 1}, PLACE) is None
    assert Arguments({"Ids": [{"Id": "{missing}"}]}).one(DOCUMENT, PLACE) is None


def test_calls_for_many_keep_apart_what_they_are_asked_with() -> None:
    args = Arguments({"cluster": "{cluster}", "tasks": ["{task}"]})
    documents = [{"cluster": cluster, "task": f"{n}"} for n in range(3) for cluster in "ab"]
    found = list(args.grouped([*documents, {"cluster": "a"}], PLACE, 2))
    assert sorted((made["cluster"], made["tasks"]) for made, _ in found) == [
        ("a", ["0", "1"]),
        ("a", ["2"]),
        ("b", ["0", "1"]),
        ("b", ["2"]),
    ]
    assert sum(len(asked) for _, asked in found) == 6


def test_what_is_removed_is_gone_wherever_it_is() -> None:
    document = {"a": [{"b": 1, "c": 2}, {"c": 3}], "d": {"e": 1}, "f": 1}
    remove = remover(["a[].b", "d.e", "f", "g.h"])
    assert remove is not None
    remove(document)
    assert document == {"a": [{"c": 2}, {"c": 3}], "d": {}}
    assert remover([]) is None


def test_what_is_volatile_keeps_its_place() -> None:
    document = {"a": [{"b": 1, "c": 2}, {"c": 3}], "d": {"e": 1, "f": 2}, "g": 1}
    split = splitter(["a[].b", "d.e", "g", "h"])
    assert split is not None
    assert split(document) == {"a": [{"b": 1}, {}], "d": {"e": 1}, "g": 1}
    assert document == {"a": [{"c": 2}, {"c": 3}], "d": {"f": 2}}


def test_values_are_emptied_in_every_map_of_a_list() -> None:
    document = {"a": [{"b": {"X": "secret"}}, {}, "text"]}
    empty = emptier(["a[].b", "c"])
    assert empty is not None
    empty(document)
    assert document == {"a": [{"b": {"X": ""}}, {}, "text"]}


@pytest.mark.parametrize(
    ("text", "found"),
    [("%7B%22a%22%3A1%7D", {"a": 1}), ('["%20"]', ["%20"]), ("a%20b", "a b"), ("5", "5"), ({"a": 1}, {"a": 1})],
)
def test_encoded_policies_say_what_they_say(text: Any, found: Any) -> None:
    assert decoded(text) == found


@pytest.mark.parametrize(
    ("common", "value"),
    [
        (Common(of="a.b[].c"), [1, 2]),
        (Common(of="a.b[].d"), None),
        (Common(of="name", equals="x"), True),
        (Common(of="none", otherwise="unknown"), "unknown"),
        (Common(of="flag", map={"true": "yes"}, otherwise="no"), "yes"),
        (Common(of="none", map={"true": "yes"}, otherwise="no"), "no"),
        (Common(of="count", divide=2), 1.5),
        (Common(of="text", number=True), 7),
        (Common(of="text", number=True, divide=7), 1),
        (Common(exists="a"), True),
        (Common(exists="none"), False),
        (Common(template="{name}:{count}"), "x:3"),
        (Common(template="{none}"), None),
        (Common(value=5), 5),
    ],
)
def test_a_common_property_is_made_of_the_document(common: Common, value: Any) -> None:
    assert compile_common(common)({**DOCUMENT, "flag": True, "text": "7"}, PLACE) == value


@pytest.mark.parametrize("common", [Common(of="name", number=True), Common(of="name", divide=2)])
def test_a_common_property_of_the_wrong_type_fails(common: Common) -> None:
    with pytest.raises(Failed, match="expected a number"):
        compile_common(common)(DOCUMENT, PLACE)


async def test_no_more_jobs_run_together_than_are_allowed() -> None:
    running = most = 0

    async def job() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    await run_all([job] * 20, 3)
    assert most == 3


async def test_the_first_error_ends_all_jobs() -> None:
    done: list[int] = []

    async def job(number: int) -> None:
        if number == 1:
            raise Failed("no")
        await asyncio.sleep(10)
        done.append(number)

    with pytest.raises(Failed):
        await run_all((partial(job, number) for number in range(5)), 2)
    assert done == []


async def test_sources_are_merged_and_an_error_in_one_is_not_lost() -> None:
    async def source(number: int) -> AsyncIterator[int]:
        yield number
        if number == 4:
            raise Failed("no")

    found: list[int] = []

    async def read() -> None:
        async for value in merge((partial(source, number) for number in range(5)), 2):
            found.append(value)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(Failed):
        await read()
    assert sorted(found) == [0, 1, 2, 3, 4]
    assert sorted([value async for value in merge((partial(source, number) for number in range(3)), 8)]) == [0, 1, 2]
