"""The daemon under the main restrictions of its unit: no capability, only its state writable, no code made anew."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.fake import environment, serving
from tests.cli.conftest import desk_at
from tests.fakes.daemon import Running, until

# unshare: mounts of its own; setpriv: no capability, and none to come; PR_SET_MDWE: what MemoryDenyWriteExecute asks.
DENY_CODE = """\
import ctypes, os, sys
ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) == 0 or sys.exit(9)
os.execv(sys.argv[1], sys.argv[1:])
"""
SEALED = """\
mount -o remount,ro,bind / / &&
mount --bind "$0" "$0" && mount -o remount,rw,bind "$0" &&
exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs "$@"
"""


def sealed(place: Path, *command: str) -> list[str]:
    """The command, where only `place` can be written."""
    return ["unshare", "--mount", "sh", "-c", SEALED, str(place), sys.executable, "-c", DENY_CODE, *command]


def possible(place: Path) -> bool:
    tools = all(shutil.which(tool) for tool in ("unshare", "setpriv", "mount"))
    return tools and os.geteuid() == 0 and subprocess.run(sealed(place, "/bin/true"), check=False).returncode == 0


def test_it_reads_a_whole_account_with_no_right_but_to_its_own_state(tmp_path: Path) -> None:
    if not possible(tmp_path):
        pytest.skip("no root, no namespaces, or a kernel without PR_SET_MDWE")
    denied = subprocess.run(sealed(tmp_path, "/usr/bin/touch", "/sealed"), capture_output=True, text=True, check=False)
    assert "Read-only file system" in denied.stderr
    desk = desk_at(tmp_path)
    daemon = Running(desk)
    daemon.configure()
    (tmp_path / "syncd.toml").write_text(
        (tmp_path / "syncd.toml").read_text().replace("[fake]", '[aws]\nkinds = ["aws_s3_bucket", "aws_ec2_volume"]')
    )
    with serving("--accounts=1", "--regions=1", "--scale=0.3") as fake, (tmp_path / "daemon.log").open("w") as log:
        command = sealed(tmp_path, sys.executable, "-m", "syncd", "run")
        process = subprocess.Popen(
            command, env=desk.environment | environment(fake, tmp_path), stdout=log, stderr=log, text=True, cwd=tmp_path
        )
        try:
            until(lambda: daemon.answers() or process.poll() is not None)
            assert process.poll() is None, daemon.log
            status = Path(f"/proc/{process.pid}/status").read_text()
            assert "CapEff:\t0000000000000000" in status
            assert daemon.sync()["state"] == "complete"
            process.terminate()
            assert process.wait(15) == 0
        finally:
            process.kill()
            process.wait()
