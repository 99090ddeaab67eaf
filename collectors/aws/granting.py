"""What a configuration needs IAM to allow: to find accounts, to read their kinds and, if wanted, to change them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from collectors.aws import indexes, tagging, usage
from collectors.aws.acts import permissions as acting_permissions
from collectors.aws.calling import called
from collectors.aws.containment import ORGANIZATION_PERMISSIONS, PERMISSIONS
from collectors.aws.endpoints import partition_of
from collectors.aws.entries import Catalog, KindEntry, Target
from collectors.aws.faults import UNKNOWN
from collectors.aws.models import Models
from collectors.aws.permissions import permission, permissions
from collectors.aws.policies import Grant
from collectors.aws.queues import HEARING, Queue
from collectors.aws.selection import wanted_kinds
from collectors.aws.settings import AwsSettings, Organization
from collectors.aws.tables import nearest
from collectors.aws.usage import measured
from syncd.errors import ConfigError, Failed
from syncd.model import Act
from syncd.permitting import Trust, Wanted

_BEYOND = re.compile(r"explicit deny|no [\w ]+ policy allows|no (resource-based policy|permissions boundary) allows")
"""What AWS says where something above or beside the role's policies refuses."""
_LONGEST = 4000
"""Characters of resources in one statement, so that actions fit beside them."""


def grants(catalog: Catalog, settings: AwsSettings, wanted: Wanted) -> list[Grant]:
    """In the order: finding accounts, reading, indexes of the estate, tagging, calling."""
    central = settings.organization is not None and not wanted.member
    entries = [entry for entry in meant(catalog, settings, wanted.kinds) if central or not entry.organization]
    found = [Grant("SyncdRead", frozenset(reading(catalog, settings, entries)))]
    if not wanted.member:
        found = [*_finding(settings), *found]
    found += _indexes(settings)
    if wanted.tag:
        kinds = {entry.kind for entry in entries}
        actions = frozenset(action for kind, action in acting_permissions(catalog) if kind in kinds)
        found.append(Grant("SyncdTag", actions, exact=True))
    if wanted.calls:
        found.append(Grant("SyncdAct", frozenset(map(partial(_call, catalog, Models()), wanted.calls)), exact=True))
    return [grant for grant in found if grant.actions]


def meant(catalog: Catalog, settings: AwsSettings, kinds: Sequence[str]) -> list[KindEntry]:
    """The entries that are on, or those of the globs that stand in their place."""
    given: Any = settings.kinds
    excluded = settings.excluded
    if kinds:
        is_word = len(kinds) == 1 and kinds[0].isalpha()
        given, excluded = (kinds[0], excluded) if is_word else (tuple(kinds), ())
    found = wanted_kinds(catalog, given, excluded)
    if kinds and not found:
        raise ConfigError(f"the catalog has no kind {', '.join(kinds)}{nearest(kinds[0], catalog.kinds)}")
    return found


def reading(catalog: Catalog, settings: AwsSettings, entries: Iterable[KindEntry]) -> set[str]:
    """What is called in every account that is read."""
    kinds = [entry.kind for entry in entries]
    is_measured = settings.usage and not measured().keys().isdisjoint(kinds)
    return permissions(catalog, kinds) | PERMISSIONS | ({usage.PERMISSION} if is_measured else set())


def _finding(settings: AwsSettings) -> Iterator[Grant]:
    """What only the first credentials are asked for: the accounts, the roles in them, and what is told of changes."""
    if settings.organization is not None:
        yield Grant("SyncdOrganization", ORGANIZATION_PERMISSIONS)
    steps = {"sts:AssumeRole", "sts:SetSourceIdentity"} if settings.source_identity else {"sts:AssumeRole"}
    for number, resources in enumerate(_cut(_roles(settings)), 1):
        yield Grant(f"SyncdAssume{number}", frozenset(steps), resources, exact=True)
    if settings.events is not None:
        queues = tuple(sorted(Queue.of(each).arn for each in settings.events.queues))
        yield Grant("SyncdHear", HEARING, queues, exact=True)


