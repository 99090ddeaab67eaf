"""Where services answer, in every partition, and how a configuration changes that."""

from typing import Any

import pytest
from botocore.config import Config
from botocore.session import Session
from yarl import URL

from collectors.aws.endpoints import Endpoints, EndpointSettings, home_region, partition_of
from collectors.aws.models import Models
from syncd.errors import Failed

MODELS = Models()
PLAIN = Endpoints(MODELS)


def where(
    endpoints: Endpoints, service: str, operation: str, region: str, partition: str = "aws", **args: Any
) -> tuple[str, ...]:
    found = endpoints.resolve(MODELS.operation(service, operation), region, partition, args)
    return f"{found.scheme}://{found.host}{found.path}", found.region, found.signing_name


@pytest.mark.parametrize(
    ("service", "operation", "region", "partition", "expected"),
    [
        ("ec2", "DescribeVpcs", "eu-west-1", "aws", ("https://ec2.eu-west-1.amazonaws.com", "eu-west-1", "ec2")),
        ("sts", "GetCallerIdentity", "us-east-1", "aws", ("https://sts.us-east-1.amazonaws.com", "us-east-1", "sts")),
        ("iam", "ListUsers", "global", "aws", ("https://iam.amazonaws.com", "us-east-1", "iam")),
        ("iam", "ListUsers", "eu-west-1", "aws", ("https://iam.amazonaws.com", "us-east-1", "iam")),
        ("iam", "ListUsers", "global", "aws-us-gov", ("https://iam.us-gov.amazonaws.com", "us-gov-west-1", "iam")),
        ("iam", "ListUsers", "global", "aws-cn", ("https://iam.cn-north-1.amazonaws.com.cn", "cn-north-1", "iam")),
        ("route53", "ListHostedZones", "global", "aws", ("https://route53.amazonaws.com", "us-east-1", "route53")),
        (
            "globalaccelerator",
            "ListAccelerators",
            "global",
            "aws",
            ("https://globalaccelerator.us-west-2.amazonaws.com", "us-west-2", "globalaccelerator"),
        ),
        ("s3", "ListBuckets", "global", "aws", ("https://s3.us-east-1.amazonaws.com", "us-east-1", "s3")),
        (
            "ecr",
            "DescribeRepositories",
            "eu-west-1",
            "aws",
            ("https://api.ecr.eu-west-1.amazonaws.com", "eu-west-1", "ecr"),
        ),
    ],
)
def test_an_endpoint_has_a_host_and_a_region_and_name_to_sign_with(
    service: str, operation: str, region: str, partition: str, expected: tuple[str, ...]
) -> None:
    assert where(PLAIN, service, operation, region, partition) == expected


def test_buckets_never_decide_where_a_request_goes() -> None:
    expected = ("https://s3.eu-west-1.amazonaws.com", "eu-west-1", "s3")
    for bucket in ("bucket", "a.b", "x--use1-az4--x-s3"):
        assert where(PLAIN, "s3", "GetBucketTagging", "eu-west-1", Bucket=bucket) == expected


def test_an_account_may_be_part_of_the_host() -> None:
    found = where(PLAIN, "s3control", "GetPublicAccessBlock", "eu-west-1", AccountId="111122223333")
    assert found == ("https://111122223333.s3-control.eu-west-1.amazonaws.com", "eu-west-1", "s3")


SERVICES = ["ec2", "iam", "s3", "s3control", "sts", "organizations", "cloudfront", "events", "dynamodb", "wafv2"]


@pytest.mark.parametrize("region", ["us-east-1", "ap-southeast-2", "cn-north-1", "us-gov-east-1"])
@pytest.mark.parametrize("service", SERVICES)
def test_endpoints_are_those_that_botocore_resolves(service: str, region: str) -> None:
    session = Session()
    session.set_credentials("key", "secret")
    config = Config(s3={"addressing_style": "path", "us_east_1_regional_endpoint": "regional"})
    client = session.create_client(service, region_name=region, config=config)
    names = [name for name in client.meta.service_model.operation_names if name.startswith(("List", "Get", "Describe"))]
    for name in names[:: max(len(names) // 15, 1)]:
        model = client.meta.service_model.operation_model(name)
        args = dict.fromkeys(getattr(model.input_shape, "required_members", ()), "a-value")
        args |= {"AccountId": "111122223333"} if service == "s3control" else {}
        url, _, properties = client._resolve_endpoint_ruleset(model, dict(args), {"client_config": client.meta.config})
        signed = {
            "signingRegion": client._request_signer.region_name,
            "signingName": client._request_signer.signing_name,
        }
        scheme: dict[str, Any] = next((one for one in properties.get("authSchemes", ()) if one["name"] == "sigv4"), {})
        signed |= {key: value for key, value in scheme.items() if key in signed}
        origin = str(URL(url).origin())
        assert where(PLAIN, service, name, region, **args) == (
            origin,
            signed["signingRegion"],
            signed["signingName"],
        ), name


def test_fips_and_dual_stack_endpoints_are_taken_when_configured() -> None:
    fips = Endpoints(MODELS, EndpointSettings(fips=True))
    assert where(fips, "ec2", "DescribeVpcs", "us-east-1")[0] == "https://ec2-fips.us-east-1.amazonaws.com"
    dual = Endpoints(MODELS, EndpointSettings(dualstack=True))
    assert where(dual, "ec2", "DescribeVpcs", "us-east-1")[0] == "https://ec2.us-east-1.api.aws"


def test_a_configured_endpoint_replaces_the_host_and_keeps_the_signature() -> None:
    local = Endpoints(MODELS, EndpointSettings(url="http://127.0.0.1:4599/aws/"))
    assert where(local, "iam", "ListUsers", "eu-west-1") == ("http://127.0.0.1:4599/aws", "us-east-1", "iam")
    assert not local.resolve(MODELS.operation("iam", "ListUsers"), "eu-west-1").prefixed


def test_what_is_no_url_is_no_endpoint() -> None:
    with pytest.raises(Failed, match="is no URL"):
        where(Endpoints(MODELS, EndpointSettings(url="ftp://x")), "iam", "ListUsers", "eu-west-1")


def test_the_environments_variables_are_those_of_awss_own_tools() -> None:
    environ = {
        "AWS_ENDPOINT_URL": "http://all:1",
        "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2": "http://elb:2",
        "AWS_USE_FIPS_ENDPOINT": "true",
    }
    endpoints = Endpoints(MODELS, EndpointSettings.given(environ))
    assert where(endpoints, "ec2", "DescribeVpcs", "us-east-1")[0] == "http://all:1"
    assert where(endpoints, "elbv2", "DescribeLoadBalancers", "us-east-1")[0] == "http://elb:2"
    assert EndpointSettings.given(environ).fips
    assert not EndpointSettings.given(environ, fips=False).fips
    assert EndpointSettings.given(environ, url="http://mine:3").url == "http://mine:3"
    assert EndpointSettings.given({**environ, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}).url == ""


def test_regions_know_their_partition_and_partitions_their_home() -> None:
    regions = ("eu-west-1", "cn-north-1", "us-gov-east-1", "ap-unheard-of-9", "nowhere")
    assert [partition_of(region) for region in regions] == ["aws", "aws-cn", "aws-us-gov", "aws", "aws"]
    assert home_region("aws-cn") == "cn-northwest-1"
    assert home_region("unknown") == "us-east-1"
