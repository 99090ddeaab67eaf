"""Which file a command reads, and how."""

import argparse
from pathlib import Path

from syncd.config import store_file
from syncd.store.reader import reading

__all__ = ["reading", "store_of"]


def store_of(arguments: argparse.Namespace) -> Path:
    """--db, else what the configuration says."""
    if arguments.db:
        return Path(arguments.db).expanduser()
    return store_file(arguments.config)
