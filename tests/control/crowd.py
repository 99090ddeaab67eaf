"""A program: many slow visitors of a socket who come again whenever they are sent away. It never ends by itself."""

import os
import selectors
import socket
import sys
import time


def visit(path: str, eyes: selectors.BaseSelector) -> None:
    """Says half a request. Where there is a queue before the door, a little later."""
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.setblocking(False)
    while True:
        try:
            line.connect(path)
            line.send(b"GET /v1/status HTT")
            break
        except BlockingIOError:
            time.sleep(0.001)
        except OSError:
            break
    eyes.register(line, selectors.EVENT_READ)


def main(path: str, count: int, user: int) -> None:
    eyes = selectors.DefaultSelector()
    if user:
        os.setgroups([])
        os.setuid(user)
    for _ in range(count):
        visit(path, eyes)
    print("here", flush=True)
    while True:
        for key, _ in eyes.select():
            line = key.fileobj
            assert isinstance(line, socket.socket)
            eyes.unregister(line)
            line.close()
            visit(path, eyes)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
