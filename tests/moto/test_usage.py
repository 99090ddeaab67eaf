"""On moto: what CloudWatch measured is asked for with the rest, and can be searched."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from collectors.aws import collector
from collectors.aws.settings import AwsSettings
from syncd.plugin import Selection
from syncd.settings import Config, StoreSettings, SyncSettings
from syncd.store.reader import reading
from syncd.store.requests import COLLECT, Request
from syncd.sync.limits import Limits
from syncd.sync.perform import Performer, now, open_store
from tests.collectors.aws.loopback import moto_server

REGION = "eu-west-1"


def measure(client: Any, *values: float) -> None:
    """So many messages were in the queue `mail`, minute by minute of the last whole hour."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    metric = {
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Dimensions": [{"Name": "QueueName", "Value": "mail"}],
    }
    data = [
        {**metric, "Timestamp": hour - timedelta(minutes=minutes), "Value": value}
        for minutes, value in enumerate(values, 5)
    ]
    client.put_metric_data(Namespace="AWS/SQS", MetricData=data)


async def test_messages_of_a_queue_are_measured_and_no_event_tells_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with moto_server() as url:
        clients = {name: boto3.client(name, region_name=REGION, endpoint_url=url) for name in ("sqs", "cloudwatch")}
        for queue in ("mail", "idle"):
            clients["sqs"].create_queue(QueueName=queue)
        measure(clients["cloudwatch"], 2.0, 4.0, 9.0)
        aws = AwsSettings(endpoint_url=url, region=REGION, regions=(REGION,), kinds=("aws_sqs_queue",), usage=True)
        config = Config(
            store=StoreSettings(path=str(tmp_path / "s.db")), sync=SyncSettings(attempts=1), collectors={"aws": aws}
        )
        store = await open_store(config, {"aws": collector})
        try:
            performer = Performer(config, store, {"aws": collector}, Limits(8))
            for more in (100.0, 200.0):
                summary = await performer.perform(Request(0, now(), "test", "", COLLECT, Selection()))
                assert summary.state == "complete", summary.incomplete
                assert summary.updated == 0
                measure(clients["cloudwatch"], more)
        finally:
            await store.close()
    with reading(tmp_path / "s.db") as connection:
        rows = connection.execute(
            "select n.name, v.body ->> '$.usage.messages_visible_count.min', "
            "v.body ->> '$.usage.messages_visible_count.max' from node n left join volatile v on v.node = n.key "
            "where n.urn like 'arn:aws:sqs:%' order by n.name"
        ).fetchall()
    assert rows == [("idle", None, None), ("mail", 2.0, 100.0)]
