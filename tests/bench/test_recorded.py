"""Recorded answers over the real protocols."""

import json
import os
from pathlib import Path

import pytest

from bench.fake import serving
from bench.fakeaws.wire.service import Services
from tests.bench.conftest import stock_client

RECORDED = os.environ.get("RECORDED_AWS", "")


def record(folder: Path, name: str, answer: object) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(answer))


def test_a_recording_is_served_as_one_page_and_the_rest_is_empty(tmp_path: Path) -> None:
    snapshots = [{"SnapshotId": "snap-1", "StartTime": "2024-01-02T03:04:05Z", "Encrypted": True}]
    record(tmp_path, "ec2/describe-snapshots.json", {"Snapshots": snapshots, "NextToken": "more"})
    with serving(f"--recorded={tmp_path}") as fake:
        ec2 = stock_client(fake, "ec2")
        page = ec2.describe_snapshots(OwnerIds=["self"])
        assert page["Snapshots"][0]["StartTime"].isoformat() == "2024-01-02T03:04:05+00:00"
        assert "NextToken" not in page
        assert ec2.describe_vpcs()["Vpcs"] == []


def test_the_arguments_choose_among_recordings(tmp_path: Path) -> None:
    for name in ("red", "blue"):
        record(tmp_path, f"dynamodb/describe-table__{name}.json", {"Table": {"TableName": name}})
    with serving(f"--recorded={tmp_path}") as fake:
        dynamodb = stock_client(fake, "dynamodb")
        assert dynamodb.describe_table(TableName="blue")["Table"]["TableName"] == "blue"
        assert "Table" not in dynamodb.describe_table(TableName="green")


def test_a_list_of_a_rest_service_ends_with_the_recorded_page(tmp_path: Path) -> None:
    record(tmp_path, "apigateway/get-rest-apis.json", {"items": [{"id": "a", "name": "one"}], "position": "more"})
    with serving(f"--recorded={tmp_path}") as fake:
        page = stock_client(fake, "apigateway").get_rest_apis()
    assert [each["name"] for each in page["items"]] == ["one"]
    assert "position" not in page


def test_services_that_share_a_name_of_signatures_are_told_apart(tmp_path: Path) -> None:
    record(
        tmp_path, "bedrock_agent/list-agents.json", {"agentSummaries": [{"agentId": "a", "agentStatus": "PREPARED"}]}
    )
    record(tmp_path, "bedrock/list-guardrails.json", {"guardrails": [{"id": "g", "name": "one"}]})
    with serving(f"--recorded={tmp_path}") as fake:
        assert stock_client(fake, "bedrock-agent").list_agents()["agentSummaries"][0]["agentId"] == "a"
        assert stock_client(fake, "bedrock").list_guardrails()["guardrails"][0]["id"] == "g"


def test_identity_and_regions_come_from_the_estate_all_the_same(tmp_path: Path) -> None:
    with serving(f"--recorded={tmp_path}", "--accounts=1", "--regions=1") as fake:
        assert stock_client(fake, "sts").get_caller_identity()["Account"] == "100000000001"
        assert len(stock_client(fake, "ec2").describe_regions()["Regions"]) == 1


@pytest.mark.skipif(not RECORDED, reason="RECORDED_AWS names no folder of recorded answers")
def test_every_recorded_service_is_one_that_the_models_know() -> None:
    known = {folder.replace("-", "_") for folder in Services().folders}
    assert {path.name for path in Path(RECORDED).iterdir()} <= known
