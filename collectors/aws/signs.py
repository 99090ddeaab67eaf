"""Signs of life: in which scopes that were empty there may be something now, told by one cheap look at each region."""

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from functools import partial

import structlog

from collectors.aws.arguments import Arguments
from collectors.aws.asking import Asking
from collectors.aws.client import Client
from collectors.aws.compile import Compiler
from collectors.aws.endpoints import GLOBAL
from collectors.aws.entries import KindEntry
from collectors.aws.places import Place
from collectors.aws.plans import Call
from collectors.aws.tagging import OPERATION, PERMISSION, SERVICE
from collectors.aws.targets import urn_template
from collectors.aws.work import merge
from syncd.errors import ReadError
from syncd.model import Scope
from syncd.plugin import Loose, Reader

log = structlog.get_logger()

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
        names = {"account": place.account, "region": region, "partition": place.partition}
        asking = Asking(self._client, reader, place.identity, region, names)
        call = Call(self._client.models.operation(SERVICE, OPERATION), Arguments({}), PERMISSION)
        for start in range(0, len(types), _MOST_FILTERS):
            args = {"ResourceTypeFilters": list(types[start : start + _MOST_FILTERS]), "ResourcesPerPage": 100}
            async for page in asking.pages(call, args, asking.global_region):
                for mapping in page.get("resource_tag_mapping_list") or ():
                    yield str(mapping.get("resource_arn") or "")


def _types(arn: str) -> Iterator[str]:
    """`ec2:volume` and `ec2`, as filters may be either."""
    parts = arn.split(":", 5)
    if len(parts) == 6 and _SERVICE.match(arn):
        yield parts[2]
        yield f"{parts[2]}:{re.split('[/:]', parts[5], maxsplit=1)[0]}"
