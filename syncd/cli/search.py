"""`syncctl search`, `count` and `aggregate`: what a query finds, in every form that people and programs want."""

import argparse
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from syncd.cli import results
from syncd.cli.asking import asking, commit_of, now, query_text, warn
from syncd.cli.dot import MOST
from syncd.cli.exits import Exit
from syncd.cli.explain import explained
from syncd.cli.hints import hints
from syncd.config import search_settings
from syncd.errors import ConfigError
from syncd.search.answer import Answer, Asking, Question, columns_of
from syncd.search.incomplete import asked_kinds
from syncd.search.tree import Aggregate, Function

NAMED = 5
"""Scopes that a warning names."""
ALL_ROWS = 1_000_000
"""Groups that are counted where only their number is wanted, and sorted where the most frequent come first."""
COUNTED = Aggregate((), (Function("sum", 1, (), "count"),))
Show = Callable[[], None]
"""Prints what was found. It needs the store no more."""
Work = Callable[[Asking, argparse.Namespace], tuple[Show, Answer]]


def search(arguments: argparse.Namespace) -> int:
    output = _form(arguments)
    work = _number if arguments.count else _picture if output in results.PICTURES else _rows
    return _run(arguments, query_text(arguments.query), work)


def count(arguments: argparse.Namespace) -> int:
    text = query_text([arguments.query])
    if not arguments.path:
        return _run(arguments, text, _number)
    columns_of(arguments.path)
    return _run(arguments, f"aggregate({arguments.path}: sum(1) as count): {_plain(text)}", _most_first)


def aggregate(arguments: argparse.Namespace) -> int:
    return _run(arguments, f"aggregate({arguments.figures}): {_plain(query_text(arguments.query))}", _figures)


def _plain(text: str) -> str:
    """A search may begin with the word itself, but not behind an aggregate."""
    first, _, rest = text.strip().partition(" ")
    return rest if first.lower() == "search" else text


def _form(arguments: argparse.Namespace) -> str:
    """The format; --svg alone draws. Raises ConfigError for options that do not go together."""
    output: str = arguments.output or ("dot" if arguments.svg else "table")
    if arguments.svg and output not in results.PICTURES:
        raise ConfigError(f"--svg draws the resources: it goes with -o tree or dot, not with -o {output}")
    if arguments.svg and arguments.count:
        raise ConfigError("--svg draws the resources, --count counts them: one of the two")
    if arguments.columns and output in results.PICTURES:
        raise ConfigError(f"-o {output} shows resources, no columns; leave out --columns")
    return output


def _run(arguments: argparse.Namespace, text: str, work: Work) -> int:
    with asking(arguments) as connection:
        asked = _asked(connection, arguments, text)
        remarks: list[str] = []
        if arguments.explain:
            show: Show = partial(print, *explained(asked), sep="\n")
        else:
            show, answer = work(asked, arguments)
            remarks += _remarks(asked, answer)
    show()
    sys.stdout.flush()
    for remark in remarks:
        warn(remark)
    return Exit.OK


def _asked(connection: sqlite3.Connection, arguments: argparse.Namespace, text: str) -> Asking:
    settings = search_settings(arguments.config)
    question = Question(
        text,
        complete_only=arguments.complete_only,
        limit=arguments.limit or settings.max_rows,
        seconds=arguments.timeout or settings.timeout_seconds,
        templates=settings.templates,
    )
    asked = Asking(connection, question, now())
    commit = commit_of(connection, arguments, asked_kinds(asked.query, asked.schema))
    asked.question = replace(question, commit=commit)
    return asked


# -- what is asked for


def _rows(asked: Asking, arguments: argparse.Namespace) -> tuple[Show, Answer]:
    asked.question = replace(asked.question, columns=results.columns(arguments.output or "table", arguments.columns))
    answer = asked.answer()
    return partial(results.show_rows, asked.query, answer, arguments), answer


def _figures(asked: Asking, arguments: argparse.Namespace) -> tuple[Show, Answer]:
    answer = asked.answer()
    return partial(results.show_rows, asked.query, answer, arguments), answer


def _most_first(asked: Asking, arguments: argparse.Namespace) -> tuple[Show, Answer]:
    """The groups with the largest counts: all are looked at, as many as are asked for are told."""
    question = asked.question
    asked.question = replace(question, limit=max(ALL_ROWS, question.limit))
    answer = asked.answer()
    asked.question = question
    rows = sorted(answer.rows, key=lambda row: -int(row["count"]))
    answer = replace(answer, rows=rows[: question.limit], more=len(rows) > question.limit)
    return partial(results.show_rows, asked.query, answer, arguments), answer


def _picture(asked: Asking, arguments: argparse.Namespace) -> tuple[Show, Answer]:
    if asked.query.aggregate is not None:
        raise ConfigError("an aggregate has rows, no resources: no -o tree, no -o dot and no --svg")
    asked.question = replace(asked.question, columns=results.OF_ITEMS)
    answer = asked.answer()
    if arguments.output != "tree" and len(answer.rows) > MOST:
        note = f"the picture shows the first {MOST} of {len(answer.rows):,} resources"
        answer = replace(answer, warnings=(*answer.warnings, note))
    return results.picture(asked, answer, arguments), answer


def _number(asked: Asking, arguments: argparse.Namespace) -> tuple[Show, Answer]:
    """How many resources, or groups of an aggregate, there are."""
    if asked.query.aggregate is None:
        asked.query = replace(asked.query, aggregate=COUNTED)
        answer = asked.answer()
        found = int(answer.rows[0]["count"])
    else:
        asked.question = replace(asked.question, limit=ALL_ROWS)
        answer = asked.answer()
        found = len(answer.rows)
    if arguments.output in (None, "table", "wide"):
        show: Show = partial(print, found)
    else:
        show = partial(results.show_table, ("count",), [(found,)], arguments.output, colours=False)
    return show, answer


# -- what goes to stderr


def _remarks(asked: Asking, answer: Answer) -> Iterator[str]:
    """What the answer may lack, and why it may be empty."""
    yield from answer.warnings
    if answer.incomplete:
        yield incomplete(answer)
    if answer.more:
        yield f"only the first {asked.question.limit:,} rows are shown; narrow it or --limit"
    if not answer.rows and sys.stderr.isatty():
        yield "no resources"
    if _is_empty(asked, answer):
        yield from hints(asked)


def _is_empty(asked: Asking, answer: Answer) -> bool:
    """Nothing, or figures that are all nothing: the sum of a property that nobody has is 0."""
    figures = asked.query.aggregate.functions if asked.query.aggregate is not None else ()
    return not any(not figures or any(row[figure.label] for figure in figures) for row in answer.rows)


def incomplete(answer: Answer) -> str:
    scopes = answer.incomplete
    named = []
    for scope in scopes[:NAMED]:
        why = scope["permission"] or scope["operation"]
        named.append(f"{scope['scope']} {scope['state']} since {scope['since']}" + (f" ({why})" if why else ""))
    more = [f"{len(scopes) - NAMED:,} more"] if len(scopes) > NAMED else []
    verb = "is" if len(scopes) == 1 else "are"
    return (
        f"{len(scopes):,} of the scopes asked about {verb} not complete: {', '.join([*named, *more])}; "
        "syncctl coverage --incomplete --why"
    )
