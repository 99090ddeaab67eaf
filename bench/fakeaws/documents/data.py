"""Databases, queues, topics, tables, alarms, keys and buckets."""

import json

from bench.fakeaws import names
from bench.fakeaws.documents import Document
from bench.fakeaws.world import World, team

SAME_FOR_ALL_DATABASES: Document = {
    "DBInstanceClass": "db.r5.large",
    "Engine": "postgres",
    "DBInstanceStatus": "available",
    "MasterUsername": "root",
    "DBName": "app",
    "AllocatedStorage": 100,
    "PreferredBackupWindow": "03:00-03:30",
    "BackupRetentionPeriod": 7,
    "DBSecurityGroups": [],
    "DBParameterGroups": [{"DBParameterGroupName": "default.postgres15", "ParameterApplyStatus": "in-sync"}],
    "PreferredMaintenanceWindow": "sun:05:00-sun:06:00",
    "PendingModifiedValues": {},
    "EngineVersion": "15.4",
    "AutoMinorVersionUpgrade": True,
    "ReadReplicaDBInstanceIdentifiers": [],
    "LicenseModel": "postgresql-license",
    "OptionGroupMemberships": [{"OptionGroupName": "default:postgres-15", "Status": "in-sync"}],
    "StorageType": "gp3",
    "DbInstancePort": 0,
    "StorageEncrypted": True,
    "CACertificateIdentifier": "rds-ca-2019",
    "DomainMemberships": [],
    "CopyTagsToSnapshot": True,
    "MonitoringInterval": 0,
    "IAMDatabaseAuthenticationEnabled": False,
    "PerformanceInsightsEnabled": False,
    "DeletionProtection": True,
    "AssociatedRoles": [],
    "CustomerOwnedIpEnabled": False,
}


def database(world: World, i: int) -> Document:
    kind = "rds.instance"
    dice, name = world.number(kind, i), f"db-{team(i)}-{i}"
    return SAME_FOR_ALL_DATABASES | {
        "DBInstanceIdentifier": name,
        "Endpoint": {
            "Address": f"{name}.{world.digest(kind, i, 12)}.{world.region}.rds.amazonaws.com",
            "Port": 5432,
            "HostedZoneId": "Z2R2ITUGPM61AM",
        },
        "InstanceCreateTime": world.moment(kind, i),
        "VpcSecurityGroups": [{"VpcSecurityGroupId": names.some_group(world, i), "Status": "active"}],
        "AvailabilityZone": world.zone(i),
        "DBSubnetGroup": {
            "DBSubnetGroupName": f"dbsng-{i % 3}",
            "DBSubnetGroupDescription": "x",
            "VpcId": names.some_vpc(world, 0),
            "SubnetGroupStatus": "Complete",
            "Subnets": [_database_subnet(world, j) for j in range(3)],
        },
        "MultiAZ": dice % 2 == 0,
        "PubliclyAccessible": dice % 9 == 0,
        "KmsKeyId": names.some_key_arn(world, i),
        "DbiResourceId": "db-" + world.digest("dbi", i, 26).upper(),
        "DBInstanceArn": world.arn("rds", f"db:{name}"),
        "TagList": world.tags(kind, i),
    }


def _database_subnet(world: World, j: int) -> Document:
    return {
        "SubnetIdentifier": names.some_subnet(world, 3 * j),
        "SubnetAvailabilityZone": {"Name": world.zone(j)},
        "SubnetOutpost": {},
        "SubnetStatus": "Active",
    }


def _policy(version: str, **statement: object) -> str:
    return json.dumps({"Version": version, "Statement": [{"Effect": "Allow", **statement}]})


