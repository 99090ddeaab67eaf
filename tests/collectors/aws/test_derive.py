"""What becomes of a provider's document."""

from pathlib import Path
from typing import Any

import pytest

from collectors.aws.catalog import load
from collectors.aws.compile import Compiler
from collectors.aws.derive import Deriver, moment
from collectors.aws.hidden import skip
from collectors.aws.models import Models
from collectors.aws.outline import follow_output
from syncd.errors import Failed
from syncd.model import Node
from tests.collectors.aws.readings import NO_RULES, REGION

ACCOUNT = "111122223333"
COMPILER = Compiler(load(Path(__file__).with_name("catalog_sample"), NO_RULES), Models())
PLACE = {"account": ACCOUNT, "region": REGION, "partition": "aws"}
INSTANCE = {
    "instance_id": "i-0a",
    "owner_id": ACCOUNT,
    "instance_type": "m5.large",
    "launch_time": "2024-01-01T00:00:00Z",
    "placement": {"availability_zone": "eu-west-1a"},
    "state": {"code": 16, "name": "running"},
    "tags": [{"key": "Name", "value": "web"}, {"key": "team", "value": "x"}],
    "security_groups": [{"group_id": "sg-2"}, {"group_id": "sg-1"}],
    "usage_operation_update_time": "2024-01-02T00:00:00Z",
    "metadata_options": {"http_tokens": "required", "state": "applied"},
}
VOLUME = {"volume_id": "vol-1", "size": 8, "state": "in-use", "attachments": [{"instance_id": "i-0a"}], "tags": []}


def deriver(kind: str, **place: str) -> Deriver:
    return Deriver(COMPILER.kind(COMPILER.catalog.kinds[kind]).shaping, {**PLACE, **place})


def node(kind: str, document: dict[str, Any], **place: str) -> Node:
    made = deriver(kind, **place)
    return made.node(made.item(dict(document)))


def test_identity_tags_time_zone_and_common_properties_come_from_the_document() -> None:
    found = node("aws_ec2_instance", INSTANCE)
    assert (found.urn, found.id) == (f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-0a", "i-0a")
    assert (found.name, found.tags) == ("web", {"Name": "web", "team": "x"})
    assert (found.created_at, found.zone) == ("2024-01-01T00:00:00Z", "eu-west-1a")
    assert found.common == {"instance_type": "m5.large", "instance_status": "running"}
    assert "tags" not in found.document


def test_volatile_parts_stand_apart_and_secrets_nowhere() -> None:
    found = node("aws_ec2_instance", INSTANCE)
    assert found.volatile == {"usage_operation_update_time": "2024-01-02T00:00:00Z"}
    assert found.document["metadata_options"] == {"state": "applied"}


def test_a_shuffled_answer_is_the_same_node() -> None:
    turned = {**INSTANCE, "tags": INSTANCE["tags"][::-1], "security_groups": INSTANCE["security_groups"][::-1]}  # type: ignore[index]
    assert node("aws_ec2_instance", turned) == node("aws_ec2_instance", INSTANCE)


def test_lists_whose_order_means_something_keep_it() -> None:
    codes = [{"product_code_id": "b"}, {"product_code_id": "a"}]
    assert node("aws_ec2_instance", {**INSTANCE, "product_codes": codes}).document["product_codes"] == codes


def test_the_owner_in_the_document_owns_the_node() -> None:
    found = node("aws_ec2_subnet", {"subnet_id": "subnet-1", "owner_id": "999999999999"})
    assert (found.urn, found.account) == (f"arn:aws:ec2:{REGION}:999999999999:subnet/subnet-1", "999999999999")
    assert found.handles == ("aws_ec2_subnet:subnet-1",)


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("aws_ec2_volume", {**VOLUME, "volume_id": "vol-NaN"}),
        ("aws_ec2_volume", {**VOLUME, "volume_id": None}),
        ("aws_ec2_volume", {"size": 3}),
        ("aws_lambda_function", {"function_name": "f", "function_arn": "arn:aws:lambda:eu:NaN:function:f"}),
        ("aws_lambda_function", {"function_name": "f", "function_arn": ""}),
    ],
)
def test_an_id_or_arn_of_the_wrong_form_fails_and_is_named(kind: str, document: dict[str, Any]) -> None:
    with pytest.raises(Failed, match=kind):
        node(kind, document)


def test_no_urn_holds_white_space() -> None:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:a b"
    assert node("aws_lambda_function", {"function_name": "f", "function_arn": arn}).urn.endswith("function:a%20b")
    with pytest.raises(Failed):
        node("aws_lambda_function", {"function_name": "f", "function_arn": arn.replace(" ", "\n")})


def test_values_of_secret_maps_are_emptied_and_their_names_kept() -> None:
    document = {"function_name": "f", "function_arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"}
    found = node("aws_lambda_function", {**document, "environment": {"variables": {"TOKEN": "secret"}}})
    assert found.document["environment"] == {"variables": {"TOKEN": ""}}


def test_the_reader_never_builds_what_is_secret() -> None:
    entry = COMPILER.catalog.kinds["aws_lambda_function"]
    shape = follow_output(COMPILER.models.operation("lambda", "ListFunctions").output_shape, entry.path)
    assert skip(entry, shape, entry.path) == {("functions", "environment", "variables", "*")}


def test_policies_are_decoded_however_they_are_written() -> None:
    role = {"arn": f"arn:aws:iam::{ACCOUNT}:role/r", "role_id": "AROA1", "role_name": "r"}
    for text in ("%7B%22Version%22%3A%20%221%22%7D", '{"Version": "1"}'):
        found = node("aws_iam_role", {**role, "assume_role_policy_document": text}, region="global")
        assert found.document["assume_role_policy_document"] == {"Version": "1"}


def test_properties_made_of_counters_stand_with_the_counters() -> None:
    attributes = {"ApproximateNumberOfMessages": "3", "MessageRetentionPeriod": "345600", "FifoQueue": "true"}
    made = deriver("aws_sqs_queue")
    item = made.item({"queue_url": f"https://sqs/{ACCOUNT}/q"})
    item.document["attributes"] = attributes
    found = made.node(item)
    assert found.common == {"message_retention_period_days": 4, "queue_type": "fifo"}
    assert found.volatile == {
        "approximate_message_count": 3,
        "attributes": {"ApproximateNumberOfMessages": "3"},
    }


def test_a_number_that_is_none_fails_and_is_named() -> None:
    made = deriver("aws_sqs_queue")
    item = made.item({"queue_url": f"https://sqs/{ACCOUNT}/q"})
    item.document["attributes"] = {"MessageRetentionPeriod": "NaN"}
    with pytest.raises(Failed, match="message_retention_period_days"):
        made.node(item)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("2024-01-01T02:00:00.000+0200", "2024-01-01T00:00:00Z"),
        ("2024-01-01T00:00:00.250Z", "2024-01-01T00:00:00.250Z"),
        ("1704067200", "2024-01-01T00:00:00Z"),
        ("1704067200.5", "2024-01-01T00:00:00.500Z"),
        ("yesterday", ""),
        ("99999999999999999999", ""),
        ("", ""),
    ],
)
def test_times_are_told_in_one_form(text: str, told: str) -> None:
    assert moment(text) == told
