"""HTTP over the door: one request a connection, errors as JSON, nothing of a bug shown to a caller."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from aiohttp import web

from syncd.control import answers
from syncd.control.answers import LARGEST_REQUEST, VISIT, Problem
from syncd.control.changing import Changing
from syncd.control.core import Core
from syncd.control.delivering import Delivering
from syncd.control.door import ANSWERING
from syncd.control.hearing import HearingOf
from syncd.control.peers import Rights
from syncd.control.planning import Planning
from syncd.control.reading import Reading
from syncd.control.routes import Parts, Route, description, routes
from syncd.control.ruling import Ruling
from syncd.control.searching import Searching
from syncd.control.working import Working
from syncd.errors import SyncdError

log = structlog.get_logger()

LINGERING = 1.0
"""Seconds in which a body that nobody asked for is thrown away, so that its sender comes to read the answer."""
AGAIN = 30.0
_MONITORING = "telemetry.listen"
_PUBLIC = ("/metrics", "/healthz", "/readyz")


class Server:
    """The control API over the core's door, and what monitoring may ask over TCP."""

    def __init__(self, core: Core, rights: Rights) -> None:
        self._core = core
        self._changing = Changing(core, rights)
        self._searching = Searching(core)
        searching = self._searching
        parts = Parts(
            Reading(core), self._changing, Working(core), searching, Planning(core, searching),
            Delivering(core, searching), Ruling(core), HearingOf(core),
        )  # fmt: skip
        self._table = list(routes(parts))
        self._runner = web.AppRunner(self._app(), access_log=None, handle_signals=False)

    def allow(self, rights: Rights) -> None:
        """New rights, after a reload."""
        self._changing.rights = rights

    async def serve(self) -> None:
        """Until it is cancelled."""
        await self._runner.setup()
        try:
            await self._core.door.serve(_speaker(self._runner))
        finally:
            self._core.door.close()
            self._searching.asking.close()
            await self._runner.cleanup()

    async def monitor(self, host: str, port: int) -> None:
        """/metrics, /healthz and /readyz on a loopback port, until it is cancelled."""
        app = web.Application(middlewares=[_guarded])
        for route in self._table:
            if route.path in _PUBLIC:
                app.router.add_get(route.path, route.handler, allow_head=False)
        runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await runner.setup()
        loop = asyncio.get_running_loop()
        try:
            listener = await self._listening(_speaker(runner), host, port)
            try:
                await loop.create_future()
            finally:
                listener.close()
        finally:
            await runner.cleanup()

    async def _listening(self, speaker: "Callable[[], _Speaker]", host: str, port: int) -> asyncio.Server:
        """Tries until the port is free; until then status says what is wrong."""
        troubles = self._core.troubles
        while True:
            try:
                listener = await asyncio.get_running_loop().create_server(speaker, host, port)
            except OSError as error:
                troubles[_MONITORING] = f"{_MONITORING}: cannot listen at {host} port {port}: {error.strerror or error}"
                log.warning("telemetry.not_listening", reason=troubles[_MONITORING])
                await asyncio.sleep(AGAIN)
            else:
                troubles.pop(_MONITORING, None)
                return listener

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[_guarded, self._visited], client_max_size=LARGEST_REQUEST)
        for route in self._table:
            app.router.add_route(route.method, route.path, self._handler(route))
        document = description(self._table)

        async def openapi(_request: web.Request) -> web.Response:
            return answers.json(document)

        app.router.add_get("/v1/openapi.json", openapi, allow_head=False)
        return app

    def _handler(self, route: Route) -> answers.Handler:
        return self._changing.allowed(route.handler) if route.changes else route.handler

    @web.middleware
    async def _visited(self, request: web.Request, handler: answers.Handler) -> web.StreamResponse:
        """The request has arrived: from here on the answer has its own time."""
        visit = self._core.door.visit(request.transport)
        visit.asked = True
        visit.wait(ANSWERING)
        request[VISIT] = visit
        return await handler(request)


class _Speaker(web.RequestHandler):
    """HTTP as aiohttp speaks it, but what is no HTTP gets an answer like all others, and no place in the log."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if isinstance(exc, ConnectionError) or request.writer.output_size > 0:
            raise ConnectionResetError("the caller has left")
        if status == 400:
            found = Problem(400, "bad_request", "this is no HTTP request that can be understood")
        else:
            log.error("control.crashed", exc_info=exc)
            found = Problem(500, "bug", "an error of syncd itself: the log has it")
        answer = answers.problem(found)
        answer.force_close()
        return answer

    def log_exception(self, *args: Any, **kw: Any) -> None:
        if not isinstance(kw.get("exc_info"), (web.RequestPayloadError, ConnectionError)):
            super().log_exception(*args, **kw)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        if isinstance(resp, web.HTTPException):  # of aiohttp itself, before any handler: an unknown Expect
            resp = answers.problem(_http(request, resp))
            resp.force_close()
        return await super().finish_response(request, resp, start_time)


def _speaker(runner: web.AppRunner) -> Callable[[], _Speaker]:
    server = runner.server
    assert server is not None
    loop = asyncio.get_running_loop()
    return lambda: _Speaker(server, loop=loop, access_log=None, lingering_time=LINGERING)  # type: ignore[arg-type]


@web.middleware
async def _guarded(request: web.Request, handler: answers.Handler) -> web.StreamResponse:
    """The supervisor of control commands: whatever happens, one JSON answer, and a bug in the log only."""
    with structlog.contextvars.bound_contextvars(request=uuid.uuid4().hex[:12]):
        response = await _answer(request, handler)
    response.force_close()
    return response


async def _answer(request: web.Request, handler: answers.Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Problem as error:
        return answers.problem(error)
    except web.HTTPException as error:
        return answers.problem(_http(request, error))
    except ConnectionError:
        raise  # the reader went away
    except TimeoutError:
        return answers.problem(Problem(503, "late", "syncd does not answer in time: try again in a moment"))
    except SyncdError as error:
        return answers.problem(Problem(503, "unavailable", str(error)))
    except Exception:
        log.exception("control.crashed", path=request.path)
        return answers.problem(Problem(500, "bug", "an error of syncd itself: the log has it"))


def _http(request: web.BaseRequest, error: web.HTTPException) -> Problem:
    match error.status:
        case 404:
            return Problem(
                404, "unknown_path", f"there is no {request.path[:80]}: /v1/openapi.json lists what there is"
            )
        case 405:
            return Problem(405, "wrong_method", f"{request.path[:80]} does not take {request.method[:20]}")
    return Problem(error.status, "bad_request", error.reason)
