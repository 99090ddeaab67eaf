"""An AWS on loopback: one moto server process on a free port of 127.0.0.1, ended with the demo."""

import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from demo.surroundings import clean

ROOT = Path(__file__).parents[1]
# Certificates are issued at once, and nobody asks for the images that moto would load for each account and region.
QUICK = {"MOTO_ACM_VALIDATION_WAIT": "0", "MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}
START_SECONDS = 60.0
NEVER = b"1000000000000"


@contextlib.contextmanager
def cloud() -> Iterator[str]:
    """Its URL. Accounts are chosen by credentials, permissions are checked only after `enforce`."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "demo.server", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        command, env=clean(**QUICK), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        answering(
            f"{url}/moto-api/data.json", process, "the moto server did not start: python -m demo.server tells why"
        )
        _keep_tasks_running(url)
        yield url
    finally:
        process.kill()  # it has nothing to save, and to take itself apart would cost it seconds
        process.wait()


def enforce(url: str, *, on: bool) -> None:
    """Whether IAM policies and signatures count from now on, as they do in the real cloud."""
    _post(f"{url}/moto-api/reset-auth", b"0" if on else NEVER)


def _keep_tasks_running(url: str) -> None:
    """Left alone, moto moves a task toward its end each time that somebody looks at it."""
    slowly = {"model_name": "ecs::task", "transition": {"progression": "time", "seconds": 86400}}
    _post(f"{url}/moto-api/state-manager/set-transition", json.dumps(slowly).encode())


def _post(url: str, body: bytes) -> None:
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/octet-stream"})
    urllib.request.urlopen(request, timeout=10).close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answering(url: str, process: "subprocess.Popen[bytes]", trouble: str) -> None:
    """Waits until a server on loopback answers. Raises RuntimeError with `trouble` when it ended or takes long."""
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            urllib.request.urlopen(url, timeout=10).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(trouble)
