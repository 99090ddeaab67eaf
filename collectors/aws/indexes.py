"""What an index of a whole estate knows to be there, untagged or not: Resource Explorer's, or a Config aggregator's."""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from collectors.aws.arguments import Arguments
from collectors.aws.asking import Asking
from collectors.aws.entries import Catalog, KindEntry
from collectors.aws.models import Models
from collectors.aws.nouns import nouns, singular
from collectors.aws.plans import Call
from collectors.aws.settings import Aggregator, Explorer

EXPLORER, LIST = "resource-explorer-2", "ListResources"
CONFIG, SELECT = "config", "SelectAggregateResourceConfig"
LIST_PERMISSION = "resource-explorer-2:Search"
"""IAM knows no ListResources: Search, on the view, allows both."""
SELECT_PERMISSION = "config:SelectAggregateResourceConfig"
EXPRESSION = "SELECT accountId, awsRegion, resourceType, COUNT(*) GROUP BY accountId, awsRegion, resourceType"

_LARGEST = 1000
# Config names types as CloudFormation does; here are those that no service or kind is called by.
_NAMESPACES: Mapping[str, tuple[str, ...]] = {
    "amazonmq": ("mq",),
    "cognito": ("cognitoidp", "cognitoidentity"),
    "elasticloadbalancingv2": ("elbv2",),
    "elasticloadbalancing": ("elb",),
    "elasticsearch": ("es",),
    "eventschemas": ("schemas",),
    "inspectorv2": ("inspector2",),
    "kinesisfirehose": ("firehose",),
    "shieldregional": ("shield",),
}
_TYPES: Mapping[tuple[str, str], str] = {
    ("ec2", "eip"): "address",
    ("autoscaling", "scalingpolicy"): "policy",
    ("route53resolver", "resolverqueryloggingconfig"): "resolverquerylogconfig",
}


class Sighting(NamedTuple):
    """Something of a type in an account and region. `services` and `type` are plain: `ec2`, `securitygroup`."""

    account: str
    region: str
    services: tuple[str, ...]
    type: str


class _Row(msgspec.Struct):
    """One group of Config's answer, which is a JSON text."""

    account: str = msgspec.field(name="accountId")
    region: str = msgspec.field(name="awsRegion")
    type: str = msgspec.field(name="resourceType")


_ROW = msgspec.json.Decoder(_Row)


class Types:
    """Which kinds an index may mean by a type: what lists them, kinds and ARNs call it, without hyphens and plurals."""

    def __init__(self, catalog: Catalog, entries: Iterable[KindEntry], arns: Mapping[str, str]) -> None:
        """`arns`: kind → its type as ARNs have it (`ec2:volume`)."""
        self._known: dict[tuple[str, str], list[KindEntry]] = {}
        for entry in entries:
            for service, kind in _names(catalog, entry, arns.get(entry.kind, "")):
                found = self._known.setdefault((_plain(service), singular(_plain(kind))), [])
                if entry not in found:
                    found.append(entry)

    def of(self, sighting: Sighting) -> list[KindEntry]:
        """Nothing for a type that nobody knows."""
        wanted = singular(sighting.type)
        return [entry for service in sighting.services for entry in self._known.get((service, wanted), ())]


def _names(catalog: Catalog, entry: KindEntry, arn: str) -> Iterable[tuple[str, str]]:
    service = entry.call.service
    prefix = catalog.services[service].prefix if service in catalog.services else service
    for noun in nouns(entry, prefix):
        yield from ((label, "".join(noun)) for label in {service, prefix or service})
    _, first, *rest = entry.kind.split("_")
    yield first, "".join(map(singular, rest))
    if ":" in arn:
        yield (arn.partition(":")[0], arn.partition(":")[2])


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


async def explored(models: Models, asking: Asking, explorer: Explorer) -> AsyncIterator[Sighting]:
    """One call for 1,000 resources of the view. What they are beside their type is never built."""
    skip = frozenset({("resources", "properties"), ("resources", "arn")})
    call = Call(models.operation(EXPLORER, LIST), Arguments({}), LIST_PERMISSION, skip)
    keys = ("owning_account_id", "region", "resource_type")
    async for page in asking.pages(call, {"ViewArn": explorer.view, "MaxResults": _LARGEST}):
        found = {tuple(str(resource.get(key) or "") for key in keys) for resource in page.get("resources") or ()}
        for account, region, text in sorted(found):
            service, _, kind = text.partition(":")
            yield Sighting(account, region, (_plain(service),), _plain(kind.partition("/")[0]))


async def aggregated(models: Models, asking: Asking, aggregator: Aggregator) -> AsyncIterator[Sighting]:
    """One call for 100 different triples of account, region and type, however many resources there are."""
    call = Call(models.operation(CONFIG, SELECT), Arguments({}), SELECT_PERMISSION)
    args = {"ConfigurationAggregatorName": aggregator.name, "Expression": EXPRESSION}
    async for page in asking.pages(call, args):
        for text in page.get("results") or ():
            found = _row(text)
            if found is not None:
                yield found


def _row(text: Any) -> Sighting | None:
    try:
        row = _ROW.decode(text)
    except (msgspec.MsgspecError, TypeError, ValueError):
        return None
    parts = [_plain(part) for part in row.type.split("::")]
    if len(parts) != 3:
        return None
    services = _NAMESPACES.get(parts[1], (parts[1],))
    return Sighting(row.account, row.region, services, _TYPES.get((parts[1], parts[2]), parts[2]))
