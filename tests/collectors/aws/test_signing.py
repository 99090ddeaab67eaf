"""Requests are built and signed exactly as botocore builds and signs them."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import botocore.auth
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as TheirCredentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.aws.endpoints import Endpoint
from collectors.aws.models import Models
from collectors.aws.request import Request
from collectors.aws.requests import Requests
from collectors.aws.signing import Credentials, Signer
from syncd.errors import Failed

NOW = datetime(2024, 2, 29, 23, 59, 58, tzinfo=UTC)
MODELS = Models()
REGULAR = Endpoint("https", "ec2.eu-west-1.amazonaws.com", "", "eu-west-1", "ec2")
S3 = Endpoint("https", "s3.eu-west-1.amazonaws.com", "", "eu-west-1", "s3")
LOCAL = Endpoint("http", "127.0.0.1:4599", "/base", "us-east-1", "lambda")
SIGNER = Signer()  # one for all examples: what it keeps of one request must never show in another
KEYS = [
    Credentials("AKIAEXAMPLE", "wJalr/EXAMPLE+KEY"),
    Credentials("ASIAEXAMPLE", "wJalr/EXAMPLE+KEY", "IQoJ//token=="),
]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PATHS = st.lists(TEXT.map(lambda part: quote(part, safe="-._~")), max_size=4).map(lambda parts: "/" + "/".join(parts))
QUERIES = st.lists(st.tuples(TEXT, TEXT), max_size=5).map(
    lambda pairs: "&".join(
        f"{k}={v}" for k, v in sorted((quote(k, safe="-._~"), quote(v, safe="-._~")) for k, v in pairs)
    )
)


def made(method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Request:
    return Request(method, path, query, tuple(headers.items()), body, sha256(body).hexdigest())


def theirs(request: Request, endpoint: Endpoint, keys: Credentials) -> dict[str, str]:
    url = f"{endpoint.scheme}://{endpoint.host}{endpoint.path}{request.path}" + (
        f"?{request.query}" if request.query else ""
    )
    asked = AWSRequest(request.method, url, dict(request.headers), request.body)
    kind = S3SigV4Auth if endpoint.signing_name == "s3" else SigV4Auth
    kind(
        TheirCredentials(keys.access_key, keys.secret_key, keys.token), endpoint.signing_name, endpoint.region
    ).add_auth(asked)
    return {name.lower(): value for name, value in asked.headers.items()}


@pytest.fixture(autouse=True)
def their_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_: NOW)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    endpoint=st.sampled_from([REGULAR, S3, LOCAL]),
    keys=st.sampled_from(KEYS),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD"]),
    path=PATHS,
    query=QUERIES,
    header=st.sampled_from(["Target.One", " two  words "])
    | st.text(st.characters(codec="ascii", categories=("L", "N", "Zs")), max_size=20),
    body=st.binary(max_size=50),
)
def test_signatures_equal_those_of_botocore(
    endpoint: Endpoint, keys: Credentials, method: str, path: str, query: str, header: str, body: bytes
) -> None:
    request = made(method, path, query, {"content-type": "application/json", "x-amz-target": header}, body)
    assert SIGNER.sign(request, endpoint, keys, NOW.timestamp()) == theirs(request, endpoint, keys)


def test_the_derived_key_is_used_again_and_never_for_another_region_day_or_secret() -> None:
    signer, request = Signer(), made("GET", "/", "", {}, b"")
    elsewhere = Endpoint("https", REGULAR.host, "", "us-east-1", "ec2")
    for endpoint, keys in [(REGULAR, KEYS[0]), (REGULAR, KEYS[0]), (elsewhere, KEYS[0]), (REGULAR, KEYS[1])]:
        assert signer.sign(request, endpoint, keys, NOW.timestamp()) == theirs(request, endpoint, keys)
    tomorrow = signer.sign(request, REGULAR, KEYS[0], NOW.timestamp() + 2)
    assert "/20240301/eu-west-1/ec2/" in tomorrow["authorization"]


def test_credentials_are_never_shown() -> None:
    assert repr(KEYS[1]) == "Credentials(…)"
    assert "EXAMPLE" not in f"{KEYS}"


def built(service: str, operation: str, **args: Any) -> Request:
    return Requests().build(MODELS.operation(service, operation), args)


def test_query_arguments_travel_in_an_encoded_body() -> None:
    filters = [{"Name": "tag:a b", "Values": ["1&2"]}]
    request = built("ec2", "DescribeInstances", Filters=filters, MaxResults=5)
    assert request.body == (
        b"Action=DescribeInstances&Version=2016-11-15&Filter.1.Name=tag%3Aa%20b&Filter.1.Value.1=1%262&MaxResults=5"
    )
    assert (request.method, request.path, request.query) == ("POST", "/", "")


def test_json_arguments_travel_with_a_target() -> None:
    request = built("dynamodb", "DescribeTable", TableName="t")
    assert dict(request.headers)["x-amz-target"] == "DynamoDB_20120810.DescribeTable"
    assert request.body == b'{"TableName": "t"}'


def test_paths_carry_labels_and_queries_carry_lists() -> None:
    request = built("lambda", "GetPolicy", FunctionName="arn:aws:lambda:eu-west-1:1:function:f/x")
    assert request.path == "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Af%2Fx/policy"
    tags = built("backup", "ListBackupVaults", ByShared=True, MaxResults=7)
    assert tags.query == "maxResults=7&shared=true"
    assert (
        built("xray", "UntagResource", ResourceARN="a", TagKeys=["b"]).body == b'{"ResourceARN": "a", "TagKeys": ["b"]}'
    )
    assert built("eks", "UntagResource", resourceArn="a", tagKeys=["x", "a&b"]).query == "tagKeys=a%26b&tagKeys=x"


def test_buckets_are_addressed_by_path_and_bare_queries_get_an_equals_sign() -> None:
    request = built("s3", "GetBucketTagging", Bucket="my.bucket")
    assert (request.path, request.query, request.body) == ("/my.bucket", "tagging=", b"")


def test_route_53_takes_its_ids_without_their_prefix() -> None:
    assert built("route53", "GetHostedZone", Id="/hostedzone/Z1").path == "/2013-04-01/hostedzone/Z1"


def test_api_gateway_is_asked_for_plain_json() -> None:
    assert dict(built("apigateway", "GetRestApis").headers)["accept"] == "application/json"


def test_a_request_asked_again_is_built_once() -> None:
    requests, operation = Requests(), MODELS.operation("ec2", "DescribeVpcs")
    assert requests.build(operation, {"MaxResults": 5}) is requests.build(operation, {"MaxResults": 5})
    assert requests.build(operation, {}) is not requests.build(operation, {"MaxResults": 5})


def test_idempotency_tokens_are_new_each_time() -> None:
    requests, operation = Requests(), MODELS.operation("efs", "CreateFileSystem")
    assert requests.build(operation, {}).body != requests.build(operation, {}).body


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        ({"Bukkit": "b"}, "no argument Bukkit"),
        ({"Bucket": ""}, "Bucket is empty"),
        ({}, "does not take these arguments"),
    ],
)
def test_arguments_that_cannot_be_sent_fail_before_anything_is_sent(args: dict[str, str], complaint: str) -> None:
    with pytest.raises(Failed, match=complaint):
        built("s3", "GetBucketTagging", **args)
