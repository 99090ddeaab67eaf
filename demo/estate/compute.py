"""Machines: instances with their disks, images, snapshots, and groups that make more of them."""

from typing import Any

from demo.estate.site import Site
from demo.place import Tags, pairs, specified

# One of the provider's images that moto knows.
IMAGE = "ami-12c6146b"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGrLHtQWUAnDjhYt3Qn9D6D6p7UZk9hbCkvVPXWZbZ4K deploy@bookshop.example"


def build(site: Site, machines: int) -> None:
    """`machines` web servers and one database machine with an encrypted disk."""
    ec2, tags = site.place.client("ec2"), site.place.tags
    ec2.import_key_pair(
        KeyName="deploy",
        PublicKeyMaterial=PUBLIC_KEY.encode(),
        TagSpecifications=specified("key-pair", tags("deploy", "platform")),
    )
    for number in range(1, machines + 1):
        subnet = site.private[number % 2]
        _instance(site, f"shop-{number}", "storefront", {"SubnetId": subnet, "SecurityGroupIds": [site.groups["shop"]]})
    _instance(
        site, "search", "data", {"SubnetId": site.private[0], "SecurityGroupIds": [site.groups["database"]]}, "m5.large"
    )
    _disk(site, "search-index", "data", 200, encrypted=True)
    if machines > 1:
        _disk(site, "import-scratch", "data", 50, encrypted=False)


def _instance(site: Site, name: str, owner: str, where: dict[str, Any], type_: str = "t3.small") -> None:
    tags = site.place.tags(name, owner)
    made = site.place.client("ec2").run_instances(
        ImageId=IMAGE,
        InstanceType=type_,
        KeyName="deploy",
        MinCount=1,
        MaxCount=1,
        IamInstanceProfile={"Arn": f"arn:aws:iam::{site.place.account.id}:instance-profile/shop"},
        UserData="#!/bin/sh\necho this never enters the store\n",
        TagSpecifications=specified("instance", tags) + specified("volume", tags),
        **where,
    )["Instances"][0]
    site.instances[name] = made["InstanceId"]


def _disk(site: Site, name: str, owner: str, size: int, *, encrypted: bool) -> None:
    ec2 = site.place.client("ec2")
    key = {"KmsKeyId": site.arns["key"]} if encrypted else {}
    volume = ec2.create_volume(
        AvailabilityZone=f"{site.place.region}a",
        Size=size,
        VolumeType="gp3",
        Encrypted=encrypted,
        TagSpecifications=specified("volume", site.place.tags(name, owner)),
        **key,
    )["VolumeId"]
    if encrypted:
        ec2.attach_volume(VolumeId=volume, InstanceId=site.instances["search"], Device="/dev/sdf")
    site.arns[f"volume/{name}"] = volume


def copies(site: Site) -> None:
    """A nightly snapshot, and the image from which new machines are made."""
    ec2, tags = site.place.client("ec2"), site.place.tags
    ec2.create_snapshot(
        VolumeId=site.arns["volume/search-index"],
        Description="nightly",
        TagSpecifications=specified("snapshot", tags("search-index-nightly", "data")),
    )
    image = ec2.create_image(
        InstanceId=site.instances["shop-1"],
        Name="shop-2026-11",
        TagSpecifications=specified("image", tags("shop-2026-11", "storefront")),
    )["ImageId"]
    site.arns["image"] = image


def group(site: Site) -> None:
    """An auto scaling group that makes its machines from a launch template."""
    ec2, scaling = site.place.client("ec2"), site.place.client("autoscaling")
    template = ec2.create_launch_template(
        LaunchTemplateName="worker",
        LaunchTemplateData={
            "ImageId": site.arns.get("image", IMAGE),
            "InstanceType": "t3.micro",
            "KeyName": "deploy",
            "SecurityGroupIds": [site.groups["shop"]],
            "IamInstanceProfile": {"Name": "shop"},
        },
        TagSpecifications=specified("launch-template", site.place.tags("worker", "storefront")),
    )["LaunchTemplate"]["LaunchTemplateId"]
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="workers",
        LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"},
        MinSize=1,
        MaxSize=4,
        DesiredCapacity=2,
        VPCZoneIdentifier=",".join(site.private),
        Tags=_scaling_tags(site.place.tags("workers", "storefront")),
    )


def _scaling_tags(tags: Tags) -> list[dict[str, Any]]:
    return [{**tag, "PropagateAtLaunch": True} for tag in pairs(tags)]


def rare(site: Site) -> None:
    """The kinds that few have: dedicated hosts, spare interfaces, launch configurations."""
    ec2, tags = site.place.client("ec2"), site.place.tags
    ec2.allocate_hosts(
        AvailabilityZone=f"{site.place.region}a",
        InstanceType="m5.large",
        Quantity=1,
        TagSpecifications=specified("dedicated-host", tags("licensed", "data")),
    )
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=specified("elastic-ip", tags("jump", "platform")))
    ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=site.instances["shop-1"])
    ec2.create_network_interface(
        SubnetId=site.private[0],
        Groups=[site.groups["database"]],
        TagSpecifications=specified("network-interface", tags("standby", "data")),
    )
    site.place.client("autoscaling").create_launch_configuration(
        LaunchConfigurationName="worker-old",
        ImageId=IMAGE,
        InstanceType="t2.micro",
        KeyName="deploy",
        IamInstanceProfile="shop",
        SecurityGroups=[site.groups["shop"]],
    )
