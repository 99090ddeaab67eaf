"""SIGKILL at random moments of a sync of a changing estate: the file is whole, what was told stays told."""

import os
import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.fake import Fake, environment, serving
from bench.truth import differences
from tests.fakes.born import Born, nursery

Told = list[tuple[int, str, str, str]]


@pytest.fixture(scope="module")
def fake() -> Iterator[Fake]:
    with serving("--regions=2", "--scale=0.7", "--seed=3", "--latency=2") as running:
        yield running


def sync(fake: Fake, home: Path) -> Born:
    arguments = ["sync", "--quiet", "--config", str(home / "syncd.toml"), "--db", str(home / "s.db")]
    own = {**os.environ, **environment(fake, home)}
    with Path(os.devnull).open("w") as quiet:
        return nursery.bear("syncd.cli.syncd:main", *arguments, place=home, environment=own, out=quiet, err=quiet)


def events(path: Path) -> Told:
    """All events, from a file that must be whole and whose numbers must have no gap."""
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
        rows = connection.execute("select seq, type, urn, body from event order by seq").fetchall()
    finally:
        connection.close()
    assert [seq for seq, *_ in rows] == list(range(1, len(rows) + 1))
    return rows


def crash(fake: Fake, home: Path, times: int, seed: int) -> None:
    (home / "syncd.toml").write_text('[aws]\nkinds = ["aws_ec2_*", "aws_vpc", "aws_iam_*", "aws_sqs_queue"]\n')
    assert sync(fake, home).wait() == 0
    begun = time.monotonic()
    assert sync(fake, home).wait() == 0
    usual = time.monotonic() - begun
    chance = random.Random(seed)
    known = events(home / "s.db")
    died = 0
    for number in range(5 * times):  # one that ends before it is killed does not count
        if died == times:
            break
        fake.get(f"__mutate?permille={chance.choice([5, 50, 500])}")
        fake.post("__estate", {"remove": {"ec2.volume": 3 * (number % 2)}, "add": {"sqs.queue": number % 3}})
        process, begun = sync(fake, home), time.monotonic()
        time.sleep(chance.uniform(0.3, 1.1) * usual)
        process.send_signal(signal.SIGKILL)
        if process.wait() == -signal.SIGKILL:
            died += 1
        else:
            usual = min(usual, time.monotonic() - begun) * 0.9
        now = events(home / "s.db")
        assert now[: len(known)] == known, "an event that was told is gone or has changed"
        known = now
    assert died == times
    assert sync(fake, home).wait() == 0
    assert [d for d in differences(fake.get("__truth"), home / "s.db") if read(d)] == []
    last = len(events(home / "s.db"))
    assert sync(fake, home).wait() == 0
    assert [e for e in events(home / "s.db")[last:] if e[1].startswith("resource.")] == []


def read(difference: object) -> bool:
    """Whether a difference concerns a kind that this test reads."""
    return any(kind in str(difference) for kind in ("ec2.", "iam.", "sqs."))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ten_crashes_lose_nothing(fake: Fake, tmp_path: Path, seed: int) -> None:
    crash(fake, tmp_path, 10, seed)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_three_hundred_crashes_lose_nothing(fake: Fake, tmp_path: Path) -> None:
    crash(fake, tmp_path, 300, 99)
