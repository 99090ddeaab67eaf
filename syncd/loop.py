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
    return uvloop.run(main)
