"""One provider call: signed, sent once, read strictly; and lists page by page. Retries are the host's."""

import asyncio
import os
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from functools import lru_cache, partial
from itertools import chain
from typing import Any, NamedTuple, TypeVar
from urllib.request import getproxies, proxy_bypass

import aiohttp

from collectors.aws.credentials import Identity
from collectors.aws.endpoints import Endpoint, Endpoints
from collectors.aws.faults import EXPIRED, SKEWED, Fault, error_of, fault_of, is_error_body, server_time
from collectors.aws.models import Models, Operation
from collectors.aws.readers import Skip
from collectors.aws.recognising import Listing, Recognising
from collectors.aws.request import Request
from collectors.aws.requests import Requests
from collectors.aws.signing import Credentials, Signer, host_of
from collectors.aws.wire import Answer, Outgoing, TooLarge, Wire
from syncd.errors import ConfigError, CredentialsError, Denied, Disabled, Failed, Temporary
from syncd.plugin import Calls, Lane

Document = dict[str, Any]
R = TypeVar("R")

LARGEST_ANSWER = 64 * 1024 * 1024
MOST_PAGES = 10_000
LARGEST_PAGE = 1000
_SKEW_MATTERS = 60.0
_REDIRECTED = frozenset({"PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "301", "307"})
_BY_ID: Mapping[str, tuple[str, ...]] = {"ec2": ("Ids",), "elb": ("Names",), "elbv2": ("Arns", "Names")}
"""How arguments end that ask for single items: these services refuse a page size beside them."""
_NO_SUCH_HOST = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


def open_http(connections: int = 100) -> Wire:
    """The connections of all calls."""
    return Wire(
        aiohttp.TCPConnector(
            limit=connections, ttl_dns_cache=300, resolver=aiohttp.ThreadedResolver(), ssl=_trusted(os.environ)
        )
    )


def _trusted(environ: Mapping[str, str]) -> ssl.SSLContext | bool:
    """The certificates of AWS_CA_BUNDLE, as all AWS clients take it; else the system's."""
    bundle = environ.get("AWS_CA_BUNDLE", "")
    if not bundle:
        return True
    try:
        return ssl.create_default_context(cafile=bundle)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"AWS_CA_BUNDLE={bundle} cannot be used: {error}") from None


class Ask(NamedTuple):
    """One call, ready to be sent any number of times. `permission`: "" for the one that the operation names."""

    identity: Identity
    region: str
    operation: Operation
    args: Mapping[str, Any]
    absent: frozenset[str] = frozenset()
    permission: str = ""
    skip: Skip = frozenset()

    def read(self, answer: Answer) -> Document:
        return self.operation.reader_for(self.skip)(*answer)


class Client:
    """Calls AWS over the same connections for all accounts, regions and services."""

    def __init__(
        self,
        http: Wire,
        models: Models,
        endpoints: Endpoints,
        *,
        largest_page: int = LARGEST_PAGE,
        most_pages: int = MOST_PAGES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.models = models
        self.endpoints = endpoints
        self._http = http
        self._requests = Requests()
        self._signer = Signer()
        self._proxy = lru_cache(maxsize=4096)(_proxy_of)
        self._clock = clock
        self._offset = 0.0
        self._largest_page = largest_page
        self._most_pages = most_pages

    def call(self, calls: Calls, ask: Ask) -> Awaitable[Document]:
        """The document of one answer. Raises a ReadError, or Absent for a code in `ask.absent`."""
        return self._run(calls, ask, ask.read)

    def _run(self, calls: Calls, ask: Ask, read: Callable[[Answer], R]) -> Awaitable[R]:
        lane = Lane(ask.identity.account, ask.region, ask.operation.service)
        return calls.run(lane, ask.operation.label, partial(self._once, ask, read, calls.received, []))

    async def pages(self, calls: Calls, ask: Ask, recognising: Recognising | None = None) -> AsyncIterator[Document]:
        """The documents of all pages, or raises: a list that does not end properly is no list.

        Pages that `recognising` knows are held back until one differs; it has them still when none did.
        """
        operation = ask.operation
        first = _sized(operation, ask.args, self._largest_page)
        listing = recognising.listing(operation, ask.skip, first) if recognising is not None else None
        current: Mapping[str, Any] = first
        seen: set[str] = set()
        for _ in range(self._most_pages):
            documents, tokens = await self._page(calls, ask._replace(args=current), listing)
            for document in documents:
                yield document
                # A large page was read without a pause; others wait for the loop.
                await asyncio.sleep(0)
            if not tokens:
                return
            if (mark := repr(sorted(tokens.items()))) in seen:
                raise _endless(operation, "gave the same page token twice")
            seen.add(mark)
            kept = {name: value for name, value in first.items() if name not in operation.pages.inputs}
            current = kept | tokens
        raise _endless(operation, f"has more than {self._most_pages:,} pages")

    async def _page(self, calls: Calls, ask: Ask, listing: Listing | None) -> tuple[Iterable[Document], dict[str, Any]]:
        """What there is to be made of the next page, and the arguments of the one after it."""
        if listing is None:
            document = await self.call(calls, ask)
            return (document,), _next(ask.operation, document)
        page = await self._run(calls, ask, listing.look)
        if page.document is None:
            tokens = listing.unread(page)
            return (() if listing.of.alike else listing.of.released()), tokens
        tokens = _next(ask.operation, page.document)
        listing.parsed(page, tokens)
        return chain(listing.of.released(), (page.document,)), tokens

    def attempt(self, ask: Ask) -> Awaitable[Document]:
        """Exactly one call, from within an attempt at another: the host knows nothing of it."""
        return self._once(ask, ask.read, lambda _size: None, [])

    async def _once(
        self, ask: Ask, read: Callable[[Answer], R], received: Callable[[int], None], expired: list[Credentials]
    ) -> R:
        """One request, except that a bucket's true region is followed once. `expired` were refused before."""
        operation = ask.operation
        request = self._requests.build(operation, ask.args)
        endpoint = self.endpoints.resolve(operation, ask.region, ask.identity.partition, ask.args)
        try:
            credentials = await ask.identity.credentials()
        except CredentialsError as error:
            raise Denied(str(error), operation=operation.label) from None
        answer = await self._send(operation, request, endpoint, credentials)
        elsewhere = _true_region(operation, answer, endpoint)
        if elsewhere:
            endpoint = self.endpoints.resolve(operation, elsewhere, ask.identity.partition, ask.args)
            answer = await self._send(operation, request, endpoint, credentials)
        received(len(answer.body))
        if answer.status >= 300 or (operation.service == "s3" and is_error_body(answer.body)):
            raise await self._error(ask, answer, credentials, expired)
        return read(answer)

    async def _send(
        self, operation: Operation, request: Request, endpoint: Endpoint, credentials: Credentials
    ) -> Answer:
        headers = self._signer.sign(request, endpoint, credentials, self._clock() + self._offset)
        path = endpoint.path + request.path
        outgoing = Outgoing(
            request.method,
            endpoint.scheme,
            host_of(endpoint, request),
            f"{path}?{request.query}" if request.query else path,
            headers,
            request.body,
            self._proxy(endpoint.scheme, endpoint.host),
        )
        try:
            return await self._http.send(outgoing, LARGEST_ANSWER)
        except TooLarge:
            raise _too_large(operation) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise _unanswered(operation, endpoint, error) from None

    async def _error(self, ask: Ask, answer: Answer, credentials: Credentials, expired: list[Credentials]) -> Exception:
        label = ask.operation.label
        # An error inside an answer that began with 200 is the service's own failure.
        status = answer.status if answer.status >= 300 else 500
        fault = _without_secrets(fault_of(status, answer.headers, answer.body), credentials)
        error = error_of(fault, label, ask.permission or ask.operation.permission, ask.absent)
        if fault.code in EXPIRED and isinstance(error, Denied):
            return error if expired else await _renewed(ask, error, credentials, expired)
        if fault.code in SKEWED and self._adjusted(answer.headers):
            return Temporary(f"{error}: the clock of this machine is off", operation=label, after=0.0)
        if 300 <= status < 400:
            return Failed(f"{label}: redirected (HTTP {status}), which is not followed", operation=label)
        return error

    def _adjusted(self, headers: Mapping[str, str]) -> bool:
        """True when the server's clock was taken over, so that another attempt may be signed right."""
        theirs = server_time(headers)
        if theirs is None:
            return False
        offset = theirs - self._clock()
        if abs(offset - self._offset) < _SKEW_MATTERS:
            return False
        self._offset = offset
        return True


def _proxy_of(scheme: str, host: str) -> str:
    """The proxy that the environment names for a host, or "". Asked once a host: finding it costs more than a call."""
    return "" if proxy_bypass(host) else getproxies().get(scheme, "")


async def _renewed(ask: Ask, error: Denied, used: Credentials, expired: list[Credentials]) -> Exception:
    """Credentials newer than those refused are worth another attempt."""
    expired.append(used)
    try:
        newer = await ask.identity.refresh(used)
    except CredentialsError as missing:
        return Denied(str(missing), operation=ask.operation.label)
    return Temporary(error.reason, operation=ask.operation.label, after=0.0) if newer else error


def _too_large(operation: Operation) -> Failed:
    limit = LARGEST_ANSWER // (1024 * 1024)
    return Failed(f"{operation.label}: answer larger than {limit} MiB", operation=operation.label)


def _unanswered(operation: Operation, endpoint: Endpoint, error: Exception) -> Exception:
    label = operation.label
    where = f"{label} at {endpoint.host}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        unknown = error.os_error.errno in _NO_SUCH_HOST
        if unknown and not endpoint.overridden:
            return Disabled(f"{where}: there is no such host, so no such service in this region", operation=label)
        return Temporary(f"{where}: the name was not resolved", operation=label)
    if isinstance(error, (aiohttp.ClientSSLError, aiohttp.InvalidURL)) or type(error) is ValueError:
        return Failed(f"{where}: {_short(error)}", operation=label)
    if isinstance(error, TimeoutError):
        return Temporary(f"{where}: no answer in time", operation=label)
    return Temporary(f"{where}: {_short(error)}", operation=label)


def _short(error: Exception) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0][:200]


def _without_secrets(fault: Fault, credentials: Credentials) -> Fault:
    """The provider repeats what it was sent in some messages."""
    secrets = [secret for secret in (credentials.secret_key, credentials.token, credentials.access_key) if secret]
    if not any(secret in fault.message for secret in secrets):
        return fault
    message = fault.message
    for secret in secrets:
        message = message.replace(secret, "…")
    return Fault(fault.status, fault.code, message, fault.request_id, fault.after, fault.region)


def _true_region(operation: Operation, answer: Answer, endpoint: Endpoint) -> str:
    """The region that S3 says a bucket is in, "" when it says none or this one."""
    if operation.service != "s3" or answer.status not in (301, 307, 400) or endpoint.overridden:
        return ""
    fault = fault_of(answer.status, answer.headers, answer.body)
    return fault.region if fault.code in _REDIRECTED and fault.region != endpoint.region else ""


def _sized(operation: Operation, args: Mapping[str, Any], largest: int) -> dict[str, Any]:
    """The arguments of the first page; with the largest page size, unless single items are asked for."""
    pages = operation.pages
    by_id = any(name.endswith(_BY_ID.get(operation.service, ())) and name != "OwnerIds" for name in args)
    if not pages.size or by_id:
        return dict(args)
    return {pages.limit_key: min(pages.size, largest), **args}


def _next(operation: Operation, document: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of the next page, empty when this was the last. Raises Failed when the page contradicts itself."""
    pages = operation.pages
    if not pages:
        return {}
    more = pages.says_more(document)
    if more is False:
        return {}
    tokens = pages.next(document)
    if more and not tokens:
        raise _endless(operation, "says that there is more, without a page token")
    if any(not isinstance(token, (str, int)) for token in tokens.values()):
        raise _endless(operation, "gave a page token that is no text")
    return tokens


def _endless(operation: Operation, what: str) -> Failed:
    return Failed(f"{operation.label} {what}", operation=operation.label)
