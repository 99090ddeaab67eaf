"""Where to look: which accounts there are, with which credentials, and which regions are enabled in each."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct, field

from collectors.aws.client import Ask, Client
from collectors.aws.credentials import (
    AssumedRole,
    Identity,
    Source,
    assume_arguments,
    configured_region,
    standard_source,
)
from collectors.aws.endpoints import GLOBAL, home_region, partition_of
from collectors.aws.organizations import OrganizationDocuments, Organizations, chosen, is_open, needs_tree
from collectors.aws.settings import AwsSettings, Organization, Role
from syncd.errors import CredentialsError, Denied, Failed, ReadError
from syncd.model import Blind
from syncd.plugin import Calls, Selection

COLLECTOR = "aws"
_AT_ONCE = 32

Document = dict[str, Any]


class Place(Struct, frozen=True):
    """An account, how to read it, and its enabled regions that are wanted.

    `organization` is true for the identity with which the Organization was listed; `reads` is false where only that is
    wanted of it, since the configuration leaves the account itself out.
    """

    identity: Identity
    account: str
    name: str
    partition: str
    regions: tuple[str, ...]
    region_documents: tuple[Document, ...] = ()
    organization: bool = False
    reads: bool = True


class _Found(Struct):
    """An account before it was looked into."""

    identity: Identity
    name: str = ""
    organization: bool = False
    reads: bool = True


class _Search(Struct):
    client: Client
    settings: AwsSettings
    calls: Calls
    selection: Selection
    sources: Mapping[str, Source]
    environ: Mapping[str, str]
    bases: dict[str, Identity] = field(default_factory=dict)
    found: dict[str, _Found] = field(default_factory=dict)


def sources(settings: AwsSettings, environ: Mapping[str, str] = os.environ) -> dict[str, Source]:
    """Profile → its credentials; "" for the default ones, which serve where no profile is configured."""
    return {profile: standard_source(environ, profile or None) for profile in settings.profiles or ("",)}


async def check(given: Mapping[str, Source]) -> None:
    """Raises CredentialsError when none of the sources gives credentials."""
    errors = []
    for source in given.values():
        try:
            await source.credentials()
        except CredentialsError as error:
            errors.append(error)
        else:
            return
    raise errors[0] if errors else CredentialsError("no AWS credentials are configured")


async def places(
    client: Client,
    settings: AwsSettings,
    calls: Calls,
    selection: Selection,
    *,
    given: Mapping[str, Source] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> AsyncIterator[Place | Blind]:
    """Every account once, or a Blind for what could not be found out: that account, or "" for accounts unknown."""
    search = _Search(client, settings, calls, selection, given or sources(settings, environ), environ)
    for problem in await _signed_in(search):
        yield problem
    for problem in _with_roles(search):
        yield problem
    for problem in await _with_organization(search):
        yield problem
    async for place in _looked_into(search):
        yield place


async def _signed_in(search: _Search) -> list[Blind]:
    """The accounts that the configured credentials belong to."""
    problems = []
    for profile, source in search.sources.items():
        try:
            base = await _owner(search, profile, source)
        except ReadError as error:
            problems.append(_blind("", error, source.about))
        else:
            search.bases[profile] = base
            search.found.setdefault(base.account, _Found(base))
    return problems


async def _owner(search: _Search, profile: str, source: Source) -> Identity:
    region = search.settings.region or configured_region(search.environ, profile) or "us-east-1"
    asking = Identity("", partition_of(region), region, source)
    operation = search.client.models.operation("sts", "GetCallerIdentity")
    answer = await search.client.call(search.calls, Ask(asking, region, operation, {}))
    account, arn = answer.get("account", ""), answer.get("arn", "")
    if not account or arn.count(":") < 5:
        raise Failed("sts:GetCallerIdentity: no account in the answer", operation=operation.label)
    return Identity(account, arn.split(":")[1], region, source)


def _with_roles(search: _Search) -> list[Blind]:
    return [problem for role in search.settings.all_roles if (problem := _add_role(search, role)) is not None]


def _add_role(search: _Search, role: Role) -> Blind | None:
    account = role.arn.split(":")[4]
    if account in search.found:
        search.found[account].name = search.found[account].name or role.name
        return None
    bases = search.bases
    base = bases.get(role.profile) if role.profile else next(iter(bases.values()), None)
    if base is None:
        missing = f"profile {role.profile}" if role.profile else "the collector's own credentials"
        reason = f"{role.arn} cannot be assumed: {missing} cannot be used or is not among `profiles`"
        return Blind(COLLECTOR, account, Denied.state, "sts:AssumeRole", "sts:AssumeRole", reason)
    identity = _assumed(search, base, role.arn, role.external_id)
    search.found[account] = _Found(identity, role.name)
    return None


def _assumed(search: _Search, base: Identity, role: str, external_id: str, session: str = "") -> Identity:
    settings = search.settings
    args = assume_arguments(
        role,
        session=session or settings.session_name,
        external_id=external_id,
        source_identity=settings.source_identity,
        duration=settings.role_seconds,
    )
    operation = search.client.models.operation("sts", "AssumeRole")

    async def assume(given: dict[str, Any]) -> dict[str, Any]:
        # Called from within an attempt that already has its place among the calls; the host retries that one.
        return await search.client.attempt(Ask(base, base.region, operation, given))

    return Identity(role.split(":")[4], role.split(":")[1], base.region, AssumedRole(assume, args))


async def _with_organization(search: _Search) -> list[Blind]:
    """Listed with the first credentials. Who is in it stays unknown when it cannot be listed as configured."""
    wanted, base = search.settings.organization, next(iter(search.bases.values()), None)
    if wanted is None or base is None:
        return []
    try:
        await _add_organization(search, base, wanted)
    except ReadError as error:
        return [_blind("", error, base.about)]
    return []


async def _add_organization(search: _Search, base: Identity, wanted: Organization) -> None:
    documents = await _organization(search, base, wanted)
    if base.account not in {account["id"] for account in documents.accounts}:
        # Believed, an answer without the account that asks would retire every other one.
        raise Failed(
            "organizations:ListAccounts: the account that asks is not in it", operation="organizations:ListAccounts"
        )
    search.found[base.account].organization = True
    members, excluded = chosen(wanted, documents)
    for account in documents.accounts:
        known = search.found.get(account["id"])
        if known is not None:
            known.name = known.name or account.get("name", "")
            known.reads = account["id"] not in excluded
    for account in members:
        if is_open(account) and account["id"] not in search.found:
            role = f"arn:{base.partition}:iam::{account['id']}:role/{wanted.role}"
            external_id = wanted.external_id or search.settings.external_id
            identity = _assumed(search, base, role, external_id, wanted.session_name)
            search.found[account["id"]] = _Found(identity, account.get("name", ""))


async def _organization(search: _Search, base: Identity, wanted: Organization) -> OrganizationDocuments:
    """No more of it than the configuration needs, since each call is a permission."""
    reader = Organizations(search.client, search.calls, base)
    if needs_tree(wanted):
        return await reader.documents()
    organization = {} if wanted.include_management else await reader.organization()
    return OrganizationDocuments(organization, accounts=await reader.accounts())


async def _looked_into(search: _Search) -> AsyncIterator[Place | Blind]:
    wanted = (found for found in search.found.values() if found.reads or found.organization)
    waiting = [found for found in wanted if _selected(search.selection, found)]
    for start in range(0, len(waiting), _AT_ONCE):
        async with asyncio.TaskGroup() as group:
            looks = [group.create_task(_look(search, found)) for found in waiting[start : start + _AT_ONCE]]
        for look in looks:
            yield look.result()


def _selected(selection: Selection, found: _Found) -> bool:
    names = (found.identity.account, found.name)
    return not selection.accounts or any(fnmatchcase(name, glob) for glob in selection.accounts for name in names)


async def _look(search: _Search, found: _Found) -> Place | Blind:
    identity = found.identity
    if not found.reads:
        return Place(identity, identity.account, found.name, identity.partition, (), organization=True, reads=False)
    try:
        documents = await _regions(search, identity)
    except ReadError as error:
        named = _named_regions(search.settings)
        if not named or error.operation == "sts:AssumeRole":
            return _blind(identity.account, error, identity.about)
        documents = [{"region_name": name} for name in named]
    names = [document["region_name"] for document in documents if document.get("region_name")]
    wanted = tuple(sorted(name for name in names if _region_wanted(search, name)))
    return Place(
        identity=identity,
        account=identity.account,
        name=found.name or await _alias(search.client, search.calls, identity),
        partition=identity.partition,
        regions=wanted,
        region_documents=tuple(sorted((d for d in documents if d.get("region_name") in wanted), key=_region_name)),
        organization=found.organization,
    )


async def _regions(search: _Search, identity: Identity) -> list[Document]:
    operation = search.client.models.operation("ec2", "DescribeRegions")
    region = identity.region if partition_of(identity.region) == identity.partition else home_region(identity.partition)
    answer = await search.client.call(search.calls, Ask(identity, region, operation, {"AllRegions": False}))
    documents: list[Document] = answer.get("regions", [])
    if not documents:
        raise Failed("ec2:DescribeRegions: no region in the answer", operation=operation.label)
    return documents


def _region_name(document: Document) -> str:
    return str(document["region_name"])


def _named_regions(settings: AwsSettings) -> tuple[str, ...]:
    """The configured regions where all are spelled out: they can be read without asking which are enabled."""
    return () if any(glob in name for name in settings.regions for glob in "*?[") else settings.regions


def _region_wanted(search: _Search, name: str) -> bool:
    settings, selection = search.settings, search.selection
    return (
        _any(name, settings.regions)
        and not _any(name, settings.exclude_regions)
        and (not selection.regions or _any(name, selection.regions))
    )


def _any(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


async def _alias(client: Client, calls: Calls, identity: Identity) -> str:
    """The account's alias, else its id: a name is a convenience, its absence no gap."""
    operation = client.models.operation("iam", "ListAccountAliases")
    try:
        answer = await client.call(calls, Ask(identity, GLOBAL, operation, {}))
    except ReadError:
        return identity.account
    return next(iter(answer.get("account_aliases", ())), identity.account)


def _blind(account: str, error: ReadError, about: str) -> Blind:
    reason = (
        error.reason
        if about in error.reason or about.removeprefix("role ") in error.reason
        else f"{error.reason} [{about}]"
    )
    return Blind(COLLECTOR, account, error.state, error.operation, error.permission, reason)
