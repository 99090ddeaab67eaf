"""`syncd`: runs and checks."""

import argparse
from collections.abc import Sequence

from syncd.cli import arguments as common
from syncd.cli import completion
from syncd.cli.exits import HELP, guarded
from syncd.cli.plainly import import_structlog

DESCRIPTION = (
    "Reads whole cloud accounts into one SQLite file that tells what there is, what changed and what it could not see."
)
EXAMPLES = """\
examples:
  syncd sync                                 read everything with the credentials that the usual chain finds
  syncd run                                  the same every hour, as a daemon that syncctl talks to
  syncd check --config /etc/syncd/syncd.toml
  syncctl coverage --incomplete --why        what could not be seen, and which permission is missing

"""
SYNC_EXAMPLES = """\
examples:
  syncd sync
  syncd sync --db estate.db --account 111122223333 --region 'eu-*'
  syncd sync --kind 'aws_ec2_*' --quiet -o json

A selection reads only what matches; the rest of the store stays as it is.

"""
RUN_EXAMPLES = """\
examples:
  syncd run                                  with the configuration of the usual place
  syncd run --config syncd.toml --db estate.db --log-level debug
  kill -HUP PID                              take the configuration anew; a wrong one is refused
  syncctl status                             how it is

SIGTERM and SIGINT end it in order, within 10 seconds; a second one at once.

"""
ACCEPT_EXAMPLES = """\
examples:
  syncd accept aws/111122223333/eu-west-1/ec2.instances
  syncd accept 'aws/444455556666/*'          everything held or retired of an account that was closed

Reads a held scope again and believes what it finds; deletes what a retired scope still holds.

"""


def main(argv: Sequence[str] | None = None) -> int:
    return guarded("syncd", lambda: common.run(parser(), argv))


def parser() -> common.Parser:
    root = common.program("syncd", DESCRIPTION, EXAMPLES + HELP)
    commands = root.add_subparsers(metavar="COMMAND", title="commands")
    _run(commands)
    _sync(commands)
    _accept(commands)
    _check(commands)
    completion.add(commands, "syncd", parser)
    about = commands.add_parser("help", help="the same as --help")
    about.add_argument("topic", nargs="*")
    about.set_defaults(handler=lambda arguments: common.help_of(root, arguments.topic))
    return root


def _run(commands: "argparse._SubParsersAction[common.Parser]") -> None:
    text = "be the daemon: read on a schedule, and obey syncctl"
    added = commands.add_parser("run", help=text, description=text, epilog=RUN_EXAMPLES + HELP)
    added.set_defaults(handler=_run_daemon)
    common.add_config(added)
    common.add_database(added)
    _add_log(added)


def _sync(commands: "argparse._SubParsersAction[common.Parser]") -> None:
    text = "read every configured account once, in the foreground"
    added = commands.add_parser("sync", help=text, description=text, epilog=SYNC_EXAMPLES + HELP)
    added.set_defaults(handler=_run_sync)
    _add_run(added)
    for name in ("account", "region", "kind"):
        added.add_argument(
            f"--{name}", metavar="GLOB", action="append", default=[], help=f"only such {name}s; may be repeated"
        )


def _accept(commands: "argparse._SubParsersAction[common.Parser]") -> None:
    text = "believe what a held scope lost, or let a retired scope go"
    added = commands.add_parser("accept", help=text, description=text, epilog=ACCEPT_EXAMPLES + HELP)
    added.set_defaults(handler=_run_accept)
    _add_run(added)
    added.add_argument("scope", metavar="SCOPE", nargs="+", help="a scope's key, or a glob over such keys")


def _check(commands: "argparse._SubParsersAction[common.Parser]") -> None:
    text = "check the configuration and the credential files it names, without running"
    added = commands.add_parser("check", help=text, description=text, epilog=HELP)
    added.set_defaults(handler=_run_check)
    common.add_config(added)


def _add_run(parser: common.Parser) -> None:
    common.add_config(parser)
    common.add_database(parser)
    common.add_output(parser, ("table", "json", "tsv"))
    parser.add_argument("--quiet", action="store_true", help="no progress and no summary; -o json and tsv still print")
    _add_log(parser)


def _add_log(parser: common.Parser) -> None:
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), help="default: log.level")


def _run_daemon(arguments: argparse.Namespace) -> int:
    import_structlog()
    from syncd.cli.run import run

    return run(arguments)


def _run_sync(arguments: argparse.Namespace) -> int:
    import_structlog()
    from syncd.cli.sync import sync

    return sync(arguments)


def _run_accept(arguments: argparse.Namespace) -> int:
    import_structlog()
    from syncd.cli.sync import accept

    return accept(arguments)


def _run_check(arguments: argparse.Namespace) -> int:
    from syncd.cli.check import check

    return check(arguments)
