"""A real Prometheus that scrapes one port, where one is installed."""

import http.client
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

needs_prometheus = pytest.mark.skipif(not shutil.which("prometheus"), reason="prometheus is not installed")


@contextmanager
def prometheus(target: int, home: Path) -> Iterator[int]:
    """The port of one that scrapes `target` every second. It has ended when this ends."""
    job = {"job_name": "syncd", "static_configs": [{"targets": [f"127.0.0.1:{target}"]}]}
    config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": [job]}
    (home / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
    port = free_port()
    command = ["prometheus", f"--config.file={home}/prometheus.yml", f"--storage.tsdb.path={home}/data"]
    command += [f"--web.listen-address=127.0.0.1:{port}"]
    with (
        (home / "log").open("wb") as output,
        subprocess.Popen(command, cwd=home, stdout=output, stderr=output) as process,
    ):
        try:
            yield port
        finally:
            process.kill()  # what it has stored is worth nothing


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


def query(port: int, expression: str) -> list[Any]:
    """What it knows; nothing while it does not answer yet."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    with closing(connection), suppress(OSError):
        connection.request("GET", f"/api/v1/query?{urlencode({'query': expression})}")
        response = connection.getresponse()
        if response.status == 200:
            return list(json.loads(response.read())["data"]["result"])
    return []


def known(port: int, expression: str, seconds: float = 30) -> list[Any]:
    """What it knows as soon as it knows something."""
    end = time.monotonic() + seconds
    while not (found := query(port, expression)) and time.monotonic() < end:
        time.sleep(0.1)
    return found
