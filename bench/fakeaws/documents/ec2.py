"""Instances, volumes and snapshots."""

import datetime as dt

from bench.fakeaws import names
from bench.fakeaws.documents import Document
from bench.fakeaws.world import World

TYPES = ("t3.medium", "m5.large", "m6i.xlarge", "c5.2xlarge", "r5.large", "t3.small", "m5.4xlarge", "c6g.large")

SAME_FOR_ALL_INSTANCES: Document = {
    "AmiLaunchIndex": 0,
    "Architecture": "x86_64",
    "CapacityReservationSpecification": {"CapacityReservationPreference": "open"},
    "CpuOptions": {"CoreCount": 2, "ThreadsPerCore": 2},
    "EbsOptimized": True,
    "EnaSupport": True,
    "EnclaveOptions": {"Enabled": False},
    "HibernationOptions": {"Configured": False},
    "Hypervisor": "xen",
    "MaintenanceOptions": {"AutoRecovery": "default"},
    "Monitoring": {"State": "disabled"},
    "PlatformDetails": "Linux/UNIX",
    "PrivateDnsNameOptions": {
        "HostnameType": "ip-name",
        "EnableResourceNameDnsARecord": False,
        "EnableResourceNameDnsAAAARecord": False,
    },
    "ProductCodes": [],
    "PublicDnsName": "",
    "RootDeviceName": "/dev/sda",
    "RootDeviceType": "ebs",
    "SourceDestCheck": True,
    "StateTransitionReason": "",
    "UsageOperation": "RunInstances",
    "VirtualizationType": "hvm",
}


def image_id(world: World, dice: int) -> str:
    return "ami-" + world.digest("ami", dice % 25)


def private_dns(world: World, address: str) -> str:
    return f"ip-{address.replace('.', '-')}.{world.region}.compute.internal"


def reservation(world: World, i: int) -> Document:
    return {
        "ReservationId": "r-" + world.digest("rsv", i),
        "OwnerId": world.account,
        "Groups": [],
        "Instances": [instance(world, i)],
    }


def instance(world: World, i: int) -> Document:
    kind = "ec2.instance"
    dice, when, address = world.number(kind, i), world.moment(kind, i), world.address(kind, i)
    groups = [
        {"GroupId": names.some_group(world, i + j), "GroupName": names.some_group_name(world, i + j)}
        for j in range(1 + dice % 3)
    ]
    return SAME_FOR_ALL_INSTANCES | {
        "ImageId": image_id(world, dice),
        "InstanceId": names.instance_id(world, i),
        "InstanceType": TYPES[dice % 8],
        "KeyName": f"key-{dice % 9}",
        "LaunchTime": when,
        "Placement": {"AvailabilityZone": world.zone(i), "GroupName": "", "Tenancy": "default"},
        "PrivateDnsName": private_dns(world, address),
        "PrivateIpAddress": address,
        "State": {"Code": 16, "Name": "running"} if dice % 7 else {"Code": 80, "Name": "stopped"},
        "SubnetId": names.some_subnet(world, i),
        "VpcId": names.subnet_vpc(world, i),
        "BlockDeviceMappings": [_device(world, i, j) for j in range(1 + (i % 2 == 0))],
        "ClientToken": world.digest("tok", i, 32),
        "IamInstanceProfile": {
            "Arn": world.global_arn("iam", "instance-profile/" + names.some_role_name(world, i)),
            "Id": "AIPA" + world.digest("ip", i, 16).upper(),
        },
        "MetadataOptions": _metadata_options(dice),
        "NetworkInterfaces": [_interface(world, i, groups)],
        "SecurityGroups": groups,
        "Tags": world.tags(kind, i),
        "UsageOperationUpdateTime": when,
    }


def _metadata_options(dice: int) -> Document:
    return {
        "State": "applied",
        "HttpTokens": "required" if dice % 3 else "optional",
        "HttpPutResponseHopLimit": 2,
        "HttpEndpoint": "enabled",
        "HttpProtocolIpv6": "disabled",
        "InstanceMetadataTags": "disabled",
    }


