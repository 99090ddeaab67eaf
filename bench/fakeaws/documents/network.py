"""Networks, subnets, interfaces, security groups, load balancers and their target groups."""

from bench.fakeaws import names
from bench.fakeaws.documents import Document
from bench.fakeaws.documents.ec2 import interface_attachment, private_addresses
from bench.fakeaws.world import World, team


def interface(world: World, i: int) -> Document:
    """The first ones belong to instances, the rest to load balancers."""
    kind = "ec2.eni"
    of_instance = i < world.planned("ec2.instance")
    attachment = interface_attachment(world, i, world.moment(kind, i))
    if of_instance:
        attachment |= {"InstanceId": names.some_instance(world, i), "InstanceOwnerId": world.account}
    else:
        attachment |= {"InstanceOwnerId": "amazon-elb"}
    address = world.address("ec2.instance" if of_instance else kind, i)
    return private_addresses(world, address) | {
        "Attachment": attachment,
        "AvailabilityZone": world.zone(i),
        "Description": "" if of_instance else _balancer_description(world, i),
        "Groups": [{"GroupId": names.some_group(world, i), "GroupName": names.some_group_name(world, i)}],
        "InterfaceType": "interface",
        "Ipv6Addresses": [],
        "MacAddress": world.mac(kind, i),
        "NetworkInterfaceId": names.interface_id(world, i),
        "OwnerId": world.account,
        "RequesterManaged": not of_instance,
        "SourceDestCheck": True,
        "Status": "in-use",
        "SubnetId": names.some_subnet(world, i),
        "TagSet": world.tags(kind, i),
        "VpcId": names.subnet_vpc(world, i),
    }


def _balancer_description(world: World, i: int) -> str:
    return f"ELB app/lb-{team(i)}-{world.wrap('elbv2.lb', i)}/{world.digest('elbv2.lb', i, 16)}"


def security_group(world: World, i: int) -> Document:
    kind = "ec2.sg"
    dice = world.number(kind, i)
    ranges = [{"CidrIp": f"10.{dice % 200}.0.0/16", "Description": "vpc"}]
    open_ports = [_permission(port, port, IpRanges=ranges) for port in (22, 80, 443, 5432)[: 1 + dice % 4]]
    neighbour = [{"GroupId": names.some_group(world, i + 1), "UserId": world.account}]
    return {
        "Description": f"group for {team(i)}",
        "GroupName": names.group_name(i),
        "IpPermissions": [*open_ports, _permission(8080, 8089, UserIdGroupPairs=neighbour)],
        "OwnerId": world.account,
        "GroupId": names.group_id(world, i),
        "IpPermissionsEgress": [
            {
                "IpProtocol": "-1",
                "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
                "Ipv6Ranges": [],
                "PrefixListIds": [],
                "UserIdGroupPairs": [],
            }
        ],
        "Tags": world.tags(kind, i),
        "VpcId": names.some_vpc(world, i),
    }


def _permission(first: int, last: int, **sources: list[dict[str, str]]) -> Document:
    nothing: Document = {"IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}
    return {"FromPort": first, "ToPort": last, "IpProtocol": "tcp"} | nothing | sources


def subnet(world: World, i: int) -> Document:
    return {
        "AvailabilityZone": world.zone(i),
        "AvailabilityZoneId": f"use1-az{i % 3 + 1}",
        "AvailableIpAddressCount": 240,
        "CidrBlock": f"10.{i % 200}.{i % 250}.0/24",
        "DefaultForAz": False,
        "MapPublicIpOnLaunch": i % 4 == 0,
        "State": "available",
        "SubnetId": names.subnet_id(world, i),
        "VpcId": names.subnet_vpc(world, i),
        "OwnerId": world.account,
        "AssignIpv6AddressOnCreation": False,
        "Ipv6CidrBlockAssociationSet": [],
        "Tags": world.tags("ec2.subnet", i),
        "SubnetArn": world.arn("ec2", "subnet/" + names.subnet_id(world, i)),
        "EnableDns64": False,
        "Ipv6Native": False,
        "PrivateDnsNameOptionsOnLaunch": {"HostnameType": "ip-name"},
    }


def vpc(world: World, i: int) -> Document:
    block = f"10.{i % 200}.0.0/16"
    return {
        "CidrBlock": block,
        "DhcpOptionsId": "dopt-" + world.digest("dopt", 0),
        "State": "available",
        "VpcId": names.vpc_id(world, i),
        "OwnerId": world.account,
        "InstanceTenancy": "default",
        "CidrBlockAssociationSet": [
            {
                "AssociationId": "vpc-cidr-assoc-" + world.digest("vca", i),
                "CidrBlock": block,
                "CidrBlockState": {"State": "associated"},
            }
        ],
        "IsDefault": i == 0,
        "Tags": world.tags("ec2.vpc", i),
    }


def load_balancer(world: World, i: int) -> Document:
    kind = "elbv2.lb"
    name = names.balancer_name(i)
    return {
        "LoadBalancerArn": names.balancer_arn(world, i),
        "DNSName": f"{name}-{world.number(kind, i) % 10**9}.{world.region}.elb.amazonaws.com",
        "CanonicalHostedZoneId": "Z35SXDOTRQ7X7K",
        "CreatedTime": world.moment(kind, i),
        "LoadBalancerName": name,
        "Scheme": "internet-facing" if i % 2 else "internal",
        "VpcId": names.subnet_vpc(world, i),
        "State": {"Code": "active"},
        "Type": "application",
        "AvailabilityZones": [
            {"ZoneName": world.zone(j), "SubnetId": names.some_subnet(world, j), "LoadBalancerAddresses": []}
            for j in (i, i + 3)
        ],
        "SecurityGroups": [names.some_group(world, i), names.some_group(world, i + 1)],
        "IpAddressType": "ipv4",
    }


def target_group(world: World, i: int) -> Document:
    return {
        "TargetGroupArn": names.target_group_arn(world, i),
        "TargetGroupName": f"tg-{i}",
        "Protocol": "HTTP",
        "Port": 8080,
        "VpcId": names.subnet_vpc(world, i),
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": 30,
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 5,
        "UnhealthyThresholdCount": 2,
        "HealthCheckPath": "/healthz",
        "Matcher": {"HttpCode": "200"},
        "LoadBalancerArns": [names.some_balancer_arn(world, i)],
        "TargetType": "instance",
        "ProtocolVersion": "HTTP1",
        "IpAddressType": "ipv4",
    }


def listener(world: World, i: int) -> Document:
    balancer = names.balancer_arn(world, i)
    return {
        "ListenerArn": f"{balancer.replace(':loadbalancer/', ':listener/')}/{world.digest('lsn', i, 16)}",
        "LoadBalancerArn": balancer,
        "Port": 443,
        "Protocol": "HTTPS",
        "Certificates": [],
        "SslPolicy": "ELBSecurityPolicy-2016-08",
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": names.some_target_group_arn(world, i), "Order": 1}],
    }
