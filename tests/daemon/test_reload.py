"""A reload takes the configuration whole for what comes next, or leaves the old one in force and says why."""

import signal

from tests.cli.conftest import Desk
from tests.fakes.daemon import Running, running, until


def names(daemon: Running) -> list[str]:
    return [name for (name,) in daemon.query("select name from resource order by name")]


def test_new_settings_are_in_force_for_the_next_run(daemon: Running) -> None:
    daemon.configure(boxes="{ a = 1, b = 2 }")
    answer = daemon.post("/v1/reload")
    assert answer == (200, {"reloaded": True, "files": [str(daemon.desk.place / "syncd.toml")]})
    daemon.sync()
    assert names(daemon) == ["a", "b", "bag"]


def test_sighup_does_the_same(daemon: Running) -> None:
    daemon.configure(boxes="{ a = 1, c = 2 }")
    daemon.tell(signal.SIGHUP)
    until(lambda: daemon.logged("config.loaded"))
    daemon.sync()
    assert names(daemon) == ["a", "bag", "c"]


def test_the_run_that_goes_on_is_left_alone(slow: Running) -> None:
    number = slow.begin()
    slow.configure()
    assert slow.post("/v1/reload")[0] == 200
    assert slow.going_on == number
    slow.post(f"/v1/runs/{number}/cancel")
    assert slow.sync()["state"] == "complete"


def test_a_wrong_file_is_refused_in_one_line_with_file_and_key_and_the_old_stays(daemon: Running) -> None:
    daemon.configure(boxes='{ a = "big" }')
    status, answer = daemon.post("/v1/reload")
    message = answer["error"]["message"]
    assert (status, answer["error"]["code"], "\n" in message) == (422, "refused", False)
    assert message.startswith(f"{daemon.desk.place / 'syncd.toml'}: fake.boxes")
    daemon.sync()
    assert names(daemon) == ["a", "bag"]


def test_the_status_shows_what_was_refused_until_a_reload_is_taken(daemon: Running) -> None:
    daemon.configure(delay='"long"')
    daemon.tell(signal.SIGHUP)
    until(lambda: daemon.logged("config.refused"))
    status = daemon.status
    assert "fake.delay" in status["configuration"]["refused"]
    assert any("the last reload was refused" in line and "fake.delay" in line for line in status["warnings"])
    daemon.configure()
    daemon.post("/v1/reload")
    assert (daemon.status["configuration"]["refused"], daemon.status["warnings"]) == ("", [])


def test_a_file_that_is_no_toml_any_more_is_refused(daemon: Running) -> None:
    file = daemon.desk.place / "syncd.toml"
    file.write_text("[store")
    status, answer = daemon.post("/v1/reload")
    assert (status, answer["error"]["message"].startswith(f"{file}: not valid TOML")) == (422, True)
    file.unlink()
    status, answer = daemon.post("/v1/reload")
    assert (status, answer["error"]["message"].startswith(f"{file}: cannot be read")) == (422, True)


def changed_store(daemon: Running) -> None:
    daemon.sections = {"control": {"socket": str(daemon.desk.place / "other.sock"), "max_connections": 9}}
    daemon.sections["telemetry"] = {"listen": "127.0.0.1:1"}
    daemon.configure()
    file = daemon.desk.place / "syncd.toml"
    file.write_text(file.read_text().replace("/s.db", "/t.db"))


def test_keys_that_need_a_restart_are_named_in_the_warnings(daemon: Running) -> None:
    changed_store(daemon)
    assert daemon.post("/v1/reload")[0] == 200
    for key in ("store.path", "control.socket", "control.max_connections", "telemetry"):
        assert f"{key} has changed: a restart is needed for that" in daemon.status["warnings"]
    daemon.sync()
    assert names(daemon) == ["a", "bag"]


def test_how_long_the_past_is_kept_needs_no_restart(daemon: Running) -> None:
    file = daemon.desk.place / "syncd.toml"
    file.write_text(file.read_text().replace("[store]", "[store]\nhistory_days = 7"))
    assert daemon.post("/v1/reload")[0] == 200
    assert daemon.status["warnings"] == []


def test_what_needs_a_restart_is_named_until_there_was_one(daemon: Running) -> None:
    changed_store(daemon)
    daemon.post("/v1/reload")
    daemon.post("/v1/reload")
    assert "store.path has changed: a restart is needed for that" in daemon.status["warnings"]


def test_what_was_taken_back_needs_no_restart(daemon: Running) -> None:
    before = (daemon.desk.place / "syncd.toml").read_text()
    changed_store(daemon)
    daemon.post("/v1/reload")
    (daemon.desk.place / "syncd.toml").write_text(before)
    daemon.post("/v1/reload")
    assert daemon.status["warnings"] == []


def test_a_collector_whose_section_went_does_not_break_runs(desk: Desk) -> None:
    with running(desk, aws={}) as daemon:
        del daemon.sections["aws"]
        daemon.configure()
        daemon.post("/v1/reload")
        assert "the collectors in use has changed: a restart is needed for that" in daemon.status["warnings"]
        run = daemon.sync()
        assert not daemon.logged("task.failed")
        assert run["state"] == "complete" or run["reason"]


def test_a_new_schedule_is_in_force_at_once(daemon: Running) -> None:
    assert daemon.status["schedule"] == []
    daemon.sections = {"schedule": {"cron": "0 0 1 1 *"}}
    daemon.configure()
    daemon.post("/v1/reload")
    until(lambda: [run["trigger"] for run in daemon.runs] == ["schedule"])
    assert [each["name"] for each in daemon.status["schedule"]] == ["all"]
    daemon.post("/v1/reload")
    daemon.sync()
    assert [run["trigger"] for run in daemon.runs] == ["schedule", "control"]
