"""Signs of life: in which scopes that were empty there may be something now, told by a cheap look at each region, and
by an index of the whole estate where there is one.
"""

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial

import structlog

from collectors.aws.arguments import Arguments
from collectors.aws.asking import Asking
from collectors.aws.client import Client
from collectors.aws.compile import Compiler
from collectors.aws.endpoints import GLOBAL
from collectors.aws.entries import KindEntry
from collectors.aws.indexes import Sighting, Types, aggregated, explored
from collectors.aws.places import Place
from collectors.aws.plans import Call
from collectors.aws.settings import Aggregator, Explorer
from collectors.aws.tagging import OPERATION, PERMISSION, SERVICE
from collectors.aws.targets import urn_template
from collectors.aws.work import merge
from syncd.errors import ReadError
from syncd.model import Scope
from syncd.plugin import Loose, Reader

log = structlog.get_logger()

Index = Explorer | Aggregator

_AT_ONCE = 16
_MOST_FILTERS = 100
_SERVICE = re.compile(r"arn:[^:]+:([a-z0-9-]+):")
_OWN = re.compile(r"arn:\{partition\}:([a-z0-9-]+):[^:]*:[^:]*:(?:([A-Za-z0-9-]+)[/:])?")


def resource_type(entry: KindEntry) -> str:
    """What the tagging API calls the kind, "" where that is not known: `ec2:volume`, `sqs`.

    Source: resourcegroupstaggingapi GetResources, ResourceTypeFilters: the service and type of the resource's ARN.
    """
    if entry.tagging:
        return entry.tagging
    found = _OWN.match(urn_template(entry))
    return ":".join(filter(None, found.groups())) if found else ""


class Signs:
    """What looks for them. `entries`: the kinds of each scope by its name."""

    def __init__(self, client: Client, compiler: Compiler, entries: Mapping[str, Sequence[KindEntry]]) -> None:
        self._client = client
        self._compiler = compiler
        self._entries = entries
        self._kinds = {entry.kind: entry for group in entries.values() for entry in group}

    def referred(self, loose: Iterable[Loose]) -> set[tuple[str, str, str]]:
        """(account, region, scope's name) of what may be meant by references that lead nowhere yet."""
        found = set()
        for each in loose:
            entry = self._kinds.get(each.kind)
            for reference in self._compiler.references(entry) if entry else ():
                if reference.type != each.type or reference.incoming:
                    continue
                for target in (self._kinds[kind] for kind in reference.kinds if kind in self._kinds):
                    found.add((each.account, GLOBAL if target.worldwide else each.region, target.scope))
        return found

    async def indexed(
        self, sources: Sequence[tuple[Index, Place | None]], reader: Reader
    ) -> AsyncIterator[tuple[str, str, str]]:
        """(account, region, scope's name) of what the indexes know to be somewhere, each once."""
        told: dict[tuple[str, str], set[str]] = {}
        for index, place in sources:
            if place is None:
                log.warning(
                    "signs.unseen", account=index.account, region=index.region, reason="the account is not read"
                )
                continue
            try:
                async for sighting in self._sightings(index, place, reader):
                    for entry in self._types.of(sighting):
                        region = GLOBAL if entry.worldwide else sighting.region
                        names = told.setdefault((sighting.account, region), set())
                        if entry.scope not in names:
                            names.add(entry.scope)
                            yield sighting.account, region, entry.scope
            except ReadError as error:
                log.warning("signs.unseen", account=index.account, region=index.region, reason=error.reason)

    @cached_property
    def _types(self) -> Types:
        arns = {kind: resource_type(entry) for kind, entry in self._kinds.items()}
        return Types(self._compiler.catalog, self._kinds.values(), arns)

    def _sightings(self, index: Index, place: Place, reader: Reader) -> AsyncIterator[Sighting]:
        asking = self._asking(place, index.region, reader)
        if isinstance(index, Explorer):
            return explored(self._client.models, asking, index)
        return aggregated(self._client.models, asking, index)

    async def tagged(
        self, places: Iterable[tuple[Place, str, Sequence[Scope]]], reader: Reader
    ) -> AsyncIterator[Scope]:
        """Of the scopes given for each place and region those in which something is tagged."""
        sources = (partial(self._tagged, *each, reader) for each in places)
        async for scope in merge(sources, _AT_ONCE):
            yield scope

    async def _tagged(self, place: Place, region: str, scopes: Sequence[Scope], reader: Reader) -> AsyncIterator[Scope]:
        types: dict[str, list[Scope]] = {}
        for scope in scopes:
            for kind in {resource_type(entry) for entry in self._entries[scope.name]} - {""}:
                types.setdefault(kind, []).append(scope)
        try:
            seen = {kind async for arn in self._arns(place, region, sorted(types), reader) for kind in _types(arn)}
        except ReadError as error:
            log.info("signs.unseen", account=place.account, region=region, reason=error.reason)
            return
        told = set()
        for kind in sorted(seen & types.keys()):
            for scope in types[kind]:
                if scope.key not in told:
                    told.add(scope.key)
                    yield scope

    async def _arns(self, place: Place, region: str, types: Sequence[str], reader: Reader) -> AsyncIterator[str]:
        asking = self._asking(place, region, reader)
        call = Call(self._client.models.operation(SERVICE, OPERATION), Arguments({}), PERMISSION)
        for start in range(0, len(types), _MOST_FILTERS):
            args = {"ResourceTypeFilters": list(types[start : start + _MOST_FILTERS]), "ResourcesPerPage": 100}
            async for page in asking.pages(call, args, asking.global_region):
                for mapping in page.get("resource_tag_mapping_list") or ():
                    yield str(mapping.get("resource_arn") or "")

    def _asking(self, place: Place, region: str, reader: Reader) -> Asking:
        names = {"account": place.account, "region": region, "partition": place.partition}
        return Asking(self._client, reader, place.identity, region, names)


def _types(arn: str) -> Iterator[str]:
    """`ec2:volume` and `ec2`, as filters may be either."""
    parts = arn.split(":", 5)
    if len(parts) == 6 and _SERVICE.match(arn):
        yield parts[2]
        yield f"{parts[2]}:{re.split('[/:]', parts[5], maxsplit=1)[0]}"
