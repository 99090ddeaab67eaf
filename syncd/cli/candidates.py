"""Which resource is meant; where it may be several, they are listed."""

import sys

from syncd.cli.graph import Graph, Item, SeveralFound
from syncd.cli.output import table_lines
from syncd.errors import ConfigError

LISTED = 20


def meant(graph: Graph, text: str) -> Item:
    """The resource of this URN, id or name. Raises StoreError; lists the candidates before SeveralFound."""
    if not text:
        raise ConfigError("found nothing, expected the id, name or URN of a resource")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ConfigError(f"{text} is not UTF-8") from None
    try:
        return graph.find(text)
    except SeveralFound as several:
        rows = [(item.kind, item.name, item.account, item.region, item.urn) for item in several.items[:LISTED]]
        print(*table_lines(("kind", "name", "account", "region", "urn"), rows), sep="\n", file=sys.stderr)
        if len(several.items) > LISTED:
            print(f"… and {len(several.items) - LISTED:,} more", file=sys.stderr)
        raise
