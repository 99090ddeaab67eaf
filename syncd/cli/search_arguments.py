"""`search`, `count`, `aggregate`, `show` and `walk`: their arguments, examples and handlers."""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from syncd.cli import arguments as common
from syncd.cli.output import FORMATS

Commands: TypeAlias = "argparse._SubParsersAction[common.Parser]"  # noqa: SLF001 (it has no public name)

SECONDS = 5.0
SEARCH_FORMATS = ("table", "wide", "json", "ndjson", "csv", "tsv", "yaml", "markdown", "tree", "dot")
SEARCH = """\
  syncctl search 'is(instance) and instance_status = running and age > 90d'
  syncctl search 'is(volume) and volume_status = available sort volume_size desc limit 20' -o wide
  syncctl search 'is(aws_vpc) and tags.env = prod -contains[1:]-> is(database)' -o tree
  syncctl search 'is(bucket) with(empty, -encrypted_with-> is(key))' --columns name,account.name,region -o csv
  syncctl search 'aggregate(region, instance_type: sum(instance_cores) as cores): is(instance)'
  syncctl search 'is(security_group)' --at 2d --count
  syncctl search '"web prod"' -o json | jq '.[].urn'
  syncctl search 'id("i-0abc") <-[0:2]->' --svg around.svg
"""
COUNT = """\
  syncctl count 'is(volume) and volume_status = available'
  syncctl count kind all
  syncctl count account.name 'is(instance)' -o csv
"""
AGGREGATE = """\
  syncctl aggregate 'region: sum(instance_cores) as cores' 'is(instance)'
  syncctl aggregate 'volume_type, tags.env: sum(volume_size) as gb, avg(volume_iops)' 'is(volume)'
"""
SHOW = """\
  syncctl show i-0123456789abcdef0
  syncctl show web-1 -o yaml
  syncctl show arn:aws:s3:::my-bucket --at 2026-03-01
"""
WALK = """\
  syncctl walk web-1 --down                  what it uses and contains, and what those use and contain …
  syncctl walk sg-0123 --up --depth 1        what uses or contains it
  syncctl walk vpc-0123 --blast-radius       what would be affected if it went
  syncctl walk web-1 --down --type in --type uses -o json
  syncctl walk vpc-0123 --blast-radius --svg blast.svg

An edge leads from a resource to what it uses, hangs on or sits in, and from a container to what it contains.
--down goes along the edges, --up against them. --blast-radius goes from a resource to what it contains and to
all that uses it, but not to what contains it. syncctl sql "select distinct type from relation" lists the types.
"""
AT = "as it was then: a time (2026-03-01), an age (2d or -2d, 1h30m), or run:12"


def add(commands: Commands) -> None:
    _search(commands)
    _count(commands)
    _aggregate(commands)
    _show(commands)
    _walk(commands)


def _command(commands: Commands, name: str, text: str, examples: str) -> common.Parser:
    added = commands.add_parser(name, help=text, description=text, epilog=f"examples:\n{examples}")
    common.add_config(added)
    common.add_database(added)
    added.add_argument("--at", metavar="TIME", help=AT)
    return added


def _output(parser: argparse.ArgumentParser, formats: Sequence[str], usual: str = "table") -> None:
    parser.add_argument("-o", "--output", choices=formats, help=f"default: {usual}")
    parser.add_argument("--no-color", action="store_true", help="no colours; also with $NO_COLOR, or without terminal")


def _query(parser: argparse.ArgumentParser, words: str = "query") -> None:
    parser.add_argument(
        words, metavar="QUERY", nargs="+", help="what to look for, in one argument or several; - reads it from stdin"
    )


def _limits(parser: argparse.ArgumentParser) -> None:
    text = "rows at most; default: [search] max_rows, which is 10,000 where nothing else is configured"
    parser.add_argument("--limit", metavar="N", type=_count_of, help=text)
    text = "of work at most; default: [search] timeout_seconds, which is 0.5 where nothing else is configured"
    parser.add_argument("--timeout", metavar="SECONDS", type=_seconds, help=text)
    _complete_only(parser)
    parser.add_argument("--explain", action="store_true", help="the SQL, SQLite's plan and what it costs; runs nothing")


