"""`syncctl`: asks the running daemon and looks into the store's file, which it opens read-only."""

import argparse
from collections.abc import Callable, Sequence

from syncd.cli import arguments as common
from syncd.cli import (
    aws_arguments,
    completion,
    deliveries_arguments,
    hearing_arguments,
    history_arguments,
    plan_arguments,
    rules_arguments,
    search_arguments,
    store,
)
from syncd.cli import syncctl_daemon as daemon
from syncd.cli.exits import HELP, guarded
from syncd.cli.follow import follow
from syncd.cli.output import FORMATS

DESCRIPTION = """\
Tells what syncd does and what it knows, and has it do something. search, count, aggregate, show, walk, coverage,
events, runs, kinds, deliveries, hearing, sql and store look into the store's file and need no daemon; all the others,
events --follow and runs with an action ask the daemon."""
EXAMPLES = """\
examples:
  syncctl status                             what the daemon does, how far it is, what is wrong
  syncctl sync --account 111122223333 --wait
  syncctl search 'is(instance) and age > 90d'
  syncctl show web-1                         all that is known of one resource
  syncctl walk vpc-0123 --blast-radius       what would be affected if it went
  syncctl coverage --incomplete --why        what could not be seen, and which permission is missing
  syncctl events --since 2h                  what changed in the last two hours, field by field
  syncctl events --follow                    what changes, as it is seen
  syncctl kinds                              what there is, counted
  syncctl deliveries --state dead            what could not be told; syncctl replay tells it again
  syncctl notify oncall 'is(bucket)'         tell a target what a search finds
  syncctl rule test open-ssh --since 30d     what a rule would have told, and when
  syncctl sql "select name, region from resource where kind = 'aws_ec2_instance'"
  syncctl tag 'is(bucket)' owner='{account.name}'   a plan; syncctl plan apply does it
  syncctl aws policy > policy.json           what AWS must allow; syncctl aws doctor says what it refuses
  syncctl store backup /backup/syncd.db      a copy, while the daemon writes

"""


def main(argv: Sequence[str] | None = None) -> int:
    return guarded("syncctl", lambda: common.run(parser(), argv))


def parser() -> common.Parser:
    root = common.program("syncctl", DESCRIPTION, EXAMPLES + HELP)
    commands = root.add_subparsers(metavar="COMMAND", title="commands")
    search_arguments.add(commands)
    daemon.add(commands)
    _coverage(commands)
    _events(commands)
    _runs(commands)
    _kinds(commands)
    _sql(commands)
    history_arguments.add(commands)
    deliveries_arguments.add(commands)
    hearing_arguments.add(commands)
    rules_arguments.add(commands)
    plan_arguments.add(commands)
    aws_arguments.add(commands)
    store.add(commands)
    completion.add(commands, "syncctl", parser)
    about = commands.add_parser("help", help="the same as --help")
    about.add_argument("topic", nargs="*")
    about.set_defaults(handler=lambda arguments: common.help_of(root, arguments.topic))
    return root


def _command(
    commands: "argparse._SubParsersAction[common.Parser]",
    name: str,
    handler: Callable[[argparse.Namespace], int],
    text: str,
    examples: str,
) -> common.Parser:
    added = commands.add_parser(name, help=text, description=text, epilog=f"examples:\n{examples}")
    common.add_config(added)
    common.add_database(added)
    common.add_output(added, FORMATS)
    added.set_defaults(handler=handler)
    return added


def _coverage(commands: "argparse._SubParsersAction[common.Parser]") -> None:
    text = "how complete each part of the picture is"
    examples = (
        "  syncctl coverage --incomplete --why\n  syncctl coverage -o json | jq '.[] | select(.state == \"denied\")'\n"
    )
    added = _command(commands, "coverage", _run_coverage, text, examples)
    added.add_argument("--incomplete", action="store_true", help="only what is not complete")
    added.add_argument("--why", action="store_true", help="with reason, operation and the permission that is missing")


def _run_coverage(arguments: argparse.Namespace) -> int:
    from syncd.cli.coverage import coverage

    return coverage(arguments)


def _events(commands: "argparse._SubParsersAction[common.Parser]") -> None:
    text = "what changed and what happened, oldest first"
    examples = (
        "  syncctl events --since 2h\n"
        "  syncctl events --type 'resource.*' --resource web-1\n"
        "  syncctl events --since 1200 -o json\n"
        "  syncctl events --follow --type 'resource.*' -o ndjson | while read -r event; do …; done\n"
    )
    added = _command(commands, "events", _run_events, text, examples)
    added.add_argument(
        "--since", default="", help="after event number SINCE, or an age (30m, 2h, 7d), or a time in UTC"
    )
    added.add_argument("--type", metavar="GLOB", default="*", help="such as 'resource.*' or scope.denied")
    added.add_argument("--resource", metavar="TEXT", default="", help="part of a URN, kind, name or scope")
    added.add_argument("--limit", metavar="N", type=int, help="the last N of them; default: 100, -1: all")
    added.add_argument(
        "--follow",
        action="store_true",
        help="from the daemon, as they come: what is new, or all after event number SINCE; --limit N ends it after N",
    )
    daemon.add_socket(added)


def _run_events(arguments: argparse.Namespace) -> int:
    if arguments.follow:
        return daemon.asks(follow)(arguments)
    from syncd.cli.events import events

    return events(arguments)


def _runs(commands: "argparse._SubParsersAction[common.Parser]") -> None:
    text = "the last runs, how they ended and what they cost"
    examples = "  syncctl runs --limit 5\n  syncctl runs show 12\n  syncctl runs cancel 12\n"
    added = _command(commands, "runs", _run_runs, text, examples)
    added.add_argument("--limit", metavar="N", type=int, default=20, help="the last N of them; default: 20, -1: all")
    daemon.add_run_actions(added)


def _run_runs(arguments: argparse.Namespace) -> int:
    from syncd.cli.runs import runs

    return runs(arguments)


def _kinds(commands: "argparse._SubParsersAction[common.Parser]") -> None:
    text = "what there is, counted; of one kind or base kind, what it is and where"
    examples = (
        "  syncctl kinds\n  syncctl kinds instance\n  syncctl kinds --tree\n"
        "  syncctl kinds aws_ec2_instance --properties     every path of its documents, for searches\n"
    )
    added = _command(commands, "kinds", _run_kinds, text, examples)
    added.add_argument("kind", metavar="KIND", nargs="?", help="such as aws_ec2_instance, or the base kind instance")
    added.add_argument("--properties", action="store_true", help="what the documents of the kind hold, path by path")
    added.add_argument("--tree", action="store_true", help="base kinds and the kinds below them, with counts")


def _run_kinds(arguments: argparse.Namespace) -> int:
    from syncd.cli.kinds import kinds

    return kinds(arguments)


def _sql(commands: "argparse._SubParsersAction[common.Parser]") -> None:
    text = "one SELECT on the store: at most 10,000 rows and 5 seconds"
    examples = (
        "  syncctl sql \"select name, region from resource where kind = 'aws_ec2_instance'\"\n"
        "  syncctl sql \"select name, tags ->> '$.owner' as owner from resource\" -o csv\n"
        '  syncctl sql "select from_name, type, to_name from relation"\n'
    )
    added = _command(commands, "sql", _run_sql, text, examples)
    added.add_argument("statement", metavar="SELECT", help="views: resource, relation, coverage, one for each kind")


def _run_sql(arguments: argparse.Namespace) -> int:
    from syncd.cli.sql import sql

    return sql(arguments)
