"""`syncctl store`: how large the file is, whether it is whole, a copy of it, and the end of what is too old."""

import argparse
import sys
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from syncd.cli import arguments as common
from syncd.cli.exits import Exit
from syncd.cli.output import DOCUMENTS, FORMATS, coloured, report_lines, show, show_document
from syncd.errors import ConfigError, StoreError, StoreLocked

if TYPE_CHECKING:
    import sqlite3

    from syncd.settings import Config

T = TypeVar("T")

STATS = """\
  syncctl store stats
  syncctl store stats -o json | jq '.history[0]'
"""
COMPACT = """\
  syncctl store compact                      where no daemon runs; a daemon does it by itself once a day

[store] history_days says how long the past is kept. The room is used again; the file does not become smaller.
"""
INDEX = """\
  syncctl store index                        where no daemon runs; a daemon does it by itself after each run

Searches are right without it, and take longer.
"""
BACKUP = """\
  syncctl store backup /backup/syncd.db      while the daemon writes
  syncctl store backup --force /backup/syncd.db

To go back to it: stop syncd, put the copy in the place of the store, and remove the store's -wal and -shm.
"""
CHECK = """\
  syncctl store check && echo sound
  syncctl store check --db /backup/syncd.db

Reads the whole file. The exit code is 1 if anything is wrong.
"""
TOLD_EVERY = 1 << 26
"""Bytes."""


def add(commands: "argparse._SubParsersAction[common.Parser]") -> None:
    text = "the store's file: its size, its past, a copy of it, and whether it is whole"
    examples = "".join(each.split("\n\n")[0].rstrip() + "\n" for each in (STATS, COMPACT, INDEX, BACKUP, CHECK))
    added = commands.add_parser("store", help=text, description=text, epilog=f"examples:\n{examples}")
    actions = added.add_subparsers(metavar="ACTION", title="actions", required=True)
    _action(actions, "stats", stats, "how large it is: tables, the past of each kind, the log", STATS)
    _action(actions, "compact", compact, "drop what is older than it is to be kept", COMPACT)
    _action(actions, "index", index, "bring the index of searches up to date", INDEX)
    text = "a copy as it is at this moment, checked before it gets its name"
    copied = _action(actions, "backup", backup, text, BACKUP)
    copied.add_argument("file", metavar="FILE", type=Path, help="where to; mode 0640")
    copied.add_argument("--force", action="store_true", help="replace FILE if it is there")
    _action(actions, "check", check, "whether the file is whole and keeps its own promises", CHECK, FORMATS)


def _action(
    actions: "argparse._SubParsersAction[common.Parser]",
    name: str,
    handler: Callable[[argparse.Namespace], int],
    text: str,
    examples: str,
    formats: tuple[str, ...] = DOCUMENTS,
) -> common.Parser:
    added = actions.add_parser(name, help=text, description=text, epilog=f"examples:\n{examples}")
    common.add_config(added)
    common.add_database(added)
    common.add_output(added, formats)
    added.set_defaults(handler=handler)
    return added


def stats(arguments: argparse.Namespace) -> int:
    from syncd.cli.database import reading, store_of
    from syncd.store.figures import figures

    file = store_of(arguments)
    with reading(file) as connection:
        _up_to_date(connection, file)
        found = figures(connection, file)
    _tell(found | _readable(found) if arguments.output == "table" else found, arguments)
    return Exit.OK


def _readable(found: Mapping[str, Any]) -> dict[str, Any]:
    from syncd.cli.words import sized

    sizes = {name: sized(found[name]) for name in ("bytes", "free_bytes", "log_bytes")}
    commits = {
        name: found[name] and "{number} at {at}".format(**found[name]) for name in ("first_commit", "last_commit")
    }
    return sizes | commits


def compact(arguments: argparse.Namespace) -> int:
    from syncd.once import compact_once

    dropped, room = _upkeep(arguments, compact_once, "compacts by itself once a day, after a run")
    _tell({**dropped._asdict(), "bytes": room}, arguments)
    return Exit.OK


def index(arguments: argparse.Namespace) -> int:
    from syncd.once import index_once

    count = _upkeep(arguments, index_once, "keeps the index by itself, after each run")
    _tell({"resources": count}, arguments)
    return Exit.OK


def _upkeep(arguments: argparse.Namespace, act: Callable[["Config"], Coroutine[Any, Any, T]], by_itself: str) -> T:
    """What a daemon does by itself. Raises StoreLocked with that word where one has the file."""
    from syncd.cli.database import reading
    from syncd.config import load
    from syncd.loop import run

    config = load(arguments.config, database=arguments.db)
    if not config.collectors:
        raise ConfigError("no collector is installed: install syncd with its collectors")
    file = config.store.file
    with reading(file):
        pass  # what is no store is not made one
    try:
        return run(act(config))
    except StoreLocked as error:
        raise StoreLocked(f"{file} is held by another syncd; a daemon {by_itself} ({error})") from None


def backup(arguments: argparse.Namespace) -> int:
    from syncd.cli.database import reading, store_of
    from syncd.store.backup import copy, named_when_whole

    file, to = store_of(arguments), arguments.file.expanduser().absolute()
    with reading(file) as source:
        if to.exists() and to.samefile(file):
            raise StoreError(f"{to} is the store itself: name another file")
        with named_when_whole(to, force=arguments.force) as part:
            copy(source, part, _progress(sys.stderr.isatty()))
            with reading(part) as copied:
                events = int(copied.execute("select coalesce(max(seq), 0) from event").fetchone()[0])
            size = part.stat().st_size
    _tell({"file": str(to), "bytes": size, "events": events}, arguments)
    return Exit.OK


def _progress(live: bool) -> Callable[[int, int], None]:
    """One line that is written over."""
    from syncd.cli.words import sized

    def told(done: int, size: int) -> None:
        end = "\r\x1b[2K" if done == size else ""
        print(f"\r\x1b[2K{sized(done)} of {sized(size)}{end}", end="", file=sys.stderr, flush=True)

    return told if live else lambda done, size: None


def check(arguments: argparse.Namespace) -> int:
    from syncd.cli.database import reading, store_of
    from syncd.store.soundness import problems

    file = store_of(arguments)
    with reading(file) as connection:
        _up_to_date(connection, file)
        found = list(problems(connection))
    if found or arguments.output != "table":
        show(("problem", "where"), found, arguments.output, colours=coloured(sys.stdout, no_color=arguments.no_color))
    else:
        print(f"ok: {file} is whole")
    return Exit.ERROR if found else Exit.OK


def _up_to_date(connection: "sqlite3.Connection", file: Path) -> None:
    from syncd.store.files import migrations

    schema, newest = int(connection.execute("pragma user_version").fetchone()[0]), max(migrations())
    if schema < newest:
        raise StoreError(f"{file}: has schema {schema}; the next syncd that writes it brings it to {newest}")


def _tell(found: Mapping[str, Any], arguments: argparse.Namespace) -> None:
    if arguments.output == "table":
        print(*report_lines(found, coloured(sys.stdout, no_color=arguments.no_color)), sep="\n")
    else:
        show_document(found, arguments.output)
