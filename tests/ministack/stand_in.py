r"""ministack on a free port of loopback, where it is installed: on PATH, or in .ci/cache/ministack.

It wants a botocore of its own version, and so an environment of its own:
python3 -m venv .ci/cache/ministack && .ci/cache/ministack/bin/pip install --no-deps --require-hashes \
    --requirement tests/ministack/requirements.lock
"""

import contextlib
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from demo.surroundings import clean
from tests.conftest import ROOT
from tests.fakes.prometheus import free_port

HERE = ROOT / ".ci" / "cache" / "ministack" / "bin"
START_SECONDS = 60.0


def found() -> str | None:
    return shutil.which("ministack") or shutil.which("ministack", path=HERE)


@contextlib.contextmanager
def cloud(home: Path) -> Iterator[str]:
    """Its URL. Twelve digits as an access key are the account."""
    port = free_port()
    given = clean(BIND_HOST="127.0.0.1", GATEWAY_PORT=str(port), LOG_LEVEL="ERROR", TMPDIR=str(home), HOME=str(home))
    with (home / "ministack.log").open("wb") as log:
        process = subprocess.Popen([str(found())], env=given, cwd=home, stdout=log, stderr=log)
    try:
        _await(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _await(url: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{url}/_ministack/health", timeout=10).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("ministack did not start: its log tells why")
