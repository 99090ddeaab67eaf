"""One call: signed, sent once, read strictly; every way in which it can go wrong is named."""

import asyncio
import gzip
import time
from email.utils import formatdate
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from msgspec.structs import replace

from collectors.aws.client import LARGEST_ANSWER, Ask, Client, open_http
from collectors.aws.credentials import AssumedRole, Identity
from collectors.aws.endpoints import Endpoint, Endpoints, EndpointSettings
from collectors.aws.models import Models
from collectors.aws.signing import Credentials
from collectors.aws.wire import Wire
from syncd.errors import Absent, ConfigError, CredentialsError, Denied, Disabled, Failed, Gone, Temporary, Throttled
from syncd.plugin import Lane
from tests.collectors.aws.loopback import (
    KEYS,
    Host,
    Script,
    as_json,
    calling,
    fake_estate,
    post_faults,
    serving,
    someone,
    xml,
)

MODELS = Models()
QUEUES = MODELS.operation("sqs", "ListQueues")
VPCS = MODELS.operation("ec2", "DescribeVpcs")
TAGGING = MODELS.operation("s3", "GetBucketTagging")
GOOD = as_json({"QueueUrls": ["q"]})


async def ask(script: Script, host: Host | None = None, identity: Identity | None = None, **more: float) -> object:
    async with serving(script) as url, calling(url, MODELS) as client:
        return await client.call(host or Host(attempts=1), Ask(identity or someone(), "us-east-1", QUEUES, {}))


async def test_a_call_goes_through_the_host_and_counts_its_bytes() -> None:
    host, script = Host(), Script([GOOD])
    assert await ask(script, host) == {"queue_urls": ["q"]}
    assert host.asked == [(Lane("111122223333", "us-east-1", "sqs"), "sqs:ListQueues")]
    assert host.bytes == len(b'{"QueueUrls": ["q"]}')


async def test_what_is_sent_is_signed_and_names_syncd() -> None:
    script = Script([GOOD])
    await ask(script)
    request, body = script.requests[0]
    assert request.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/")
    assert request.headers["User-Agent"] == "syncd"
    assert "Accept-Encoding" not in request.headers
    assert body == b"{}"


async def test_every_attempt_sends_exactly_one_request() -> None:
    host, script = (
        Host(attempts=3),
        Script([as_json({"__type": "ThrottlingException"}, 400, {"Retry-After": "3"}), GOOD]),
    )
    assert await ask(script, host) == {"queue_urls": ["q"]}
    assert len(script.requests) == 2
    assert isinstance(host.failures[0], Throttled)
    assert host.failures[0].after == 3.0


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (as_json({"__type": "AccessDeniedException", "message": "No"}, 400), Denied),
        (as_json({"__type": "ResourceNotFoundException"}, 400), Gone),
        (as_json({"__type": "OptInRequired"}, 403), Disabled),
        (as_json({}, 500), Temporary),
        (as_json({"__type": "ValidationException"}, 400), Failed),
        (web.Response(body=b"<html>It works!</html>"), Failed),
        (web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"}), Failed),
    ],
)
async def test_answers_that_are_none_raise_what_they_mean(answer: web.Response, expected: type[Exception]) -> None:
    with pytest.raises(expected, match="sqs:ListQueues"):
        await ask(Script([answer]))


async def test_the_catalog_may_name_the_permission_and_what_absence_is_called() -> None:
    script = Script(
        [xml("<Error><Code>AccessDenied</Code></Error>", 403), xml("<Error><Code>NoSuchTagSet</Code></Error>", 404)]
    )
    async with serving(script) as url, calling(url, MODELS) as client:
        with pytest.raises(Denied) as denied:
            await client.call(Host(1), Ask(someone(), "us-east-1", TAGGING, {"Bucket": "b"}, permission="s3:Other"))
        assert denied.value.permission == "s3:Other"
        with pytest.raises(Absent):
            await client.call(
                Host(1), Ask(someone(), "us-east-1", TAGGING, {"Bucket": "b"}, absent=frozenset({"NoSuchTagSet"}))
            )


async def test_an_error_after_status_200_is_the_services_own_failure() -> None:
    async with (
        serving(Script([xml("<?xml version='1.0'?><Error><Code>InternalError</Code></Error>")])) as url,
        calling(url, MODELS) as client,
    ):
        with pytest.raises(Temporary):
            await client.call(Host(1), Ask(someone(), "us-east-1", TAGGING, {"Bucket": "b"}))


async def test_nothing_listening_and_unknown_names_are_told_apart() -> None:
    async with calling("http://127.0.0.1:1", MODELS) as client:
        with pytest.raises(Temporary, match=r"sqs:ListQueues at 127\.0\.0\.1:1"):
            await client.call(Host(1), Ask(someone(), "us-east-1", QUEUES, {}))


