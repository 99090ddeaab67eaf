"""`syncctl rule`: its actions, arguments and examples."""

import argparse
from typing import TYPE_CHECKING

from syncd.cli import arguments as common
from syncd.cli.output import DOCUMENTS, FORMATS
from syncd.cli.syncctl_daemon import Command, Commands, add_socket, asks

if TYPE_CHECKING:
    from syncd.cli.client import Daemon

RULE = """\
  syncctl rule list
  syncctl rule matches open-ssh              who matches now, and since when
  syncctl rule test open-ssh --since 30d     what it would have told, and when
  syncctl rule silence open-ssh --for 2h     it is evaluated as before; nothing is sent until then
"""
LIST = "  syncctl rule list\n  syncctl rule list -o json | jq '.[] | select(.problem != \"\")'\n"
SHOW = "  syncctl rule show open-ssh\n  syncctl rule show open-ssh -o yaml\n"
MATCHES = "  syncctl rule matches\n  syncctl rule matches open-ssh -o csv\n"
ENABLE = "  syncctl rule enable open-ssh\n"
DISABLE = "  syncctl rule disable open-ssh              what matched ceases, and those who were told hear of it\n"
SILENCE = "  syncctl rule silence open-ssh --for 2h\n"
UNSILENCE = "  syncctl rule unsilence open-ssh\n"
TEST = """\
  syncctl rule test open-ssh --since 30d     on the stored history, run by run; needs no daemon
  syncctl rule test open-ssh --since 30d --db copy.db -o json
  syncctl rule test open-ssh --dry-run       what it would tell now, if it were new

Unseen facets have no past: resources of a scope that was partial are taken as seen. The rule is the configuration's.
"""


def add(commands: Commands) -> None:
    text = "rules: who matches, what they would have told, on, off and silent"
    rule = commands.add_parser("rule", help=text, description=text, epilog=f"examples:\n{RULE}")
    actions = rule.add_subparsers(metavar="ACTION", title="actions", required=True)
    _asking(actions, "list", "the rules of the daemon: on or off, how many match, what is wrong", LIST, _list, FORMATS)
    _named(_asking(actions, "show", "all that is known of one rule", SHOW, _show))
    _matches(actions)
    _test(actions)
    _named(_asking(actions, "enable", "turn a rule on, whatever the configuration says", ENABLE, _enable))
    _named(_asking(actions, "disable", "turn a rule off, whatever the configuration says", DISABLE, _disable))
    silence = _asking(actions, "silence", "send nothing of a rule for a while", SILENCE, _silence)
    _named(silence)
    silence.add_argument("--for", dest="duration", metavar="TIME", required=True, help="such as 30m, 2h, 3d")
    _named(_asking(actions, "unsilence", "send again", UNSILENCE, _unsilence))


def _asking(
    actions: Commands, name: str, text: str, examples: str, command: Command, formats: tuple[str, ...] = DOCUMENTS
) -> common.Parser:
    added = actions.add_parser(name, help=text, description=text, epilog=f"examples:\n{examples}")
    added.set_defaults(handler=asks(command))
    add_socket(added)
    common.add_output(added, formats)
    return added


def _named(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rule", metavar="NAME", help="the rule's name")


def _looking(actions: Commands, name: str, text: str, examples: str) -> common.Parser:
    added = actions.add_parser(name, help=text, description=text, epilog=f"examples:\n{examples}")
    common.add_config(added)
    common.add_database(added)
    common.add_output(added, FORMATS)
    return added


def _matches(actions: Commands) -> None:
    added = _looking(actions, "matches", "who matches a rule, or any, and since when; from the store's file", MATCHES)
    added.add_argument("rule", metavar="NAME", nargs="?", default="", help="the rule's name; default: all")
    added.add_argument("--limit", metavar="N", type=int, default=1000, help="the first N of them; default: 1000")
    added.set_defaults(handler=_run_matches)


def _test(actions: Commands) -> None:
    added = _looking(actions, "test", "what a rule would have told, and when; nothing is sent or written", TEST)
    _named(added)
    added.add_argument("--since", metavar="TIME", default="30d", help="an age (7d) or a time in UTC; default: 30d")
    added.add_argument("--dry-run", action="store_true", help="what it would tell now, if it were new")
    added.add_argument("--limit", metavar="N", type=int, default=1000, help="the first N of them; default: 1000")
    added.set_defaults(handler=_run_test)


def _run_matches(arguments: argparse.Namespace) -> int:
    from syncd.cli.rules import matching

    return matching(arguments)


def _run_test(arguments: argparse.Namespace) -> int:
    from syncd.cli.rules import rehearsed

    return rehearsed(arguments)


def _list(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    from syncd.cli.rules import listed

    return listed(daemon, arguments)


def _show(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    from syncd.cli.rules import one

    return one(daemon, arguments)


def _enable(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    from syncd.cli.rules import commanded

    return commanded(daemon, arguments, "enable")


def _disable(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    from syncd.cli.rules import commanded

    return commanded(daemon, arguments, "disable")


def _silence(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    from syncd.cli.rules import commanded

    return commanded(daemon, arguments, "silence", {"for": arguments.duration})


def _unsilence(daemon: "Daemon", arguments: argparse.Namespace) -> int:
    from syncd.cli.rules import commanded

    return commanded(daemon, arguments, "unsilence")
