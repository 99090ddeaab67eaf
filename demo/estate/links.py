"""Networks between networks, and doors into them, that few estates have."""

from typing import Any

from demo.estate.site import Site
from demo.place import pairs, small_pairs, specified


def build(site: Site) -> None:
    """After the network's own rare kinds: the transit gateway is there."""
    gateways(site)
    mirrors(site)
    world(site)
    resolvers(site)
    lattice(site)
    discovery(site)
    guards(site)


def gateways(site: Site) -> None:
    ec2, tags = site.place.client("ec2"), site.place.tags
    transit = ec2.describe_transit_gateways()["TransitGateways"][0]["TransitGatewayId"]
    ec2.create_transit_gateway_route_table(
        TransitGatewayId=transit,
        TagSpecifications=specified("transit-gateway-route-table", tags("backbone", "platform")),
    )
    ec2.create_carrier_gateway(
        VpcId=site.vpc, TagSpecifications=specified("carrier-gateway", tags("mobile", "platform"))
    )
    service = ec2.create_vpc_endpoint_service_configuration(
        NetworkLoadBalancerArns=[site.arns["balancer"]],
        TagSpecifications=specified("vpc-endpoint-service", tags("orders", "payments")),
    )["ServiceConfiguration"]
    ec2.create_vpc_endpoint(
        VpcId=site.vpc, VpcEndpointType="Interface", ServiceName=service["ServiceName"], SubnetIds=site.private[:1]
    )


def mirrors(site: Site) -> None:
    ec2, tags = site.place.client("ec2"), site.place.tags
    filter_ = ec2.create_traffic_mirror_filter(
        TagSpecifications=specified("traffic-mirror-filter", tags("database", "security"))
    )["TrafficMirrorFilter"]["TrafficMirrorFilterId"]
    target = ec2.create_traffic_mirror_target(
        NetworkLoadBalancerArn=site.arns["balancer"],
        TagSpecifications=specified("traffic-mirror-target", tags("probe", "security")),
    )["TrafficMirrorTarget"]["TrafficMirrorTargetId"]
    ec2.create_traffic_mirror_session(
        NetworkInterfaceId=_interface(site, ec2),
        TrafficMirrorTargetId=target,
        TrafficMirrorFilterId=filter_,
        SessionNumber=1,
        TagSpecifications=specified("traffic-mirror-session", tags("database", "security")),
    )


def _interface(site: Site, ec2: Any) -> str:
    filters = [{"Name": "attachment.instance-id", "Values": [site.instances["shop-1"]]}]
    return str(ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"][0]["NetworkInterfaceId"])


def world(site: Site) -> None:
    """The network of the whole company."""
    manager, tags = site.place.client("networkmanager"), site.place.tags
    found = manager.create_global_network(Tags=pairs(tags("world", "platform")))["GlobalNetwork"]["GlobalNetworkId"]
    manager.create_core_network(GlobalNetworkId=found, Tags=pairs(tags("core", "platform")))


def resolvers(site: Site) -> None:
    """Names of the warehouse are asked there, and all questions are logged."""
    resolver, tags = site.place.client("route53resolver"), site.place.tags
    endpoint = resolver.create_resolver_endpoint(
        CreatorRequestId="warehouse",
        Name="warehouse",
        SecurityGroupIds=[site.groups["shop"]],
        Direction="OUTBOUND",
        IpAddresses=[{"SubnetId": subnet} for subnet in site.private[:2]],
        Tags=pairs(tags("warehouse", "logistics")),
    )["ResolverEndpoint"]["Id"]
    rule = resolver.create_resolver_rule(
        CreatorRequestId="warehouse",
        Name="warehouse",
        RuleType="FORWARD",
        DomainName="warehouse.example",
        TargetIps=[{"Ip": "192.0.2.53", "Port": 53}],
        ResolverEndpointId=endpoint,
    )["ResolverRule"]["Id"]
    resolver.associate_resolver_rule(ResolverRuleId=rule, VPCId=site.vpc, Name="warehouse")
    log = resolver.create_resolver_query_log_config(
        Name="questions",
        DestinationArn=site.arns["bucket/logs"],
        CreatorRequestId="questions",
        Tags=pairs(tags("questions", "security")),
    )["ResolverQueryLogConfig"]["Id"]
    resolver.associate_resolver_query_log_config(ResolverQueryLogConfigId=log, ResourceId=site.vpc)


def lattice(site: Site) -> None:
    """Services that other networks reach by name."""
    client, tags = site.place.client("vpc-lattice"), site.place.tags
    service = client.create_service(name="returns", tags=tags("returns", "logistics"))["id"]
    network = client.create_service_network(name="partners", tags=tags("partners", "platform"))["id"]
    client.create_service_network_vpc_association(serviceNetworkIdentifier=network, vpcIdentifier=site.vpc)
    client.create_service_network_service_association(serviceNetworkIdentifier=network, serviceIdentifier=service)
    client.create_target_group(
        name="returns",
        type="INSTANCE",
        config={"port": 80, "protocol": "HTTP", "vpcIdentifier": site.vpc},
        tags=tags("returns", "logistics"),
    )


def discovery(site: Site) -> None:
    client, tags = site.place.client("servicediscovery"), site.place.tags
    client.create_private_dns_namespace(Name="shop.local", Vpc=site.vpc, Tags=pairs(tags("shop.local", "platform")))
    namespace = client.list_namespaces()["Namespaces"][0]["Id"]
    client.create_service(
        Name="stock",
        NamespaceId=namespace,
        DnsConfig={"NamespaceId": namespace, "DnsRecords": [{"Type": "A", "TTL": 60}]},
        Tags=pairs(tags("stock", "logistics")),
    )


def guards(site: Site) -> None:
    """What stands before the shop, and what is shared with other accounts."""
    tags = site.place.tags
    site.place.client("network-firewall").create_firewall(
        FirewallName="edge",
        FirewallPolicyArn=site.place.arn("network-firewall", "firewall-policy/edge"),
        VpcId=site.vpc,
        SubnetMappings=[{"SubnetId": site.public[0]}],
        Tags=pairs(tags("edge", "security")),
    )
    shield = site.place.client("shield")
    shield.create_subscription()
    shield.create_protection(Name="shop", ResourceArn=site.arns["balancer"], Tags=pairs(tags("shop", "security")))
    waf = site.place.client("wafv2")
    offices = waf.create_ip_set(
        Name="offices",
        Scope="REGIONAL",
        IPAddressVersion="IPV4",
        Addresses=["198.51.100.0/24"],
        Tags=pairs(tags("offices", "security")),
    )["Summary"]["ARN"]
    waf.create_rule_group(
        Name="offices",
        Scope="REGIONAL",
        Capacity=10,
        Rules=[_only(offices)],
        VisibilityConfig=_seen("offices"),
        Tags=pairs(tags("offices", "security")),
    )
    site.place.client("ram").create_resource_share(
        name="network",
        resourceArns=[site.place.arn("ec2", f"subnet/{site.private[0]}")],
        tags=small_pairs(tags("network", "platform")),
    )


def _only(addresses: str) -> dict[str, Any]:
    return {
        "Name": "offices",
        "Priority": 1,
        "Statement": {"IPSetReferenceStatement": {"ARN": addresses}},
        "Action": {"Allow": {}},
        "VisibilityConfig": _seen("offices"),
    }


def _seen(name: str) -> dict[str, Any]:
    return {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": name}
