"""What both commands' arguments have in common."""

import argparse
import re
import sys
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

import syncd
from syncd.cli import exits


class Parser(argparse.ArgumentParser):
    """Keeps examples as written; wrong usage is one line that says where help is.

    `otherwise`: the action that is meant where the first word names none of `actions`.
    """

    otherwise = ""
    actions: Collection[str] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)
        self._negative_number_matcher = re.compile(r"-\d")  # -2d is a time, as -2 is a number: neither is an option

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self.otherwise and args and args[0] not in (*self.actions, "-h", "--help"):
            args = [self.otherwise, *args]
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        self.exit(exits.Exit.USAGE, f"{self.prog}: {_hinted(message)}; see {self.prog} --help\n")


def _hinted(message: str) -> str:
    """argparse lists all choices; the nearest one is what people want to read."""
    found = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
    if not found:
        return message
    close = get_close_matches(found[1], re.findall(r"[\w-]+", found[2]), n=1, cutoff=0.5)
    return f"{message}; did you mean {close[0]}?" if close else message


def program(name: str, description: str, epilog: str) -> Parser:
    parser = Parser(name, description=description, epilog=epilog)
    parser.add_argument("--version", action="version", version=f"{name} {syncd.__version__}")
    return parser


def add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        help="configuration; default: $SYNCD_CONFIG, else /etc/syncd/syncd.toml if there is one, else defaults",
    )


def add_database(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--db", metavar="FILE", type=Path, help="the store; default: what the configuration says")


def add_output(parser: argparse.ArgumentParser, formats: Sequence[str]) -> None:
    parser.add_argument("-o", "--output", choices=formats, default="table", help="default: table")
    parser.add_argument("--no-color", action="store_true", help="no colours; also with $NO_COLOR, or without terminal")


def help_of(parser: Parser, commands: Sequence[str]) -> int:
    """`help [COMMAND]`: the same as `[COMMAND] --help`."""
    arguments = [*commands, "--help"]
    try:
        parser.parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def run(parser: Parser, arguments: Sequence[str] | None) -> int:
    """Parses and calls the handler of the command that was named."""
    parsed = parser.parse_args(arguments)
    if "handler" not in parsed:
        parser.print_help(sys.stderr)
        return exits.Exit.USAGE
    return int(parsed.handler(parsed))
