"""The command line and the processes: `python -m bench.fakeaws --help`."""

import argparse
import gc
import json
import os
import signal
import socket

import uvloop
from aiohttp import web

from bench.fakeaws.admin import Admin
from bench.fakeaws.endpoint import Endpoint, Options
from bench.fakeaws.estate import Estate, Plan
from bench.fakeaws.shared import Shared

BACKLOG = 1024


def parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(prog="python -m bench.fakeaws", description=__doc__)
    flags.add_argument("--host", default="127.0.0.1")
    flags.add_argument("--port", type=int, default=4599, help="0 takes a free one; the first line printed tells it")
    flags.add_argument("--accounts", type=int, default=1)
    flags.add_argument("--regions", type=int, default=2)
    flags.add_argument("--active-regions", type=int, help="only the first N regions hold regional resources")
    flags.add_argument("--scale", type=float, default=1.0)
    flags.add_argument("--seed", type=int, default=7)
    flags.add_argument("--latency", type=float, default=0.0, help="ms added to each call")
    flags.add_argument("--jitter", type=float, default=0.0, help="± ms")
    flags.add_argument("--throttle", type=float, default=0.0, help="share of calls answered with a throttling error")
    flags.add_argument("--workers", type=int, default=1, help="processes (scripted faults want 1)")
    flags.add_argument("--recorded", help="folder of recorded answers to serve instead of the estate")
    flags.add_argument(
        "--synth", type=int, default=0, metavar="N", help="N items for every operation beside the estate"
    )
    flags.add_argument("--pages", type=int, default=1, metavar="N", help="N pages of each list that is made")
    flags.add_argument("--cache", type=int, default=400000, help="responses kept per worker")
    return flags


def listeners(host: str, port: int, workers: int) -> list[socket.socket]:
    """One socket for each process, all on one port: the kernel shares out the connections."""
    bound: list[socket.socket] = []
    for _ in range(workers):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, bound[0].getsockname()[1] if bound else port))
        listener.listen(BACKLOG)
        bound.append(listener)
    return bound


def fork(workers: int) -> tuple[int, list[int]]:
    """The number of the process that we are now, and the children if we are the first."""
    children: list[int] = []
    for number in range(1, workers):
        child = os.fork()
        if child == 0:
            return number, []
        children.append(child)
    return 0, children


def stop_with(children: list[int]) -> None:
    """Makes the signals that end this process end its children too."""

    def stop(*_: object) -> None:
        for child in children:
            os.kill(child, signal.SIGTERM)
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


async def serve(endpoint: Endpoint, listener: socket.socket) -> None:
    admin = Admin(endpoint)

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return await (admin if request.path.startswith("/__") else endpoint).handle(request)

    server = web.Server(handle, access_log=None, keepalive_timeout=300)
    runner = web.ServerRunner(server, handle_signals=False)
    await runner.setup()
    await web.SockSite(runner, listener, backlog=BACKLOG).start()
    await endpoint.keep_in_step()


def main() -> None:
    flags = parser().parse_args()
    sockets = listeners(flags.host, flags.port, flags.workers)
    port = sockets[0].getsockname()[1]
    plan = Plan(flags.accounts, flags.regions, flags.scale, flags.seed, flags.active_regions)
    estate = Estate(plan, f"http://{flags.host}:{port}")
    options = Options(
        flags.latency, flags.jitter, flags.throttle, flags.recorded, flags.synth, flags.pages, flags.cache
    )
    shared = Shared(flags.workers)
    worker, children = fork(flags.workers)
    stop_with(children)
    for other in sockets[:worker] + sockets[worker + 1 :]:
        other.close()
    # The bodies kept are many and hold no cycles: collecting garbage among them would disturb what is measured.
    gc.freeze()
    gc.set_threshold(100000, 50, 100)
    endpoint = Endpoint(estate, options, shared, worker)
    if worker == 0:
        print(json.dumps({"pid": os.getpid(), "port": port, "resources": estate.truth()["total"]}), flush=True)
    uvloop.run(serve(endpoint, sockets[worker]))
