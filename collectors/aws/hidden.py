"""Which parts of an answer the reader never builds, and which must be taken out of the document afterwards."""

from collections.abc import Iterable

from botocore.model import ListShape, MapShape, Shape, StructureShape

from collectors.aws.entries import KindEntry
from collectors.aws.outline import Outline, members, snake
from collectors.aws.paths import plain_path, steps
from collectors.aws.shapes import EVERY_VALUE, Skip


def emptied_paths(entry: KindEntry, outline: Outline) -> tuple[str, ...]:
    """Secrets that are maps: their names are kept, their values are not."""
    return tuple(path for path in entry.secret if isinstance(outline.at(path), MapShape))


def removed_paths(entry: KindEntry, outline: Outline) -> tuple[str, ...]:
    emptied = frozenset(emptied_paths(entry, outline))
    return tuple(path for path in (*entry.secret, *entry.drop) if path not in emptied)


def skip(entry: KindEntry, shape: Shape, prefix: str, into: str = "") -> Skip:
    """The hidden paths of a kind as the reader skips them, where `shape` is found at `prefix` of the answer.

    `into` is the document key that the shape becomes. Parts of a map cannot be skipped by name: they are removed later.
    """
    above = tuple(snake(step.name) for step in steps(prefix)) if prefix else ()
    secret = (_skippable(shape, path, keep_names=True) for path in _within(entry.secret, into))
    drop = (_skippable(shape, path, keep_names=False) for path in _within(entry.drop, into))
    return frozenset((*above, *names) for names in (*secret, *drop) if names)


def _within(paths: Iterable[str], key: str) -> Iterable[str]:
    """The parts of the paths that lie inside a top-level key; all of them for no key."""
    for path in paths:
        first, _, rest = path.partition(".")
        if not key:
            yield path
        elif rest and plain_path(first) == key:
            yield rest


def _skippable(shape: Shape, path: str, *, keep_names: bool) -> tuple[str, ...]:
    names: list[str] = []
    current: Shape | None = shape
    for step in steps(path):
        while isinstance(current, ListShape):
            current = current.member
        current = members(current).get(step.name) if isinstance(current, StructureShape) else None
        if current is None:
            return ()
        names.append(step.name)
    return (*names, *EVERY_VALUE) if keep_names and isinstance(current, MapShape) else tuple(names)
