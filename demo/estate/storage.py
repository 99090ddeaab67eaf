"""Where data lies: keys, buckets, file systems, databases, caches."""

import json
from typing import Any

from demo.estate.identity import document
from demo.estate.site import Site
from demo.place import pairs


def key(site: Site) -> None:
    """The customer key that a region's data is encrypted with, and its alias."""
    kms = site.place.client("kms")
    made = kms.create_key(
        Description="data at rest",
        Tags=[{"TagKey": tag, "TagValue": value} for tag, value in site.place.tags("data", "security").items()],
    )["KeyMetadata"]
    kms.create_alias(AliasName="alias/data", TargetKeyId=made["KeyId"])
    kms.enable_key_rotation(KeyId=made["KeyId"])
    site.arns["key"] = made["Arn"]


def buckets(site: Site) -> None:
    """Three buckets: public pictures, encrypted orders, and the logs of both."""
    s3 = site.place.client("s3")
    for name, owner in (("pictures", "storefront"), ("orders", "payments"), ("logs", "platform")):
        bucket = f"{site.bucket_prefix}-{name}"
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": site.place.region})
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": pairs(site.place.tags(bucket, owner))})
        versioning = "Enabled" if name == "orders" else "Suspended"
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": versioning})
        site.arns[f"bucket/{name}"] = f"arn:aws:s3:::{bucket}"
    delivery = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"{site.arns['bucket/logs']}/*",
    }
    s3.put_bucket_policy(Bucket=f"{site.bucket_prefix}-logs", Policy=_policy(delivery))
    s3.put_bucket_lifecycle_configuration(
        Bucket=f"{site.bucket_prefix}-logs",
        LifecycleConfiguration={
            "Rules": [{"ID": "forget", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 90}}]
        },
    )
    _guarded(site, s3, f"{site.bucket_prefix}-orders")


def _guarded(site: Site, s3: Any, bucket: str) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": site.arns["key"]}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    transport = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=_policy(transport))
    s3.put_bucket_logging(
        Bucket=bucket,
        BucketLoggingStatus={
            "LoggingEnabled": {"TargetBucket": f"{site.bucket_prefix}-logs", "TargetPrefix": "orders/"}
        },
    )


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def databases(site: Site) -> None:
    """The shop's database with a replica, its subnet group and a snapshot; a table of carts."""
    rds, tags = site.place.client("rds"), site.place.tags
    rds.create_db_subnet_group(
        DBSubnetGroupName="shop",
        DBSubnetGroupDescription="private subnets",
        SubnetIds=site.private,
        Tags=pairs(tags("shop", "data")),
    )
    rds.create_db_instance(
        DBInstanceIdentifier="shop",
        Engine="postgres",
        DBInstanceClass="db.m5.large",
        AllocatedStorage=100,
        MasterUsername="shop",
        MasterUserPassword="not-a-real-one",
        StorageEncrypted=True,
        KmsKeyId=site.arns["key"],
        DBSubnetGroupName="shop",
        VpcSecurityGroupIds=[site.groups["database"]],
        Tags=pairs(tags("shop", "data")),
    )
    rds.create_db_snapshot(
        DBSnapshotIdentifier="shop-before-upgrade", DBInstanceIdentifier="shop", Tags=pairs(tags("shop", "data"))
    )
    table(site, "carts", "storefront")


def table(site: Site, name: str, owner: str) -> None:
    site.place.client("dynamodb").create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": site.arns["key"]},
        Tags=pairs(site.place.tags(name, owner)),
    )


def clusters(site: Site) -> None:
    """A replica, an Aurora cluster with a member and a snapshot."""
    rds, tags = site.place.client("rds"), site.place.tags
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier="shop-reports", SourceDBInstanceIdentifier="shop", Tags=pairs(tags("shop-reports", "data"))
    )
    rds.create_db_cluster(
        DBClusterIdentifier="ledger",
        Engine="aurora-postgresql",
        MasterUsername="ledger",
        MasterUserPassword="not-a-real-one",
        DBSubnetGroupName="shop",
        KmsKeyId=site.arns["key"],
        StorageEncrypted=True,
        Tags=pairs(tags("ledger", "payments")),
    )
    rds.create_db_instance(
        DBInstanceIdentifier="ledger-1",
        DBClusterIdentifier="ledger",
        Engine="aurora-postgresql",
        DBInstanceClass="db.r5.large",
        Tags=pairs(tags("ledger-1", "payments")),
    )
    rds.create_db_cluster_snapshot(
        DBClusterSnapshotIdentifier="ledger-audit", DBClusterIdentifier="ledger", Tags=pairs(tags("ledger", "payments"))
    )


def files(site: Site) -> None:
    """A shared file system with a mount target and an access point."""
    efs = site.place.client("efs")
    system = efs.create_file_system(
        CreationToken="shared",
        Encrypted=True,
        KmsKeyId=site.arns["key"],
        Tags=pairs(site.place.tags("shared", "platform")),
    )["FileSystemId"]
    efs.create_mount_target(FileSystemId=system, SubnetId=site.private[0], SecurityGroups=[site.groups["shop"]])
    efs.create_access_point(
        ClientToken="uploads", FileSystemId=system, Tags=pairs(site.place.tags("uploads", "storefront"))
    )
    site.arns["files"] = system


def caches(site: Site) -> None:
    """Sessions in a cache, and a replicated one."""
    cache, tags = site.place.client("elasticache"), site.place.tags
    cache.create_cache_cluster(
        CacheClusterId="sessions",
        Engine="redis",
        CacheNodeType="cache.t3.micro",
        NumCacheNodes=1,
        SecurityGroupIds=[site.groups["database"]],
        Tags=pairs(tags("sessions", "storefront")),
    )
    cache.create_replication_group(
        ReplicationGroupId="prices",
        ReplicationGroupDescription="prices near everybody",
        Engine="redis",
        CacheNodeType="cache.t3.micro",
        NumCacheClusters=2,
        KmsKeyId=site.arns["key"],
        AtRestEncryptionEnabled=True,
        Tags=pairs(tags("prices", "storefront")),
    )


def warehouse(site: Site) -> None:
    """Reports and search."""
    site.place.client("redshift").create_cluster(
        ClusterIdentifier="reports",
        NodeType="ra3.xlplus",
        MasterUsername="reports",
        MasterUserPassword="Not-a-real-1",
        ClusterType="single-node",
        VpcSecurityGroupIds=[site.groups["database"]],
        Encrypted=True,
        KmsKeyId=site.arns["key"],
        Tags=pairs(site.place.tags("reports", "data")),
    )
    site.place.client("opensearch").create_domain(
        DomainName="catalogue",
        EngineVersion="OpenSearch_2.11",
        ClusterConfig={"InstanceType": "t3.small.search", "InstanceCount": 1},
        EBSOptions={"EBSEnabled": True, "VolumeType": "gp3", "VolumeSize": 20},
        EncryptionAtRestOptions={"Enabled": True, "KmsKeyId": site.arns["key"]},
        VPCOptions={"SubnetIds": site.private[:1], "SecurityGroupIds": [site.groups["database"]]},
        AccessPolicies=document("es:ESHttpGet", Principal={"AWS": "*"}),
        TagList=pairs(site.place.tags("catalogue", "data")),
    )
