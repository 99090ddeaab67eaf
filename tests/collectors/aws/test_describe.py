"""What documents hold, in the words of the provider's models."""

import pytest

from collectors.aws import collector
from collectors.aws.describe import plain
from syncd.plugin import Describing, Property


def schema(kind: str) -> dict[str, Property]:
    found = [*collector.schema(kind)]
    assert found == sorted(found, key=lambda each: each.path.split(".")[0].replace("[*]", ""))
    return {each.path: each for each in found}


def test_paths_types_and_descriptions_are_those_of_the_model() -> None:
    volume = schema("aws_ec2_volume")
    assert volume["attachments"].type == "list of object"
    assert volume["attachments[*].attach_time"].type == "time"
    assert volume["encrypted"] == Property("encrypted", "boolean", "Indicates whether the volume is encrypted.")
    assert volume["state"].type == "creating|available|in-use|deleting|deleted|error"
    assert volume["size"].type == "number"


def test_what_is_secret_or_volatile_is_marked_and_tags_are_elsewhere() -> None:
    function = schema("aws_lambda_function")
    assert (function["environment.variables"].mark, function["environment"].mark) == ("names only", "")
    volume = schema("aws_ec2_volume")
    assert volume["fast_restored"].mark == "volatile"
    assert "tags" not in volume


def test_json_in_a_text_is_an_object() -> None:
    assert schema("aws_iam_role")["assume_role_policy_document"].type == "object"


def test_a_structure_within_itself_is_told_once() -> None:
    acl = schema("aws_waf_web_acl")
    inner = [path for path in acl if path.endswith(".and_statement.statements")]
    assert {acl[path].type.partition(" like ")[0] for path in inner} == {"list of object"}
    assert any(" like rules[*].statement" in acl[path].type for path in inner)


@pytest.mark.parametrize("kind", ["aws_account", "volume", "nothing"])
def test_nothing_is_told_of_what_is_no_kind_of_the_catalog(kind: str) -> None:
    assert [*collector.schema(kind)] == []


@pytest.mark.unmeasured
def test_every_kind_of_the_catalog_is_described_each_path_once() -> None:
    assert isinstance(collector, Describing)
    for kind in collector.catalog.kinds:
        paths = [each.path for each in collector.schema(kind)]
        assert paths, kind
        assert len(paths) == len(set(paths)), kind


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One &amp; <code>two</code>.</p><p>Three.</p>", "One & two. Three."),
        ("<note><p>Of the call.</p></note><p>Itself.</p>", "Itself."),
        ("<note><p>All there is.</p></note>", "All there is."),
        ("", ""),
    ],
)
def test_html_becomes_one_line(html: str, text: str) -> None:
    assert plain(html) == text
