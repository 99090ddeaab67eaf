"""What the shipped units promise: sandboxed, complete, and right for systemd 252."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

PLACE = ROOT / "systemd"
UNITS = sorted(PLACE.glob("*.service"))
DROP_IN = Path("syncd.service.d") / "credentials.conf"

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")


def lines(name: str) -> list[str]:
    """What a unit says, without its comments."""
    return [line for line in (PLACE / name).read_text().splitlines() if line and not line.startswith("#")]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """All units as they are on a machine, with the drop-in, but for a program that is there."""
    for source in (*PLACE.glob("*.service"), *PLACE.glob("*.socket"), *PLACE.glob("*.timer")):
        text = source.read_text()
        assert text.count("ExecStart=/opt/syncd/bin/syncd ") == (source.suffix == ".service")
        (tmp_path / source.name).write_text(text.replace("/opt/syncd/bin/syncd ", "/bin/true "))
    (tmp_path / DROP_IN).parent.mkdir()
    shutil.copy(PLACE / f"{DROP_IN}.example", tmp_path / DROP_IN)
    return tmp_path


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_is_exposed_to_1_3_points_of_10_at_most(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=13", "--no-pager", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-200:] + done.stderr


@needs_systemd
@pytest.mark.parametrize("unit", ["syncd.service", "syncd.socket", "syncd-sync.service", "syncd-sync.timer"])
def test_systemd_finds_nothing_wrong_with_a_unit(unit: str, installed: Path) -> None:
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(installed / unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    complaints = [line for line in done.stderr.splitlines() if "syncd" in line]  # of other units, others take care
    assert (done.returncode, complaints) == (0, [])


def test_both_services_have_one_sandbox() -> None:
    daemon, once = (lines(name) for name in ("syncd.service", "syncd-sync.service"))
    sandbox = once[once.index("LimitCORE=0") :]
    assert daemon[daemon.index("LimitCORE=0") : daemon.index("[Install]")] == sandbox


def test_incomplete_scopes_are_no_failure_of_the_unit() -> None:
    assert "SuccessExitStatus=3" in lines("syncd-sync.service")


@pytest.mark.parametrize("kind", ["State", "Configuration"])
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_names_its_directories_and_closes_them_to_others(unit: Path, kind: str) -> None:
    assert {f"{kind}Directory=syncd", f"{kind}DirectoryMode=0750"} <= set(lines(unit.name))


def test_every_directory_that_the_units_need_is_made() -> None:
    made = {line.split()[1] for line in lines("syncd.tmpfiles.conf") if line.startswith("d ")}
    assert made == {"/etc/syncd", "/etc/syncd/syncd.d", "/etc/syncd/aws", "/var/lib/syncd", "/run/syncd"}


def test_the_service_may_read_its_configuration_whoever_wrote_it() -> None:
    shared = {line.split()[1] for line in lines("syncd.tmpfiles.conf") if line.split()[0::2][:2] == ["z", "0640"]}
    assert shared == {"/etc/syncd/syncd.toml", "/etc/syncd/syncd.d/*.toml", "/etc/syncd/aws/*"}


def test_the_daemon_finds_aws_profiles_where_it_may_read() -> None:
    place = "/etc/syncd/aws"
    wanted = {
        f"Environment=AWS_CONFIG_FILE={place}/config",
        f"Environment=AWS_SHARED_CREDENTIALS_FILE={place}/credentials",
    }
    assert {"ProtectHome=yes", *wanted} <= set(lines("syncd.service"))


def test_a_reload_is_a_signal_to_the_daemon() -> None:
    assert {"Type=notify", "ExecReload=/bin/kill -HUP $MAINPID"} <= set(lines("syncd.service"))


def test_a_daemon_that_hangs_or_fails_is_started_again_within_35_seconds() -> None:
    assert {"WatchdogSec=30", "Restart=on-failure", "RestartSec=5"} <= set(lines("syncd.service"))


def test_the_daemon_works_with_and_without_its_socket_unit() -> None:
    assert not [line for line in lines("syncd.service") if "syncd.socket" in line]
    assert "ListenStream=/run/syncd/control.sock" in lines("syncd.socket")


def test_the_control_socket_outlives_the_daemon_and_is_closed_to_others() -> None:
    runtime = {"RuntimeDirectory=syncd", "RuntimeDirectoryMode=0750", "RuntimeDirectoryPreserve=yes"}
    assert runtime <= set(lines("syncd.service"))
    assert {"SocketMode=0660", "SocketUser=syncd", "SocketGroup=syncd", "RemoveOnStop=no"} <= set(lines("syncd.socket"))


def test_the_daemon_and_the_timer_exclude_each_other() -> None:
    assert "Conflicts=syncd-sync.timer" in lines("syncd.service")
