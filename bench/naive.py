"""The naive baseline: boto3 in 32 threads, everything listed, then dumped into SQLite at once."""

import argparse
import json
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3

from bench.job import HOME_REGION, INSERT, READINGS, ROLE, SCHEMA, Reading, arguments, document

Row = tuple[str, str, str, str, str]


def sessions(role: str) -> dict[str, Any]:
    """A session for each account of the organisation."""
    base = boto3.session.Session(region_name=HOME_REGION)
    own = base.client("sts").get_caller_identity()["Account"]
    pages = base.client("organizations").get_paginator("list_accounts").paginate()
    accounts = [account["Id"] for page in pages for account in page["Accounts"]]
    return {account: base if account == own else _assumed(base, account, role) for account in accounts}


def _assumed(base: Any, account: str, role: str) -> Any:
    arn = f"arn:aws:iam::{account}:role/{role}"
    given = base.client("sts").assume_role(RoleArn=arn, RoleSessionName="bench")["Credentials"]
    return boto3.session.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        region_name=HOME_REGION,
    )


class Clients:
    """One client for each account, service and region, made once."""

    def __init__(self, by_account: dict[str, Any]) -> None:
        self._sessions = by_account
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._lock = threading.Lock()  # making clients is not safe from several threads

    def get(self, account: str, service: str, region: str) -> Any:
        key = (account, service, region)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._sessions[account].client(service, region_name=region)
            return self._clients[key]


def collect(client: Any, account: str, region: str, reading: Reading) -> list[Row]:
    if client.can_paginate(reading.operation):
        pages = client.get_paginator(reading.operation).paginate(**reading.arguments)
    else:
        pages = [getattr(client, reading.operation)(**reading.arguments)]
    items = [item for page in pages for item in reading.items(page)]
    documents = [document(item) for item in items]
    if reading.whole and items:
        described = getattr(client, reading.whole.operation)(**{reading.whole.argument: items})
        for target, more in zip(documents, described[reading.whole.key], strict=True):
            target.update(more)
    for detail in reading.details:
        for target, item in zip(documents, items, strict=True):
            answer = getattr(client, detail.operation)(**arguments(detail, item))
            target[f"_{detail.operation}"] = answer.get(detail.key)
    return [
        (account, region, reading.kind, reading.name(item), json.dumps(target, default=str))
        for item, target in zip(items, documents, strict=True)
    ]


def main() -> None:
    flags = argparse.ArgumentParser(prog="python -m bench.naive", description=__doc__)
    flags.add_argument("--db", required=True)
    flags.add_argument("--threads", type=int, default=32)
    flags.add_argument("--role", default=ROLE)
    chosen = flags.parse_args()
    by_account = sessions(chosen.role)
    clients = Clients(by_account)
    some = clients.get(next(iter(by_account)), "ec2", HOME_REGION)
    regions = [region["RegionName"] for region in some.describe_regions()["Regions"]]

    def read(account: str, region: str, reading: Reading) -> list[Row]:
        return collect(clients.get(account, reading.service, region), account, region, reading)

    with ThreadPoolExecutor(chosen.threads) as threads:
        futures = [
            threads.submit(read, account, region, reading)
            for account in by_account
            for reading in READINGS
            for region in (regions if reading.regional else [HOME_REGION])
        ]
        rows = [row for future in futures for row in future.result()]
    database = sqlite3.connect(chosen.db)
    database.execute(SCHEMA)
    database.executemany(INSERT, rows)
    database.commit()
    database.close()
    print(len(rows))


if __name__ == "__main__":
    main()
