"""The resources and rows that a search found, in each of its forms."""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from syncd.cli import output as rows_out
from syncd.cli.dot import MOST, Legend, drawing
from syncd.cli.graph import Graph, Item
from syncd.cli.markdown import markdown
from syncd.cli.output import OBJECTS, coloured, show_objects
from syncd.cli.picture import draw
from syncd.cli.trees import by_containment, by_place, tree_lines
from syncd.search.answer import FETCHING, Answer, Asking, Row, columns_of
from syncd.search.guard import guarded
from syncd.search.tree import Path, Query
from syncd.store.keys import node_key

PICTURES = ("tree", "dot")


def _paths(names: str) -> tuple[Path, ...]:
    return tuple(Path(tuple(name.split("."))) for name in names.split())


USUAL = _paths("kind id name age last_update account account.name region")
WIDE = (*USUAL, *_paths("cloud zone urn coverage.state tags"))
OF_ITEMS = _paths("kind name id urn account account.name region")


def columns(output: str, named: str) -> tuple[Path, ...]:
    """What to ask for: --columns, else the usual ones; () gives whole resources."""
    if named:
        return columns_of(named)
    if output in OBJECTS:
        return ()
    return WIDE if output == "wide" else USUAL


def show_rows(query: Query, answer: Answer, arguments: argparse.Namespace) -> None:
    output = arguments.output or "table"
    figures = query.aggregate is not None
    names, rows = list(answer.columns), answer.rows
    if output in OBJECTS:
        show_objects(names, rows, output)
        return
    if not figures:
        names += [merge.name for merge in query.parts[-1].merges if merge.name not in names]
        if not arguments.columns:
            names.remove("account.name")
            rows = [{**row, "account": row["account.name"] or row["account"]} for row in rows]
    cells = ([row.get(name) for name in names] for row in rows)
    if output in ("table", "wide"):
        cells = ([_brief(value) for value in row] for row in cells)
    show_table(names, cells, output, colours=coloured(sys.stdout, no_color=arguments.no_color))


def show_table(names: Sequence[str], rows: Iterable[Sequence[Any]], output: str, *, colours: bool) -> None:
    if output == "markdown":
        print(*markdown(names, rows), sep="\n")
    else:
        rows_out.show(names, rows, "table" if output == "wide" else output, colours=colours)


def _brief(value: Any) -> Any:
    """Tags as `key=value`, resources of a merge as their names, plain lists as such: JSON would be too wide."""
    if isinstance(value, Mapping):
        if "urn" in value and "kind" in value:
            return value.get("name") or value.get("id")
        if value and all(isinstance(item, str) for item in value.values()):
            return " ".join(f"{key}={item}" for key, item in value.items())
    if isinstance(value, list) and not any(isinstance(_brief(item), Mapping | list) for item in value):
        return ", ".join(str(_brief(item)) for item in value)
    return value


# -- pictures


def picture(asked: Asking, answer: Answer, arguments: argparse.Namespace) -> Callable[[], None]:
    """Reads the edges of a tree or drawing; what is returned prints it, and needs the store no more."""
    items = [_item(row) for row in answer.rows]
    if arguments.output == "tree":
        lines = _tree(asked, answer, items)
        text = _drawing(asked, answer, items) if arguments.svg else ""
    else:
        lines, text = [], _drawing(asked, answer, items)

    def show() -> None:
        if arguments.svg:
            draw(text, arguments.svg)
        if arguments.output == "dot":
            print(text, end="")
        for line in lines:
            print(line)

    return show


def _item(row: Row) -> Item:
    texts = (row["kind"], row["name"], row["id"], row["urn"], row["account"] or "", row["region"] or "")
    return Item(node_key(row["urn"]), *texts)


def _names(answer: Answer) -> dict[str, str]:
    return {row["account"] or "": row["account.name"] or "" for row in answer.rows}


def _graph(asked: Asking) -> Graph:
    return Graph(asked.connection, asked.schema, asked.now, asked.question.commit)


def _drawing(asked: Asking, answer: Answer, items: Sequence[Item]) -> str:
    graph = _graph(asked)
    with guarded(asked.connection, FETCHING):
        links, bases = graph.between(item.key for item in items[:MOST]), graph.bases()
    return drawing(items, links, Legend(bases, _names(answer), asked.question.text))


def _tree(asked: Asking, answer: Answer, items: Sequence[Item]) -> list[str]:
    """By what contains what, where the search walks and something of the result contains another; else by place."""
    branches = []
    if len(asked.query.parts) > 1:
        with guarded(asked.connection, FETCHING):
            links = _graph(asked).between(item.key for item in items)
        if any(link.type == "contains" for link in links):
            branches = by_containment(items, links)
    return list(tree_lines(branches or by_place(items, _names(answer))))