def _device(world: World, i: int, j: int) -> Document:
    kind = "ec2.instance"
    return {
        "DeviceName": "/dev/sd" + "abcdef"[j],
        "Ebs": {
            "AttachTime": world.moment(kind, i),
            "DeleteOnTermination": True,
            "Status": "attached",
            "VolumeId": names.some_volume(world, i + j * world.planned(kind)),
        },
    }


def interface_attachment(world: World, i: int, when: dt.datetime) -> Document:
    return {
        "AttachTime": when,
        "AttachmentId": "eni-attach-" + world.digest("ea", i),
        "DeleteOnTermination": True,
        "DeviceIndex": 0,
        "Status": "attached",
        "NetworkCardIndex": 0,
    }


def private_addresses(world: World, address: str) -> Document:
    """The members of an interface that its first address decides."""
    dns = private_dns(world, address)
    return {
        "PrivateDnsName": dns,
        "PrivateIpAddress": address,
        "PrivateIpAddresses": [{"Primary": True, "PrivateDnsName": dns, "PrivateIpAddress": address}],
    }


def _interface(world: World, i: int, groups: list[dict[str, str]]) -> Document:
    kind = "ec2.instance"
    return private_addresses(world, world.address(kind, i)) | {
        "Attachment": interface_attachment(world, i, world.moment(kind, i)),
        "Description": "",
        "Groups": groups,
        "Ipv6Addresses": [],
        "MacAddress": world.mac(kind, i),
        "NetworkInterfaceId": names.some_interface(world, i),
        "OwnerId": world.account,
        "SourceDestCheck": True,
        "Status": "in-use",
        "SubnetId": names.some_subnet(world, i),
        "VpcId": names.subnet_vpc(world, i),
        "InterfaceType": "interface",
    }


def volume(world: World, i: int) -> Document:
    kind = "ec2.volume"
    dice = world.number(kind, i)
    free = dice % 10 == 0
    return {
        "Attachments": [] if free else [_volume_attachment(world, i)],
        "AvailabilityZone": world.zone(i),
        "CreateTime": world.moment(kind, i),
        "Encrypted": dice % 3 > 0,
        "KmsKeyId": names.some_key_arn(world, i),
        "Size": 8 << (dice % 6),
        "SnapshotId": names.some_snapshot(world, i),
        "State": "available" if free else "in-use",
        "VolumeId": names.volume_id(world, i),
        "Iops": 3000,
        "Tags": world.tags(kind, i),
        "VolumeType": "gp3" if dice % 2 else "gp2",
        "MultiAttachEnabled": False,
        "Throughput": 125,
    }


def _volume_attachment(world: World, i: int) -> Document:
    """First volumes of all instances come first, then second volumes of every other instance."""
    instances = max(1, world.planned("ec2.instance"))
    second = i >= instances
    return {
        "AttachTime": world.moment("ec2.volume", i),
        "Device": "/dev/sd" + "ab"[second],
        "InstanceId": names.some_instance(world, (i - instances) * 2 if second else i),
        "State": "attached",
        "VolumeId": names.volume_id(world, i),
        "DeleteOnTermination": True,
    }


def snapshot(world: World, i: int) -> Document:
    kind = "ec2.snapshot"
    dice = world.number(kind, i)
    origin = f"{names.some_instance(world, i)}) for {image_id(world, dice)}"
    return {
        "Description": f"Created by CreateImage({origin}",
        "Encrypted": dice % 3 > 0,
        "KmsKeyId": names.some_key_arn(world, i),
        "OwnerId": world.account,
        "Progress": "100%",
        "SnapshotId": names.snapshot_id(world, i),
        "StartTime": world.moment(kind, i),
        "State": "completed",
        "VolumeId": names.some_volume(world, i),
        "VolumeSize": 8 << (dice % 6),
        "Tags": world.tags(kind, i),
        "StorageTier": "standard",
    }
