"""The daemon reads by itself when that is due, once for each occasion, whatever became of the process before."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncd.cli.syncd import main
from tests.cli.conftest import Ask, Desk
from tests.fakes.daemon import Running, running, until

YEARLY = {"cron": "0 0 1 1 *"}
"""No test begins before such an occasion and ends after it."""


def hourly() -> dict[str, Any]:
    """Once an hour, half an hour away from now."""
    return {"cron": f"{(datetime.now(UTC).minute + 30) % 60} * * * *", "jitter_seconds": 0}


def scheduled(daemon: Running) -> list[tuple[Any, ...]]:
    """Selections of the runs, when nothing more goes on or waits."""
    until(lambda: (status := daemon.status)["run"] is None and not status["pending"] and status["last"])
    assert {run["trigger"] for run in daemon.runs} <= {"schedule"}
    return [tuple(each) for each in daemon.query("select id, selection from run order by id")]


def test_what_never_ran_runs_at_once_and_not_again_after_a_kill_in_the_same_period(desk: Desk) -> None:
    with running(desk, schedule=YEARLY) as daemon:
        assert len(scheduled(daemon)) == 1
        daemon.restart()
        daemon.post("/v1/reload")
        assert len(scheduled(daemon)) == 1
        assert daemon.status["schedule"][0]["next"] > datetime.now(UTC).isoformat()


def test_killed_in_a_scheduled_run_it_waits_for_the_next_occasion(desk: Desk) -> None:
    with running(desk, fake={"delay": "60.0"}, schedule=YEARLY) as daemon:
        until(lambda: daemon.status["run"])
        daemon.restart()
        assert (daemon.status["run"], len(daemon.runs), daemon.runs[0]["state"]) == (None, 1, "failed")


def test_what_was_missed_while_it_was_down_runs_exactly_once(desk: Desk) -> None:
    with running(desk, schedule=hourly()) as daemon:
        assert len(scheduled(daemon)) == 1
        daemon.kill()
        before = datetime.now(UTC) - timedelta(hours=5)
        daemon.query(f"update schedule set started = '{before:%Y-%m-%dT%H:%M:%SZ}'")
        daemon.start()
        until(lambda: len(daemon.runs) == 2)
        daemon.restart()
        assert len(scheduled(daemon)) == 2
        assert daemon.query("select count(*) from schedule where started > '2026'") == [(1,)]


def test_parts_with_an_age_of_their_own_are_read_by_kind_or_by_scope(desk: Desk) -> None:
    ages = {"fake_b*": 10, "fake/1/*": 20}
    with running(desk, schedule={"cron": "", "max_age_minutes": ages}) as daemon:
        first, second = (selection for _, selection in scheduled(daemon))
        assert ('"kinds":["fake_b*"]' in first, '"scopes":["fake/1/*"]' in second) == (True, True)
        assert [each["name"] for each in daemon.status["schedule"]] == ["max_age:fake_b*", "max_age:fake/1/*"]
        distances = [datetime.fromisoformat(each["next"]) - datetime.now(UTC) for each in daemon.status["schedule"]]
        assert [round(distance.total_seconds() / 60) for distance in distances] == [10, 20]


def test_a_collector_with_a_line_of_its_own_is_read_by_that(desk: Desk) -> None:
    with running(desk, schedule=YEARLY | {"collectors": {"fake": "0 0 2 1 *"}}) as daemon:
        ((_, selection),) = scheduled(daemon)
        assert '"collectors":["fake"]' in selection
        ((entry),) = daemon.status["schedule"]
        assert (entry["name"], entry["next"][5:10]) == ("collector:fake", "01-02")


WRONG = [
    ({"cron": "0 25 * * *"}, "schedule.cron", '"25" as hour'),
    ({"timezone": "Mars/Base"}, "schedule.timezone", '"Mars/Base"'),
    ({"collectors": {"fkae": "@daily"}}, "schedule.collectors.fkae", "fake"),
    ({"collectors": {"fake": "sometimes"}}, "schedule.collectors.fake", '"sometimes"'),
]


@pytest.mark.parametrize(("settings", "key", "found"), WRONG)
def test_a_wrong_schedule_is_one_line_with_file_and_key(
    desk: Desk, ask: Ask, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], key: str, found: str
) -> None:
    monkeypatch.syspath_prepend(desk.place / "plugins")
    Running(desk, {"schedule": settings}).configure()
    file = desk.place / "syncd.toml"
    for answer in (desk.run("syncd", "run"), ask(main, "check", "--config", file)):
        assert answer.code == 2
        assert f"{file}: {key}" in answer.told
        assert found in answer.told