def _complete_only(parser: argparse.ArgumentParser) -> None:
    text = "as if resources of scopes that are not complete were not there"
    parser.add_argument("--complete-only", action="store_true", help=text)


def _timeout(parser: argparse.ArgumentParser) -> None:
    text = f"of work at most; default: {SECONDS:.0f}"
    parser.add_argument("--timeout", metavar="SECONDS", type=_seconds, default=SECONDS, help=text)


def _svg(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--svg", metavar="FILE", type=Path, help="draw the result into FILE; needs Graphviz")


def _search(commands: Commands) -> None:
    added = _command(commands, "search", "resources that a query describes, or figures of them", SEARCH)
    _query(added)
    _output(added, SEARCH_FORMATS)
    added.add_argument("--columns", metavar="A,B,C", default="", help="properties to show, such as name,tags.env")
    added.add_argument("--count", action="store_true", help="one number: how many there are")
    _limits(added)
    _svg(added)
    added.set_defaults(handler=_run_search)


def _run_search(arguments: argparse.Namespace) -> int:
    from syncd.cli.search import search

    return search(arguments)


def _count(commands: Commands) -> None:
    text = "how many resources a query describes; with PATH, how many of each value of a property, most first"
    added = _command(commands, "count", text, COUNT)
    added.add_argument("path", metavar="PATH", nargs="?", help="such as kind, region or tags.env")
    added.add_argument("query", metavar="QUERY", help="what to count; - reads it from stdin")
    _output(added, (*FORMATS, "markdown"))
    _limits(added)
    added.set_defaults(handler=_run_count)


def _run_count(arguments: argparse.Namespace) -> int:
    from syncd.cli.search import count

    return count(arguments)


def _aggregate(commands: Commands) -> None:
    text = "figures of the resources that a query describes: sum, avg, min, max, count, by groups"
    added = _command(commands, "aggregate", text, AGGREGATE)
    added.add_argument("figures", metavar="'GROUP, … : FUNCTION, …'", help="such as 'region: sum(volume_size) as gb'")
    _query(added)
    _output(added, (*FORMATS, "markdown"))
    _limits(added)
    added.set_defaults(handler=_run_aggregate)


def _run_aggregate(arguments: argparse.Namespace) -> int:
    from syncd.cli.search import aggregate

    return aggregate(arguments)


def _show(commands: Commands) -> None:
    text = "all that is known of one resource: properties, tags, edges, coverage, history"
    added = _command(commands, "show", text, SHOW)
    added.add_argument("resource", metavar="ID|NAME|URN")
    _timeout(added)
    _complete_only(added)
    _output(added, ("table", "json", "yaml"))
    added.set_defaults(handler=_run_show)


def _run_show(arguments: argparse.Namespace) -> int:
    from syncd.cli.show import show

    return show(arguments)


def _walk(commands: Commands) -> None:
    added = _command(commands, "walk", "what lies around one resource, along the edges", WALK)
    added.add_argument("resource", metavar="ID|NAME|URN")
    ways = added.add_mutually_exclusive_group(required=True)
    ways.add_argument("--up", dest="way", action="store_const", const="up", help="what contains or uses it")
    ways.add_argument("--down", dest="way", action="store_const", const="down", help="what it uses or contains")
    text = "what would be affected if it went"
    ways.add_argument("--blast-radius", dest="way", action="store_const", const="blast-radius", help=text)
    added.add_argument(
        "--depth",
        metavar="N",
        type=_count_of,
        help="steps at most; default: 3, with --blast-radius as far as there are edges",
    )
    added.add_argument(
        "--type", metavar="T", action="append", default=[], help="only edges of this type; may be repeated"
    )
    _timeout(added)
    _complete_only(added)
    _output(added, ("tree", "dot", "json"), "tree")
    _svg(added)
    added.set_defaults(handler=_run_walk)


def _run_walk(arguments: argparse.Namespace) -> int:
    from syncd.cli.walk import walk

    return walk(arguments)


def _count_of(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**31:
        raise argparse.ArgumentTypeError(f"found {text}, expected a number above 0")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"found {text}, expected a number of seconds above 0")
    return seconds
