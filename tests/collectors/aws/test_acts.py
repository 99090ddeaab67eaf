"""What acting.toml says holds against the provider's models, and calls become what the models want."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.model import ListShape

from collectors.aws import collector
from collectors.aws.acts import TagCalls, member_of, narrowing, table, tagging_of
from collectors.aws.calling import called, coerced
from collectors.aws.models import Models
from collectors.aws.outline import Outline
from collectors.aws.outlines import whole_outline
from collectors.aws.request import write
from collectors.aws.templates import PLACE_NAMES, template
from syncd.errors import Failed
from syncd.model import Act, Node

MODELS = Models()
KINDS = [kind for kind in collector.catalog.kinds if "tag" in collector.acts(kind)]
PLACE = {"account": "111122223333", "region": "eu-west-1", "partition": "aws"}


class Shapes:
    def model(self, target: Any) -> Any:
        return MODELS.operation(target.service, target.operation).model


def node(kind: str, tags: Mapping[str, str] | None = None, **document: Any) -> Node:
    return Node(
        f"arn:aws:x:::{kind}",
        kind,
        "the-id",
        "the-name",
        "111122223333",
        "eu-west-1",
        tags=dict(tags or {}),
        document=document,
    )


def calls(kind: str) -> TagCalls:
    tagging = tagging_of(collector.catalog.kinds[kind])
    assert tagging is not None
    return TagCalls(collector.catalog, MODELS, tagging)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(part)


def assert_known(value: Any, outline: Outline) -> None:
    """Every field of the templates stands in the documents."""
    for text in texts(value):
        for name in template(text).names():
            if name not in PLACE_NAMES and not name.startswith("node."):
                outline.at(name)


@pytest.mark.parametrize("kind", KINDS)
def test_the_calls_of_a_kind_are_whole_and_take_tags_or_keys(kind: str) -> None:
    entry = collector.catalog.kinds[kind]
    tagging = calls(kind).tagging
    outline = whole_outline(entry, Shapes())
    assert_known([tagging.args, tagging.item, tagging.region], outline)
    for name, keys in ((tagging.whole or tagging.tag, False), (tagging.whole or tagging.untag, not tagging.whole)):
        operation = MODELS.operation(tagging.service, name)
        shape = operation.model.input_shape
        assert shape is not None
        member, _ = member_of(operation, tagging.args or {}, keys=keys)
        assert set(tagging.args or {}) <= set(shape.members)
        assert set(shape.required_members) <= {member, *(tagging.args or {})}


def test_every_entry_is_for_a_kind_or_service_of_the_catalog() -> None:
    services = {entry.call.service for entry in collector.catalog.kinds.values()}
    for name, told in table().items():
        kinds = told if name == "one" else [key for key in told if key.startswith("aws_")]
        assert name == "one" or name in services
        assert set(kinds) <= set(collector.catalog.kinds)


@pytest.mark.parametrize("kind", sorted(table()["one"]))
def test_a_list_can_be_asked_for_one_resource(kind: str) -> None:
    call = collector.catalog.kinds[kind].call
    shape = MODELS.operation(call.service, call.operation).model.input_shape
    for name, value in (narrowing(kind) or {}).items():
        assert shape is not None
        assert isinstance(shape.members[name], ListShape) == isinstance(value, list)


def test_kinds_whose_tags_are_never_read_cannot_be_tagged() -> None:
    assert collector.acts("aws_iam_group") == {"call"}
    assert collector.acts("aws_region") == frozenset()
    assert "cannot be changed" in collector.fault(node("aws_iam_group"), Act("tag", {"a": "b"}))


def sent(
    kind: str, act: Act, tags: Mapping[str, str] | None = None, **document: Any
) -> tuple[str, dict[str, Any], str]:
    sending = calls(kind).sending(act, node(kind, tags, **document), PLACE)
    assert sending is not None
    return sending.operation.name, sending.args, sending.permission


def test_each_service_is_given_tags_as_it_spells_them() -> None:
    tag, untag = Act("tag", {"a": "b"}), Act("untag", keys=("a",))
    assert sent("aws_ec2_volume", tag) == (
        "CreateTags",
        {"Resources": ["the-id"], "Tags": [{"Key": "a", "Value": "b"}]},
        "ec2:CreateTags",
    )
    assert sent("aws_ec2_volume", untag)[1] == {"Resources": ["the-id"], "Tags": [{"Key": "a"}]}
    assert sent("aws_kms_key", tag)[1] == {"KeyId": "the-id", "Tags": [{"TagKey": "a", "TagValue": "b"}]}
    assert sent("aws_ecs_cluster", tag)[1]["tags"] == [{"key": "a", "value": "b"}]
    assert sent("aws_sqs_queue", tag, queue_url="u") == (
        "TagQueue",
        {"QueueUrl": "u", "Tags": {"a": "b"}},
        "sqs:TagQueue",
    )
    assert sent("aws_route53_zone", untag)[1] == {
        "ResourceType": "hostedzone",
        "ResourceId": "the-id",
        "RemoveTagKeys": ["a"],
    }
    assert sent("aws_apigateway_rest_api", tag)[2] == "apigateway:PUT"
    assert sent("aws_cloudfront_distribution", tag)[1]["Tags"] == {"Items": [{"Key": "a", "Value": "b"}]}
    assert sent("aws_cloudfront_distribution", untag)[1]["TagKeys"] == {"Items": ["a"]}
    assert sent("aws_ssm_document", untag)[1]["ResourceType"] == "Document"
    beside = {"ResourceId": "the-id", "ResourceType": "auto-scaling-group"}
    assert sent("aws_autoscaling_group", tag)[1]["Tags"] == [
        {**beside, "PropagateAtLaunch": False, "Key": "a", "Value": "b"}
    ]


def test_a_bucket_is_given_all_its_tags_and_none_only_when_none_are_left() -> None:
    more = {"a": "old", "aws:cloudformation:stack-name": "s", "z": "1"}
    name, args, permission = sent("aws_s3_bucket", Act("tag", {"a": "b"}), more, location="eu-west-2")
    assert (name, permission) == ("PutBucketTagging", "s3:PutBucketTagging")
    assert args["ExpectedBucketOwner"] == "111122223333"
    assert {each["Key"]: each["Value"] for each in args["Tagging"]["TagSet"]} == more | {"a": "b"}
    untag = Act("untag", keys=("a",))
    assert len(sent("aws_s3_bucket", untag, more, location="eu-west-2")[1]["Tagging"]["TagSet"]) == 2
    name, args, permission = sent("aws_s3_bucket", untag, {"a": "b"}, location="eu-west-2")
    assert (name, "Tagging" in args, permission) == ("DeleteBucketTagging", False, "s3:PutBucketTagging")


def test_a_bucket_whose_region_is_not_known_is_not_written_to() -> None:
    assert calls("aws_s3_bucket").sending(Act("tag", {"a": "b"}), node("aws_s3_bucket"), PLACE) is None


def test_a_tag_that_says_more_than_its_value_is_not_written_again() -> None:
    group = node("aws_autoscaling_group", {"a": "b"})
    assert "untag it first" in collector.fault(group, Act("tag", {"a": "c"}))
    assert collector.fault(group, Act("tag", {"b": "c"})) == ""


@pytest.mark.parametrize("kind", ["aws_iam_user", "aws_iam_role"])
def test_a_key_that_would_take_the_place_of_one_in_other_letters_is_not_written(kind: str) -> None:
    tagged = node(kind, {"Owner": "b"})
    assert "owner would take the place of Owner" in collector.fault(tagged, Act("tag", {"owner": "c"}))
    assert collector.fault(tagged, Act("tag", {"Owner": "c"})) == ""
    assert collector.fault(node("aws_iam_policy", {"Owner": "b"}), Act("tag", {"owner": "c"})) == ""


def test_calls_that_need_a_checksum_of_their_body_get_one() -> None:
    tagging = {"Bucket": "b", "Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}}
    request = write(MODELS.operation("s3", "PutBucketTagging"), tagging)
    assert len(dict(request.headers)["content-md5"]) == 24
    assert "content-md5" not in dict(write(MODELS.operation("s3", "ListBuckets"), {}).headers)


@pytest.mark.parametrize("name", ["ModifyVolume", "modify-volume"])
def test_a_call_is_named_as_the_model_or_the_command_line_names_it(name: str) -> None:
    operation = called(MODELS, Act("call", service="ec2", operation=name))
    assert operation.name == "ModifyVolume"
    given = {"volume-id": "v", "Size": "10", "MultiAttachEnabled": "true"}
    assert coerced(operation, given) == {"VolumeId": "v", "Size": 10, "MultiAttachEnabled": True}


def test_a_text_stands_for_a_list_of_one_and_what_makes_a_call_unique_is_fixed() -> None:
    operation = called(MODELS, Act("call", service="ec2", operation="RunInstances"))
    found = coerced(operation, {"security-group-ids": "sg-1", "MinCount": "x"})
    assert found["SecurityGroupIds"] == ["sg-1"]
    assert found["MinCount"] == "x"
    assert len(found["ClientToken"]) == 36


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (Act("call", service="nope", operation="X"), "no service nope"),
        (Act("call", service="ec2", operation="Nope"), "no operation Nope"),
        (Act("call", service="ec2", operation="StopInstances", parameters={"Nope": "x"}), "no parameter Nope"),
        (Act("call", service="ec2", operation="StopInstances"), "Missing required parameter"),
        (
            Act("call", service="ec2", operation="ModifyVolume", parameters={"VolumeId": "v", "Size": "x"}),
            "Invalid type",
        ),
    ],
)
def test_a_call_that_cannot_be_is_refused_before_it_is_sent(act: Act, told: str) -> None:
    assert told in collector.fault(node("aws_ec2_instance"), act)
    with pytest.raises(Failed):
        called(MODELS, Act("call", service="nope", operation="x"))


def test_the_permissions_to_act_are_those_of_the_calls() -> None:
    found = collector.acting_permissions()
    assert {"ec2:CreateTags", "s3:PutBucketTagging", "iam:TagRole", "elasticfilesystem:TagResource"} <= found
    assert not found & collector.permissions()
