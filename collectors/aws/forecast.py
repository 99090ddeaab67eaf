"""What a run will ask of AWS, told from the settings and the catalog alone: nobody is asked."""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from math import prod

from collectors.aws.accounts import PARTS
from collectors.aws.containment import ACCOUNT, ACCOUNT_KINDS, ORGANIZATION
from collectors.aws.endpoints import GLOBAL, partition_of, partitions
from collectors.aws.entries import Catalog, KindEntry
from collectors.aws.offers import Offers, regions_of
from collectors.aws.places import COLLECTOR
from collectors.aws.selection import by_scope, wanted_kinds
from collectors.aws.settings import AwsSettings
from collectors.aws.signs import resource_type
from syncd.errors import ConfigError
from syncd.forecast import Asked, Forecast, Places
from syncd.model import Scope

Entries = Mapping[str, Sequence[KindEntry]]


def forecast(catalog: Catalog, settings: AwsSettings) -> Forecast:
    entries = _entries(catalog, settings)
    asked = {name: _asked(catalog, each) for name, each in entries.items()}
    asked[ACCOUNT] = Asked(len(PARTS), len(PARTS))
    asked[ORGANIZATION] = Asked()
    central = {ORGANIZATION, *(name for name, each in entries.items() if each[0].organization)}
    named = settings.organization is not None
    return Forecast(
        asked,
        frozenset(central),
        once=max(1, len(settings.profiles)) + named,
        account=1,
        indexes=(settings.explorer is not None) + (settings.aggregator is not None),
    )


def planned(catalog: Catalog, settings: AwsSettings, places: Places) -> Iterator[Scope]:
    entries, offers = _entries(catalog, settings), Offers()
    kinds = {name: tuple(entry.kind for entry in each) for name, each in entries.items()}
    for account, given in places.items():
        regions = [region for region in given if region != GLOBAL and _is_wanted(region, settings)]
        yield Scope(COLLECTOR, account, GLOBAL, ACCOUNT, ACCOUNT_KINDS, "")
        for name, each in entries.items():
            if not each[0].organization:
                for region in regions_of(each[0], regions, catalog.services, offers):
                    yield Scope(COLLECTOR, account, region, name, kinds[name], "")


def imagined(catalog: Catalog, settings: AwsSettings, accounts: int, regions: int) -> Places:
    partition = partition_of(settings.region) if settings.region else "aws"
    known = next(each.regions for each in partitions() if each.name == partition)
    wanted = [region for region in known if region != f"{partition}-global" and _is_wanted(region, settings)]
    if regions > len(wanted):
        raise ConfigError(f"--regions {regions}: the configuration means {len(wanted)} at most")
    counts = dict.fromkeys(wanted, 0)
    for scope in planned(catalog, settings, {"": wanted}):
        if scope.region in counts:
            counts[scope.region] += 1
    fewest = tuple(sorted(wanted, key=lambda region: (counts[region], region))[:regions])
    return {f"{number:012}": fewest for number in range(1, accounts + 1)}


def _entries(catalog: Catalog, settings: AwsSettings) -> Entries:
    return by_scope(wanted_kinds(catalog, settings.kinds, settings.excluded))


def _is_wanted(region: str, settings: AwsSettings) -> bool:
    return any(fnmatchcase(region, glob) for glob in settings.regions) and not any(
        fnmatchcase(region, glob) for glob in settings.exclude_regions
    )


def _asked(catalog: Catalog, entries: Sequence[KindEntry]) -> Asked:
    first = entries[0]
    looked = any(resource_type(entry) for entry in entries)
    if first.parent is None:
        return Asked(1, _lists(first), looked=looked)
    parent = catalog.kinds[first.parent.kind]
    top = _top(catalog, parent)
    return Asked(0, 0, top.kind, _lists(top), parent.scope, first.parent.batch, looked)


def _top(catalog: Catalog, entry: KindEntry) -> KindEntry:
    while entry.parent is not None:
        entry = catalog.kinds[entry.parent.kind]
    return entry


def _lists(entry: KindEntry) -> int:
    """The list is asked for with every combination of these arguments."""
    return prod(len(values) for values in entry.each.values())
