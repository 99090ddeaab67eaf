"""What each bucket answers beside the list of buckets: some settings, and errors for those that it has not."""

from functools import partial

from bench.fakeaws import names
from bench.fakeaws.answers.lists import listing
from bench.fakeaws.answers.table import HANDLERS, Parameters, RefusedError, index, on
from bench.fakeaws.documents import Document
from bench.fakeaws.wire.response import RAW, S3_NAMESPACE
from bench.fakeaws.wire.xml import DECLARATION
from bench.fakeaws.world import World

UNSET = {
    "GetBucketPolicy": "NoSuchBucketPolicy",
    "GetBucketPolicyStatus": "NoSuchBucketPolicy",
    "GetBucketWebsite": "NoSuchWebsiteConfiguration",
    "GetBucketCors": "NoSuchCORSConfiguration",
    "GetBucketReplication": "ReplicationConfigurationNotFoundError",
    "GetBucketLifecycleConfiguration": "NoSuchLifecycleConfiguration",
    "GetBucketLifecycle": "NoSuchLifecycleConfiguration",
    "GetBucketOwnershipControls": "OwnershipControlsNotFoundError",
    "GetObjectLockConfiguration": "ObjectLockConfigurationNotFoundError",
}


def _bucket(world: World, parameters: Parameters) -> int:
    return index(world, "s3.bucket", parameters["Bucket"])


@on("s3", "ListBuckets")
def buckets(world: World, parameters: Parameters) -> Document:
    """Regions stand in the list when the request has any parameter, as S3 documents it."""
    found = listing(world, "s3", "ListBuckets", parameters)
    if parameters:
        for bucket in found["Buckets"]:
            bucket["BucketRegion"] = names.bucket_region(world, _bucket(world, {"Bucket": bucket["Name"]}))
    return found


@on("s3", "GetBucketLocation")
def location(world: World, parameters: Parameters) -> Document:
    region = names.bucket_region(world, _bucket(world, parameters))
    inner = "" if region == "us-east-1" else region
    return {RAW: f'{DECLARATION}<LocationConstraint xmlns="{S3_NAMESPACE}">{inner}</LocationConstraint>'}


@on("s3", "HeadBucket")
def head(world: World, parameters: Parameters) -> Document:
    return {"BucketRegion": names.bucket_region(world, _bucket(world, parameters))}


@on("s3", "GetBucketTagging")
def tagging(world: World, parameters: Parameters) -> Document:
    return {"TagSet": world.tags("s3.bucket", _bucket(world, parameters))}


@on("s3", "GetBucketVersioning")
def versioning(_: World, __: Parameters) -> Document:
    return {"Status": "Enabled"}


@on("s3", "GetBucketAcl")
def access_list(_: World, __: Parameters) -> Document:
    owner = {"DisplayName": "o", "ID": "f" * 64}
    grant = {"Grantee": {"Type": "CanonicalUser", **owner}, "Permission": "FULL_CONTROL"}
    return {"Owner": owner, "Grants": [grant]}


@on("s3", "GetBucketEncryption")
def encryption(_: World, __: Parameters) -> Document:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
    return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}


@on("s3", "GetPublicAccessBlock")
def public_access_block(_: World, __: Parameters) -> Document:
    blocked = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return {"PublicAccessBlockConfiguration": dict.fromkeys(blocked, True)}


@on(
    "s3",
    "GetBucketLogging",
    "GetBucketNotificationConfiguration",
    "GetBucketRequestPayment",
    "GetBucketAccelerateConfiguration",
    "ListObjects",
    "ListObjectsV2",
    "ListObjectVersions",
)
def nothing(_: World, __: Parameters) -> Document:
    return {}


def _unset(code: str, _: World, __: Parameters) -> Document:
    raise RefusedError(code, code, 404)


HANDLERS.update({("s3", operation): partial(_unset, code) for operation, code in UNSET.items()})
