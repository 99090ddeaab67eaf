"""A small fake estate for each test file, and stock boto3 clients on it."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from bench.fake import Fake, serving

Client = Callable[..., Any]


@pytest.fixture(scope="module")
def served() -> Iterator[Fake]:
    with serving("--accounts=2", "--regions=2", "--scale=0.5") as fake:
        yield fake


@pytest.fixture
def fake(served: Fake) -> Fake:
    """The endpoint of this file, as it was at the start."""
    served.delete("__faults")
    served.delete("__estate")
    served.get("__mutate?permille=0")
    served.get("__reset")
    return served


@pytest.fixture
def client(fake: Fake) -> Client:
    def make(service: str, account: str = "", region: str = "us-east-1") -> Any:
        return stock_client(fake, service, account, region)

    return make


@functools.cache
def session() -> Any:
    """One for all tests: it keeps the service models, which take long to load."""
    return boto3.session.Session()


def stock_client(fake: Fake, service: str, account: str = "", region: str = "us-east-1") -> Any:
    """A client that never retries; `account` "" is the first one."""
    return session().client(
        service,
        region_name=region,
        endpoint_url=fake.url,
        aws_access_key_id=f"ASIA{account}" if account else "AKIDTEST",
        aws_secret_access_key="secret",
        config=Config(retries={"max_attempts": 0}, read_timeout=1, inject_host_prefix=False),
    )
