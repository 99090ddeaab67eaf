"""`syncctl hearing`: its arguments, examples and handlers."""

import argparse

from syncd.cli import arguments as common
from syncd.cli.deliveries_arguments import Commands, Handler
from syncd.cli.output import DOCUMENTS, FORMATS
from syncd.cli.syncctl_daemon import add_socket, asks

LIST = """\
  syncctl hearing                   messages of providers that were set aside, oldest first
  syncctl hearing show 3            one of them, with the begin of its text
  syncctl hearing forget --all

How it is with the queues: syncctl status
"""
SHOW = "  syncctl hearing show 3\n  syncctl hearing show 3 -o json | jq -r .body\n"
FORGET = "  syncctl hearing forget 3 4\n  syncctl hearing forget --all\n"


def add(commands: Commands) -> None:
    text = "what providers told of changes and nobody understood; what they tell else is read at once"
    added = _parser(commands, "hearing", text, LIST, _list)
    _reads(added, FORMATS)
    actions = added.add_subparsers(metavar="ACTION", title="actions")
    shown = _parser(actions, "show", "one of them, with the begin of its text", SHOW, _show)
    shown.add_argument("id", metavar="ID", type=int, help="its number")
    _reads(shown, DOCUMENTS)
    for action in shown._actions:  # noqa: SLF001  (what an action does not name stays as its command has it)
        if action.dest in ("config", "db", "output", "no_color"):
            action.default = argparse.SUPPRESS
    gone = _parser(actions, "forget", "they have been looked at", FORGET, _forget)
    which = gone.add_mutually_exclusive_group(required=True)
    which.add_argument("id", metavar="ID", nargs="*", type=int, default=[], help="their numbers")
    which.add_argument("--all", action="store_true", help="all of them")
    add_socket(gone)
    common.add_output(gone, DOCUMENTS)


def _parser(commands: Commands, name: str, text: str, examples: str, handler: Handler) -> common.Parser:
    added = commands.add_parser(name, help=text, description=text, epilog=f"examples:\n{examples}")
    added.set_defaults(handler=handler)
    return added


def _reads(parser: common.Parser, formats: tuple[str, ...]) -> None:
    common.add_config(parser)
    common.add_database(parser)
    common.add_output(parser, formats)


def _list(arguments: argparse.Namespace) -> int:
    from syncd.cli.hearing import listed

    return listed(arguments)


def _show(arguments: argparse.Namespace) -> int:
    from syncd.cli.hearing import one

    return one(arguments)


def _forget(arguments: argparse.Namespace) -> int:
    from syncd.cli.hearing import forget

    return asks(forget)(arguments)
