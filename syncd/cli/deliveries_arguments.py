"""`syncctl deliveries`, `replay`, `targets` and `notify`: their arguments, examples and handlers."""

import argparse
from collections.abc import Callable, Sequence
from typing import TypeAlias

from syncd.cli import arguments as common
from syncd.cli.output import DOCUMENTS, FORMATS
from syncd.cli.syncctl_daemon import add_socket, asks

Commands: TypeAlias = "argparse._SubParsersAction[common.Parser]"  # noqa: SLF001 (it has no public name)
Handler: TypeAlias = Callable[[argparse.Namespace], int]

STATES = ("waiting", "due", "done", "dead")
LIST = """\
  syncctl deliveries                         the last hundred
  syncctl deliveries --state dead --target oncall
  syncctl deliveries --rule public-buckets -o json | jq '.[].reason'
  syncctl deliveries show 12                 one with all that was sent, and what was answered

waiting: events that wait for more of their group; due: to be sent, or sent again; done; dead: given up.
"""
SHOW = "  syncctl deliveries show 12\n  syncctl deliveries show 12 -o json | jq .body\n"
REPLAY = """\
  syncctl replay 12 13                       these once more, with the same ids
  syncctl replay --dead                      all dead letters
  syncctl replay --dead --target oncall      those of one target
"""
NOTIFY = """\
  syncctl notify oncall 'is(bucket) and tags.owner = null'
  syncctl notify chat 'is(volume) and age > 90d' --yes -o json

What became of it: syncctl deliveries --rule 'by hand'
"""
TARGETS = "  syncctl targets list\n  syncctl targets test oncall\n"


def add(commands: Commands) -> None:
    _deliveries(commands)
    added = _parser(commands, "replay", "send finished or dead notices once more, as they were", REPLAY, _replay)
    which = added.add_mutually_exclusive_group(required=True)
    which.add_argument("id", metavar="ID", nargs="*", type=int, default=[], help="the number that deliveries shows")
    which.add_argument("--dead", action="store_true", help="all that were given up")
    added.add_argument("--target", metavar="TARGET", default="", help="only those of this target")
    add_socket(added)
    common.add_output(added, DOCUMENTS)
    _targets(commands)
    _notify(commands)


def _parser(commands: Commands, name: str, text: str, examples: str, handler: Handler) -> common.Parser:
    added = commands.add_parser(name, help=text, description=text, epilog=f"examples:\n{examples}")
    added.set_defaults(handler=handler)
    return added


def _deliveries(commands: Commands) -> None:
    text = "what was told to whom, and what could not be; the last ones, oldest first"
    added = _parser(commands, "deliveries", text, LIST, _list)
    added.add_argument("--state", choices=STATES, default="", help=", ".join(STATES))
    added.add_argument("--target", metavar="TARGET", default="", help="only those to this target")
    added.add_argument("--rule", metavar="RULE", default="", help="only those of this rule")
    added.add_argument("--limit", metavar="N", type=int, default=100, help="the last N of them; default: 100, -1: all")
    _reads(added, FORMATS)
    actions = added.add_subparsers(metavar="ACTION", title="actions")
    shown = _parser(actions, "show", "one of them: the notice as it is sent, attempts, reason, answer", SHOW, _show)
    shown.add_argument("id", metavar="ID", type=int, help="its number")
    _reads(shown, DOCUMENTS, kept=True)


def _reads(parser: common.Parser, formats: Sequence[str], *, kept: bool = False) -> None:
    """`kept`: what an action does not name stays as its command has it."""
    common.add_config(parser)
    common.add_database(parser)
    common.add_output(parser, formats)
    for action in parser._actions if kept else ():  # noqa: SLF001  (argparse has no public way to walk a parser)
        if action.dest in ("config", "db", "output", "no_color"):
            action.default = argparse.SUPPRESS


def _targets(commands: Commands) -> None:
    text = "whom rules tell, how they do, and a message to try them"
    added = commands.add_parser("targets", help=text, description=text, epilog=f"examples:\n{TARGETS}")
    actions = added.add_subparsers(metavar="ACTION", title="actions", required=True)
    text = "the targets with what waits, is due, done and dead; failing ones are asked less and less"
    listed = _parser(actions, "list", text, "  syncctl targets list\n  syncctl targets list -o json\n", _targets_list)
    _reads(listed, FORMATS)
    add_socket(listed)
    text = "send a test message now: through the daemon when one runs, else from here"
    tested = _parser(actions, "test", text, "  syncctl targets test oncall && echo it arrived\n", _test)
    tested.add_argument("name", metavar="NAME", help="as in [targets.NAME]")
    common.add_config(tested)
    common.add_output(tested, DOCUMENTS)
    add_socket(tested)


def _notify(commands: Commands) -> None:
    text = "tell a target what a search finds: what would be sent is shown first, then it is a notice like any other"
    added = _parser(commands, "notify", text, NOTIFY, _told)
    added.add_argument("target", metavar="TARGET", help="as in [targets.NAME]")
    added.add_argument("query", metavar="QUERY", help="- reads it from stdin")
    added.add_argument("--yes", action="store_true", help="without the question")
    add_socket(added)
    common.add_output(added, DOCUMENTS)


def _told(arguments: argparse.Namespace) -> int:
    from syncd.cli.notify import notify

    return asks(notify)(arguments)


def _list(arguments: argparse.Namespace) -> int:
    from syncd.cli.deliveries import deliveries

    return deliveries(arguments)


def _show(arguments: argparse.Namespace) -> int:
    from syncd.cli.deliveries import one

    return one(arguments)


def _replay(arguments: argparse.Namespace) -> int:
    from syncd.cli.deliveries import replay

    return asks(replay)(arguments)


def _targets_list(arguments: argparse.Namespace) -> int:
    from syncd.cli.deliveries import targets

    return targets(arguments)


def _test(arguments: argparse.Namespace) -> int:
    from syncd.cli.deliveries import test

    return test(arguments)
