"""`syncctl debug calls` before a run, beside what the run then made of a provider that counts."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.fake import Fake, serving
from bench.fakeaws.estate import KINDS
from syncd.cli.syncctl import main
from syncd.config import load
from syncd.once import sync_once
from syncd.plugin import Selection
from syncd.store.requests import SCHEDULE
from syncd.sync.summary import RunSummary
from tests.fakes.estate import credentials

FINDING = {"sts:GetCallerIdentity", "sts:AssumeRole", "organizations:ListAccounts", "ec2:DescribeRegions"}
CONFIG = """\
[store]
path = "{store}"
[aws]
endpoint_url = "{url}"
kinds = ["aws_ec2_v*", "aws_ec2_i*", "aws_iam_*", "aws_s3_*", "aws_kms_*", "aws_ecs_*", "aws_eks_*", "aws_sqs_*"]
[aws.organization]
include = {include}
"""
HALF = ["100000000001", "100000000008"]
EMPTY = {"remove": dict.fromkeys(KINDS, 100_000)}


class Desk:
    """A configuration, and the figures that a command tells by it."""

    def __init__(self, fake: Fake, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.fake, self.capsys = fake, capsys
        self.config, self.store = place / "syncd.toml", place / "s.db"
        self.write()

    def write(self, include: list[str] | None = None) -> None:
        text = CONFIG.format(store=self.store, url=self.fake.url, include=json.dumps(include or []))
        self.config.write_text(text)

    def told(self, *options: str) -> dict[str, int]:
        """The sums of all parts."""
        code = main(["debug", "calls", "--config", str(self.config), "-o", "json", *options])
        out, err = self.capsys.readouterr()
        assert code == 0, err
        rows: list[dict[str, Any]] = json.loads(out)
        return {name: sum(row[name] for row in rows) for name in ("scopes", "resting", "new", "least", "calls")}

    def run(self, trigger: str = "cli") -> RunSummary:
        summary = asyncio.run(sync_once(load(self.config), Selection(), trigger=trigger))
        assert summary.state == "complete", summary.incomplete
        return summary

    def asked(self) -> set[str]:
        return set(self.fake.get("__stats")["ops"])


@pytest.fixture(scope="module")
def served() -> Iterator[Fake]:
    with serving("--accounts=4", "--regions=2", "--scale=0.1") as found:
        yield found


@pytest.fixture
def desk(
    served: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    credentials(monkeypatch, served, tmp_path)
    yield Desk(served, tmp_path, capsys)
    served.delete("__estate")


def test_of_a_first_run_the_least_is_told_and_only_accounts_and_regions_are_asked_for(desk: Desk) -> None:
    desk.write(HALF)
    desk.fake.get("__reset")
    imagined = desk.told("--accounts", "2", "--regions", "2")
    assert desk.asked() == set()
    told = desk.told("--discover")
    assert desk.asked() <= FINDING
    run = desk.run()
    assert told["scopes"] == told["new"] == run.scopes["complete"]
    assert run.calls / 3 < imagined["least"] <= told["least"] <= run.calls


def test_where_nothing_is_what_is_told_of_a_first_run_is_what_it_makes(desk: Desk) -> None:
    desk.fake.post("__estate", EMPTY)
    told, run = desk.told("--discover"), desk.run()
    assert told["least"] <= run.calls
    assert 0.97 * run.calls <= told["calls"] <= 1.03 * run.calls
    again = desk.told()
    scheduled = desk.run(SCHEDULE)
    assert scheduled.resting == again["resting"] > 0
    assert again["least"] <= scheduled.calls
    assert 0.8 * scheduled.calls <= again["calls"] <= 1.2 * scheduled.calls, "signs of life are among them"


def test_of_accounts_that_are_new_as_much_is_told_as_the_others_took(desk: Desk) -> None:
    desk.write(HALF)
    desk.run()
    desk.write()
    told = desk.told("--everything", "--discover")
    imagined = desk.told("--accounts", "4", "--regions", "2")
    run = desk.run()
    assert told["new"] > 0
    assert told["least"] <= run.calls
    assert run.calls / 2 < told["calls"] < run.calls * 2
    assert run.calls / 2 < imagined["calls"] < run.calls * 2


def test_kinds_that_are_switched_on_are_told_and_those_that_are_switched_off_are_not(desk: Desk) -> None:
    desk.write(HALF)
    desk.run()
    before = desk.told("--everything")
    text = desk.config.read_text()
    desk.config.write_text(text.replace('"aws_sqs_*"', '"aws_sns_*"'))
    after = desk.told("--everything")
    assert (before["new"], after["new"] > 0) == (0, True)
    desk.config.write_text(text.replace(', "aws_sqs_*"', ""))
    assert desk.told("--everything")["scopes"] < before["scopes"]


def test_more_regions_than_there_are_is_a_mistake(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["debug", "calls", "--config", str(desk.config), "--accounts", "1", "--regions", "500"]) == 2
    assert "--regions 500: the configuration means" in capsys.readouterr().err


def test_what_was_read_nowhere_is_told_as_the_least_of_it(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["debug", "calls", "--config", str(desk.config), "--accounts", "1", "--regions", "1"]) == 0
    head, *_, last = capsys.readouterr().out.splitlines()
    assert "AT LEAST  ABOUT" in head
    assert last.endswith(" or more")
