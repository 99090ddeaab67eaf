"""What the curated catalog says of each service, for those who derive the rest."""

from collections.abc import Iterable

from collectors.aws.check import Botocore
from collectors.aws.deriving.families import Provider
from collectors.aws.deriving.kinds import Curated
from collectors.aws.deriving.words import noun_of
from collectors.aws.entries import Catalog, KindEntry
from collectors.aws.outlines import item_outline
from collectors.aws.targets import urn_template
from collectors.aws.templates import as_template, template


def curated_of(catalog: Catalog, service: str, operations: Botocore) -> Curated:
    entries = [entry for entry in catalog.kinds.values() if entry.call.service == service]
    return Curated(
        calls=frozenset(_calls(catalog.kinds.values())),
        providers=tuple(_provider(entry, operations) for entry in entries),
        names=frozenset(catalog.kinds),
    )


def _calls(entries: Iterable[KindEntry]) -> Iterable[str]:
    for entry in entries:
        yield str(entry.call)
        yield from (str(facet.call) for facet in entry.facets)


def _provider(entry: KindEntry, operations: Botocore) -> Provider:
    keys = frozenset(item_outline(entry, operations).roots)
    told = entry.kind.removeprefix(f"aws_{entry.call.service.replace('-', '_')}_").removeprefix("aws_")
    nouns = tuple(
        dict.fromkeys((noun_of(entry.call.operation), *(noun_of(f.call.operation) for f in entry.facets), told))
    )
    return Provider(
        entry.kind,
        nouns,
        keys,
        arn=_plain(urn_template(entry), keys),
        id=_plain(as_template(entry.id), keys),
        name=_plain(as_template(entry.name), keys) if entry.name and entry.name != "tag" else "",
    )


def _plain(text: str, keys: frozenset[str]) -> str:
    """The key that a template consists of, "" where it is made of more."""
    plain = template(text).plain if text else ""
    return plain if plain in keys else ""
