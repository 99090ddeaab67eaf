"""The stock baseline: one event loop of aiobotocore, a client for each account, service and region, bounded calls.

It shows what the client library reaches as it comes, before any work on parsing or signing.
"""

import argparse
import asyncio
import sqlite3
from typing import Any

import orjson
import uvloop
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession, get_session

from bench.job import HOME_REGION, INSERT, READINGS, ROLE, SCHEMA, SERVICES, Detail, Item, Reading, arguments, document

CONFIG = AioConfig(max_pool_connections=64, parameter_validation=False)
CLIENTS_AT_ONCE = 16


class Collector:
    """One session, one database, and a limit to the calls that are under way."""

    def __init__(self, database: sqlite3.Connection, calls: int) -> None:
        self._session: AioSession = get_session()
        self._database = database
        self._calls = asyncio.Semaphore(calls)
        self._clients = asyncio.Semaphore(CLIENTS_AT_ONCE)

    def client(self, service: str, region: str = HOME_REGION, credentials: dict[str, str] | None = None) -> Any:
        return self._session.create_client(service, region_name=region, config=CONFIG, **(credentials or {}))

    async def accounts(self, role: str) -> dict[str, dict[str, str]]:
        """Credentials for each account of the organisation; none for our own."""
        async with self.client("sts") as sts, self.client("organizations") as organizations:
            own = (await sts.get_caller_identity())["Account"]
            pages = organizations.get_paginator("list_accounts").paginate()
            found = [account["Id"] async for page in pages for account in page["Accounts"]]
            return {account: {} if account == own else await _assumed(sts, account, role) for account in found}

    async def regions(self) -> list[str]:
        async with self.client("ec2") as ec2:
            return [region["RegionName"] for region in (await ec2.describe_regions())["Regions"]]

    async def service(self, account: str, credentials: dict[str, str], service: str, region: str) -> None:
        """All readings of one service in one place."""
        readings = [reading for reading in READINGS if reading.service == service]
        async with self._clients, self.client(service, region, credentials) as client:
            await asyncio.gather(*(self._read(client, account, region, reading) for reading in readings))

    async def _read(self, client: Any, account: str, region: str, reading: Reading) -> None:
        items = await self._items(client, reading)
        documents = [document(item) for item in items]
        if reading.whole and items:
            described = await self._call(client, reading.whole.operation, {reading.whole.argument: items})
            for target, more in zip(documents, described[reading.whole.key], strict=True):
                target.update(more)
        pairs = list(zip(items, documents, strict=True))
        details = [self._detail(client, item, target, d) for d in reading.details for item, target in pairs]
        await asyncio.gather(*details)
        rows = [
            (account, region, reading.kind, reading.name(item), orjson.dumps(target, default=str))
            for item, target in pairs
        ]
        self._database.executemany(INSERT, rows)
        self._database.commit()

    async def _items(self, client: Any, reading: Reading) -> list[Any]:
        if not client.can_paginate(reading.operation):
            return reading.items(await self._call(client, reading.operation, reading.arguments))
        items: list[Any] = []
        pages = aiter(client.get_paginator(reading.operation).paginate(**reading.arguments))
        while True:
            async with self._calls:
                page = await anext(pages, None)
            if page is None:
                return items
            items += reading.items(page)

    async def _detail(self, client: Any, item: Item | str, target: Item, detail: Detail) -> None:
        answer = await self._call(client, detail.operation, arguments(detail, item))
        target[f"_{detail.operation}"] = answer.get(detail.key)

    async def _call(self, client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        async with self._calls:
            return await getattr(client, operation)(**parameters)


async def _assumed(sts: Any, account: str, role: str) -> dict[str, str]:
    arn = f"arn:aws:iam::{account}:role/{role}"
    given = (await sts.assume_role(RoleArn=arn, RoleSessionName="bench"))["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }


async def collect(database: sqlite3.Connection, calls: int, role: str) -> None:
    collector = Collector(database, calls)
    regions = await collector.regions()
    regional = {reading.service for reading in READINGS if reading.regional}
    places = [
        collector.service(account, credentials, service, region)
        for account, credentials in (await collector.accounts(role)).items()
        for service in SERVICES
        for region in (regions if service in regional else [HOME_REGION])
    ]
    await asyncio.gather(*places)


def main() -> None:
    flags = argparse.ArgumentParser(prog="python -m bench.stock", description=__doc__)
    flags.add_argument("--db", required=True)
    flags.add_argument("--calls", type=int, default=64, help="calls under way at once")
    flags.add_argument("--role", default=ROLE)
    chosen = flags.parse_args()
    database = sqlite3.connect(chosen.db)
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = normal")
    database.execute(f"{SCHEMA} without rowid")
    uvloop.run(collect(database, chosen.calls, chosen.role))
    print(database.execute("select count(*) from node").fetchone()[0])
    database.close()


if __name__ == "__main__":
    main()
