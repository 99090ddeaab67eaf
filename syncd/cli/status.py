"""`syncctl status`: what the daemon is and does."""

import argparse
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from syncd.cli.exits import Exit
from syncd.cli.output import coloured, show_document
from syncd.cli.status_text import lines

if TYPE_CHECKING:
    from syncd.cli.client import Daemon


def status(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    answer = daemon.get("/v1/status")
    if arguments.output != "table":
        show_document(answer, arguments.output)
    else:
        print(*lines(answer, datetime.now(UTC), coloured(sys.stdout, no_color=arguments.no_color)), sep="\n")
    return Exit.OK