def queue_attributes(world: World, i: int) -> Document:
    made, arn = str(int(world.moment("sqs.queue", i).timestamp())), names.queue_arn(world, i)
    root = {"AWS": f"arn:aws:iam::{world.account}:root"}
    return {
        "QueueArn": arn,
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "CreatedTimestamp": made,
        "LastModifiedTimestamp": made,
        "VisibilityTimeout": "30",
        "MaximumMessageSize": "262144",
        "MessageRetentionPeriod": "345600",
        "DelaySeconds": "0",
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
        "KmsMasterKeyId": names.some_key_arn(world, i),
        "KmsDataKeyReusePeriodSeconds": "300",
        "Policy": _policy("2012-10-17", Principal=root, Action="SQS:*", Resource=arn),
    }


def topic(world: World, i: int) -> Document:
    return {"TopicArn": names.topic_arn(world, i)}


def topic_attributes(world: World, i: int) -> Document:
    arn = names.topic_arn(world, i)
    return {
        "TopicArn": arn,
        "Owner": world.account,
        "DisplayName": "",
        "SubscriptionsConfirmed": "0",
        "SubscriptionsPending": "0",
        "SubscriptionsDeleted": "0",
        "KmsMasterKeyId": names.some_key_arn(world, i),
        "EffectiveDeliveryPolicy": "{}",
        "Policy": _policy("2008-10-17", Principal={"AWS": "*"}, Action="SNS:Publish", Resource=arn),
    }


def table(world: World, i: int) -> Document:
    kind = "dynamodb.table"
    return {
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "TableName": names.table_name(i),
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "TableStatus": "ACTIVE",
        "CreationDateTime": world.moment(kind, i),
        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
        "TableSizeBytes": world.number(kind, i) % 10**9,
        "ItemCount": i * 10,
        "TableArn": names.table_arn(world, i),
        "TableId": world.digest("tid", i, 32),
        "SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": names.some_key_arn(world, i)},
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "DeletionProtectionEnabled": False,
    }


def alarm(world: World, i: int) -> Document:
    when = world.moment("cloudwatch.alarm", i)
    return {
        "AlarmName": names.alarm_name(i),
        "AlarmArn": names.alarm_arn(world, i),
        "AlarmDescription": "cpu high",
        "AlarmConfigurationUpdatedTimestamp": when,
        "ActionsEnabled": True,
        "OKActions": [],
        "AlarmActions": [names.some_topic_arn(world, i)],
        "InsufficientDataActions": [],
        "StateValue": "OK",
        "StateReason": "Threshold Crossed: 1 datapoint was not greater than the threshold (80.0).",
        "StateReasonData": '{"version":"1.0"}',
        "StateUpdatedTimestamp": when,
        "MetricName": "CPUUtilization",
        "Namespace": "AWS/EC2",
        "Statistic": "Average",
        "Dimensions": [{"Name": "InstanceId", "Value": names.some_instance(world, i)}],
        "Period": 300,
        "EvaluationPeriods": 2,
        "Threshold": 80.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "StateTransitionedTimestamp": when,
    }


def key_item(world: World, i: int) -> Document:
    return {"KeyId": names.key_id(world, i), "KeyArn": names.key_arn(world, i)}


def key(world: World, i: int) -> Document:
    return {
        "AWSAccountId": world.account,
        "KeyId": names.key_id(world, i),
        "Arn": names.key_arn(world, i),
        "CreationDate": world.moment("kms.key", i),
        "Enabled": True,
        "Description": f"key for {team(i)}",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": "Enabled",
        "Origin": "AWS_KMS",
        "KeyManager": "CUSTOMER",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": False,
    }


def bucket(world: World, i: int) -> Document:
    return {"Name": names.bucket_name(world, i), "CreationDate": world.moment("s3.bucket", i)}


def hosted_zone(world: World, i: int) -> Document:
    return {
        "Id": f"/hostedzone/{names.zone_id(world, i)}",
        "Name": f"zone{i}.example.com.",
        "CallerReference": world.digest("cr", i, 32),
        "Config": {"Comment": "", "PrivateZone": i % 2 == 1},
        "ResourceRecordSetCount": 2,
    }
