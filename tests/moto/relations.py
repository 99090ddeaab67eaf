"""docs/aws-relations.md: every edge that the catalog declares, and which of them a stand-in has shown.

`python -m tests.moto.relations MOTO.db RECORDED.db` writes it, from stores of what moto and recorded answers hold.
"""

import sqlite3
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from collectors.aws import AwsCollector

PAGE = Path(__file__).parents[2] / "docs" / "aws-relations.md"
Relation = tuple[str, str, str]
HEAD = """\
# Edges of AWS kinds

<!-- Written by `python -m tests.moto.relations`. -->

{count:,} edges are declared: by the catalog's rules (collectors/aws/catalog/references.toml) and its kinds.
{shown:,} of them have been seen as real edges: on moto, where both ends were made with the SDK (**bold**), or in
recorded answers of AWS (*italic*). Of the others the provider's model has the member, and no stand-in has filled it.
That every kind without a parent is contained in its region is left out here.

| kind | edge | to |
|---|---|---|
"""


def declared() -> set[Relation]:
    """Every edge but those from the region, which all have."""
    return {each for each in AwsCollector().relations() if each[0] != "aws_region"}


def seen(store: Path) -> set[Relation]:
    """The edges that there are in a store."""
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    try:
        return set(connection.execute("select distinct from_kind, type, to_kind from relation"))
    finally:
        connection.close()


def page(all_: Iterable[Relation], moto: set[Relation], recorded: set[Relation]) -> str:
    """One row for a kind and an edge type."""
    rows: dict[tuple[str, str], list[str]] = {}
    count = shown = 0
    for each in sorted(all_):
        mark = "**" if each in moto else "*" if each in recorded else ""
        count, shown = count + 1, shown + bool(mark)
        rows.setdefault(each[:2], []).append(f"{mark}{each[2]}{mark}")
    lines = (f"| {kind} | {type_} | {', '.join(targets)} |" for (kind, type_), targets in rows.items())
    return HEAD.format(count=count, shown=shown) + "\n".join(lines) + "\n"


def told(text: str) -> Iterator[tuple[Relation, str]]:
    """What a page says: each edge, and its mark."""
    for line in text.splitlines():
        if line.startswith("| aws_"):
            kind, type_, targets = (part.strip() for part in line.strip("|").split("|"))
            for target in targets.split(", "):
                name = target.strip("*")
                yield (kind, type_, name), target[: target.index(name)]


if __name__ == "__main__":
    PAGE.write_text(page(declared(), seen(Path(sys.argv[1])), seen(Path(sys.argv[2]))))
