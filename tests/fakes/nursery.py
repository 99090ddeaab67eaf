"""A process that has imported all of syncd and forks: `python -m tests.fakes.nursery DESCRIPTOR`.

To import it takes a second of each process, a fork takes milliseconds; it has neither threads nor a loop that a fork
could break. What comes in by the socket begins a process; see born.py, which asks for them.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

import collectors
import reactions
import syncd

LONGEST = 200_000
"""Bytes of a question: an environment is most of it."""


def warm() -> None:
    for package in (syncd, collectors, reactions):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    assert threading.active_count() == 1, "a fork takes no threads along"
    gc.collect()
    gc.freeze()


def serve(questions: socket.socket) -> Callable[[], Any]:
    """Until nobody asks any more. Returns in each child: what it is to do."""
    while True:
        message, fds, _, _ = socket.recv_fds(questions, LONGEST, 3)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not message:
            return lambda: 0
        asked = json.loads(message)
        importlib.import_module(asked["entry"].partition(":")[0])  # here, so that the next need not
        if os.fork() == 0:
            questions.close()
            return attended(asked, fds)
        for each in fds:
            os.close(each)


def attended(asked: dict[str, Any], fds: list[int]) -> Callable[[], Any]:
    """The child, and between it and the nursery one who waits for its end and tells how it was."""
    told, out, err = socket.socket(fileno=fds[0]), *fds[1:]
    if (child := os.fork()) == 0:
        told.close()
        return become(asked, out, err)
    os.close(out)
    os.close(err)
    with suppress(BrokenPipeError):
        told.send(b"%d\n" % child)
    _, status = os.waitpid(child, 0)
    with suppress(BrokenPipeError):
        told.send(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def become(asked: dict[str, Any], out: int, err: int) -> Callable[[], Any]:
    """What `python -c` would have made of it."""
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.close(out)
    os.close(err)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)  # which remember what they were opened on
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)
    os.chdir(asked["place"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = [path for path in paths if path not in sys.path]
    sys.argv = ["-c", *asked["arguments"]]
    if "COVERAGE_PROCESS_CONFIG" in os.environ:
        importlib.import_module("coverage").process_startup(force=True)
    module, _, name = asked["entry"].partition(":")
    main: Callable[[], Any] = getattr(sys.modules[module], name)
    return main


def end(main: Callable[[], Any]) -> NoReturn:
    """As the interpreter does, but it is not taken apart: that copies all the memory that is shared."""
    try:
        code = main()
    except SystemExit as stop:
        code = stop.code
    except BaseException:  # noqa: BLE001  as the interpreter does
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]  # a thread that does not end keeps the process
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


if __name__ == "__main__":
    warm()
    end(serve(socket.socket(fileno=int(sys.argv[1]))))
