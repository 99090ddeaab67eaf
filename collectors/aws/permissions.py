"""Which IAM actions the catalog's calls need."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from collectors.aws.entries import Catalog, KindEntry, Target

FILE = Path(__file__).with_name("iam.toml")
BULK_TAGS = "tag:GetResources"


@cache
def spellings() -> Mapping[str, Any]:
    """iam.toml: what IAM calls otherwise than its service does."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def permission(catalog: Catalog, target: Target) -> str:
    """The IAM action of an operation: what its service's file says, else iam.toml, else prefix:Operation."""
    service = catalog.services.get(target.service)
    named = service.actions.get(target.operation) if service is not None else None
    own = (service.prefix if service is not None else "") or spellings()["prefix"].get(target.service, target.service)
    return named or _irregular(target) or f"{own}:{target.operation}"


def _irregular(target: Target) -> str:
    named: Mapping[str, str] = spellings()["action"].get(target.service, {})
    if target.operation in named:
        return named[target.operation]
    return next((action for glob, action in named.items() if fnmatchcase(target.operation, glob)), "")


def needed(catalog: Catalog, target: Target) -> tuple[str, ...]:
    """The action of an operation, and those that it needs beside."""
    return (permission(catalog, target), *spellings()["also"].get(target.service, {}).get(target.operation, ()))


def targets(catalog: Catalog, kinds: Iterable[str]) -> Iterator[Target]:
    """Every call that reading the kinds makes, their parents' lists included; some more than once."""
    for kind in kinds:
        entry: KindEntry | None = catalog.kinds.get(kind)
        yield from (facet.call for facet in entry.facets) if entry is not None else ()
        while entry is not None:
            yield entry.call
            entry = catalog.kinds.get(entry.parent.kind) if entry.parent is not None else None


def permissions(catalog: Catalog, kinds: Iterable[str]) -> set[str]:
    """Everything that reading the kinds needs."""
    names = list(kinds)
    found = {action for target in targets(catalog, names) for action in needed(catalog, target)}
    entries = (catalog.kinds.get(kind) for kind in names)
    return found | {BULK_TAGS for entry in entries if entry is not None and entry.tagging}
