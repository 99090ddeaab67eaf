"""structlog, imported without what it would bring along and nobody here uses."""

import sys
from importlib import import_module


def import_structlog() -> None:
    """Where rich is installed, structlog imports it for its tracebacks: a tenth of a second, and ours are plain.

    To be called before anything that logs is imported. Others who import rich later find it.
    """
    if "structlog" in sys.modules or "rich" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment] # how Python is told that there is none
    try:
        import_module("structlog")
    finally:
        del sys.modules["rich"]
