"""An AWS on loopback that answers what it was told: documents in the provider's own words, over its real protocols."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from bench.fakeaws.endpoint import CREDENTIAL
from bench.fakeaws.wire.request import Call, Request, resolve
from bench.fakeaws.wire.response import Response, empty, error, success
from bench.fakeaws.wire.service import Services

Document = dict[str, Any]

HOME, OTHER = "us-east-1", "us-west-2"
MAIN = "100000000001"
ABSENT = {
    "iam.GetAccountPasswordPolicy": "NoSuchEntity",
    "s3.GetBucketEncryption": "ServerSideEncryptionConfigurationNotFoundError",
    "s3.GetBucketLifecycle": "NoSuchLifecycleConfiguration",
    "s3.GetBucketPolicyStatus": "NoSuchBucketPolicy",
    "s3.GetBucketTagging": "NoSuchTagSet",
    "s3.GetPublicAccessBlock": "NoSuchPublicAccessBlockConfiguration",
}
"""What the provider says instead of an empty answer."""


class Cloud:
    """Answers by operation (`ec2.DescribeVolumes`), account, region and, for what is asked about one, its name.

    What nobody told is answered with nothing. Global services are asked in HOME. `refused`: operations that the
    caller may not use.
    """

    def __init__(self) -> None:
        self.refused: frozenset[str] = frozenset()
        self._answers: dict[tuple[str, str, str], list[tuple[str, Document]]] = {}
        self._services = Services()

    def tell(
        self, operation: str, document: Document, about: str = "", account: str = MAIN, region: str = HOME
    ) -> None:
        """`about`: the answer is given where a parameter has this value. Lists of several answers become one."""
        self._answers.setdefault((operation, account, region), []).append((about, document))

    def answer(self, operation: str, account: str, region: str, parameters: Document) -> Document:
        found: Document = {}
        values = set(_values(parameters))
        for about, document in self._answers.get((operation, account, region), ()):
            if not about or about in values:
                for key, value in document.items():
                    found[key] = [*found.get(key, []), *value] if isinstance(value, list) else value
        return found

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Its URL."""
        runner = web.ServerRunner(web.Server(self._handle))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.path_qs.partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        signed = CREDENTIAL.search(headers.get("authorization", ""))
        key, region, signing = signed.groups() if signed else (MAIN, HOME, "sts")
        asked = Request(signing, request.method, path, query, headers, await request.read())
        call = resolve(self._services, asked)
        if call is None:
            return web.Response(status=400, text="UnknownOperationException")
        response = self._response(call, key, region)
        return web.Response(status=response.status, headers=response.headers, body=response.body)

    def _response(self, call: Call, key: str, region: str) -> Response:
        account = key.removeprefix("ASIA") if key.startswith("ASIA") else MAIN
        operation = f"{call.service.folder}.{call.operation}"
        document = _identity(operation, account, call) or self.answer(operation, account, region, call.parameters)
        if operation in self.refused:
            return error(call.service, call.protocol, 403, "AccessDenied", "not authorized")
        if not document and operation in ABSENT:
            return error(call.service, call.protocol, 404, ABSENT[operation], "there is none")
        return success(call.service, call.operation, call.protocol, empty(call.service, call.operation) | document)


def _identity(operation: str, account: str, call: Call) -> Document:
    if operation == "sts.AssumeRole":
        return _assumed(call.parameters["RoleArn"].split(":")[4])
    if operation == "sts.GetCallerIdentity":
        return {"UserId": "AIDA", "Account": account, "Arn": f"arn:aws:iam::{account}:user/collector"}
    return {}


def _assumed(account: str) -> Document:
    credentials = {
        "AccessKeyId": f"ASIA{account}",
        "SecretAccessKey": "s" * 40,
        "SessionToken": "t" * 20,
        "Expiration": "2099-01-01T00:00:00Z",
    }
    return {
        "Credentials": credentials,
        "AssumedRoleUser": {"AssumedRoleId": "AROA:x", "Arn": f"arn:aws:sts::{account}:x"},
    }


def _values(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _values(each)
    else:
        yield str(value)
