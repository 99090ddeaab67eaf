"""The event loop that everything runs on."""

import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs on uvloop. Documents are many and acyclic: the search for cycles is rare, and never among modules."""
    gc.freeze()
    gc.set_threshold(300_000, 10, 50)
    try:
        return uvloop.run(main)
    finally:
        gc.freeze()  # the process ends, and the interpreter would search all that is left for cycles: 0.1 s of CPU
