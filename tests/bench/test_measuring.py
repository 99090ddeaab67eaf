import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bench import process, report, truth
from bench.fake import ROOT, serving
from bench.measure import Setting, measure

TRUTH = {
    "by_account_region_kind": [
        ("1", "global", "s3.bucket", 2),
        ("1", "eu-west-1", "ec2.vpc", 1),
        ("1", "eu-west-2", "ec2.vpc", 0),
    ]
}


def database(path: Path, *rows: tuple[str, str, str]) -> Path:
    """A database in which syncd's view `resource` holds these accounts, regions and kinds."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table node (account, region, kind)")
        connection.execute("create view resource as select * from node")
        connection.executemany("insert into node values (?, ?, ?)", rows)
        connection.commit()
    return path


def test_a_database_with_the_true_counts_is_complete_wherever_buckets_are_filed(tmp_path: Path) -> None:
    rows = [("1", "eu-west-1", "aws_s3_bucket"), ("1", "global", "aws_s3_bucket"), ("1", "eu-west-1", "aws_vpc")]
    assert truth.differences(TRUTH, database(tmp_path / "db", *rows)) == []


def test_each_count_that_is_not_true_is_told(tmp_path: Path) -> None:
    rows = [("1", "global", "aws_s3_bucket"), ("1", "eu-west-2", "aws_vpc"), ("1", "eu-west-1", "aws_region")]
    assert truth.differences(TRUTH, database(tmp_path / "db", *rows)) == [
        "1/eu-west-1/ec2.vpc: 0 of 1",
        "1/eu-west-2/ec2.vpc: 1 of 0",
        "1/global/s3.bucket: 1 of 2",
    ]


@pytest.mark.parametrize("baseline", ["naive", "stock"])
def test_a_baseline_reads_all_there_is(baseline: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", f"bench.{baseline}", "--db", "{db}"]
    with serving("--accounts=2", "--regions=1", "--scale=0.02") as fake:
        record = measure(fake, Setting(), command, tmp_path)
        total = fake.get("__truth")["total"]
    assert (record["rc"], record["missing"], record["rows"]) == (0, [], total), (tmp_path / "log").read_text()
    assert record["cpu_s"] > 0


def test_the_cost_of_a_command_includes_its_children(tmp_path: Path) -> None:
    child = "b = bytearray(90_000_000); sum(range(5_000_000))"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{child}'], check=True)"
    cost = process.run([sys.executable, "-c", parent], {}, tmp_path / "log", 60, ROOT)
    assert (cost.code, cost.timed_out) == (0, False)
    assert cost.cpu > 0.02
    assert cost.rss > 85


def test_the_size_of_who_measures_is_not_counted(tmp_path: Path) -> None:
    ballast = b"x" * 300_000_000
    cost = process.run([sys.executable, "-c", "import time; time.sleep(0.3)"], {}, tmp_path / "log", 60, ROOT)
    assert 5 < cost.rss < len(ballast) / process.MIB / 2


def test_a_command_that_takes_too_long_is_cut_off(tmp_path: Path) -> None:
    cost = process.run([sys.executable, "-c", "import time; time.sleep(60)"], {}, tmp_path / "log", 0.2, ROOT)
    assert (cost.code, cost.timed_out) == (-9, True)


def record(label: str, cpu: float, **more: Any) -> dict[str, Any]:
    plain = {"estate": "M", "latency": 30.0, "truth": 9, "wall_s": 1.0, "rss_mib": 50.0, "requests": 7}
    return {"label": label, "cpu_s": cpu, "rc": 0, "timed_out": False, "missing": [], **plain, **more}


def test_a_report_tells_medians_and_ratios_to_syncd() -> None:
    runs = [record("syncd", cpu) for cpu in (1.0, 2.0, 9.0)]
    lines = report.table([*runs, record("naive", 10.0, wall_s=3.0)]).splitlines()
    assert lines[2] == "| M (9) | 30 | syncd | 3 | 2.0 | 1.0 | 50.0 | 7 | 1.00 | 1.00 | 1.00 |  |"
    assert lines[3] == "| M (9) | 30 | naive | 1 | 10.0 | 3.0 | 50.0 | 7 | 5.00 | 3.00 | 1.00 |  |"


@pytest.mark.parametrize(
    ("fault", "remark"),
    [({"rc": 1}, "FAILED"), ({"rc": -9, "timed_out": True}, "CUT OFF"), ({"missing": ["x"]}, "INCOMPLETE")],
)
def test_a_report_names_what_makes_a_figure_worthless(fault: dict[str, Any], remark: str) -> None:
    assert not report.sound(record("syncd", 1.0, **fault))
    assert report.table([record("syncd", 1.0, **fault)]).endswith(f"| {remark} |")
