"""What runs on events: functions, queues, topics, streams, rules and workflows."""

import io
import json
import zipfile

from demo.estate.site import Site
from demo.place import pairs, small_pairs

FUNCTIONS = ("orders", "invoices", "thumbnails")


def build(site: Site) -> None:
    """Orders flow from a topic to a queue with a dead-letter queue, and a function works on them."""
    sns, tags = site.place.client("sns"), site.place.tags
    queue(site, "orders-dead", "payments")
    redrive = json.dumps({"deadLetterTargetArn": site.arns["queue/orders-dead"], "maxReceiveCount": 5})
    queue(site, "orders", "payments", RedrivePolicy=redrive, KmsMasterKeyId=site.arns["key"])
    queue(site, "invoices.fifo", "payments", FifoQueue="true")
    topic = sns.create_topic(
        Name="orders", Attributes={"KmsMasterKeyId": site.arns["key"]}, Tags=pairs(tags("orders", "payments"))
    )["TopicArn"]
    alerts = sns.create_topic(Name="alerts", Tags=pairs(tags("alerts", "platform")))["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=site.arns["queue/orders"])
    site.arns |= {"topic": topic, "alerts": alerts}
    for name in FUNCTIONS:
        _function(site, name)
    # Nothing is ever published to this topic: moto would look for a container engine to run the function in.
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=site.arns["function/invoices"])
    sns.subscribe(TopicArn=alerts, Protocol="email", Endpoint="on-call@bookshop.example")


def queue(site: Site, name: str, owner: str, **attributes: str) -> None:
    site.place.client("sqs").create_queue(QueueName=name, Attributes=attributes, tags=site.place.tags(name, owner))
    site.arns[f"queue/{name}"] = site.place.arn("sqs", name)


def _function(site: Site, name: str) -> None:
    site.arns[f"function/{name}"] = site.place.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=site.place.role("orders-function"),
        Handler="main.handler",
        Code={"ZipFile": _archive()},
        MemorySize=256,
        Timeout=30,
        VpcConfig={"SubnetIds": site.private, "SecurityGroupIds": [site.groups["shop"]]},
        DeadLetterConfig={"TargetArn": site.arns["queue/orders-dead"]},
        Environment={"Variables": {"DATABASE_PASSWORD": "never stored"}},
        Layers=[site.arns["layer"]] if "layer" in site.arns else [],
        Tags=site.place.tags(name, "storefront"),
    )["FunctionArn"]


def layer(site: Site) -> None:
    """Code that functions share."""
    site.arns["layer"] = site.place.client("lambda").publish_layer_version(
        LayerName="common", Content={"ZipFile": _archive()}, CompatibleRuntimes=["python3.12"]
    )["LayerVersionArn"]


def _archive() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(zipfile.ZipInfo("main.py"), "def handler(event, context):\n    return event\n")
    return content.getvalue()


def streams(site: Site) -> None:
    """A stream of clicks and its delivery into the bucket of logs."""
    tags = site.place.tags
    kinesis = site.place.client("kinesis")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    kinesis.add_tags_to_stream(StreamName="clicks", Tags=tags("clicks", "data"))
    kinesis.start_stream_encryption(StreamName="clicks", EncryptionType="KMS", KeyId=site.arns["key"])
    site.place.client("firehose").create_delivery_stream(
        DeliveryStreamName="clicks",
        DeliveryStreamType="KinesisStreamAsSource",
        KinesisStreamSourceConfiguration={
            "KinesisStreamARN": site.place.arn("kinesis", "stream/clicks"),
            "RoleARN": site.place.role("delivery"),
        },
        ExtendedS3DestinationConfiguration={
            "BucketARN": site.arns["bucket/logs"],
            "RoleARN": site.place.role("delivery"),
            "Prefix": "clicks/",
        },
        Tags=pairs(tags("clicks", "data")),
    )


def flows(site: Site) -> None:
    """A workflow, and the rule that starts it every night; a rule on a bus of its own."""
    tags = site.place.tags
    machine = site.place.client("stepfunctions").create_state_machine(
        name="close-the-day",
        definition=json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}),
        roleArn=site.place.role("workflow"),
        tags=small_pairs(tags("close-the-day", "payments")),
    )["stateMachineArn"]
    _nightly(site, machine)


def _nightly(site: Site, machine: str) -> None:
    events, tags = site.place.client("events"), site.place.tags
    events.create_event_bus(Name="shop", Tags=pairs(tags("shop", "platform")))
    events.put_rule(
        Name="orders-placed",
        EventBusName="shop",
        EventPattern=json.dumps({"source": ["bookshop.orders"]}),
        Tags=pairs(tags("orders-placed", "payments")),
    )
    events.put_targets(
        Rule="orders-placed", EventBusName="shop", Targets=[{"Id": "queue", "Arn": site.arns["queue/orders"]}]
    )
    events.put_rule(
        Name="close-the-day", ScheduleExpression="cron(0 2 * * ? *)", Tags=pairs(tags("close-the-day", "payments"))
    )
    target = {"Id": "workflow", "Arn": machine, "RoleArn": site.place.role("events")}
    events.put_targets(Rule="close-the-day", Targets=[target])
