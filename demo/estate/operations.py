"""How the estate is run: logs, alarms, secrets, parameters, stacks, trails, backups, builds, jobs."""

import json
from typing import Any

from demo.estate.site import Site
from demo.place import pairs

GROUPS = {"/shop/access": "storefront", "/shop/orders": "payments", "/network/flow": "security"}
TEMPLATE = json.dumps(
    {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {"Returns": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "returns"}}},
    }
)
SET_TEMPLATE = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "guards"}}}})


def logs(site: Site) -> None:
    client = site.place.client("logs")
    for name, owner in GROUPS.items():
        client.create_log_group(logGroupName=name, tags=site.place.tags(name, owner))
        client.put_retention_policy(logGroupName=name, retentionInDays=30)
    client.put_metric_filter(
        logGroupName="/shop/orders",
        filterName="failures",
        filterPattern="ERROR",
        metricTransformations=[{"metricName": "failures", "metricNamespace": "shop", "metricValue": "1"}],
    )


def alarms(site: Site) -> None:
    """The queue grows, a machine is busy: both tell the topic of alerts."""
    cloudwatch = site.place.client("cloudwatch")
    _alarm(site, cloudwatch, "orders-waiting", "AWS/SQS", "ApproximateNumberOfMessagesVisible", QueueName="orders")
    _alarm(site, cloudwatch, "shop-1-busy", "AWS/EC2", "CPUUtilization", InstanceId=site.instances["shop-1"])


def _alarm(site: Site, cloudwatch: Any, name: str, space: str, metric: str, **dimensions: str) -> None:
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace=space,
        MetricName=metric,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        Statistic="Average",
        Period=300,
        EvaluationPeriods=2,
        Threshold=80,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[site.arns["alerts"]],
        Tags=pairs(site.place.tags(name, "platform")),
    )


def secrets(site: Site) -> None:
    """Values are in AWS; the graph never holds them."""
    tags = site.place.tags
    for name, owner in (("shop/database", "data"), ("payments/provider", "payments")):
        site.place.client("secretsmanager").create_secret(
            Name=name, SecretString="never stored", KmsKeyId=site.arns["key"], Tags=pairs(tags(name, owner))
        )


def parameters(site: Site) -> None:
    """Settings of the shop, one of them encrypted."""
    tags = site.place.tags
    ssm = site.place.client("ssm")
    for name, kind in (("/shop/version", "String"), ("/shop/token", "SecureString")):
        ssm.put_parameter(
            Name=name, Value="never stored", Type=kind, Tags=pairs(tags(name, "storefront")), **_key(site, kind)
        )


def _key(site: Site, kind: str) -> dict[str, str]:
    return {"KeyId": site.arns["key"]} if kind == "SecureString" else {}


def stacks(site: Site) -> None:
    client, tags = site.place.client("cloudformation"), site.place.tags
    client.create_stack(
        StackName="returns",
        TemplateBody=TEMPLATE,
        NotificationARNs=[site.arns["alerts"]],
        Tags=pairs(tags("returns", "logistics")),
    )
    client.create_stack_set(
        StackSetName="guardrails", TemplateBody=SET_TEMPLATE, Tags=pairs(tags("guardrails", "security"))
    )


def audit(site: Site) -> None:
    """A trail into the bucket of logs, a recorder, a detector."""
    tags = site.place.tags
    bucket = site.arns["bucket/logs"].rpartition(":")[2]
    trail = site.place.client("cloudtrail")
    trail.create_trail(
        Name="everything", S3BucketName=bucket, SnsTopicName="alerts", TagsList=pairs(tags("everything", "security"))
    )
    trail.start_logging(Name="everything")
    site.place.client("config").put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": site.place.role("config")}
    )
    site.place.client("guardduty").create_detector(Enable=True, Tags=tags("detector", "security"))


def backups(site: Site) -> None:
    """Every night, into a vault."""
    backup, tags = site.place.client("backup"), site.place.tags
    backup.create_backup_vault(
        BackupVaultName="nightly", EncryptionKeyArn=site.arns["key"], BackupVaultTags=tags("nightly", "platform")
    )
    backup.create_backup_plan(
        BackupPlan={
            "BackupPlanName": "nightly",
            "Rules": [
                {"RuleName": "all", "TargetBackupVaultName": "nightly", "ScheduleExpression": "cron(0 1 * * ? *)"}
            ],
        },
        BackupPlanTags=tags("nightly", "platform"),
    )


def builds(site: Site) -> None:
    """Builds, jobs on data, queries, and the pool of customers."""
    tags = site.place.tags
    site.place.client("codebuild").create_project(
        name="shop",
        source={"type": "GITHUB", "location": "https://github.example.com/bookshop/shop"},
        artifacts={"type": "S3", "location": site.arns["bucket/logs"].rpartition(":")[2]},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=site.place.role("build"),
        encryptionKey=site.arns["key"],
        tags=[{"key": key, "value": value} for key, value in tags("shop", "platform").items()],
    )
    site.place.client("athena").create_work_group(
        Name="reports", Description="reports", Tags=pairs(tags("reports", "data"))
    )
    site.place.client("cognito-idp").create_user_pool(
        PoolName="customers", UserPoolTags=tags("customers", "storefront")
    )
    _glue(site)


def _glue(site: Site) -> None:
    glue, tags = site.place.client("glue"), site.place.tags
    glue.create_database(
        DatabaseInput={"Name": "clicks", "Description": "what people looked at"}, Tags=tags("clicks", "data")
    )
    glue.create_job(
        Name="sessions",
        Role=site.place.role("glue"),
        Command={"Name": "glueetl", "ScriptLocation": "s3://scripts/sessions.py"},
        Tags=tags("sessions", "data"),
    )
    glue.create_crawler(
        Name="clicks",
        Role=site.place.role("glue"),
        DatabaseName="clicks",
        Targets={"S3Targets": [{"Path": "s3://clicks/"}]},
        Tags=tags("clicks", "data"),
    )
