"""What the shipped units promise: sandboxed, and complete."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

UNITS = sorted((ROOT / "systemd").glob("*.service"))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_is_exposed_to_2_points_of_10_at_most(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-200:] + done.stderr


def test_incomplete_scopes_are_no_failure_of_the_unit() -> None:
    assert "SuccessExitStatus=3\n" in (ROOT / "systemd" / "syncd-sync.service").read_text()


def test_every_directory_that_the_unit_needs_is_made() -> None:
    made = (ROOT / "systemd" / "syncd.tmpfiles.conf").read_text()
    assert all(place in made for place in ("/etc/syncd", "/etc/syncd/syncd.d", "/var/lib/syncd"))
