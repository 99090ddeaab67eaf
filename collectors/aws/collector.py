"""What the host knows of the AWS collector before a run: its settings, kinds, relations and permissions."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from collectors.aws.settings import AwsSettings
from collectors.aws.shelf import Shelf, usual_place
from syncd.kinds import Kind, KindRegistry

if TYPE_CHECKING:
    from collectors.aws.acting import Acts
    from collectors.aws.compile import Compiler
    from collectors.aws.entries import Catalog, KindEntry
    from collectors.aws.hearer import AwsHearer
    from collectors.aws.session import AwsSession
    from syncd.forecast import Forecast, Places
    from syncd.model import Act, Node, Scope
    from syncd.permitting import Policy, Trust, Wanted
    from syncd.plugin import Property

    S = TypeVar("S", bound=AwsSession)

_ABBREVIATIONS = re.compile(
    "acm|alb|api|aws|dhcp|dns|ec2|ecr|ecs|efs|eks|elb|iam|ip|kms|mfa|nat|oidc|rds|saml|sns|sqs|ssm|s3|vpc|vpn|waf"
)


class AwsCollector:
    """Implements syncd.plugin.Collector. Costs nothing until it is asked: models and clients are loaded by `open`."""

    name = "aws"
    settings = AwsSettings

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._extended: dict[frozenset[str], Catalog] = {}
        self._compilers: dict[tuple[str, frozenset[str]], Compiler] = {}

    @property
    def _shelf(self) -> Shelf:
        return Shelf(usual_place())

    @cached_property
    def catalog(self) -> "Catalog":
        from collectors.aws.catalog import FOLDER, load

        return load(self._folder or FOLDER, shelf=self._shelf)

    def kinds(self) -> Iterable[Kind]:
        """The frame, then every kind of the catalog with the common properties that it fills."""
        from collectors.aws.containment import KINDS

        yield from KINDS
        yield from _kinds(self.catalog.kinds.values())

    def chosen(self, settings: Any) -> Iterable[Kind]:
        """The derived kinds that these settings ask for."""
        from collectors.aws.selection import wanted_kinds

        catalog = self._whole(settings)
        if catalog is not self.catalog:
            yield from _kinds(
                entry for entry in wanted_kinds(catalog, settings.kinds, settings.excluded) if entry.derived
            )

    def further(self) -> Iterable[Kind]:
        """Every derived kind by its name alone."""
        from collectors.aws.derived import index

        for kind, service in index().items():
            if kind not in self.catalog.kinds:
                yield Kind(kind, ("aws_resource",), {}, title(kind), service)

    def _whole(self, settings: AwsSettings) -> "Catalog":
        """The catalog with what the settings mean of the derived kinds; the last one is kept."""
        services = self._services(settings)
        if not services:
            return self.catalog
        if services not in self._extended:
            from collectors.aws.derived import extended

            self._extended = {services: extended(self.catalog, services)}
        return self._extended[services]

    def _services(self, settings: AwsSettings) -> frozenset[str]:
        """The services whose derived kinds are meant. The catalog of another folder is all there is."""
        if settings.kinds == "curated" or self._folder is not None:
            return frozenset()
        from collectors.aws.derived import services_of

        return services_of(settings.kinds, self.catalog.kinds)

    def edge_types(self) -> Iterable[str]:
        """The whole vocabulary: no catalog has to be read for it."""
        from collectors.aws.entries import EDGE_TYPES

        return EDGE_TYPES

    def relations(self) -> Iterable[tuple[str, str, str]]:
        """Edges that documents of a kind can state, (from, type, to), and what contains what."""
        from collectors.aws.containment import RELATIONS

        yield from RELATIONS
        yield from self._relations(self._compiler(AwsSettings()), self.catalog.kinds.values())

    def relations_of(self, kind: str) -> Iterable[tuple[str, str, str]]:
        """What relations() leaves out: the edges of a derived kind and of those of its service."""
        from collectors.aws.derived import index

        if kind in self.catalog.kinds or kind not in index():
            return
        compiler = self._compiler(AwsSettings(kinds=(kind,)))
        yield from self._relations(compiler, [entry for entry in compiler.catalog.kinds.values() if entry.derived])

    def _relations(self, compiler: "Compiler", entries: "Iterable[KindEntry]") -> Iterable[tuple[str, str, str]]:
        for entry in entries:
            above = entry.parent.kind if entry.parent is not None and _is_single(entry.parent) else "aws_region"
            found = {(above, "contains", entry.kind): None}
            for reference in compiler.references(entry):
                for kind in reference.kinds:
                    ends = (kind, entry.kind) if reference.incoming else (entry.kind, kind)
                    found[ends[0], reference.type, ends[1]] = None
            yield from found

    def link(self, resource: Mapping[str, Any]) -> str:
        """Where AWS' console shows a resource, "" where it has no page for its kind."""
        from collectors.aws.console import link

        return link(resource)

    def schema(self, kind: str) -> "Iterable[Property]":
        """What the provider's own models say of the documents of a kind."""
        from collectors.aws.describe import described

        entry = self._entry(kind)
        return described(entry) if entry is not None else ()

    def _entry(self, kind: str) -> "KindEntry | None":
        """A kind of the catalog, read where it is a derived one."""
        if kind in self.catalog.kinds or not kind.startswith("aws_"):
            return self.catalog.kinds.get(kind)
        return self._whole(AwsSettings(kinds=(kind,))).kinds.get(kind)

    def acts(self, kind: str) -> frozenset[str]:
        """What can be done to resources of a kind."""
        return self._acts.verbs(kind)

    def fault(self, node: "Node", act: "Act") -> str:
        """Why this act cannot be done to this resource, "" when it can, as far as the models tell."""
        return self._acts.fault(node, act)

    def acting_permissions(self) -> set[str]:
        """The IAM actions that changing tags needs, of all kinds."""
        from collectors.aws.acts import permissions

        return {action for _, action in permissions(self.catalog)}

    @cached_property
    def _acts(self) -> "Acts":
        from collectors.aws.acting import Acts

        return Acts(self._compiler(AwsSettings()))

    def permissions(self, kinds: Iterable[str] | None = None) -> set[str]:
        """The IAM actions that reading the kinds (all curated ones) needs, with those that find accounts."""
        from collectors.aws.containment import ORGANIZATION_PERMISSIONS, PERMISSIONS
        from collectors.aws.permissions import permissions

        named = tuple(self.catalog.kinds if kinds is None else kinds)
        read = permissions(self._whole(AwsSettings(kinds=named)), named)
        return {*PERMISSIONS, *ORGANIZATION_PERMISSIONS, *read}

    def forecast(self, settings: AwsSettings) -> "Forecast":
        """What a run asks at least."""
        from collectors.aws.forecast import forecast

        return forecast(self._whole(settings), settings)

    def planned(self, settings: AwsSettings, places: "Places") -> "Iterator[Scope]":
        """The scopes that a run has in these places."""
        from collectors.aws.forecast import planned

        return planned(self._whole(settings), settings, places)

    def imagined(self, settings: AwsSettings, accounts: int, regions: int) -> "Places":
        """Accounts and regions of which there is nothing but their number."""
        from collectors.aws.forecast import imagined

        return imagined(self._whole(settings), settings, accounts, regions)

    most_policies = 10

    def policies(self, settings: Any, wanted: "Wanted") -> "list[Policy]":
        """IAM documents that allow what this configuration calls, and nothing else."""
        from collectors.aws.granting import grants
        from collectors.aws.policies import policies

        return policies(grants(self._whole(settings), settings, wanted), compact=wanted.compact)

    def template(self, settings: Any, wanted: "Wanted", trust: "Trust") -> Mapping[str, Any]:
        """CloudFormation's template of the role that is taken in an account."""
        from collectors.aws.granting import trusted
        from collectors.aws.policy_template import template

        given = trusted(settings, trust)
        return template(self.policies(settings, wanted), given, source_identity=bool(settings.source_identity))

    def allowing(self, permissions: Iterable[str]) -> Mapping[str, Any]:
        """A document for exactly these actions."""
        from collectors.aws.policies import Grant, document

        return document([Grant("SyncdMissing", frozenset(permissions))])

    def permission(self, operation: str, reason: str) -> str:
        """The IAM action that a call lacks, by its label (`s3:ListBuckets`); "" where no action would help."""
        from collectors.aws.granting import action_of

        return action_of(self.catalog, operation, reason)

    def hides(self, kinds: Iterable[str], operation: str) -> list[str]:
        """Which of these kinds, and which parts of them, are not seen without a call."""
        from collectors.aws.granting import hidden

        return hidden(self.catalog, kinds, operation)

    async def open(self, settings: Any) -> "AwsSession":
        """Raises CredentialsError when there is nothing to read with."""
        from collectors.aws.session import AwsSession

        return await self._opened(settings, AwsSession)

    def queues(self, settings: AwsSettings) -> Sequence[str]:
        """Where it hears of changes."""
        return settings.events.queues if settings.events is not None else ()

    async def hearer(self, settings: AwsSettings) -> "AwsHearer":
        """A session that hears. Raises CredentialsError."""
        from collectors.aws.hearer import AwsHearer

        return await self._opened(settings, AwsHearer)

    async def _opened(self, settings: AwsSettings, session: "type[S]") -> "S":
        from collectors.aws.client import Client, open_http
        from collectors.aws.endpoints import Endpoints, EndpointSettings
        from collectors.aws.places import check, sources

        given = sources(settings)
        await check(given)
        compiler = self._compiler(settings)
        http = open_http(settings.connections)
        where = EndpointSettings.given(os.environ, settings.endpoint_url, settings.use_fips, settings.use_dualstack)
        client = Client(http, compiler.models, Endpoints(compiler.models, where))
        return session(http, client, compiler, settings, given)

    def _compiler(self, settings: AwsSettings) -> "Compiler":
        """One for each way of tags and choice of kinds, kept: compiling the models costs more than a small sync."""
        from collectors.aws.compile import Compiler
        from collectors.aws.models import Models

        key = (settings.tags, self._services(settings))
        found = self._compilers.get(key)
        if found is None:
            found = self._compilers[key] = Compiler(
                self._whole(settings), Models(shelf=self._shelf), bulk_tags=settings.tags == "bulk"
            )
        return found


def _kinds(entries: "Iterable[KindEntry]") -> Iterable[Kind]:
    registry = KindRegistry()
    for entry in entries:
        known = {name: text for base in entry.bases for name, text in registry.properties(base).items()}
        properties = {name: known[name] for name in entry.common}
        yield Kind(
            entry.kind,
            (*entry.bases, "aws_resource"),
            properties,
            title(entry.kind),
            entry.call.service,
            ordered=frozenset(entry.ordered),
            volatile=entry.volatile,
            secret=entry.secret,
            reborn=entry.created not in entry.volatile,
        )


def _is_single(parent: Any) -> bool:
    return parent.batch == 1 and not parent.distinct


def title(kind: str) -> str:
    """`aws_ec2_security_group` → `EC2 security group`."""
    words = kind.removeprefix("aws_").split("_")
    return " ".join(word.upper() if _ABBREVIATIONS.fullmatch(word) else word for word in words)
