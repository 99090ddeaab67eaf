"""A server between syncd and the fake estate that answers some calls itself, with whatever a test wants."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientSession, web

PASSED_ON = ("Authorization", "X-Amz-Target", "Content-Type", "X-Amz-Security-Token", "X-Amz-Date")


class Between:
    """`answers`: a part of the path or the body → (content type, body) given in place of the estate's answer."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.answers: dict[str, tuple[str, bytes]] = {}
        self.url = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Between"]:
        async with ClientSession() as self.client:
            runner = web.ServerRunner(web.Server(self._answer))
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            try:
                yield self
            finally:
                await runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        body = await request.read()
        wanted = f"{request.path_qs} {request.headers.get('X-Amz-Target', '')} {body.decode(errors='replace')}"
        for part, (kind, answer) in self.answers.items():
            if part in wanted:
                return web.Response(body=answer, headers={"Content-Type": kind})
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        url = self.upstream + request.path_qs
        async with self.client.request(request.method, url, data=body, headers=headers) as response:
            kept = {"Content-Type": response.headers.get("Content-Type", "text/plain")}
            return web.Response(status=response.status, body=await response.read(), headers=kept)