class NoSuchHost(aiohttp.abc.AbstractResolver):
    """A resolver on which only the reserved top-level domain fails as a name server would let it fail."""

    def __init__(self, number: int) -> None:
        self._number = number

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[aiohttp.abc.ResolveResult]:
        raise OSError(self._number, "no address")

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(("number", "expected"), [(-2, Disabled), (-5, Disabled), (-3, Temporary)])
async def test_a_service_whose_name_does_not_exist_is_not_there(number: int, expected: type[Exception]) -> None:
    async with Wire(aiohttp.TCPConnector(resolver=NoSuchHost(number))) as http:
        client = Client(http, MODELS, Endpoints(MODELS))
        with pytest.raises(expected, match=r"sqs\.eu-west-1\.amazonaws\.com"):
            await client.call(Host(1), Ask(someone(), "eu-west-1", QUEUES, {}))


async def test_a_connection_that_is_cut_is_worth_another_attempt() -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"QueueUrls": [')
        assert request.transport is not None
        request.transport.close()
        return response

    async with serving(cut) as url, calling(url, MODELS) as client:
        with pytest.raises(Temporary):
            await client.call(Host(1), Ask(someone(), "us-east-1", QUEUES, {}))


async def test_an_answer_without_end_is_refused() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(LARGEST_ANSWER // 2**20 + 4):
            await response.write(bytes(2**20))
        return response

    async with serving(endless) as url, calling(url, MODELS) as client:
        with pytest.raises(Failed, match="answer larger than 64 MiB"):
            await client.call(Host(1), Ask(someone(), "us-east-1", QUEUES, {}))


async def test_an_answer_that_says_it_is_too_large_is_not_read() -> None:
    async def huge(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(LARGEST_ANSWER + 1)})
        await response.prepare(request)
        return response

    async with serving(huge) as url, calling(url, MODELS) as client:
        with pytest.raises(Failed, match="answer larger than 64 MiB"):
            await client.call(Host(1), Ask(someone(), "us-east-1", QUEUES, {}))


async def test_a_small_body_that_unpacks_to_a_large_one_is_refused() -> None:
    packed = gzip.compress(bytes(LARGEST_ANSWER + 2**20))
    script = Script([web.Response(body=packed, headers={"Content-Encoding": "gzip"})])
    with pytest.raises(Failed, match="answer larger than 64 MiB"):
        await ask(script)


class SilentNames(aiohttp.abc.AbstractResolver):
    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[aiohttp.abc.ResolveResult]:
        await asyncio.Event().wait()
        return []

    async def close(self) -> None:
        pass


async def test_no_connection_in_time_is_worth_another_attempt() -> None:
    connector = aiohttp.TCPConnector(resolver=SilentNames())
    async with Wire(connector, aiohttp.ClientTimeout(connect=0.05)) as http:
        client = Client(http, MODELS, Endpoints(MODELS))
        with pytest.raises(Temporary, match="no answer in time"):
            await client.call(Host(1), Ask(someone(), "eu-west-1", QUEUES, {}))


async def test_a_clock_that_is_off_is_corrected_once_by_the_servers() -> None:
    ahead = time.time() + 7200
    skewed = as_json({"__type": "RequestExpired", "message": "old"}, 400, {"Date": formatdate(ahead, usegmt=True)})
    host, script = Host(attempts=3), Script([skewed, GOOD])
    assert await ask(script, host) == {"queue_urls": ["q"]}
    assert "the clock of this machine is off" in host.failures[0].reason
    sent = script.requests[1][0].headers["x-amz-date"]
    assert abs(time.mktime(time.strptime(sent, "%Y%m%dT%H%M%SZ")) - time.timezone - ahead) < 60
    with pytest.raises(Denied):
        await ask(Script([skewed]), Host(attempts=3))


class Renewing:
    """A source that has a second pair of keys."""

    about = "role x"

    def __init__(self, pairs: int) -> None:
        self._left = [Credentials(f"AKIA{n}", "secret") for n in range(pairs)]

    async def credentials(self) -> Credentials:
        return self._left[0]

    async def refresh(self, used: Credentials) -> bool:
        if len(self._left) > 1:
            self._left.pop(0)
        return self._left[0] != used


async def test_expired_credentials_are_renewed_once() -> None:
    expired = as_json({"__type": "ExpiredTokenException", "message": "expired"}, 400)
    host, script = Host(), Script([expired, GOOD])
    assert await ask(script, host, Identity("1", "aws", "us-east-1", Renewing(2))) == {"queue_urls": ["q"]}
    used = [request.headers["Authorization"].partition("Credential=")[2][:5] for request, _ in script.requests]
    assert used == ["AKIA0", "AKIA1"]


@pytest.mark.parametrize("pairs", [1, 5])
async def test_credentials_that_stay_expired_are_denied(pairs: int) -> None:
    expired = as_json({"__type": "ExpiredTokenException", "message": "expired"}, 400)
    script = Script([expired])
    with pytest.raises(Denied, match="expired"):
        await ask(script, Host(attempts=9), Identity("1", "aws", "us-east-1", Renewing(pairs)))
    assert len(script.requests) == min(pairs, 2)


async def test_credentials_that_cannot_be_had_are_a_denial_of_the_call() -> None:
    class Nothing(Renewing):
        async def credentials(self) -> Credentials:
            raise CredentialsError("no AWS credentials: tried …")

    with pytest.raises(Denied, match="no AWS credentials"):
        await ask(Script([GOOD]), identity=Identity("1", "aws", "us-east-1", Nothing(1)))


async def test_keys_that_the_server_repeats_do_not_reach_the_reason() -> None:
    message = f"The key {KEYS.secret_key} of {KEYS.access_key} is wrong"
    with pytest.raises(Denied) as caught:
        await ask(Script([as_json({"__type": "AccessDenied", "message": message}, 403)]))
    assert "The key … of … is wrong" in caught.value.reason


async def test_a_bucket_is_followed_to_its_region_once() -> None:
    moved = "<Error><Code>PermanentRedirect</Code><Region>eu-west-1</Region></Error>"
    good = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
    script = Script([xml(moved, 301, {"x-amz-bucket-region": "eu-west-1"}), xml(good)])
    async with serving(script) as url, open_http() as http:
        client = Client(http, MODELS, Regional(url))
        found = await client.call(Host(1), Ask(someone(), "us-east-1", TAGGING, {"Bucket": "b"}))
        assert found == {"tag_set": [{"key": "a", "value": "b"}]}
        assert "/eu-west-1/s3/" in script.requests[1][0].headers["Authorization"]
        script.requests.clear()
        script.answers = script.answers[:1]
        with pytest.raises(Failed, match="redirected"):
            await client.call(Host(1), Ask(someone(), "us-east-1", TAGGING, {"Bucket": "b"}))


class Regional(Endpoints):
    """The real endpoints' regions and names, at a host that answers here."""

    def __init__(self, url: str) -> None:
        super().__init__(MODELS)
        self._local = Endpoints(MODELS, EndpointSettings(url=url))

    def resolve(self, *args: Any, **more: Any) -> Endpoint:
        return replace(self._local.resolve(*args, **more), overridden=False)


FAULTS = {
    "denied": Denied,
    "unauthorized": Denied,
    "throttled": Throttled,
    "internal": Temporary,
    "unavailable": Temporary,
    "disabled": Disabled,
    "not_found": Gone,
    "garbage": Failed,
    "truncated": Failed,
    "cut": Temporary,
}


async def test_scripted_faults_of_a_whole_estate_have_their_meaning() -> None:
    operations = [VPCS, QUEUES, MODELS.operation("iam", "ListUsers"), MODELS.operation("lambda", "ListFunctions")]
    with fake_estate() as url:
        async with calling(url, MODELS) as client:
            for fault, expected in FAULTS.items():
                await post_faults(url, {"do": fault})
                for operation in operations:
                    with pytest.raises(expected):
                        await client.call(Host(1), Ask(someone(), "us-east-1", operation, {}))


async def test_a_role_is_assumed_again_with_renewed_credentials() -> None:
    expired = xml("<ErrorResponse><Error><Code>ExpiredToken</Code></Error></ErrorResponse>", 403)
    keys = "<AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken>"
    answer = f"<Credentials>{keys}<Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>"
    assumed = xml(f"<AssumeRoleResponse><AssumeRoleResult>{answer}</AssumeRoleResult></AssumeRoleResponse>")
    host, script = Host(), Script([expired, assumed, GOOD])
    async with serving(script) as url, calling(url, MODELS) as client:
        base = Identity("1", "aws", "us-east-1", Renewing(2))
        ask = Ask(base, "us-east-1", MODELS.operation("sts", "AssumeRole"), {"RoleArn": "r", "RoleSessionName": "s"})
        role = AssumedRole(lambda _args: client.attempt(ask), {"RoleArn": "r"})
        identity = Identity("2", "aws", "us-east-1", role)
        assert await client.call(host, Ask(identity, "us-east-1", QUEUES, {})) == {"queue_urls": ["q"]}
    used = [request.headers["Authorization"].partition("Credential=")[2][:5] for request, _ in script.requests]
    assert used == ["AKIA0", "AKIA1", "A/" + used[2][2:]]
    assert host.operations == ["sqs:ListQueues"] * 2


async def test_credentials_that_cannot_be_renewed_are_a_denial() -> None:
    class Over(Renewing):
        async def refresh(self, used: Credentials) -> bool:
            raise CredentialsError("run `aws sso login`")

    expired = as_json({"__type": "ExpiredTokenException", "message": "expired"}, 400)
    with pytest.raises(Denied, match="aws sso login"):
        await ask(Script([expired]), Host(3), Identity("1", "aws", "us-east-1", Over(1)))


async def test_a_proxy_of_the_environment_is_used_except_where_it_is_switched_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = Script([GOOD])
    async with serving(script) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with calling("http://aws.invalid", MODELS) as client:
            assert await client.call(Host(1), Ask(someone(), "us-east-1", QUEUES, {})) == {"queue_urls": ["q"]}
        assert script.requests[0][0].headers["Host"] == "aws.invalid"
        assert await ask(Script([GOOD])) == {"queue_urls": ["q"]}
    assert len(script.requests) == 1


async def test_a_bundle_of_certificates_that_cannot_be_read_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere/bundle.pem")
    with pytest.raises(ConfigError, match="AWS_CA_BUNDLE=/nowhere/bundle"):
        open_http()