def _indexes(settings: AwsSettings) -> Iterator[Grant]:
    """Asked with what the account of the index is read with, whichever it is: the resources name that account."""
    if settings.explorer is not None:
        yield Grant("SyncdExplore", frozenset({indexes.LIST_PERMISSION}), (settings.explorer.view,), exact=True)
    if settings.aggregator is not None:
        given = settings.aggregator
        arn = f"arn:{partition_of(given.region)}:config:{given.region}:{given.account}:config-aggregator/*"
        yield Grant("SyncdAggregate", frozenset({indexes.SELECT_PERMISSION}), (arn,), exact=True)


def _roles(settings: AwsSettings) -> list[str]:
    found = {role.arn for role in settings.all_roles}
    if settings.organization is not None:
        partition = _partition(settings)
        found.add(f"arn:{partition}:iam::*:role/{settings.organization.role}")
    return sorted(found)


def role_name(settings: AwsSettings) -> str:
    """What syncd's role is called in the accounts. AWS's own role is not ours to make."""
    if settings.organization is not None and settings.organization.role != Organization().role:
        return settings.organization.role
    return next((role.arn.partition(":role/")[2] for role in settings.all_roles), "syncd")


def _partition(settings: AwsSettings) -> str:
    return partition_of(settings.region) if settings.region else "aws"


def _cut(resources: Iterable[str]) -> Iterator[tuple[str, ...]]:
    current: list[str] = []
    for each in resources:
        if current and sum(map(len, current)) + len(each) > _LONGEST:
            yield tuple(current)
            current = []
        current.append(each)
    if current:
        yield tuple(current)


def _call(catalog: Catalog, models: Models, text: str) -> str:
    """`ec2:stop-instances` → `ec2:StopInstances`. Raises ConfigError for what AWS has not."""
    service, _, name = text.partition(":")
    try:
        operation = called(models, Act("call", service=service, operation=name))
    except Failed as error:
        raise ConfigError(f"{text}: {error.reason}; expected SERVICE:OPERATION, such as ec2:stop-instances") from None
    return permission(catalog, Target(service, operation.name))


def trusted(settings: AwsSettings, trust: Trust) -> Trust:
    """What is not said is taken from the configuration."""
    external_id = settings.organization.external_id if settings.organization is not None else ""
    return Trust(
        trust.principal, trust.external_id or external_id or settings.external_id, trust.role or role_name(settings)
    )


# -- what a refused call hides


def action_of(catalog: Catalog, operation: str, reason: str) -> str:
    """The action that a refused call lacks, "" where the reason is another one than the role's own policies."""
    service, _, name = operation.partition(":")
    if not name.isalnum() or service == "sts" or _BEYOND.search(reason):
        return ""
    return (
        ""
        if any(reason.startswith(f"{operation}: {code}") for code in UNKNOWN)
        else permission(catalog, Target(service, name))
    )


def hidden(catalog: Catalog, kinds: Iterable[str], operation: str) -> list[str]:
    """What is not seen of these kinds without a call: the kind where it lists it, `kind.facet` where it gives that."""
    service, _, name = operation.partition(":")
    target = Target(service, name)
    found: dict[str, None] = {}
    for kind in kinds:
        entry = catalog.kinds.get(kind)
        if entry is None:
            continue
        if target in _lists(catalog, entry):
            found[kind] = None
        found |= {f"{kind}.{facet.name}": None for facet in entry.facets if facet.call == target}
        if entry.tagging and operation == f"{tagging.SERVICE}:{tagging.OPERATION}":
            found[f"{kind}.tags"] = None
        if operation == f"{usage.SERVICE}:{usage.OPERATION}" and kind in measured():
            found[f"{kind}.{usage.KEY}"] = None
    return list(found)


def _lists(catalog: Catalog, entry: KindEntry | None) -> Iterator[Target]:
    while entry is not None:
        yield entry.call
        entry = catalog.kinds.get(entry.parent.kind) if entry.parent is not None else None
