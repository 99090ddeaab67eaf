"""What changes something: only for those who have the right to, and written down."""

import asyncio
from fnmatch import fnmatchcase
from typing import Any

import msgspec
import orjson
import structlog
from aiohttp import web

from syncd.control import answers
from syncd.control.answers import LARGEST_REQUEST, Handler, Problem, bad, not_found
from syncd.control.core import Core
from syncd.control.door import ASKING
from syncd.control.peers import Peer, Rights
from syncd.errors import ConfigError, StoreError
from syncd.plugin import Selection
from syncd.store.journal import Event
from syncd.store.requests import Request, Wish

log = structlog.get_logger()

TRIGGER = "control"
WAITING = ("held", "retired")
_LARGEST_TEXT = 2000


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/sync."""

    collectors: list[str] = []
    accounts: list[str] = []
    regions: list[str] = []
    kinds: list[str] = []
    scopes: list[str] = []


class Accepted(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/accept: scope keys or globs over them."""

    scopes: list[str]


class Changing:
    """Handlers of commands. `rights` may be exchanged by a reload."""

    def __init__(self, core: Core, rights: Rights) -> None:
        self.core = core
        self.rights = rights

    def allowed(self, handler: Handler) -> Handler:
        """Lets only those through who may, and records what they did and how it ended."""

        async def checked(request: web.Request) -> web.StreamResponse:
            peer = self.core.door.visit(request.transport).peer
            command = f"{request.method} {request.path}"
            if not self.rights.may_change(peer):
                log.warning("control.refused", user=peer.user, uid=peer.uid, pid=peer.pid, command=command)
                message = f"{peer.user} may only look; commands are for {self.rights.wanted()} (control.users, .groups)"
                raise Problem(403, "forbidden", message)
            body, outcome = b"", "failed"
            try:
                body = await arrived(request)  # before anything is done: what cannot be written down is not done
                answer = await handler(request)
                outcome = "done"
            except Problem as problem:
                outcome = problem.code
                raise
            except (asyncio.CancelledError, ConnectionError):
                outcome = "left"
                raise
            finally:
                await self._record(peer, command, body, outcome)
            return answer

        return checked

    async def _record(self, peer: Peer, command: str, body: bytes, outcome: str) -> None:
        what = {
            "command": command,
            "body": body[:_LARGEST_TEXT].decode(errors="replace"),
            "user": peer.user,
            "uid": peer.uid,
            "pid": peer.pid,
            "outcome": outcome,
        }
        log.info("control.command", **what)
        try:
            await self.core.store.tell(Event("control.command", body=what))
        except StoreError as error:  # a full disk: what was done is done, and in the log
            log.warning("control.unrecorded", command=command, reason=str(error))

    # -- commands

    async def sync(self, request: web.Request) -> web.Response:
        wanted = await read(request, Wanted)
        unknown = set(wanted.collectors) - set(self.core.collectors)
        if unknown:
            known = ", ".join(self.core.collectors) or "none"
            raise bad(f"no collector {min(unknown)} is configured; expected one of: {known}")
        parts = {name: tuple(values) for name, values in msgspec.structs.asdict(wanted).items()}
        wish = Wish(TRIGGER, self._user(request), Selection(**parts))
        return _asked(*await self.core.runs.ask(wish))

    async def accept(self, request: web.Request) -> web.Response:
        globs = (await read(request, Accepted)).scopes
        waiting = sorted(key for key, row in self.core.store.rows.items() if row.state in WAITING)
        for glob in globs:
            if not any(fnmatchcase(scope, glob) for scope in waiting):
                some = ", ".join(waiting[:10]) or "none"
                raise not_found(f"no scope that matches {glob} is held or retired; those that are: {some}")
        scopes = tuple(scope for scope in waiting if any(fnmatchcase(scope, glob) for glob in globs))
        if not scopes:
            raise bad("scopes: expected at least one scope")
        wish = Wish("accept", self._user(request), Selection(scopes=scopes), scopes)
        return _asked(*await self.core.runs.ask(wish), scopes=scopes)

    async def cancel(self, request: web.Request) -> web.Response:
        wanted = int(request.match_info["run"])
        if not self.core.runs.cancel(wanted):
            raise Problem(409, "not_going_on", f"run {wanted} is not the one that goes on")
        return answers.json({"run": wanted}, 202)

    async def pause(self, _request: web.Request) -> web.Response:
        await self.core.runs.pause(on=True)
        return answers.json({"paused": True})

    async def resume(self, _request: web.Request) -> web.Response:
        await self.core.runs.pause(on=False)
        return answers.json({"paused": False})

    async def reload(self, _request: web.Request) -> web.Response:
        try:
            await self.core.reload()
        except ConfigError as error:
            raise Problem(422, "refused", f"{error}; the configuration in force stays") from None
        files = [str(file) for file in self.core.setting.config.files]
        return answers.json({"reloaded": True, "files": files})

    async def check(self, _request: web.Request) -> web.Response:
        """Looks at the files as they are now."""
        return answers.json({"complaints": await asyncio.to_thread(self.core.check)})

    def _user(self, request: web.Request) -> str:
        return self.core.door.visit(request.transport).peer.user


def _asked(request: Request, joined: bool, **more: Any) -> web.Response:
    return answers.json({"request": request.id, "joined": joined, **more}, 202)


async def arrived(request: web.Request) -> bytes:
    """The whole body. Raises Problem where it is too late, too large or encoded in a way that it says wrongly."""
    try:
        async with asyncio.timeout(ASKING):
            return await request.read()
    except TimeoutError:
        raise Problem(408, "late", f"the request did not arrive within {ASKING:g} s") from None
    except web.HTTPRequestEntityTooLarge:
        raise Problem(413, "too_large", f"a request has at most {LARGEST_REQUEST // 1024} KiB") from None
    except web.RequestPayloadError:
        raise bad("the body is not encoded as its Content-Encoding or Transfer-Encoding says") from None


async def read(request: web.Request, kind: type[Any]) -> Any:
    """The body as `kind`; an empty one stands for {}."""
    try:
        return msgspec.convert(orjson.loads(await arrived(request) or b"{}"), kind)
    except (orjson.JSONDecodeError, msgspec.ValidationError) as error:
        raise bad(f"the body is not what was expected: {error}") from None
