"""`syncctl history` and `diff`: their arguments and examples."""

import argparse

from syncd.cli import arguments as common
from syncd.cli.output import FORMATS

CHANGES = ("created", "updated", "deleted")
HISTORY = """\
  syncctl history web-1
  syncctl history --since 2h --kind instance
  syncctl history --since 7d --change deleted -o csv
"""
DIFF = """\
  syncctl diff -1d                           what differs from the picture of yesterday
  syncctl diff run:11 run:12                 what one run brought
  syncctl diff 2026-03-01 2026-03-02 'is(security_group)'
  syncctl diff -2d --resource web-1          the document of one resource, line by line

A TIME is ISO 8601 (UTC unless it says), an age such as -2d or 1h30m, a run such as run:12, or now.
It compares pictures, not what was told: a resource that a first reading found is created here, and in no event.
"""


def add(commands: "argparse._SubParsersAction[common.Parser]") -> None:
    _history(commands)
    _diff(commands)


def _history(commands: "argparse._SubParsersAction[common.Parser]") -> None:
    text = "what changed: resources created, updated field by field, deleted, oldest first"
    added = _command(commands, "history", text, HISTORY)
    added.add_argument("resource", metavar="RESOURCE", nargs="?", default="", help="an id, name or URN; default: all")
    added.add_argument(
        "--since", default="", help="after event number SINCE, or an age (30m, 2h, 7d), or a time in UTC"
    )
    added.add_argument("--until", default="", help="up to event number UNTIL, or an age, or a time in UTC")
    added.add_argument("--change", choices=CHANGES, action="append", help="only such changes; may be repeated")
    added.add_argument("--kind", metavar="KIND", default="", help="only this kind, or the kinds below this base kind")
    added.add_argument("--limit", metavar="N", type=int, default=100, help="the last N of them; default: 100, -1: all")
    added.set_defaults(handler=_run_history)


def _diff(commands: "argparse._SubParsersAction[common.Parser]") -> None:
    text = "what differs between two times: created, updated field by field, deleted"
    added = _command(commands, "diff", text, DIFF)
    added.add_argument(
        "words",
        metavar="TIME1 [TIME2] [QUERY]",
        nargs="+",
        help="TIME2 is now unless given; QUERY is a search: only what it finds at one of the times",
    )
    added.add_argument("--resource", metavar="RESOURCE", help="the document of this id, name or URN as a text diff")
    added.add_argument("--timeout", metavar="SECONDS", type=float, help="for QUERY; default: [search] timeout_seconds")
    added.set_defaults(handler=_run_diff)


def _command(
    commands: "argparse._SubParsersAction[common.Parser]", name: str, text: str, examples: str
) -> common.Parser:
    added = commands.add_parser(name, help=text, description=text, epilog=f"examples:\n{examples}")
    common.add_config(added)
    common.add_database(added)
    common.add_output(added, FORMATS)
    return added


def _run_history(arguments: argparse.Namespace) -> int:
    from syncd.cli.history import changes

    return changes(arguments)


def _run_diff(arguments: argparse.Namespace) -> int:
    from syncd.cli.history import diff

    return diff(arguments)
