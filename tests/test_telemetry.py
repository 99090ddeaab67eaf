"""The metrics keep Prometheus' rules, survive hostile labels, stay few, and are what a real Prometheus reads."""

import asyncio
import platform
import shutil
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from syncd import __version__
from syncd.sync.summary import RunSummary
from syncd.telemetry import CONTENT_TYPE, LARGEST, Facts, Lag, Resources, Telemetry, capped
from tests.fakes.prometheus import known, needs_prometheus, prometheus, query

FACTS = Facts(
    scopes={("aws", "complete"): 40, ("aws", "denied"): 2},
    resources={("aws", "111122223333", "aws_vpc"): 7, ("aws", "111122223333", "aws_subnet"): 21},
    last_event=1234567,
    writer_queue=3,
    writer_lag=0.25,
    loop_lag=0.002,
    loop_lag_worst=0.5,
    control_connections=2,
    database_bytes=5701632,
    wal_bytes=4096,
    paused=False,
    running=True,
    scopes_total=42,
    scopes_done=17,
    pending_requests=1,
    calls_under_way=16,
    lanes_throttled=4,
    last_complete_run=1700000000.5,
    next_run=1700003600.0,
)
PLAIN = {
    "syncd_last_event_number": 1234567,
    "syncd_writer_queue_depth": 3,
    "syncd_writer_lag_seconds": 0.25,
    "syncd_loop_lag_seconds": 0.002,
    "syncd_loop_lag_worst_seconds": 0.5,
    "syncd_control_connections": 2,
    "syncd_database_bytes": 5701632,
    "syncd_wal_bytes": 4096,
    "syncd_paused": 0,
    "syncd_run_under_way": 1,
    "syncd_run_scopes": 42,
    "syncd_run_scopes_done": 17,
    "syncd_pending_requests": 1,
    "syncd_calls_under_way": 16,
    "syncd_lanes_throttled": 4,
    "syncd_last_complete_run_timestamp_seconds": 1700000000.5,
    "syncd_next_run_timestamp_seconds": 1700003600,
}
RAN = RunSummary(run=1, state="complete", seconds=42.5, scopes={"complete": 40, "denied": 2})
COMPLETE = replace(RAN, created=5, updated=3, deleted=1, calls=100, retries=4, throttles=2, bytes=5000)
FAILED = replace(COMPLETE, run=2, state="failed", seconds=4000.0, scopes={"complete": 1}, bytes=1, throttles=0)
HOSTILE = 'a "quoted" name\nwith a \\ and \\n, {braces}, ünï → 名'
Series = tuple[str, frozenset[tuple[str, str]]]


def rendering(facts: Facts = FACTS) -> Telemetry:
    return Telemetry(lambda: facts)


def busy() -> Telemetry:
    """With something in every metric, and in the labels what no provider should say."""
    telemetry = rendering(replace(FACTS, resources={**FACTS.resources, ("aws", HOSTILE, "aws_vpc"): 9}))
    telemetry.run_finished(COMPLETE, "schedule")
    telemetry.run_finished(FAILED, "cli")
    return telemetry


def families(telemetry: Telemetry) -> list[Any]:
    return list(text_string_to_metric_families(telemetry.render().decode()))


def samples(telemetry: Telemetry) -> dict[Series, float]:
    """Each series once."""
    found = [sample for family in families(telemetry) for sample in family.samples]
    values = {(sample.name, frozenset(sample.labels.items())): sample.value for sample in found}
    assert len(values) == len(found)
    return values


def series(name: str, **labels: str) -> Series:
    return name, frozenset(labels.items())


def test_each_plain_fact_has_its_gauge() -> None:
    found = samples(rendering())
    assert {name: found[series(name)] for name in PLAIN} == PLAIN


def test_scopes_and_resources_are_told_by_their_labels() -> None:
    found = samples(rendering())
    assert found[series("syncd_scopes", collector="aws", state="complete")] == 40
    assert found[series("syncd_scopes", collector="aws", state="denied")] == 2
    assert found[series("syncd_resources", collector="aws", account="111122223333", kind="aws_vpc")] == 7
    assert found[series("syncd_resources", collector="aws", account="111122223333", kind="aws_subnet")] == 21


def test_every_gauge_is_of_type_gauge() -> None:
    types = {family.name: family.type for family in families(rendering())}
    assert {types[name] for name in (*PLAIN, "syncd_scopes", "syncd_resources", "syncd_build_info")} == {"gauge"}


def test_the_facts_are_looked_at_once_a_scrape_and_not_before() -> None:
    looks = iter([FACTS, replace(FACTS, paused=True)])
    telemetry = Telemetry(lambda: next(looks))
    assert samples(telemetry)[series("syncd_paused")] == 0
    assert samples(telemetry)[series("syncd_paused")] == 1


