"""Answers: JSON, streams of lines, and errors that say what to do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import orjson
import structlog
from aiohttp import web

from syncd.control.door import Visit
from syncd.errors import SyncdError

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

VISIT = "visit"
"""Where a request has its connection: a syncd.control.door.Visit."""

LARGEST_REQUEST = 64 * 1024
WRITING = 30.0
"""Seconds in which a reader of a stream must take what it is given."""
ALIVE = 15.0
"""Seconds of silence after which a stream says that it goes on."""


class Problem(Exception):
    """Becomes {"error": {"code", "message", …}}, with what `about` says more. `again`: seconds until it may be well."""

    def __init__(
        self, status: int, code: str, message: str, *, about: Mapping[str, Any] | None = None, again: int = 0
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.about = about or {}
        self.again = again


def not_found(message: str) -> Problem:
    return Problem(404, "not_found", message)


def bad(message: str) -> Problem:
    return Problem(400, "bad_request", message)


def json(value: Any, status: int = 200) -> web.Response:
    body = orjson.dumps(value, default=str, option=orjson.OPT_APPEND_NEWLINE)
    return web.Response(status=status, body=body, content_type="application/json")


def problem(error: Problem) -> web.Response:
    message = error.message.encode(errors="backslashreplace").decode()  # it may quote what is no text
    answer = json({"error": {"code": error.code, "message": message, **error.about}}, error.status)
    if error.again:
        answer.headers["Retry-After"] = str(error.again)
    return answer


async def lines(request: web.Request, rows: AsyncIterator[Any]) -> web.StreamResponse:
    """NDJSON: each value a line, as soon as it comes. A reader that takes nothing for too long is sent away."""
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    response.force_close()
    visit: Visit = request[VISIT]
    visit.stay()
    visit.stream = asyncio.current_task()
    try:
        await response.prepare(request)
        async for row in rows:
            line = orjson.dumps(row, default=str, option=orjson.OPT_APPEND_NEWLINE)
            async with asyncio.timeout(WRITING):
                await response.write(line)
        visit.wait(WRITING)
        await response.write_eof()
    except TimeoutError:
        visit.leave()  # closing would wait for the reader to take what is written
        raise ConnectionResetError("the reader takes nothing") from None
    except SyncdError as error:
        visit.leave()  # the answer has begun: that it is cut is all that can be told
        log.warning("control.cut", path=request.path, reason=str(error))
        raise ConnectionResetError("cut in the middle") from None
    finally:
        visit.stream = None  # what comes after the stream, as its record, is not broken off
    return response
