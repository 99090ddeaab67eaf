r"""ministack on a free port of loopback, where it is installed: on PATH, or in .ci/cache/ministack.

It wants a botocore of its own version, and so an environment of its own:
python3 -m venv .ci/cache/ministack && .ci/cache/ministack/bin/pip install --no-deps --require-hashes \
    --requirement tests/ministack/requirements.lock
"""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from demo.cloud import answering
from demo.surroundings import clean
from tests.conftest import ROOT
from tests.fakes.prometheus import free_port

HERE = ROOT / ".ci" / "cache" / "ministack" / "bin"


def found() -> str | None:
    return shutil.which("ministack") or shutil.which("ministack", path=HERE)


@contextlib.contextmanager
def cloud(home: Path) -> Iterator[str]:
    """Its URL. Twelve digits as an access key are the account."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    given = clean(BIND_HOST="127.0.0.1", GATEWAY_PORT=str(port), LOG_LEVEL="ERROR", TMPDIR=str(home), HOME=str(home))
    with (home / "ministack.log").open("wb") as log:
        process = subprocess.Popen([str(found())], env=given, cwd=home, stdout=log, stderr=log)
    try:
        answering(f"{url}/_ministack/health", process, f"ministack did not start: {log.name} tells why")
        yield url
    finally:
        process.terminate()
        process.wait()
