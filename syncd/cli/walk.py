"""`syncctl walk`: what lies around a resource, along the edges."""

import argparse
import sys

from syncd.cli.asking import asking, commit_of, now, warn
from syncd.cli.candidates import meant
from syncd.cli.dot import MOST, Legend, drawing
from syncd.cli.exits import Exit
from syncd.cli.graph import Graph, Item, Walked
from syncd.cli.output import show_document
from syncd.cli.picture import draw
from syncd.cli.trees import of_walk, tree_lines
from syncd.errors import ConfigError
from syncd.search import past
from syncd.search.guard import guarded
from syncd.search.schema import Schema, load_schema
from syncd.search.tree import Walk
from syncd.store.queries import account_names

NODES = 10_000
STEPS = 3
TITLES = {
    "down": "what {} uses or contains",
    "up": "what contains or uses {}",
    "blast-radius": "what would be affected if {} went",
}


def walk(arguments: argparse.Namespace) -> int:
    with asking(arguments) as connection:
        schema = load_schema(connection)
        way = way_of(schema, arguments.way, tuple(arguments.type), arguments.depth)
        commit = commit_of(connection, arguments)
        if commit is not None:
            past.load(connection, commit)
        graph = Graph(connection, schema, now(), commit, arguments.complete_only)
        with guarded(connection, arguments.timeout):
            start = meant(graph, arguments.resource)
            walked = graph.walk(start.key, way, NODES)
            items = graph.items(walked.distance)
            legend = Legend(
                graph.bases(),
                account_names(connection),
                TITLES[arguments.way].format(start.name or start.id),
                start.key,
            )
    if arguments.svg or arguments.output == "dot":
        text = drawing(list(items.values()), walked.links, legend)
        if arguments.svg:
            draw(text, arguments.svg)
        if arguments.output == "dot":
            print(text, end="")
    _print(arguments, walked, way, items, start)
    _tell(walked, arguments)
    return Exit.OK


def way_of(schema: Schema, way: str, types: tuple[str, ...], depth: int | None) -> Walk:
    """The walk that the options mean. Raises ConfigError for a type of edge that there is none of."""
    for name in types:
        if name not in schema.types:
            raise ConfigError(f"there are no edges of type {name}; {schema.nearest_type(name)}")
    if way == "down":
        return Walk(types, None, 1, depth or STEPS)
    if way == "up":
        return Walk(None, types, 1, depth or STEPS)
    # What contains a resource stays when it goes; what it contains goes with it, and what uses either is affected.
    asked = types or tuple(schema.types)
    users = tuple(name for name in asked if name != "contains")
    return Walk(("contains",) if "contains" in asked else None, users or None, 1, depth)


def _print(arguments: argparse.Namespace, walked: Walked, way: Walk, items: dict[int, Item], start: Item) -> None:
    output = arguments.output or ("" if arguments.svg else "tree")
    if output == "json":
        show_document(_document(walked, items, start), output)
    elif output == "tree":
        for line in tree_lines([of_walk(walked, way, items, start.key)]):
            print(line)


def _document(walked: Walked, items: dict[int, Item], start: Item) -> dict[str, object]:
    nodes = [{**item._asdict(), "distance": walked.distance[key]} for key, item in items.items()]
    for node in nodes:
        del node["key"]
    edges = [
        {"from": items[link.src].urn, "type": link.type, "to": items[link.dst].urn}
        for link in walked.links
        if link.src in items and link.dst in items
    ]
    return {"start": start.urn, "nodes": nodes, "edges": edges, "more": walked.more}


def _tell(walked: Walked, arguments: argparse.Namespace) -> None:
    sys.stdout.flush()
    if walked.more:
        warn(f"there are more than {NODES:,} resources on the way; --depth or --type ends it sooner")
    if (arguments.svg or arguments.output == "dot") and len(walked.distance) > MOST:
        warn(f"the picture shows the nearest {MOST} of {len(walked.distance):,} resources")
