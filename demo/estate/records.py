"""Where else data are kept: caches, files, groups of parameters, copies on the way to another place."""

import json

from demo.estate.site import Site
from demo.place import pairs, small_pairs


def build(site: Site) -> None:
    groups(site)
    proxies(site)
    caches(site)
    memory(site)
    files(site)
    copies(site)
    collections(site)


def groups(site: Site) -> None:
    """Parameters of databases, and who is told when one fails."""
    rds, tags = site.place.client("rds"), site.place.tags
    rds.create_db_parameter_group(
        DBParameterGroupName="shop",
        DBParameterGroupFamily="postgres16",
        Description="shop",
        Tags=pairs(tags("shop", "data")),
    )
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="shop",
        DBParameterGroupFamily="aurora-postgresql16",
        Description="shop",
        Tags=pairs(tags("shop", "data")),
    )
    rds.create_event_subscription(
        SubscriptionName="databases",
        SnsTopicArn=site.arns["alerts"],
        SourceType="db-instance",
        SourceIds=["orders"],
        Tags=pairs(tags("databases", "data")),
    )
    rds.create_global_cluster(GlobalClusterIdentifier="world", Engine="aurora-postgresql")
    site.place.client("redshift").create_cluster_subnet_group(
        ClusterSubnetGroupName="reports",
        Description="reports",
        SubnetIds=site.private[:1],
        Tags=pairs(tags("reports", "data")),
    )


def proxies(site: Site) -> None:
    secret = site.place.client("secretsmanager").describe_secret(SecretId="shop/database")["ARN"]
    site.place.client("rds").create_db_proxy(
        DBProxyName="orders",
        EngineFamily="POSTGRESQL",
        Auth=[{"AuthScheme": "SECRETS", "SecretArn": secret}],
        RoleArn=site.place.role("shop"),
        VpcSubnetIds=site.private[:2],
        VpcSecurityGroupIds=[site.groups["database"]],
        Tags=pairs(site.place.tags("orders", "data")),
    )


def caches(site: Site) -> None:
    client, tags = site.place.client("elasticache"), site.place.tags
    client.create_cache_subnet_group(
        CacheSubnetGroupName="private",
        CacheSubnetGroupDescription="private",
        SubnetIds=site.private[:2],
        Tags=pairs(tags("private", "platform")),
    )
    client.create_user(
        UserId="shop",
        UserName="shop",
        Engine="redis",
        AccessString="on ~* +@read",
        NoPasswordRequired=True,
        Tags=pairs(tags("shop", "platform")),
    )
    site.place.client("dax").create_cluster(
        ClusterName="carts",
        NodeType="dax.t3.small",
        ReplicationFactor=1,
        IamRoleArn=site.place.role("shop"),
        SecurityGroupIds=[site.groups["database"]],
        Tags=pairs(tags("carts", "storefront")),
    )


def memory(site: Site) -> None:
    client, tags = site.place.client("memorydb"), site.place.tags
    client.create_subnet_group(
        SubnetGroupName="private", SubnetIds=site.private[:2], Tags=pairs(tags("private", "platform"))
    )
    client.create_user(
        UserName="shop",
        AuthenticationMode={"Type": "password", "Passwords": ["not-a-real-one-but-long"]},
        AccessString="on ~* +@read",
        Tags=pairs(tags("shop", "platform")),
    )
    client.create_cluster(
        ClusterName="prices",
        NodeType="db.t4g.small",
        ACLName="open-access",
        SubnetGroupName="private",
        SecurityGroupIds=[site.groups["database"]],
        KmsKeyId=site.arns["key"],
        SnsTopicArn=site.arns["alerts"],
        Tags=pairs(tags("prices", "storefront")),
    )


def files(site: Site) -> None:
    client, tags = site.place.client("fsx"), site.place.tags
    system = client.create_file_system(
        FileSystemType="WINDOWS",
        StorageCapacity=300,
        SubnetIds=site.private[:1],
        KmsKeyId=site.arns["key"],
        WindowsConfiguration={"ThroughputCapacity": 8, "ActiveDirectoryId": site.arns["directory"]},
        Tags=pairs(tags("office", "platform")),
    )["FileSystem"]["FileSystemId"]
    client.create_backup(FileSystemId=system, Tags=pairs(tags("office-monday", "platform")))


def copies(site: Site) -> None:
    """Orders are copied into another database."""
    client, tags = site.place.client("dms"), site.place.tags
    client.create_replication_subnet_group(
        ReplicationSubnetGroupIdentifier="private",
        ReplicationSubnetGroupDescription="private",
        SubnetIds=site.private[:2],
        Tags=pairs(tags("private", "data")),
    )
    instance = client.create_replication_instance(
        ReplicationInstanceIdentifier="orders",
        ReplicationInstanceClass="dms.t3.small",
        ReplicationSubnetGroupIdentifier="private",
        VpcSecurityGroupIds=[site.groups["database"]],
        KmsKeyId=site.arns["key"],
        Tags=pairs(tags("orders", "data")),
    )["ReplicationInstance"]["ReplicationInstanceArn"]
    ends = {
        side: client.create_endpoint(
            EndpointIdentifier=f"orders-{side}",
            EndpointType=side,
            EngineName="postgres",
            Password="not-a-real-one",
            Tags=pairs(tags(f"orders-{side}", "data")),
        )["Endpoint"]["EndpointArn"]
        for side in ("source", "target")
    }
    client.create_replication_task(
        ReplicationTaskIdentifier="orders",
        SourceEndpointArn=ends["source"],
        TargetEndpointArn=ends["target"],
        ReplicationInstanceArn=instance,
        MigrationType="cdc",
        TableMappings="{}",
        Tags=pairs(tags("orders", "data")),
    )


def collections(site: Site) -> None:
    client, tags = site.place.client("opensearchserverless"), site.place.tags
    client.create_security_policy(
        name="catalog",
        type="encryption",
        policy=json.dumps(
            {
                "Rules": [{"ResourceType": "collection", "Resource": ["collection/catalog"]}],
                "AWSOwnedKey": False,
                "KmsARN": site.arns["key"],
            }
        ),
    )
    client.create_collection(
        name="catalog",
        type="SEARCH",
        tags=small_pairs(tags("catalog", "storefront")),
    )
    site.place.client("timestream-influxdb").create_db_instance(
        name="shelves",
        password="not-a-real-one",
        dbInstanceType="db.influx.medium",
        vpcSubnetIds=site.private[:1],
        vpcSecurityGroupIds=[site.groups["database"]],
        allocatedStorage=20,
        tags=tags("shelves", "logistics"),
    )
