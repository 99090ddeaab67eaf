"""One estate that holds, for each rule, what must begin it and what is close but must not."""

from tests.rules_pack.build import ANYBODY, ANYBODY_6, Builder, ago, policy
from tests.rules_pack.cloud import MAIN, OTHER, Cloud, Document

MEMBER, BARE, AFAR, NARROW = "100000000002", "100000000003", "100000000004", "100000000005"
"""In the organization; outside: without a trail, with one made in another region, with one of a single region."""
EMPTY = {"unseen": ""}
GOOD_PASSWORDS = {"MinimumPasswordLength": 14, "PasswordReusePrevention": 24}
TEN = [{"CidrIp": "10.0.0.0/8"}]


def estate() -> Cloud:
    cloud = Cloud()
    build = Builder(cloud)
    for topic in (storage, databases, messages, network, balancers, compute, secrets, identity, accounts, operations):
        topic(build)
    return cloud


def storage(build: Builder) -> None:
    public = {"PolicyStatus": {"IsPublic": True}}
    build.bucket("kept")
    build.bucket(
        "open", block={"RestrictPublicBuckets": False, "BlockPublicPolicy": False}, GetBucketPolicyStatus=public
    )
    build.bucket("bare", GetPublicAccessBlock={}, GetBucketEncryption={}, GetBucketVersioning={}, GetBucketTagging={})
    build.bucket("restricted", GetBucketPolicyStatus=public)
    build.bucket("private", GetBucketPolicyStatus={"PolicyStatus": {"IsPublic": False}}, GetPublicAccessBlock={})
    build.bucket("suspended", GetBucketVersioning={"Status": "Suspended"})
    build.volume("vol-1")
    build.volume("vol-2", Encrypted=False, Tags=[])
    build.volume("vol-3", State="available", VolumeType="gp2")
    build.snapshot("snap-1")
    build.snapshot("snap-2", Encrypted=False)
    build.snapshot("snap-3", StartTime=ago(181))
    build.snapshot("snap-4", StartTime=ago(181))
    build.snapshot("snap-5", StartTime=ago(181), StorageTier="archive")
    build.snapshot("snap-6", StartTime=ago(179))
    build.image("ami-1", BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": "snap-4"}}])
    build.image("ami-2", Public=True)
    build.file_system("fs-1")
    build.file_system("fs-2", Encrypted=False)


def databases(build: Builder) -> None:
    build.database("orders")
    build.database("plain", StorageEncrypted=False, DeletionProtection=False)
    build.database("public", PubliclyAccessible=True)
    build.database("unsaved", BackupRetentionPeriod=0)
    build.database("replica", BackupRetentionPeriod=0, ReadReplicaSourceDBInstanceIdentifier="orders")
    build.database("full", DBInstanceStatus="storage-full")
    build.database("stopped", DBInstanceStatus="stopped")
    own = {"DBClusterIdentifier": "weak", "StorageEncrypted": False, "DeletionProtection": False}
    build.database("member", BackupRetentionPeriod=0, **own)
    build.database_cluster("strong")
    build.database_cluster("weak", StorageEncrypted=False, DeletionProtection=False)
    build.database_snapshot("by-hand")
    build.database_snapshot("by-hand-plain", Encrypted=False)
    build.database_snapshot("by-hand-old", SnapshotCreateTime=ago(200))
    build.database_snapshot("automated-old", SnapshotCreateTime=ago(200), SnapshotType="automated")
    build.cluster_snapshot("cluster-plain", StorageEncrypted=False)
    build.cluster_snapshot("cluster-old", SnapshotCreateTime=ago(200))
    build.warehouse("figures")
    build.warehouse("figures-open", Encrypted=False, PubliclyAccessible=True)
    build.warehouse("figures-broken", ClusterStatus="hardware-failure")
    build.search_domain("find", encrypted=True)
    build.search_domain("find-plain", encrypted=False)
    build.cache("hot", encrypted=True)
    build.cache("hot-plain", encrypted=False)
    build.table("carts")
    build.table("carts-loose", protected=False)
    build.table("carts-nameless", tags=[])


def messages(build: Builder) -> None:
    condition = {"StringEquals": {"aws:SourceAccount": MAIN}}
    build.queue("bills")
    build.queue("bills-plain", SqsManagedSseEnabled="false")
    build.queue("bills-kms", SqsManagedSseEnabled="false", KmsMasterKeyId="alias/x")
    build.queue("bills-unseen", **EMPTY)
    build.queue("bills-open", Policy=policy(Principal="*", Action="sqs:SendMessage", Resource="*"))
    build.queue("bills-limited", Policy=policy(Principal="*", Action="*", Resource="*", Condition=condition))
    build.queue("bills-refused", Policy=policy(Principal="*", Action="*", Resource="*").replace("Allow", "Deny"))
    build.topic("news")
    build.topic("news-plain", KmsMasterKeyId="")
    build.topic("news-open", Policy=policy(Principal={"AWS": "*"}, Action="sns:Publish", Resource="*"))
    build.topic("news-single", Policy='{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish"}}')
    build.topic("news-ours", Policy=policy(Principal={"AWS": [f"arn:aws:iam::{MAIN}:root"]}, Action="*", Resource="*"))
    build.stream("clicks", "KMS")
    build.stream("clicks-plain", "NONE")


def network(build: Builder) -> None:
    def allow(protocol: str, first: int | None = None, last: int | None = None, **ranges: object) -> Document:
        ports = {} if first is None else {"FromPort": first, "ToPort": last if last is not None else first}
        return {"IpProtocol": protocol, **ports, **(ranges or {"IpRanges": ANYBODY})}

    build.security_group("sg-inside", allow("tcp", 22, IpRanges=TEN), allow("tcp", 5432, IpRanges=TEN))
    build.security_group(
        "sg-web", allow("tcp", 443), allow("tcp", 80, Ipv6Ranges=ANYBODY_6), allow("tcp", 22, IpRanges=TEN)
    )
    build.security_group("sg-ssh", allow("tcp", 22))
    build.security_group("sg-rdp-6", allow("tcp", 3389, Ipv6Ranges=ANYBODY_6))
    build.security_group("sg-low", allow("tcp", 0, 1024))
    build.security_group("sg-half", allow("tcp", 22, IpRanges=[{"CidrIp": "0.0.0.0/1"}, {"CidrIp": "128.0.0.0/1"}]))
    build.security_group("sg-all", allow("-1"))
    build.security_group("sg-all-inside", allow("-1", IpRanges=TEN))
    build.security_group("sg-all-to-group", allow("-1", UserIdGroupPairs=[{"GroupId": "sg-1", "UserId": MAIN}]))
    build.security_group("sg-udp", allow("udp", 22), allow("udp", 0, 1000))
    build.security_group("sg-ping", allow("icmp", -1))
    build.security_group("sg-postgres", allow("tcp", 5400, 5500))
    build.security_group("sg-memcached", allow("udp", 11211, Ipv6Ranges=ANYBODY_6))
    build.security_group("sg-high", allow("tcp", 32768, 65535))
    build.network("vpc-1", default=True, interface="eni-1")
    build.network("vpc-2", default=True)
    build.network("vpc-3", interface="eni-3")
    build.network("vpc-4", interface="eni-4")
    build.flow_log("fl-3", "vpc-3")
    build.flow_log("fl-4", "eni-4")
    build.address("eipalloc-1")
    build.address("eipalloc-2", AssociationId="eipassoc-2", NetworkInterfaceId="eni-3")
    build.gateway("nat-1", routed=True)
    build.gateway("nat-2", routed=False)
    build.gateway("nat-3", routed=False, state="deleted")


def balancers(build: Builder) -> None:
    build.classic_balancer("classic", "i-1")
    build.classic_balancer("classic-empty")
    build.balancer("shop", "shop-full", "shop-spare")
    build.balancer("shop-empty", "nothing")
    build.balancer("redirects")
    build.balancer("within", "within-full", scheme="internal")
    build.listener("shop", "HTTP", 80)
    build.listener("shop", "HTTPS", 443)
    build.listener("redirects", "HTTP", 8080, "redirect")
    build.listener("within", "HTTP", 8081)


def compute(build: Builder) -> None:
    build.instance("i-1")
    build.instance("i-2", tokens="optional", tags=[])
    build.instance("i-3", tokens="optional", endpoint="disabled")
    build.instance("i-4", state="stopped")
    build.instance("i-5", region=OTHER)
    build.instance("i-6", tokens="optional", state="terminated")
    build.function("mail", "python3.13")
    build.function("mail-old", "python3.8")
    build.function("mail-java", "java8.al2")
    build.repository("images")
    build.repository("images-loose", scan=False, mutability="MUTABLE")
    build.kubernetes("pods", public=True, allowed="203.0.113.0/24")
    build.kubernetes("pods-open", public=True, allowed="0.0.0.0/0")
    build.kubernetes("pods-private", public=False, allowed="0.0.0.0/0")


def secrets(build: Builder) -> None:
    build.key("00000001", rotated=True)
    build.key("00000002", rotated=False)
    build.key("00000003", rotated=None, KeySpec="RSA_2048")
    build.key("00000004", rotated=None, KeyManager="AWS")
    build.key("00000005", rotated=False, KeyState="PendingDeletion")
    build.key("00000006", rotated=False, KeyState="Disabled")
    build.secret("token")
    build.secret("token-still", RotationEnabled=False)
    build.secret("token-of-rds", RotationEnabled=False, OwningService="rds")
    build.secret("token-unread", LastAccessedDate=ago(91))
    build.secret("token-never", LastAccessedDate=None)
    build.certificate("long.example", 100)
    build.certificate("soon.example", 29)
    build.certificate("later.example", 31)
    build.certificate("gone.example", -1)
    build.server_certificate("server-long", 100)
    build.server_certificate("server-soon", 3)
    build.server_certificate("server-gone", -90)


def identity(build: Builder) -> None:
    build.user("ann", password=True, device=True)
    build.user("bob", password=True)
    build.user("robot")
    build.access_key("AKIAYOUNG", "ann", days=89, used=None)
    build.access_key("AKIAOLD", "bob", days=91, used=1)
    build.access_key("AKIAASLEEP", "robot", days=400, used=91)
    build.access_key("AKIANEVER", "robot", days=400, used=None)
    build.access_key("AKIAOFF", "bob", days=400, used=300, status="Inactive")
    everything = {"Action": "*", "Resource": "*"}
    build.policy("admin", (policy(**everything), True))
    build.policy("admin-list", (policy(Action=["s3:Get*", "*"], Resource=["*"]), True))
    build.policy("admin-single", ('{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}', True))
    build.policy("was-admin", (policy(**everything), False), (policy(Action="s3:Get*", Resource="*"), True))
    build.policy("of-a-bucket", (policy(Action="*", Resource="arn:aws:s3:::kept/*"), True))
    build.policy("nobody", (policy(**everything).replace("Allow", "Deny"), True))
    build.role("anybody", policy(Principal={"AWS": "*"}, Action="sts:AssumeRole"))
    build.role("anybody-listed", policy(Principal={"AWS": [MEMBER, "*"]}, Action="sts:AssumeRole"))
    condition = {"StringEquals": {"sts:ExternalId": "x"}}
    build.role("external", policy(Principal={"AWS": "*"}, Action="sts:AssumeRole", Condition=condition))
    build.role("anybody-single", '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}')
    build.role("machine", policy(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole"))


def accounts(build: Builder) -> None:
    build.account(MAIN, password=GOOD_PASSWORDS)
    build.account(MEMBER, password=GOOD_PASSWORDS, keys=1)
    build.account(BARE, password=None, mfa=0)
    build.account(AFAR, password={**GOOD_PASSWORDS, "MinimumPasswordLength": 8})
    build.account(NARROW, password={"MinimumPasswordLength": 20})
    organization = {
        "Id": "o-shop",
        "Arn": f"arn:aws:organizations::{MAIN}:organization/o-shop",
        "MasterAccountId": MAIN,
    }
    listed = [{"Id": id_, "Name": f"shop-{id_[-1]}", "Status": "ACTIVE"} for id_ in (MAIN, MEMBER)]
    build.put("organizations.DescribeOrganization", {"Organization": organization})
    build.put("organizations.ListAccounts", {"Accounts": listed})
    build.put("organizations.ListRoots", {"Roots": [{"Id": "r-shop", "Name": "Root"}]})
    build.put(
        "organizations.ListOrganizationalUnitsForParent",
        {"OrganizationalUnits": [{"Id": "ou-1", "Name": "Live"}]},
        "r-shop",
    )
    build.put("organizations.ListAccountsForParent", {"Accounts": listed[:1]}, "r-shop")
    build.put("organizations.ListAccountsForParent", {"Accounts": listed[1:]}, "ou-1")


def operations(build: Builder) -> None:
    build.trail("everything", IsOrganizationTrail=True)
    build.trail("second", logging=False, LogFileValidationEnabled=False)
    build.trail("from-afar", account=AFAR, region=OTHER)
    build.trail("narrow", account=NARROW, IsMultiRegionTrail=False)
    build.instance("i-21", account=MEMBER)
    build.instance("i-31", account=BARE)
    build.detector("d1", "ENABLED")
    build.detector("d2", "DISABLED", account=MEMBER)
    build.recorder("default", recording=True)
    build.recorder("paused", region=OTHER, recording=False)
    build.log_group("/shop/kept", retentionInDays=30)
    build.log_group("/shop/for-ever")
    build.stack("web", "UPDATE_COMPLETE")
    build.stack("web-back", "UPDATE_ROLLBACK_COMPLETE")
    build.stack("web-broken", "UPDATE_ROLLBACK_FAILED")
    build.stack("web-unborn", "ROLLBACK_COMPLETE")
