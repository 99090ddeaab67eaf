"""One process of the endpoint: requests to answers, with the delays, throttling and faults that were asked for."""

import asyncio
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from bench.fakeaws import answers, synth
from bench.fakeaws.counts import Counts
from bench.fakeaws.documents import Document
from bench.fakeaws.estate import Changes, Estate
from bench.fakeaws.faults import Faults, Rule, endless, refusal, spoilt
from bench.fakeaws.recorded import Recorded
from bench.fakeaws.shared import Shared
from bench.fakeaws.wire.request import Call, Request, resolve
from bench.fakeaws.wire.response import Response, error, success
from bench.fakeaws.wire.service import Services
from bench.fakeaws.world import World

CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/")
ALWAYS_FRESH = {"sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "cloudwatch:GetMetricData"}
FOR_EVER = 3600.0
TICK = 0.05


@dataclass(frozen=True, slots=True)
class Options:
    """How an endpoint answers: delays in milliseconds, shares from 0 to 1."""

    latency: float = 0.0
    jitter: float = 0.0
    throttle: float = 0.0
    recorded: str | None = None
    synth: int = 0
    pages: int = 1
    cache: int = 400000


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, and the call in whose world it was given; `call` is None for a request that no model knows."""

    response: Response
    world: World
    label: str
    call: Call | None = None


class Endpoint:
    """Answers AWS requests. Responses are kept, so that a second reading costs next to nothing here."""

    def __init__(self, estate: Estate, options: Options, shared: Shared, worker: int) -> None:
        self.estate, self.options, self.shared, self.worker = estate, options, shared, worker
        self.faults = Faults()
        self.counts = Counts()
        self._services = Services()
        if options.synth:
            self._services.others("")  # looked up now: it takes a second, which no call should wait for
        self._recorded = Recorded(options.recorded) if options.recorded else None
        self._cache: dict[tuple[object, ...], Answer] = {}
        self._random = random.Random(11 + worker)
        self._orders = 0
        self._resets = 0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read() if request.can_read_body else b""
        self.counts.begin()
        try:
            answer = self._answer(request, body)
            rule = self._struck(answer)
            response = await self._faulty(rule, answer) if rule else await self._timely(answer)
        finally:
            self.counts.inflight -= 1
        sent = response or Response(500, {}, b"")
        self.counts.end(answer.label, len(body), len(sent.body), rule is not None or sent.status >= 400)
        if response is None and request.transport is not None:
            request.transport.close()
        content = b"" if request.method == "HEAD" else sent.body
        return web.Response(status=sent.status, headers=sent.headers, body=content)

    def _answer(self, request: web.BaseRequest, body: bytes) -> Answer:
        signed = CREDENTIAL.search(request.headers.get("Authorization", ""))
        target = request.headers.get("X-Amz-Target")
        key = (signed.groups(), request.method, request.path_qs, target, body) if signed else ()
        if key in self._cache:
            return self._cache[key]
        answer = self._new_answer(request, body)
        if key and answer.label not in ALWAYS_FRESH and len(self._cache) < self.options.cache:
            self._cache[key] = answer
        return answer

    def _new_answer(self, request: web.BaseRequest, body: bytes) -> Answer:
        path, _, query = request.path_qs.partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        account, region, signing = self._identity(headers, query, body)
        world = World(self.estate, account, region)
        call = resolve(self._services, Request(signing, request.method, path, query, headers, body))
        if call is None:
            unknown = Response(400, {"Content-Type": "text/plain"}, b"UnknownOperationException")
            return Answer(unknown, world, f"{signing}:? {request.method} {path[:40]}")
        return Answer(self._response(world, call), world, f"{call.service.folder}:{call.operation}", call)

    def _identity(self, headers: Mapping[str, str], query: str, body: bytes) -> tuple[str, str, str]:
        """Account, region and signing name. Unsigned requests are for STS or for S3."""
        signed = CREDENTIAL.search(headers.get("authorization", "")) or CREDENTIAL.search(query)
        if signed is None:
            return self.estate.accounts[0], "us-east-1", "sts" if b"Action=AssumeRole" in body else "s3"
        access_key, region, signing = signed.groups()
        assumed = access_key.startswith("ASIA")
        return access_key[4:] if assumed else self.estate.accounts[0], region, signing

    def _response(self, world: World, call: Call) -> Response:
        try:
            return success(call.service, call.operation, call.protocol, self._document(world, call))
        except answers.RefusedError as refused:
            return error(call.service, call.protocol, refused.status, refused.code, refused.message)

    def _document(self, world: World, call: Call) -> Document:
        identity = call.service.folder in ("sts", "organizations") or call.operation == "DescribeRegions"
        if self._recorded and not identity:
            return self._recorded.answer(call)
        if self.options.synth and not answers.knows(call):
            return synth.answer(call, world, self.options.synth, self.options.pages)
        return answers.answer(world, call)

    def _struck(self, answer: Answer) -> Rule | None:
        service, operation = answer.label.split(":", 1)
        world = answer.world
        return self.faults.hit(service=service, operation=operation, account=world.account, region=world.region)

    async def _faulty(self, rule: Rule, answer: Answer) -> Response | None:
        """What a scripted fault makes of an answer; None closes the connection."""
        if rule.do == "hang":
            await asyncio.sleep(FOR_EVER)
        if rule.do in ("hang", "cut") or answer.call is None:
            return None
        if rule.do == "slow":
            await asyncio.sleep(rule.seconds)
        if rule.do == "endless":
            call = answer.call
            document = endless(call, self._document(answer.world, call))
            return success(call.service, call.operation, call.protocol, document)
        return spoilt(rule, answer.call, answer.response)

    async def _timely(self, answer: Answer) -> Response:
        """The answer after the delay that was asked for, or now and then a throttling error."""
        options = self.options
        if options.latency:
            jitter = self._random.uniform(-options.jitter, options.jitter) if options.jitter else 0.0
            await asyncio.sleep(max(0.0, options.latency + jitter) / 1000.0)
        if options.throttle and answer.call and self._random.random() < options.throttle:
            self.counts.throttled += 1
            return refusal(answer.call, "throttled", "Rate exceeded")
        return answer.response

    def obey(self) -> None:
        """Takes over orders that were given to all processes."""
        if self.shared.orders.version() == self._orders:
            return
        self._orders = self.shared.orders.version()
        orders = self.shared.orders.get()
        changes = Changes(**orders["changes"])
        if orders["resets"] != self._resets:
            self._resets = orders["resets"]
            self.counts.zero()
        if changes != self.estate.changes:
            self.estate.changes = changes
            self._cache.clear()

    def tell(self) -> None:
        if self.counts.fresh:
            self.counts.fresh = False
            self.shared.counts[self.worker].put(self.counts.snapshot())

    async def keep_in_step(self) -> None:
        """Obeys and tells for as long as the process lives."""
        while True:
            self.obey()
            self.tell()
            await asyncio.sleep(TICK)
