"""How requests come in: certificates, names, load balancers, gateways, a firewall."""

from typing import Any

from demo.estate.site import Site
from demo.place import pairs

DOMAIN = "bookshop.example"


def certificate(site: Site) -> None:
    site.arns["certificate"] = site.place.client("acm").request_certificate(
        DomainName=f"{site.stage}.{DOMAIN}",
        ValidationMethod="DNS",
        SubjectAlternativeNames=[f"*.{site.stage}.{DOMAIN}"],
        Tags=pairs(site.place.tags("shop", "storefront")),
    )["CertificateArn"]


def balancer(site: Site) -> None:
    """A load balancer with a listener, and the machines behind it."""
    elb, tags = site.place.client("elbv2"), site.place.tags
    made = elb.create_load_balancer(
        Name="shop",
        Subnets=site.public,
        SecurityGroups=[site.groups["balancer"]],
        Scheme="internet-facing",
        Type="application",
        Tags=pairs(tags("shop", "storefront")),
    )["LoadBalancers"][0]
    group = elb.create_target_group(
        Name="shop",
        Protocol="HTTP",
        Port=8080,
        VpcId=site.vpc,
        TargetType="instance",
        Tags=pairs(tags("shop", "storefront")),
    )["TargetGroups"][0]["TargetGroupArn"]
    shops = [instance for name, instance in site.instances.items() if name.startswith("shop-")]
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": instance} for instance in shops])
    elb.create_listener(
        LoadBalancerArn=made["LoadBalancerArn"],
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": site.arns["certificate"]}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        Tags=pairs(tags("shop", "storefront")),
    )
    site.arns |= {"balancer": made["LoadBalancerArn"], "balancer/name": made["DNSName"], "targets": group}


def names(site: Site) -> None:
    """A public zone whose record leads to the balancer, a private zone of the VPC, a health check."""
    route53 = site.place.client("route53")
    public = f"{site.stage}.{DOMAIN}"
    zone = _zone(site, route53, public)
    check = route53.create_health_check(
        CallerReference="shop",
        HealthCheckConfig={
            "Type": "HTTPS",
            "FullyQualifiedDomainName": f"www.{public}",
            "Port": 443,
            "ResourcePath": "/",
        },
    )["HealthCheck"]["Id"]
    _tag(site, route53, "healthcheck", check, f"www.{public}")
    changes = [{"Action": "CREATE", "ResourceRecordSet": record} for record in _records(site, public, check)]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    _zone(
        site,
        route53,
        f"{site.stage}.internal",
        VPC={"VPCRegion": site.place.region, "VPCId": site.vpc},
        HostedZoneConfig={"PrivateZone": True, "Comment": "names inside"},
    )


def _records(site: Site, domain: str, check: str) -> list[dict[str, Any]]:
    """To the balancer, to a mail server, and to an address that is checked."""
    balancer = {"HostedZoneId": "Z215JYRZR1TBD5", "DNSName": site.arns["balancer/name"], "EvaluateTargetHealth": False}
    checked = {"SetIdentifier": "first", "Weight": 10, "HealthCheckId": check}
    return [
        {"Name": f"www.{domain}", "Type": "A", "AliasTarget": balancer},
        {"Name": f"mail.{domain}", "Type": "MX", "TTL": 3600, "ResourceRecords": [{"Value": "10 mx"}]},
        {"Name": f"old.{domain}", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "203.0.113.7"}], **checked},
    ]


def _zone(site: Site, route53: Any, name: str, **more: Any) -> str:
    made = route53.create_hosted_zone(Name=name, CallerReference=name, **more)["HostedZone"]["Id"]
    zone = str(made).rpartition("/")[2]
    _tag(site, route53, "hostedzone", zone, name)
    return zone


def _tag(site: Site, route53: Any, kind: str, resource: str, name: str) -> None:
    route53.change_tags_for_resource(
        ResourceType=kind, ResourceId=resource, AddTags=pairs(site.place.tags(name, "platform"))
    )


def gateways(site: Site) -> None:
    """A REST and an HTTP interface, each with a stage."""
    rest, http = site.place.client("apigateway"), site.place.client("apigatewayv2")
    tags = site.place.tags("partners", "payments")
    api = rest.create_rest_api(name="partners", tags=tags)["id"]
    root = rest.get_resources(restApiId=api)["items"][0]["id"]
    rest.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    rest.put_method_response(restApiId=api, resourceId=root, httpMethod="GET", statusCode="200")
    rest.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
    deployment = rest.create_deployment(restApiId=api)["id"]
    rest.create_stage(restApiId=api, stageName="v1", deploymentId=deployment, tags=tags)
    api = http.create_api(Name="app", ProtocolType="HTTP", Tags=site.place.tags("app", "storefront"))["ApiId"]
    http.create_stage(
        ApiId=api,
        StageName="live",
        AutoDeploy=True,
        AccessLogSettings={
            "DestinationArn": site.place.arn("logs", "log-group:/shop/access"),
            "Format": "$context.requestId",
        },
        Tags=site.place.tags("live", "storefront"),
    )


def firewall(site: Site) -> None:
    """A web ACL in front of the balancer, and one for what is delivered worldwide, which lives in us-east-1."""
    waf = site.place.client("wafv2")
    waf.associate_web_acl(WebACLArn=_acl(site, waf, "shop", "REGIONAL"), ResourceArn=site.arns["balancer"])
    _acl(site, site.place.elsewhere("us-east-1").client("wafv2"), "pictures", "CLOUDFRONT")


def _acl(site: Site, waf: Any, name: str, scope: str) -> str:
    visibility = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name}
    made = waf.create_web_acl(
        Name=name,
        Scope=scope,
        DefaultAction={"Allow": {}},
        VisibilityConfig=visibility,
        Rules=[],
        Tags=pairs(site.place.tags(name, "security")),
    )
    return str(made["Summary"]["ARN"])


def classic(site: Site) -> None:
    """A balancer of the first generation that nobody dares to touch."""
    elb = site.place.client("elb")
    elb.create_load_balancer(
        LoadBalancerName="legacy",
        Listeners=[{"Protocol": "TCP", "LoadBalancerPort": 80, "InstancePort": 8080, "InstanceProtocol": "TCP"}],
        Subnets=site.public,
        SecurityGroups=[site.groups["balancer"]],
        Tags=pairs(site.place.tags("legacy", "storefront")),
    )
    elb.register_instances_with_load_balancer(
        LoadBalancerName="legacy", Instances=[{"InstanceId": site.instances["shop-1"]}]
    )
