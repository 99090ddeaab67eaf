"""syncd's own run against the fake estate on loopback: one account's file, the faults, what is known."""

import asyncio
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest

from bench.fake import Fake, environment
from bench.truth import expected, stored
from syncd.installed import load_collectors
from syncd.once import sync_once
from syncd.plugin import Selection
from syncd.settings import Config, StoreSettings, SyncSettings
from syncd.sync.summary import RunSummary

# One list of several pages, or facets, for each protocol: XML, JSON, query; bulk tags, details, parents.
KINDS = (
    "aws_ec2_volume",
    "aws_lambda_function",
    "aws_iam_*",
    "aws_cloudwatch_alarm",
    "aws_s3_bucket",
    "aws_sqs_queue",
    "aws_dynamodb_table",
    "aws_alb",
    "aws_alb_listener",
    "aws_eks_cluster",
)
TABLES = {
    "node": "select key, scope, urn, name, hash, from_commit from node order by key",
    "document": "select node, tags, common, body from document order by node",
    "edge": "select src, type, dst, scope from edge order by src, type, dst, scope",
}


@dataclass
class Estate:
    """A fake endpoint and a store. `settings` is the [aws] table, `limits` the [sync] table.

    A call may take as long as on a machine that does much else; who waits for a timeout lowers it.
    """

    fake: Fake
    path: Path
    settings: dict[str, Any] = field(default_factory=dict)
    limits: SyncSettings = field(
        default_factory=lambda: SyncSettings(
            call_timeout_seconds=30.0, attempts=2, retry_base_seconds=0.01, retry_cap_seconds=0.02
        )
    )

    def config(self) -> Config:
        kind = load_collectors(["aws"])["aws"].settings
        settings = msgspec.convert({"kinds": KINDS, **self.settings}, kind)
        return Config(store=StoreSettings(path=str(self.path)), sync=self.limits, collectors={"aws": settings})

    def sync(self, *accept: str) -> RunSummary:
        with pytest.MonkeyPatch.context() as patch:
            credentials(patch, self.fake, self.path.parent)
            return asyncio.run(sync_once(self.config(), Selection(scopes=accept), accept=accept))

    def fault(self, **rule: Any) -> None:
        self.fake.post("__faults", [rule])

    def faults(self, *rules: dict[str, Any]) -> None:
        self.fake.post("__faults", list(rules))

    def mend(self) -> None:
        self.fake.delete("__faults")

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def picture(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that is known, without how complete it is."""
        return {name: self.query(sql) for name, sql in TABLES.items()}

    def last_event(self) -> int:
        return int(self.query("select value from counter where name = 'event'")[0][0])

    def changes(self, since: int) -> list[tuple[str, str, dict[str, Any]]]:
        """Resource events after a sequence number."""
        rows = self.query("select type, urn, body from event where type like 'resource.%' and seq > ?", since)
        return [(type_, urn, orjson.loads(body)) for type_, urn, body in rows]

    def incomplete(self) -> dict[str, tuple[str, str, str]]:
        """Scope → state, permission, reason."""
        rows = self.query("select scope, state, permission, reason from coverage where state <> 'complete'")
        return {scope: (state, permission, reason) for scope, state, permission, reason in rows}

    def is_true(self) -> bool:
        """Whether every kind that is read has the counts of the endpoint's truth."""
        have = stored(self.path)
        return all(have[place] == count for place, count in expected(self.fake.get("__truth")).items() if have[place])


def credentials(patch: pytest.MonkeyPatch, fake: Fake, home: Path) -> None:
    """The environment of a user who has nothing but keys for the stand-in."""
    for name, value in environment(fake, home).items():
        if name.startswith("AWS_"):
            patch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        patch.delenv(name, raising=False)
