"""Starts the fake endpoint for as long as it is needed, and steers it."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Size:
    """The size of an estate: what `--estate` chooses."""

    accounts: int
    regions: int
    scale: float

    def flags(self) -> list[str]:
        return [f"--accounts={self.accounts}", f"--regions={self.regions}", f"--scale={self.scale}"]


ESTATES = {
    "S": Size(1, 2, 1.0),
    "M": Size(2, 3, 4.0),
    "L": Size(4, 5, 6.0),
    "W": Size(20, 17, 0.1),  # wide: many accounts and regions with little in each
    "FAT": Size(1, 1, 100.0),  # 10,000 instances in one place
}


@dataclass(frozen=True, slots=True)
class Fake:
    """A running endpoint. Pages are those of bench/fakeaws/admin.py."""

    url: str
    pid: int

    def get(self, page: str) -> Any:
        return self._ask("GET", page)

    def post(self, page: str, body: object) -> Any:
        return self._ask("POST", page, json.dumps(body).encode())

    def delete(self, page: str) -> Any:
        return self._ask("DELETE", page)

    def _ask(self, method: str, page: str, body: bytes | None = None) -> Any:
        request = urllib.request.Request(f"{self.url}/{page}", body, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                raise ValueError(f"{method} {page}: {refused.read().decode()}") from None


@contextmanager
def serving(*flags: str) -> Iterator[Fake]:
    """An endpoint of its own on a free port; it ends with the block."""
    command = [sys.executable, "-m", "bench.fakeaws", "--port=0", *flags]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            told = process.stdout.readline()
            if not told:
                raise RuntimeError(f"the fake endpoint did not start: {' '.join(command)}")
            started = json.loads(told)
            yield Fake(f"http://127.0.0.1:{started['port']}", started["pid"])
        finally:
            process.terminate()


def environment(fake: Fake, home: Path) -> dict[str, str]:
    """Variables that lead any AWS client to this endpoint and away from the user's own configuration."""
    nowhere = str(home / "none")
    return {
        "AWS_ENDPOINT_URL": fake.url,
        "AWS_ACCESS_KEY_ID": "AKIDBENCHBENCHBENCH1",
        "AWS_SECRET_ACCESS_KEY": "x" * 40,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": nowhere,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        "PYTHONUNBUFFERED": "1",
    }
