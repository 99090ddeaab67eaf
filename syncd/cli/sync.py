"""`syncd sync` and `syncd accept`: one run in the foreground."""

import argparse
import signal
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from types import FrameType

import msgspec

from syncd.cli.exits import ENDINGS, Exit, discard_output
from syncd.cli.output import coloured
from syncd.cli.progress import ProgressLine
from syncd.cli.report import report
from syncd.errors import ConfigError
from syncd.plugin import Selection
from syncd.rules.check import load
from syncd.settings import Config
from syncd.store.reader import reading
from syncd.sync.summary import RunSummary


def sync(arguments: argparse.Namespace) -> int:
    config = config_of(arguments)
    selection = Selection(tuple(arguments.account), tuple(arguments.region), tuple(arguments.kind))
    return _run(config, selection, (), arguments)


def accept(arguments: argparse.Namespace) -> int:
    config = config_of(arguments)
    scopes = _waiting(config.store.file, arguments.scope)
    return _run(config, Selection(scopes=scopes), scopes, arguments)


def config_of(arguments: argparse.Namespace) -> Config:
    config = load(arguments.config, database=arguments.db)
    if not config.collectors:
        raise ConfigError("no collector is installed: install syncd with its collectors")
    if arguments.log_level:
        log = msgspec.structs.replace(config.log, level=arguments.log_level)
        config = msgspec.structs.replace(config, log=log)
    return config


def _waiting(file: Path, globs: list[str]) -> tuple[str, ...]:
    """The scopes that wait for somebody's word and match; an error that lists them when none does."""
    with reading(file) as connection:
        rows = connection.execute("select scope from coverage where state in ('held', 'retired') order by 1")
        waiting = [scope for (scope,) in rows]
    unmatched = [glob for glob in globs if not any(fnmatchcase(scope, glob) for scope in waiting)]
    if unmatched:
        some = ", ".join(waiting[:10]) + (" …" if len(waiting) > 10 else "") if waiting else "none"
        raise ConfigError(f"no scope that matches {unmatched[0]} is held or retired; those that are: {some}")
    return tuple(scope for scope in waiting if any(fnmatchcase(scope, glob) for glob in globs))


def _run(config: Config, selection: Selection, accepted: tuple[str, ...], arguments: argparse.Namespace) -> int:
    from syncd import log
    from syncd.loop import run
    from syncd.once import sync_once

    progress = ProgressLine(sys.stderr)
    colours = coloured(sys.stderr, no_color=arguments.no_color)
    log.configure(config.log, log.secrets(config), progress, colours=colours)
    _end_like_interrupt()
    try:
        summary = run(
            sync_once(
                config,
                selection,
                accept=accepted,
                trigger="accept" if accepted else "cli",
                progress=None if arguments.quiet else progress,
            )
        )
    finally:
        progress.close()
    return _tell(summary, config, arguments)


def _end_like_interrupt() -> None:
    """`systemctl stop` and `kill` end a run as Ctrl-C does."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        signal.raise_signal(signal.SIGINT)

    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, interrupt)


def _tell(summary: RunSummary, config: Config, arguments: argparse.Namespace) -> int:
    if not arguments.quiet or arguments.output != "table":
        try:
            report(summary, config.store.file, arguments.output, coloured(sys.stdout, no_color=arguments.no_color))
            sys.stdout.flush()
        except BrokenPipeError:
            discard_output()  # the run stands, whoever reads of it
    return ENDINGS.get(summary.state, Exit.ERROR)
