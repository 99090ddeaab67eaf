"""Where something is built: an account and a region, with clients of the AWS SDK for it."""

from dataclasses import dataclass, field, replace
from typing import Any, Self

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

# One try: whatever moto refuses here is a mistake of the demo, and waiting would not help.
ONE_TRY = Config(retries={"max_attempts": 1, "mode": "standard"}, connect_timeout=10, read_timeout=60)
MODELS = Loader(include_default_search_paths=True)

Tags = dict[str, str]


@dataclass(frozen=True, slots=True)
class Credentials:
    key: str
    secret: str
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """One account of the organization. `stage` says what it is for and is part of most names in it."""

    id: str
    name: str
    stage: str
    credentials: Credentials


@dataclass(slots=True)
class Place:
    """An account and a region; a client is made once a service."""

    url: str
    account: Account
    region: str
    _clients: dict[str, Any] = field(default_factory=dict)
    _session: Any = None

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._session = self._session or session(self.account.credentials, self.region)
            self._clients[service] = self._session.client(service, endpoint_url=self.url, config=ONE_TRY)
        return self._clients[service]

    def elsewhere(self, region: str) -> Self:
        return replace(self, region=region, _clients={}, _session=None)

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account.id}:{resource}"

    def role(self, name: str) -> str:
        return f"arn:aws:iam::{self.account.id}:role/{name}"

    def tags(self, name: str, owner: str) -> Tags:
        """What every resource carries, so that people know whose it is."""
        return {"Name": name, "owner": owner, "stage": self.account.stage, "project": PROJECT}


PROJECT = "bookshop"


def session(credentials: Credentials, region: str) -> Any:
    """Sessions share the loaded service models, which take longer to read than most calls take."""
    core = botocore.session.Session()
    core.register_component("data_loader", MODELS)
    return boto3.Session(
        aws_access_key_id=credentials.key,
        aws_secret_access_key=credentials.secret,
        aws_session_token=credentials.token,
        region_name=region,
        botocore_session=core,
    )


def pairs(tags: Tags) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def small_pairs(tags: Tags) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def specified(kind: str, tags: Tags) -> list[dict[str, Any]]:
    """TagSpecifications of EC2."""
    return [{"ResourceType": kind, "Tags": pairs(tags)}]
