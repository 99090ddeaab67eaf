"""A region's network: a VPC with public and private subnets, its gateways, routes and security groups."""

from typing import Any

from demo.estate.site import Site
from demo.place import pairs, specified

ANYWHERE = "0.0.0.0/0"


def build(site: Site, number: int) -> None:
    """`number` tells the VPCs of one account apart: 10.`number`.0.0/16."""
    ec2, tags = site.place.client("ec2"), site.place.tags
    site.vpc = ec2.create_vpc(
        CidrBlock=f"10.{number}.0.0/16", TagSpecifications=specified("vpc", tags("bookshop", "platform"))
    )["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=site.vpc, EnableDnsHostnames={"Value": True})
    for index, zone in enumerate("ab"):
        site.public.append(_subnet(site, f"public-{zone}", f"10.{number}.{index}.0/24"))
        site.private.append(_subnet(site, f"private-{zone}", f"10.{number}.{index + 10}.0/24"))
    _ways_out(site)
    _security_groups(site)


def _subnet(site: Site, name: str, block: str) -> str:
    subnet = site.place.client("ec2").create_subnet(
        VpcId=site.vpc,
        CidrBlock=block,
        AvailabilityZone=f"{site.place.region}{name[-1]}",
        TagSpecifications=specified("subnet", site.place.tags(name, "platform")),
    )
    return str(subnet["Subnet"]["SubnetId"])


def _ways_out(site: Site) -> None:
    """Public subnets reach the internet by a gateway, private ones by a NAT gateway."""
    ec2, tags = site.place.client("ec2"), site.place.tags
    internet = ec2.create_internet_gateway(
        TagSpecifications=specified("internet-gateway", tags("bookshop", "platform"))
    )
    gateway = internet["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=site.vpc)
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=specified("elastic-ip", tags("nat", "platform")))[
        "AllocationId"
    ]
    nat = ec2.create_nat_gateway(
        SubnetId=site.public[0],
        AllocationId=address,
        TagSpecifications=specified("natgateway", tags("nat", "platform")),
    )["NatGateway"]["NatGatewayId"]
    _routes(site, "public", site.public, GatewayId=gateway)
    _routes(site, "private", site.private, NatGatewayId=nat)


def _routes(site: Site, name: str, subnets: list[str], **way: str) -> None:
    ec2 = site.place.client("ec2")
    table = ec2.create_route_table(
        VpcId=site.vpc, TagSpecifications=specified("route-table", site.place.tags(name, "platform"))
    )["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, **way)
    for subnet in subnets:
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    site.arns[f"routes/{name}"] = table


def _security_groups(site: Site) -> None:
    """The world reaches the balancer, the balancer the shop, the shop the database."""
    _group(site, "balancer", "storefront", 443, {"IpRanges": [{"CidrIp": ANYWHERE, "Description": "everybody"}]})
    _group(site, "shop", "storefront", 8080, _from(site, "balancer"))
    _group(site, "database", "data", 5432, _from(site, "shop"))


def _from(site: Site, name: str) -> dict[str, Any]:
    return {"UserIdGroupPairs": [{"GroupId": site.groups[name]}]}


def _group(site: Site, name: str, owner: str, port: int, source: dict[str, Any]) -> None:
    ec2 = site.place.client("ec2")
    group = ec2.create_security_group(
        GroupName=name,
        Description=f"what reaches the {name}",
        VpcId=site.vpc,
        TagSpecifications=specified("security-group", site.place.tags(name, owner)),
    )["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **source}]
    )
    site.groups[name] = group


def links(site: Site) -> None:
    """What only the main network has: an endpoint, flow logs, a connection to the warehouse."""
    ec2, tags = site.place.client("ec2"), site.place.tags
    ec2.create_vpc_endpoint(
        VpcId=site.vpc,
        ServiceName=f"com.amazonaws.{site.place.region}.s3",
        VpcEndpointType="Gateway",
        RouteTableIds=[site.arns["routes/private"]],
        TagSpecifications=specified("vpc-endpoint", tags("to-s3", "platform")),
    )
    ec2.create_network_acl(VpcId=site.vpc, TagSpecifications=specified("network-acl", tags("private", "platform")))
    ec2.create_flow_logs(
        ResourceIds=[site.vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="cloud-watch-logs",
        LogGroupName="/network/flow",
        DeliverLogsPermissionArn=site.place.role("flow-logs"),
        TagSpecifications=specified("vpc-flow-log", tags("flow", "security")),
    )
    _to_warehouse(site)


def _to_warehouse(site: Site) -> None:
    ec2, tags = site.place.client("ec2"), site.place.tags
    gateway = ec2.create_vpn_gateway(
        Type="ipsec.1", TagSpecifications=specified("vpn-gateway", tags("warehouse", "logistics"))
    )
    gateway_id = gateway["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpnGatewayId=gateway_id, VpcId=site.vpc)
    customer = ec2.create_customer_gateway(
        Type="ipsec.1",
        PublicIp="203.0.113.10",
        BgpAsn=65010,
        TagSpecifications=specified("customer-gateway", tags("warehouse", "logistics")),
    )["CustomerGateway"]["CustomerGatewayId"]
    ec2.create_vpn_connection(
        Type="ipsec.1",
        CustomerGatewayId=customer,
        VpnGatewayId=gateway_id,
        TagSpecifications=specified("vpn-connection", tags("warehouse", "logistics")),
    )


def rare(site: Site) -> None:
    """The kinds that few networks have."""
    ec2, tags = site.place.client("ec2"), site.place.tags
    ec2.create_egress_only_internet_gateway(
        VpcId=site.vpc, TagSpecifications=specified("egress-only-internet-gateway", tags("six", "platform"))
    )
    ec2.create_managed_prefix_list(
        PrefixListName="offices",
        MaxEntries=5,
        AddressFamily="IPv4",
        Entries=[{"Cidr": "198.51.100.0/24", "Description": "headquarters"}],
        TagSpecifications=specified("prefix-list", tags("offices", "platform")),
    )
    options = ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name", "Values": ["bookshop.internal"]}])[
        "DhcpOptions"
    ]["DhcpOptionsId"]
    ec2.create_tags(Resources=[options], Tags=pairs(tags("internal-names", "platform")))
    ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=site.vpc)
    _transit(site)
    _peering(site)


def _transit(site: Site) -> None:
    ec2, tags = site.place.client("ec2"), site.place.tags
    gateway = ec2.create_transit_gateway(
        Description="all networks", TagSpecifications=specified("transit-gateway", tags("backbone", "platform"))
    )["TransitGateway"]["TransitGatewayId"]
    attachment = ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=gateway, VpcId=site.vpc, SubnetIds=[site.private[0]]
    )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    ec2.create_tags(Resources=[attachment], Tags=pairs(tags("bookshop", "platform")))


def _peering(site: Site) -> None:
    ec2 = site.place.client("ec2")
    other = ec2.create_vpc(
        CidrBlock="10.200.0.0/16", TagSpecifications=specified("vpc", site.place.tags("analytics", "data"))
    )["Vpc"]["VpcId"]
    connection = ec2.create_vpc_peering_connection(VpcId=site.vpc, PeerVpcId=other)["VpcPeeringConnection"]
    name = connection["VpcPeeringConnectionId"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=name)
    ec2.create_tags(Resources=[name], Tags=pairs(site.place.tags("to-analytics", "data")))
