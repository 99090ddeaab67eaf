"""Which services a region offers, as botocore's own list tells: where there is none, nobody is asked."""

from collections.abc import Mapping, Sequence

from botocore.loaders import Loader
from msgspec import Struct

from collectors.aws.endpoints import GLOBAL
from collectors.aws.entries import KindEntry, Service


class _List(Struct, frozen=True):
    """`regions` that it knows, and in which of them each service is."""

    regions: frozenset[str]
    services: Mapping[str, frozenset[str]]


class Offers:
    """Read when first asked for. A service that the list does not know, and a region newer than it, is asked."""

    def __init__(self) -> None:
        self._list: _List | None = None

    def has(self, service: Service, region: str) -> bool:
        if self._list is None:
            self._list = _read()
        found = self._list.services.get(service.endpoint or service.name)
        return found is None or region in found or region not in self._list.regions


def regions_of(
    entry: KindEntry, regions: Sequence[str], services: Mapping[str, Service], offers: Offers
) -> Sequence[str]:
    """Where, of these regions, a kind is read.

    Nobody has looked where a derived kind can be asked for: not in regions that do not offer its service.
    """
    if entry.worldwide:
        return (GLOBAL,)
    service = services.get(entry.call.service) if entry.derived else None
    if service is None:
        return regions
    return [region for region in regions if offers.has(service, region)]


def _read() -> _List:
    """Of all partitions; services with one endpoint for all regions are asked there, or not by region at all."""
    regions: set[str] = set()
    services: dict[str, frozenset[str]] = {}
    for partition in Loader().load_data("endpoints")["partitions"]:
        regions |= partition["regions"].keys()
        for name, each in partition["services"].items():
            here = partition["regions"].keys() & each["endpoints"].keys()
            if here and each.get("isRegionalized", True):
                services[name] = services.get(name, frozenset()) | here
    return _List(frozenset(regions), services)
