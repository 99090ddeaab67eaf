"""Resources as the provider tells of them: well kept unless a keyword says otherwise."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

from tests.rules_pack.cloud import HOME, MAIN, OTHER, Cloud, Document

READ = datetime.now(UTC)
"""About when the estate is read."""
NOW = READ + timedelta(days=40)
"""The moment at which rules look."""
OWNED = [{"Key": "owner", "Value": "shop"}]
ANYBODY = [{"CidrIp": "0.0.0.0/0"}]
ANYBODY_6 = [{"CidrIpv6": "::/0"}]


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def arn(service: str, resource: str, account: str = MAIN) -> str:
    return f"arn:aws:{service}:{HOME}:{account}:{resource}"


def policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


class Builder:
    """Puts one resource at a time into the cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.put = cloud.tell

    # -- storage

    def bucket(self, name: str, *, block: dict[str, bool] | None = None, **facets: Document) -> None:
        blocked = dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
        )
        default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        given: Document = {
            "GetPublicAccessBlock": {"PublicAccessBlockConfiguration": blocked | (block or {})},
            "GetBucketEncryption": {"ServerSideEncryptionConfiguration": {"Rules": [default]}},
            "GetBucketVersioning": {"Status": "Enabled"},
            "GetBucketTagging": {"TagSet": OWNED},
        } | facets
        listed = {"Name": name, "CreationDate": ago(100), "BucketRegion": HOME}
        self.put("s3.ListBuckets", {"Buckets": [listed]})
        for operation, document in given.items():
            self.put(f"s3.{operation}", document, name)

    def volume(self, id_: str, **changes: Any) -> None:
        document = {
            "VolumeId": id_,
            "Encrypted": True,
            "State": "in-use",
            "VolumeType": "gp3",
            "Size": 8,
            "Tags": OWNED,
        }
        self.put("ec2.DescribeVolumes", {"Volumes": [document | {"CreateTime": ago(100)} | changes]})

    def snapshot(self, id_: str, **changes: Any) -> None:
        document = {
            "SnapshotId": id_,
            "Encrypted": True,
            "StartTime": ago(10),
            "StorageTier": "standard",
            "State": "completed",
        }
        self.put("ec2.DescribeSnapshots", {"Snapshots": [document | changes]})

    def image(self, id_: str, **changes: Any) -> None:
        document = {"ImageId": id_, "Name": id_, "Public": False, "State": "available", "OwnerId": MAIN}
        self.put("ec2.DescribeImages", {"Images": [document | changes]})

    def file_system(self, id_: str, **changes: Any) -> None:
        document = {
            "FileSystemId": id_, "FileSystemArn": arn("elasticfilesystem", f"file-system/{id_}"), "Encrypted": True,
            "Tags": OWNED, "LifeCycleState": "available", "CreationTime": ago(100),
        }  # fmt: skip
        self.put("efs.DescribeFileSystems", {"FileSystems": [document | changes]})

    # -- databases

    def database(self, name: str, **changes: Any) -> None:
        document = {
            "DBInstanceIdentifier": name, "DBInstanceArn": arn("rds", f"db:{name}"), "StorageEncrypted": True,
            "PubliclyAccessible": False, "BackupRetentionPeriod": 7, "DeletionProtection": True, "Engine": "postgres",
            "DBInstanceStatus": "available", "TagList": OWNED, "InstanceCreateTime": ago(100),
        }  # fmt: skip
        self.put("rds.DescribeDBInstances", {"DBInstances": [document | changes]})

    def database_cluster(self, name: str, **changes: Any) -> None:
        document = {
            "DBClusterIdentifier": name, "DBClusterArn": arn("rds", f"cluster:{name}"), "StorageEncrypted": True,
            "DeletionProtection": True, "Engine": "aurora-postgresql", "Status": "available", "TagList": OWNED,
        }  # fmt: skip
        self.put("rds.DescribeDBClusters", {"DBClusters": [document | changes]})

    def database_snapshot(self, name: str, **changes: Any) -> None:
        document = {
            "DBSnapshotIdentifier": name, "DBSnapshotArn": arn("rds", f"snapshot:{name}"), "Encrypted": True,
            "SnapshotType": "manual", "SnapshotCreateTime": ago(10), "Status": "available",
        }  # fmt: skip
        self.put("rds.DescribeDBSnapshots", {"DBSnapshots": [document | changes]})

    def cluster_snapshot(self, name: str, **changes: Any) -> None:
        document = {
            "DBClusterSnapshotIdentifier": name, "DBClusterSnapshotArn": arn("rds", f"cluster-snapshot:{name}"),
            "StorageEncrypted": True, "SnapshotType": "manual", "SnapshotCreateTime": ago(10), "Status": "available",
        }  # fmt: skip
        self.put("rds.DescribeDBClusterSnapshots", {"DBClusterSnapshots": [document | changes]})

    def warehouse(self, name: str, **changes: Any) -> None:
        document = {
            "ClusterIdentifier": name, "Encrypted": True, "PubliclyAccessible": False, "ClusterStatus": "available",
            "Tags": OWNED, "NodeType": "ra3.large",
        }  # fmt: skip
        self.put("redshift.DescribeClusters", {"Clusters": [document | changes]})

    def search_domain(self, name: str, *, encrypted: bool) -> None:
        options = {"DomainName": name, "DomainId": name, "ARN": arn("es", f"domain/{name}"), "ClusterConfig": {}}
        options |= {"EncryptionAtRestOptions": {"Enabled": encrypted}}
        self.put("opensearch.ListDomainNames", {"DomainNames": [{"DomainName": name}]})
        self.put("opensearch.DescribeDomains", {"DomainStatusList": [options]}, name)
        self.put("opensearch.ListTags", {"TagList": OWNED}, arn("es", f"domain/{name}"))

    def cache(self, name: str, *, encrypted: bool) -> None:
        own = arn("elasticache", f"replicationgroup:{name}")
        document = {"ReplicationGroupId": name, "ARN": own, "Status": "available", "AtRestEncryptionEnabled": encrypted}
        self.put("elasticache.DescribeReplicationGroups", {"ReplicationGroups": [document]})
        self.put("elasticache.ListTagsForResource", {"TagList": OWNED}, own)

    def table(self, name: str, *, protected: bool = True, tags: list[Document] = OWNED) -> None:
        own = arn("dynamodb", f"table/{name}")
        document = {"TableName": name, "TableArn": own, "TableStatus": "ACTIVE", "DeletionProtectionEnabled": protected}
        self.put("dynamodb.ListTables", {"TableNames": [name]})
        self.put("dynamodb.DescribeTable", {"Table": document}, name)
        self.put("dynamodb.ListTagsOfResource", {"Tags": tags}, own)

    # -- messages

    def queue(self, name: str, **attributes: str) -> None:
        url = f"https://sqs.{HOME}.amazonaws.com/{MAIN}/{name}"
        self.put("sqs.ListQueues", {"QueueUrls": [url]})
        if attributes != {"unseen": ""}:
            given = {"QueueArn": arn("sqs", name), "SqsManagedSseEnabled": "true"} | attributes
            self.put("sqs.GetQueueAttributes", {"Attributes": given}, url)

    def topic(self, name: str, **attributes: str) -> None:
        own = arn("sns", name)
        given = {"TopicArn": own, "Owner": MAIN, "KmsMasterKeyId": "alias/aws/sns"} | attributes
        self.put("sns.ListTopics", {"Topics": [{"TopicArn": own}]})
        self.put("sns.GetTopicAttributes", {"Attributes": {key: text for key, text in given.items() if text}}, own)

    def stream(self, name: str, encryption: str) -> None:
        own = arn("kinesis", f"stream/{name}")
        summary = {"StreamName": name, "StreamARN": own, "StreamStatus": "ACTIVE"}
        self.put("kinesis.ListStreams", {"StreamNames": [name], "StreamSummaries": [summary]})
        described = {**summary, "EncryptionType": encryption, "RetentionPeriodHours": 24, "OpenShardCount": 1}
        self.put("kinesis.DescribeStreamSummary", {"StreamDescriptionSummary": described}, own)

    # -- network

    def security_group(self, name: str, *permissions: Document) -> None:
        document = {"GroupId": f"sg-{crc32(name.encode()):x}", "GroupName": name, "OwnerId": MAIN, "Description": "-"}
        self.put("ec2.DescribeSecurityGroups", {"SecurityGroups": [document | {"IpPermissions": list(permissions)}]})

    def network(self, id_: str, *, default: bool = False, interface: str = "") -> None:
        self.put("ec2.DescribeVpcs", {"Vpcs": [{"VpcId": id_, "IsDefault": default, "OwnerId": MAIN}]})
        if interface:
            document = {"NetworkInterfaceId": interface, "VpcId": id_, "Status": "in-use", "InterfaceType": "interface"}
            self.put("ec2.DescribeNetworkInterfaces", {"NetworkInterfaces": [document]})

    def flow_log(self, id_: str, of: str, status: str = "ACTIVE") -> None:
        document = {"FlowLogId": id_, "ResourceId": of, "FlowLogStatus": status}
        self.put("ec2.DescribeFlowLogs", {"FlowLogs": [document]})

    def address(self, id_: str, **changes: str) -> None:
        self.put("ec2.DescribeAddresses", {"Addresses": [{"AllocationId": id_, "PublicIp": "192.0.2.1", **changes}]})

    def gateway(self, id_: str, *, routed: bool, state: str = "available") -> None:
        document = {"NatGatewayId": id_, "State": state, "Tags": OWNED, "CreateTime": ago(100)}
        self.put("ec2.DescribeNatGateways", {"NatGateways": [document]})
        if routed:
            routes = [{"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": id_, "State": "active"}]
            table = {"RouteTableId": id_.replace("nat-", "rtb-"), "OwnerId": MAIN, "Routes": routes}
            self.put("ec2.DescribeRouteTables", {"RouteTables": [table]})

    def classic_balancer(self, name: str, *instances: str) -> None:
        listed = [{"InstanceId": instance} for instance in instances]
        balancer = {"LoadBalancerName": name, "Instances": listed, "CreatedTime": ago(100)}
        self.put("elb.DescribeLoadBalancers", {"LoadBalancerDescriptions": [balancer]})
        self.put("elb.DescribeTags", {"TagDescriptions": [{"LoadBalancerName": name, "Tags": OWNED}]})

    def balancer(self, name: str, *groups: str, scheme: str = "internet-facing") -> None:
        """`groups`: names of target groups; one that ends in "full" has a target."""
        own = arn("elasticloadbalancing", f"loadbalancer/app/{name}/1")
        document = {"LoadBalancerArn": own, "LoadBalancerName": name, "Scheme": scheme, "Type": "application"}
        self.put("elbv2.DescribeLoadBalancers", {"LoadBalancers": [document]})
        self.put("elbv2.DescribeTags", {"TagDescriptions": [{"ResourceArn": own, "Tags": OWNED}]})
        for group in groups:
            target = arn("elasticloadbalancing", f"targetgroup/{group}/1")
            listed = {
                "TargetGroupArn": target,
                "TargetGroupName": group,
                "LoadBalancerArns": [own],
                "TargetType": "instance",
            }
            self.put("elbv2.DescribeTargetGroups", {"TargetGroups": [listed]})
            self.put("elbv2.DescribeTags", {"TagDescriptions": [{"ResourceArn": target, "Tags": OWNED}]})
            if group.endswith("full"):
                health = {"Target": {"Id": "i-1", "Port": 80}, "TargetHealth": {"State": "healthy"}}
                self.put("elbv2.DescribeTargetHealth", {"TargetHealthDescriptions": [health]}, target)

    def listener(self, balancer: str, protocol: str, port: int, action: str = "forward") -> None:
        of = arn("elasticloadbalancing", f"loadbalancer/app/{balancer}/1")
        own = arn("elasticloadbalancing", f"listener/app/{balancer}/1/{port}")
        document = {"ListenerArn": own, "LoadBalancerArn": of, "Protocol": protocol, "Port": port}
        self.put("elbv2.DescribeListeners", {"Listeners": [document | {"DefaultActions": [{"Type": action}]}]}, of)
        self.put("elbv2.DescribeTags", {"TagDescriptions": [{"ResourceArn": own, "Tags": OWNED}]})

    # -- compute

    def instance(self, id_: str, *, state: str = "running", tokens: str = "required", endpoint: str = "enabled",
                 account: str = MAIN, region: str = HOME, tags: list[Document] = OWNED) -> None:  # fmt: skip
        options = {"HttpTokens": tokens, "HttpEndpoint": endpoint, "State": "applied"}
        document = {"InstanceId": id_, "State": {"Name": state}, "MetadataOptions": options, "Tags": tags}
        self.put("ec2.DescribeInstances", {"Reservations": [{"Instances": [document]}]}, "", account, region)

    def function(self, name: str, runtime: str) -> None:
        own = arn("lambda", f"function:{name}")
        self.put(
            "lambda.ListFunctions", {"Functions": [{"FunctionName": name, "FunctionArn": own, "Runtime": runtime}]}
        )
        self.put("lambda.ListTags", {"Tags": {"owner": "shop"}}, own)

    def repository(self, name: str, *, scan: bool = True, mutability: str = "IMMUTABLE") -> None:
        document = {
            "repositoryName": name, "repositoryArn": arn("ecr", f"repository/{name}"), "imageTagMutability": mutability,
            "imageScanningConfiguration": {"scanOnPush": scan},
        }  # fmt: skip
        self.put("ecr.DescribeRepositories", {"repositories": [document]})

    def kubernetes(self, name: str, *, public: bool, allowed: str) -> None:
        access = {"endpointPublicAccess": public, "endpointPrivateAccess": True, "publicAccessCidrs": [allowed]}
        cluster = {"name": name, "arn": arn("eks", f"cluster/{name}"), "resourcesVpcConfig": access}
        self.put("eks.ListClusters", {"clusters": [name]})
        self.put("eks.DescribeCluster", {"cluster": cluster | {"tags": {"owner": "shop"}}}, name)

    # -- keys, secrets, certificates

    def key(self, id_: str, *, rotated: bool | None, **changes: str) -> None:
        own = arn("kms", f"key/{id_}")
        document = {
            "KeyId": id_, "Arn": own, "KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT", "Origin": "AWS_KMS",
            "KeyState": "Enabled", "CreationDate": ago(500),
        }  # fmt: skip
        self.put("kms.ListKeys", {"Keys": [{"KeyId": id_, "KeyArn": own}]})
        self.put("kms.DescribeKey", {"KeyMetadata": document | changes}, id_)
        if rotated is not None:
            self.put("kms.GetKeyRotationStatus", {"KeyRotationEnabled": rotated, "KeyId": own}, id_)

    def secret(self, name: str, **changes: Any) -> None:
        document = {"ARN": arn("secretsmanager", f"secret:{name}"), "Name": name, "CreatedDate": ago(200)}
        document |= {"RotationEnabled": True, "LastAccessedDate": ago(1)}
        self.put("secretsmanager.ListSecrets", {"SecretList": [document | changes]})

    def certificate(self, name: str, ends_in: float) -> None:
        document = {"CertificateArn": arn("acm", f"certificate/{name}"), "DomainName": name, "NotAfter": ago(-ends_in)}
        self.put("acm.ListCertificates", {"CertificateSummaryList": [document]})

    def server_certificate(self, name: str, ends_in: float) -> None:
        document = {
            "ServerCertificateName": name, "ServerCertificateId": f"ASCA{name}", "Path": "/",
            "Expiration": ago(-ends_in), "Arn": f"arn:aws:iam::{MAIN}:server-certificate/{name}",
            "UploadDate": ago(300),
        }  # fmt: skip
        self.put("iam.ListServerCertificates", {"ServerCertificateMetadataList": [document]})

    # -- identity

    def user(self, name: str, *, password: bool = False, device: bool = False) -> None:
        own = {"UserName": name, "UserId": f"AIDA{name}", "Arn": f"arn:aws:iam::{MAIN}:user/{name}"}
        self.put("iam.GetAccountAuthorizationDetails", {"UserDetailList": [{**own, "CreateDate": ago(300)}]})
        used = {"PasswordLastUsed": ago(3)} if password else {}
        self.put("iam.ListUsers", {"Users": [{**own, "Path": "/", "CreateDate": ago(300), **used}]})
        if device:
            serial = f"arn:aws:iam::{MAIN}:mfa/{name}"
            found = {"UserName": name, "SerialNumber": serial, "EnableDate": ago(200)}
            self.put("iam.ListMFADevices", {"MFADevices": [found]}, name)

    def access_key(self, id_: str, user: str, *, days: float, used: float | None, status: str = "Active") -> None:
        document = {"AccessKeyId": id_, "UserName": user, "Status": status, "CreateDate": ago(days)}
        self.put("iam.ListAccessKeys", {"AccessKeyMetadata": [document]}, user)
        last = {"ServiceName": "N/A", "Region": "N/A"}
        if used is not None:
            last = {"ServiceName": "s3", "Region": HOME, "LastUsedDate": ago(used)}  # type: ignore[dict-item]
        self.put("iam.GetAccessKeyLastUsed", {"UserName": user, "AccessKeyLastUsed": last}, id_)

    def role(self, name: str, trust: str) -> None:
        document = {"RoleName": name, "RoleId": f"AROA{name}", "Arn": f"arn:aws:iam::{MAIN}:role/{name}", "Path": "/"}
        self.put(
            "iam.GetAccountAuthorizationDetails", {"RoleDetailList": [{**document, "AssumeRolePolicyDocument": trust}]}
        )

    def policy(self, name: str, *versions: tuple[str, bool]) -> None:
        document = {"PolicyName": name, "PolicyId": f"ANPA{name}", "Arn": f"arn:aws:iam::{MAIN}:policy/{name}"}
        listed = [
            {"Document": text, "VersionId": f"v{number}", "IsDefaultVersion": default}
            for number, (text, default) in enumerate(versions, 1)
        ]
        self.put("iam.GetAccountAuthorizationDetails", {"Policies": [{**document, "PolicyVersionList": listed}]})

    # -- accounts and how they are watched

    def account(self, id_: str, *, keys: int = 0, mfa: int = 1, password: Document | None) -> None:
        summary = {"AccountAccessKeysPresent": keys, "AccountMFAEnabled": mfa, "Users": 3}
        self.put("iam.GetAccountSummary", {"SummaryMap": summary}, "", id_)
        self.put("iam.ListAccountAliases", {"AccountAliases": [f"shop-{id_[-1]}"]}, "", id_)
        if password is not None:
            self.put("iam.GetAccountPasswordPolicy", {"PasswordPolicy": password}, "", id_)
        for region in (HOME, OTHER):
            listed = [{"RegionName": name, "OptInStatus": "opt-in-not-required"} for name in (HOME, OTHER)]
            self.put("ec2.DescribeRegions", {"Regions": listed}, "", id_, region)

    def trail(
        self, name: str, *, account: str = MAIN, region: str = HOME, logging: bool = True, **changes: bool
    ) -> None:
        own = f"arn:aws:cloudtrail:{region}:{account}:trail/{name}"
        document = {
            "Name": name, "TrailARN": own, "IsMultiRegionTrail": True, "IsOrganizationTrail": False,
            "HomeRegion": region, "LogFileValidationEnabled": True, "S3BucketName": "trails",
        }  # fmt: skip
        self.put("cloudtrail.DescribeTrails", {"trailList": [document | changes]}, "", account, region)
        self.put("cloudtrail.GetTrailStatus", {"IsLogging": logging}, own, account, region)

    def detector(self, id_: str, status: str, *, account: str = MAIN, region: str = HOME) -> None:
        self.put("guardduty.ListDetectors", {"DetectorIds": [id_]}, "", account, region)
        self.put("guardduty.GetDetector", {"Status": status, "ServiceRole": "r"}, id_, account, region)

    def recorder(self, name: str, *, region: str = HOME, recording: bool) -> None:
        self.put(
            "config.DescribeConfigurationRecorders", {"ConfigurationRecorders": [{"name": name}]}, "", MAIN, region
        )
        status = [{"name": name, "recording": recording}]
        self.put(
            "config.DescribeConfigurationRecorderStatus", {"ConfigurationRecordersStatus": status}, name, MAIN, region
        )

    def log_group(self, name: str, **changes: int) -> None:
        self.put(
            "logs.DescribeLogGroups",
            {"logGroups": [{"logGroupName": name, "creationTime": 1_700_000_000_000, **changes}]},
        )

    def stack(self, name: str, status: str) -> None:
        document = {"StackName": name, "StackId": arn("cloudformation", f"stack/{name}/1"), "StackStatus": status}
        self.put("cloudformation.DescribeStacks", {"Stacks": [document | {"CreationTime": ago(100)}]})
