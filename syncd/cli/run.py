"""`syncd run`: the daemon in the foreground, as systemd wants it."""

import argparse
import sys

from syncd.cli.exits import Exit
from syncd.cli.output import coloured
from syncd.cli.sync import config_of
from syncd.settings import Config


def run(arguments: argparse.Namespace) -> int:
    from syncd import log, loop
    from syncd.daemon import serve

    config = config_of(arguments)

    def configured(new: Config) -> None:
        log.configure(new.log, log.secrets(new), colours=coloured(sys.stderr, no_color=False))

    configured(config)
    loop.run(serve(config, arguments.config, arguments.db, configured))
    return Exit.OK
