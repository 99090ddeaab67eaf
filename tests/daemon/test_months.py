"""A daemon left alone beside a real stand-in while its resources change: each change told once, no run in another."""

import os
import random
import time
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

from demo.cloud import cloud
from tests.cli.conftest import desk_at
from tests.fakes.daemon import Running, ended, toml

MINUTES = float(os.environ.get("SYNCD_SOAK_MINUTES", "10"))
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
QUEUES = "aws_sqs_queue"
MIB = 1 << 20


class Estate:
    """Queues that come, change and go. `did` counts what was done, by the type of the event that tells it."""

    def __init__(self, url: str) -> None:
        self._random = random.Random(7)
        self._sqs = boto3.client("sqs", endpoint_url=url, region_name="us-east-1")
        self._queues: dict[str, int] = {}
        self.did = {"resource.created": 0, "resource.updated": 0, "resource.deleted": 0}

    def make(self, count: int) -> None:
        for _ in range(count):
            name = f"q{len(self._queues)}-{self._random.getrandbits(32)}"
            self._queues[self._sqs.create_queue(QueueName=name)["QueueUrl"]] = 30

    def change(self) -> None:
        """One thing, in a resource that nothing else happened to since the last reading."""
        act = self._random.choice(["create", "update", "delete"])
        url = self._random.choice(list(self._queues))
        if act == "create":
            self.make(1)
        elif act == "delete":
            self._sqs.delete_queue(QueueUrl=url)
            del self._queues[url]
        else:
            self._queues[url] += 1
            self._sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(self._queues[url])})
        self.did[f"resource.{act}d"] += 1


def counted(daemon: Running) -> dict[str, int]:
    rows = daemon.query("select type, count(*) from event where type like 'resource.%' group by type")
    return dict.fromkeys(("resource.created", "resource.updated", "resource.deleted"), 0) | dict(rows)


def overlaps(daemon: Running) -> list[Any]:
    return daemon.query("select a.id, b.id from run a join run b on b.id > a.id where b.started < a.finished")


@pytest.mark.soak
@pytest.mark.timeout(MINUTES * 60 + 300)
def test_every_change_is_told_once_and_memory_does_not_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    desk = desk_at(tmp_path)
    with cloud() as url:
        estate = Estate(url)
        estate.make(60)
        daemon = Running(desk, {"schedule": {"cron": "@every 5s", "jitter_seconds": 0}})
        daemon.configure()
        file = tmp_path / "syncd.toml"
        aws = {"endpoint_url": url, "kinds": [QUEUES], "region": "us-east-1", "regions": ["us-east-1"]}
        settings = "\n".join(f"{key} = {toml(value)}" for key, value in aws.items())
        file.write_text(file.read_text().replace("[fake]", f"[aws]\n{settings}\n"))
        daemon.environment |= KEYS
        with ended(daemon):
            daemon.start()
            process = psutil.Process(daemon.process.pid if daemon.process else 0)
            sizes = [_go_on(daemon, estate, process, minutes) for minutes in (MINUTES / 10, MINUTES * 9 / 10)]
            print(f"runs {len(daemon.runs)}, {estate.did}, RSS {sizes[0]:.1f} → {sizes[1]:.1f} MiB")
            assert counted(daemon) == estate.did
            assert overlaps(daemon) == []
            assert sizes[1] < sizes[0] + 8


def _go_on(daemon: Running, estate: Estate, process: psutil.Process, minutes: float) -> float:
    """Changes one thing between two runs for so long; then MiB of memory."""
    end = time.monotonic() + minutes * 60
    while time.monotonic() < end:
        _next_run(daemon)
        estate.change()
    _next_run(daemon)
    return float(process.memory_info().rss / MIB)


def _next_run(daemon: Running) -> None:
    """Until a run that began after now has ended."""
    before = daemon.query("select max(id) from run")[0][0] or 0
    while (daemon.query("select max(id) from run where finished <> ''")[0][0] or 0) <= before:
        time.sleep(0.2)
