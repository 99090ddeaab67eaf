"""One attempt is one request: the outbox alone tries again."""

import aiohttp


class Broken(Exception):
    """What aiohttp itself would answer with a second request, for methods that may be repeated."""

    def __init__(self, error: aiohttp.ClientError) -> None:
        super().__init__()
        self.error = error


async def once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    try:
        return await send(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise Broken(error) from error
