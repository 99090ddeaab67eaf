"""How kinds are derived: nouns, lists, identities, parents, and what is hidden."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.model import ServiceModel
from msgspec.structs import replace

from collectors.aws import catalog
from collectors.aws import derived as derived_catalog
from collectors.aws.check import Botocore
from collectors.aws.derived import FOLDER
from collectors.aws.deriving import rules
from collectors.aws.deriving.curated import curated_of
from collectors.aws.deriving.families import Provider
from collectors.aws.deriving.kinds import Curated, Service, derive
from collectors.aws.deriving.models import models
from collectors.aws.deriving.words import is_plural, noun_of, singular
from collectors.aws.deriving.writing import text_of

RULES = rules.load()
Operations = Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]]
NOBODY = Curated(frozenset(), (), frozenset())
TEXT, SECRET = {"type": "string"}, {"type": "string", "sensitive": True}


def model(operations: Operations, **shapes: Any) -> ServiceModel:
    """`operations`: name → (required arguments with their shapes, members of the answer)."""
    found: dict[str, Any] = {"Text": TEXT, "Secret": SECRET, "Time": {"type": "timestamp"}, **shapes}
    listed = {}
    for name, (needed, answer) in operations.items():
        members = {key: {"shape": shape} for key, shape in needed.items()}
        found[f"{name}Request"] = {"type": "structure", "required": list(needed), "members": members}
        found[f"{name}Response"] = structure(**answer)
        sides = {"input": {"shape": f"{name}Request"}, "output": {"shape": f"{name}Response"}}
        listed[name] = {"name": name, "http": {"method": "POST", "requestUri": "/"}, **sides}
    about = {"endpointPrefix": "zoo", "protocol": "json", "serviceId": "Zoo", "signatureVersion": "v4"}
    return ServiceModel({"metadata": about, "operations": listed, "shapes": found}, "zoo")


def structure(**members: str) -> dict[str, Any]:
    return {"type": "structure", "members": {key: {"shape": shape} for key, shape in members.items()}}


def list_of(shape: str) -> dict[str, Any]:
    return {"type": "list", "member": {"shape": shape}}


def derived(operations: Operations, curated: Any = NOBODY, **shapes: Any) -> Service:
    return derive("zoo", model(operations, **shapes), {}, curated, RULES)


def of_one(**members: str) -> dict[str, Any]:
    """The entry that is derived of a list of cages with these members."""
    found = derived({"ListCages": ({}, {"Cages": "Cages"})}, Cages=list_of("Cage"), Cage=structure(**members))
    assert [each.kind for each in found.kinds] == ["aws_zoo_cage"], found.left_out
    return dict(found.kinds[0].table)


@pytest.mark.parametrize(
    ("operation", "noun"),
    [
        ("ListResolverEndpoints", "resolver_endpoint"),
        ("DescribeDBProxies", "db_proxy"),
        ("ListClustersV2", "cluster"),
        ("ListAnalyses", "analysis"),
        ("ListAppSummaries", "app"),
        ("GetCatalogs", "catalog"),
        ("ListApis", "api"),
        ("ListAliases", "alias"),
        ("ListStatuses", "status"),
        ("ListDatabases", "database"),
        ("ListBranches", "branch"),
        ("ListCaches", "cache"),
    ],
)
def test_a_kind_is_named_by_one_of_what_is_listed(operation: str, noun: str) -> None:
    assert noun_of(operation) == noun


def test_words_that_are_singular_stay(  # as `ListAnalysis` does not end in a plural
) -> None:
    assert [singular(word) for word in ("access", "status", "analysis", "bus")] == [
        "access",
        "status",
        "analysis",
        "bus",
    ]
    assert not is_plural("DescribeDomain")


def test_an_arn_that_is_named_as_the_thing_is_its_identity() -> None:
    found = of_one(KeeperArn="Text", CageArn="Text", CageId="Text", Name="Text")
    assert (found["arn"], found["id"], found["name"]) == ("cage_arn", "{cage_id|cage_arn}", "name")


def test_without_an_arn_a_urn_is_built_of_the_id() -> None:
    assert of_one(CageId="Text", OwnerId="Text")["arn"] == "urn:aws:{account}:{region}:aws_zoo_cage:{cage_id}"


def test_a_thing_that_only_names_others_is_left_out_with_the_reason() -> None:
    found = derived({"ListCages": ({}, {"Cages": "L"})}, L=list_of("C"), C=structure(KeeperArn="Text", Size="Text"))
    assert (found.kinds, found.left_out) == (
        [],
        {"ListCages": "its items have nothing that tells one from another for good"},
    )


def test_a_list_of_one_thing_hangs_in_the_kind_that_gives_its_argument() -> None:
    shapes = {
        "Cages": list_of("Cage"),
        "Cage": structure(CageId="Text"),
        "Bars": list_of("Bar"),
        "Bar": structure(Name="Text"),
    }
    found = derived(
        {"ListCages": ({}, {"Cages": "Cages"}), "ListBars": ({"CageId": "Text"}, {"Bars": "Bars"})}, **shapes
    )
    bar = next(each.table for each in found.kinds if each.kind == "aws_zoo_bar")
    parent = {"kind": "aws_zoo_cage", "args": {"CageId": "{cage_id}"}, "keep": {"cage_id": "{cage_id}"}}
    assert bar["parent"] == parent
    assert bar["arn"] == "urn:aws:{account}:{region}:aws_zoo_bar:{cage_id}/{name}"


def test_of_several_kinds_that_have_the_argument_a_rule_says_which_is_the_parent() -> None:
    """It may be one that is derived itself, where a curated one has a key of that name."""
    big = Provider("aws_zoo_big_cage", ("big_cage",), frozenset({"cage_id"}), "", "cage_id", "")
    shapes = {"Cages": list_of("Cage"), "Cage": structure(CageId="Text", Name="Text")}
    operations = {"ListCages": ({}, {"Cages": "Cages"}), "ListBars": ({"CageId": "Text"}, {"Cages": "Cages"})}
    curated = Curated(frozenset(), (big,), frozenset({"aws_zoo_big_cage"}))
    ruled = replace(RULES, parents={"zoo.ListBars": "aws_zoo_cage"})
    for rules_, kind in ((RULES, "aws_zoo_big_cage"), (ruled, "aws_zoo_cage")):
        found = derive("zoo", model(operations, **shapes), {}, curated, rules_)
        assert {each.kind: each.table.get("parent", {}).get("kind") for each in found.kinds}["aws_zoo_bar"] == kind


def test_kinds_that_rules_name_as_parents_are_there() -> None:
    """A slip would leave the list out without a word."""
    known = derived_catalog.index().keys() | catalog.load().kinds.keys()
    assert set(RULES.parents.values()) - known == set()


def test_an_argument_that_no_kind_gives_leaves_the_list_out() -> None:
    operations = {"ListBars": ({"CageId": "Text"}, {"Bars": "Bars"})}
    found = derived(operations, Bars=list_of("Bar"), Bar=structure(Name="Text"))
    assert found.left_out == {"ListBars": "needs an argument that no kind of its service gives: CageId"}


def test_a_curated_kind_is_a_parent_and_is_not_derived_again() -> None:
    cage = Provider("aws_zoo_big_cage", ("cage",), frozenset({"cage_id"}), "", "cage_id", "")
    curated = Curated(frozenset({"zoo.ListCages"}), (cage,), frozenset({"aws_zoo_big_cage"}))
    operations = {
        "ListCages": ({}, {"Cages": "Cages"}),
        "DescribeCages": ({}, {"Cages": "Cages"}),
        "ListBars": ({"CageId": "Text"}, {"Bars": "Bars"}),
    }
    shapes = {
        "Cages": list_of("Cage"),
        "Cage": structure(CageId="Text"),
        "Bars": list_of("Bar"),
        "Bar": structure(Name="Text"),
    }
    found = derived(operations, curated, **shapes)
    assert [(each.kind, each.table["parent"]["kind"]) for each in found.kinds] == [("aws_zoo_bar", "aws_zoo_big_cage")]
    assert found.left_out == {"DescribeCages": "the same things as another list: aws_zoo_big_cage"}


def test_of_two_lists_of_the_same_things_the_one_that_tells_more_is_taken() -> None:
    shapes = {
        "Names": list_of("CageName"),
        "CageName": TEXT,
        "Cages": list_of("Cage"),
        "Cage": structure(CageId="Text", Name="Text"),
    }
    found = derived({"ListCages": ({}, {"Cages": "Names"}), "DescribeCages": ({}, {"Cages": "Cages"})}, **shapes)
    assert [each.table["list"] for each in found.kinds] == ["zoo.DescribeCages Cages[]"]
    assert found.left_out == {"ListCages": "the same things as another list: DescribeCages"}


def test_a_list_whose_pages_nobody_knows_how_to_follow_is_left_out() -> None:
    answer = {"Cages": "Cages", "NextToken": "Text"}
    found = derived({"ListCages": ({}, answer)}, Cages=list_of("Cage"), Cage=structure(CageId="Text"))
    assert found.left_out == {"ListCages": "has pages, and the model does not tell how they go on"}


def test_what_may_be_a_secret_or_moves_by_itself_is_set_apart_with_the_reason() -> None:
    found = of_one(
        CageId="Text", Password="Text", PasswordPolicy="Text", Comment="Secret", LastUsedTime="Time", ItemCount="Text"
    )
    assert set(found["secret"]) == {"password", "comment"}
    assert set(found["volatile"]) == {"last_used_time", "item_count"}


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("pricing", "DescribeServices"),
        ("rds", "DescribeDBEngineVersions"),
        ("ec2", "DescribeImages"),
        ("cloudwatch", "ListMetrics"),
        ("logs", "DescribeLogStreams"),
        ("docdb", "DescribeDBClusters"),
        ("batch", "ListJobs"),
        ("s3", "ListObjectsV2"),
        ("any", "ListTagsForResource"),
        ("any", "ListFindings"),
    ],
)
def test_noise_is_left_out_with_a_reason(service: str, operation: str) -> None:
    assert RULES.why_not(service, operation)


def test_what_is_named_as_kept_is_kept() -> None:
    assert RULES.why_not("any", "ListTasks")
    assert RULES.why_not("datasync", "ListTasks") == ""


def test_the_committed_files_are_what_is_derived() -> None:
    """Of a few services, in every run; `python -m collectors.aws.deriving --check` looks at all."""
    known, operations = catalog.load(), Botocore()
    for name, found, pages in models(["appconfig", "appsync", "guardduty", "s3tables", "swf"]):
        derived_now = derive(name, found, pages, curated_of(known, name, operations), RULES)
        assert [*_bodies(text_of(derived_now))] == [*_bodies((FOLDER / f"{name}.toml").read_text())]


def _bodies(text: str) -> list[str]:
    return [part for part in text.split("\n\n") if part.startswith("[aws_")]


def test_a_list_that_wants_an_argument_though_its_model_does_not_say_so_hangs_in_its_parent() -> None:
    assert RULES.needs["elbv2.DescribeRules"] == "ListenerArn"
    assert 'kind = "aws_alb_listener"' in (FOLDER / "elbv2.toml").read_text().partition("[aws_elbv2_rule]")[2][:300]