def test_a_look_that_fails_fails_the_scrape() -> None:
    def look() -> Facts:
        raise OSError("no such file")

    with pytest.raises(OSError, match="no such file"):
        Telemetry(look).render()


def test_no_planned_run_is_no_sample() -> None:
    assert series("syncd_next_run_timestamp_seconds") not in samples(rendering(replace(FACTS, next_run=None)))


def many(accounts: int, kinds: int) -> dict[tuple[str, str, str], int]:
    return {("aws", f"a{a}", f"k{k}"): 1 + (a * 7 + k * 13) % 101 for a in range(accounts) for k in range(kinds)}


def by_account(resources: Resources) -> Counter[str]:
    return sum((Counter({account: count}) for (_, account, _), count in resources.items()), Counter())


def test_as_many_series_as_are_allowed_are_left_alone() -> None:
    resources = many(10, LARGEST // 10)
    assert capped(resources) == resources


@pytest.mark.parametrize(
    "resources", [many(10, 101), many(499, 3), many(500, 3), many(501, 3), many(1001, 1), many(5000, 2)], ids=len
)
def test_there_are_never_more_series_than_allowed_and_no_resource_is_left_out(resources: Resources) -> None:
    found = samples(rendering(replace(FACTS, resources=resources)))
    shown = [value for (name, _), value in found.items() if name == "syncd_resources"]
    assert LARGEST // 2 < len(shown) <= LARGEST
    assert sum(shown) == sum(resources.values())


def test_what_is_too_much_is_counted_as_other_of_its_account() -> None:
    resources = many(20, 80)
    assert by_account(capped(resources)) == by_account(resources)
    assert {kind for _, _, kind in capped(resources)} - {kind for _, _, kind in resources} == {"other"}


def test_the_largest_series_are_those_that_stay() -> None:
    resources = {**many(20, 80), ("aws", "a3", "huge"): 10**9, ("aws", "a3", "tiny"): 0}
    assert capped(resources)["aws", "a3", "huge"] == 10**9
    assert ("aws", "a3", "tiny") not in capped(resources)


def test_a_kind_that_is_called_other_is_counted_along() -> None:
    resources = {**many(20, 80), ("aws", "a3", "other"): 10**9}
    assert capped(resources)["aws", "a3", "other"] > 10**9


def test_more_accounts_than_can_be_shown_leave_one_other_account() -> None:
    resources = {**many(5000, 2), ("aws", "a3", "huge"): 10**9}
    assert capped(resources)["aws", "a3", "huge"] == 10**9
    assert ("aws", "other", "other") in capped(resources)


def test_runs_add_up_by_state_and_trigger() -> None:
    telemetry = busy()
    telemetry.run_finished(COMPLETE, "schedule")
    found = samples(telemetry)
    assert found[series("syncd_runs_total", state="complete", trigger="schedule")] == 2
    assert found[series("syncd_runs_total", state="failed", trigger="cli")] == 1


def test_what_two_runs_did_adds_up() -> None:
    found = samples(busy())
    assert found[series("syncd_calls_total")] == 200
    assert found[series("syncd_call_retries_total")] == 8
    assert found[series("syncd_call_throttles_total")] == 2
    assert found[series("syncd_answer_bytes_total")] == 5001
    assert found[series("syncd_scopes_read_total", state="complete")] == 41
    assert found[series("syncd_scopes_read_total", state="denied")] == 2


@pytest.mark.parametrize(("change", "count"), [("created", 10), ("updated", 6), ("deleted", 2)])
def test_changes_of_two_runs_add_up_from_zero(change: str, count: int) -> None:
    name = series("syncd_resource_changes_total", change=change)
    assert samples(rendering())[name] == 0
    assert samples(busy())[name] == count


def test_durations_fall_into_buckets_from_a_second_to_two_hours() -> None:
    found = samples(busy())
    buckets = {float(dict(labels)["le"]): n for (name, labels), n in found.items() if name.endswith("_bucket")}
    assert (min(buckets), sorted(buckets)[-2:]) == (1, [7200, float("inf")])
    assert [buckets[seconds] for seconds in (30, 60, 3600, 7200)] == [0, 1, 1, 2]
    assert found[series("syncd_run_duration_seconds_sum")] == 4042.5
    assert found[series("syncd_run_duration_seconds_count")] == 2


def test_all_names_are_ours_or_the_process_s() -> None:
    assert {family.name.split("_")[0] for family in families(busy())} == {"syncd", "process"}


def test_every_metric_of_ours_says_in_one_sentence_what_it_is() -> None:
    helps = [family.documentation for family in families(busy()) if family.name.startswith("syncd_")]
    assert all(text[0].isupper() and text.endswith(".") and text.count(".") == 1 for text in helps)


def test_the_process_tells_its_memory() -> None:
    assert samples(rendering())[series("process_resident_memory_bytes")] > 1_000_000


def test_the_build_is_told() -> None:
    versions = {"version": __version__, "python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    assert samples(rendering())[series("syncd_build_info", **versions)] == 1


def test_no_counter_has_a_twin_that_says_when_it_was_made() -> None:
    assert not [name for name, _ in samples(busy()) if name.endswith("_created")]


def test_any_label_value_is_read_back_as_it_was() -> None:
    found = samples(busy())
    assert found[series("syncd_resources", collector="aws", account=HOSTILE, kind="aws_vpc")] == 9


def test_two_of_them_share_nothing() -> None:
    other = rendering()
    assert samples(busy())[series("syncd_calls_total")] == 200
    assert samples(other)[series("syncd_calls_total")] == 0


def test_the_content_type_is_the_text_format_s() -> None:
    assert CONTENT_TYPE == "text/plain; version=0.0.4; charset=utf-8"


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_promtool_has_nothing_to_say() -> None:
    done = subprocess.run(["promtool", "check", "metrics"], input=busy().render(), capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@contextmanager
def serving(telemetry: Telemetry) -> Iterator[int]:
    """The port on which any path is answered with the metrics."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.end_headers()
            self.wfile.write(telemetry.render())

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server, ThreadPoolExecutor(1) as pool:
        pool.submit(server.serve_forever, 0.05)
        try:
            yield server.server_port
        finally:
            server.shutdown()


@pytest.mark.timeout(60)
@needs_prometheus
def test_prometheus_reads_what_is_rendered(tmp_path: Path) -> None:
    with serving(busy()) as target, prometheus(target, tmp_path) as port:
        found = known(port, "syncd_build_info")
        assert len(found) == 1, (tmp_path / "log").read_text()[-2000:]
        assert found[0]["metric"]["version"] == __version__
        accounts = {sample["metric"]["account"] for sample in query(port, "syncd_resources")}
    assert accounts == {"111122223333", HOSTILE}


class Ended(Exception):
    """The sleeper is out of sleeps."""


class Sleeper:
    """A clock that only sleeps move on; each is as late as told."""

    def __init__(self, *late: float) -> None:
        self.now = 1000.0
        self.late = list(late)
        self.asked: list[float] = []

    async def sleep(self, seconds: float) -> None:
        if not self.late:
            raise Ended
        self.asked.append(seconds)
        self.now += seconds + self.late.pop(0)


async def watched(sleeper: Sleeper, period: float = 0.5) -> Lag:
    lag = Lag(lambda: sleeper.now, sleeper.sleep)
    with pytest.raises(Ended):
        await lag.watch(period)
    return lag


async def test_lag_is_how_much_later_than_planned_a_sleep_returned() -> None:
    lag = await watched(Sleeper(0.25, 2.0, 0.125))
    assert lag.latest == pytest.approx(0.125)
    assert lag.worst == pytest.approx(2.0)


async def test_the_loop_is_looked_at_once_a_period() -> None:
    sleeper = Sleeper(0.0, 1.0, 0.0)
    await watched(sleeper, period=0.25)
    assert sleeper.asked == [0.25, 0.25, 0.25]


async def test_a_sleep_that_returns_early_is_no_lag() -> None:
    lag = await watched(Sleeper(-0.001))
    assert (lag.latest, lag.worst) == (0, 0)


async def test_the_worst_lag_is_forgotten_after_a_minute() -> None:
    sleeper = Sleeper(5.0, *[0.25] * 10)
    lag = await watched(sleeper, period=1.0)
    sleeper.now = 1006.0 + 60
    assert lag.worst == 5.0
    sleeper.now += 0.1
    assert lag.worst == 0.25
    sleeper.now += 60
    assert (lag.worst, lag.latest) == (0, 0.25)


async def test_no_more_is_kept_than_a_minute_holds() -> None:
    lag = await watched(Sleeper(*[0.0] * 1000))
    assert len(lag._seen) <= 121


async def test_a_blocked_loop_is_seen_with_the_real_clock() -> None:
    lag = Lag()
    watching = asyncio.create_task(lag.watch(0.001))
    await asyncio.sleep(0)
    time.sleep(0.05)
    while not lag.worst:
        await asyncio.sleep(0.001)
    watching.cancel()
    assert lag.worst >= 0.04
