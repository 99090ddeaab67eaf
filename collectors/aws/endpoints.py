"""Where a service answers in a region, and with which region and name its requests are signed."""

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import BotoCoreError
from botocore.loaders import Loader
from msgspec import Struct, field

from collectors.aws.models import Models, Operation
from syncd.errors import Failed

GLOBAL = "global"

# Buckets are addressed by path, so what a bucket is called never decides where a request goes.
_S3_ARGUMENTS = frozenset({"Bucket", "Key", "Prefix", "CopySource"})
# Says that the call may go to directory buckets; without the bucket's name the rules take it for "does".
_S3_DIRECTORY = "UseS3ExpressControlEndpoint"
# Services of the whole world that do not answer where the others do, and whose rules do not say so.
_HOMES = {("aws", "globalaccelerator"): "us-west-2"}
_PORTS = {"http": 80, "https": 443}
_PROVIDERS = 16


class Endpoint(Struct, frozen=True):
    """`region` and `signing_name` are those of the signature. `prefixed`: operations may put labels before the host."""

    scheme: str
    host: str
    path: str
    region: str
    signing_name: str
    prefixed: bool = True
    overridden: bool = False


class EndpointSettings(Struct, frozen=True):
    url: str = ""
    urls: Mapping[str, str] = field(default_factory=dict)
    fips: bool = False
    dualstack: bool = False

    @staticmethod
    def given(
        environ: Mapping[str, str], url: str = "", fips: bool | None = None, dualstack: bool | None = None
    ) -> "EndpointSettings":
        """What the configuration says, else what AWS's own variables in the environment say.

        `urls` holds AWS_ENDPOINT_URL_<SERVICE> by <SERVICE>.
        """
        ignored = _true(environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", ""))
        prefix = "AWS_ENDPOINT_URL_"
        return EndpointSettings(
            url=url or ("" if ignored else environ.get("AWS_ENDPOINT_URL", "")),
            urls={}
            if url or ignored
            else {name.removeprefix(prefix): value for name, value in environ.items() if name.startswith(prefix)},
            fips=_true(environ.get("AWS_USE_FIPS_ENDPOINT", "")) if fips is None else fips,
            dualstack=_true(environ.get("AWS_USE_DUALSTACK_ENDPOINT", "")) if dualstack is None else dualstack,
        )


def _true(text: str) -> bool:
    return text.lower() == "true"


class Partition(Struct, frozen=True):
    """`pattern` fits the names of its regions; `home` answers for its global services."""

    name: str
    home: str
    pattern: re.Pattern[str]
    regions: frozenset[str]


@lru_cache(maxsize=1)
def _partition_data() -> dict[str, Any]:
    return Loader().load_data("partitions")  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def partitions() -> tuple[Partition, ...]:
    return tuple(
        Partition(
            part["id"],
            part["outputs"]["implicitGlobalRegion"],
            re.compile(part["regionRegex"]),
            frozenset(part["regions"]),
        )
        for part in _partition_data()["partitions"]
    )


def partition_of(region: str) -> str:
    """The partition that a region's name belongs to; `aws` for a name that fits none."""
    for part in partitions():
        if region in part.regions or part.pattern.match(region):
            return part.name
    return "aws"


def home_region(partition: str) -> str:
    """The region that answers for global services of a partition."""
    return next((part.home for part in partitions() if part.name == partition), "us-east-1")


class Endpoints:
    """Resolves by the provider's own endpoint rules; each answer is kept."""

    def __init__(self, models: Models, settings: EndpointSettings | None = None) -> None:
        self._models = models
        self._settings = settings or EndpointSettings()
        self._provider = lru_cache(maxsize=_PROVIDERS)(self._load)
        self._found: dict[tuple[Any, ...], Endpoint] = {}
        self._varying: dict[str, tuple[tuple[tuple[str, Any], ...], tuple[tuple[str, str], ...]]] = {}

    def resolve(
        self, operation: Operation, region: str, partition: str = "aws", args: Mapping[str, Any] | None = None
    ) -> Endpoint:
        """`region` may be `global`. Raises Failed where the rules know no endpoint."""
        fixed, taken = self._context(operation)
        dynamic = tuple((name, args.get(member)) for name, member in taken) if args and taken else ()
        where = _home(partition, operation.service) if region == GLOBAL else region
        key = (operation.service, where, fixed, dynamic)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._resolve(operation, where, dict(fixed) | dict(dynamic))
        return found

    def _context(self, operation: Operation) -> tuple[tuple[tuple[str, Any], ...], tuple[tuple[str, str], ...]]:
        """Parameters of the rules that the operation itself fixes, and those that its arguments give."""
        found = self._varying.get(operation.label)
        if found is None:
            model = operation.model
            by_bucket = operation.service == "s3" and "Bucket" in getattr(model.input_shape, "members", ())
            fixed = tuple(
                (one.name, _frozen(one.value))
                for one in model.static_context_parameters
                if not by_bucket or one.name != _S3_DIRECTORY
            )
            taken = tuple(
                (one.name, one.member_name)
                for one in model.context_parameters
                if operation.service != "s3" or one.name not in _S3_ARGUMENTS
            )
            found = self._varying[operation.label] = (fixed, taken)
        return found

    def _load(self, service: str) -> EndpointProvider:
        rules = self._models.ruleset(service)
        if rules is None:
            raise Failed(f"the installed models have no endpoint rules for {service}", operation=f"{service}:*")
        return EndpointProvider(rules, _partition_data())

    def _resolve(self, operation: Operation, region: str, context: dict[str, Any]) -> Endpoint:
        url, properties = self._evaluate(operation, region, context)
        scheme: dict[str, Any] = next((s for s in properties.get("authSchemes", ()) if s.get("name") == "sigv4"), {})
        override = self._override(operation.service)
        parts = urlsplit(override or url)
        if not parts.hostname or parts.scheme not in _PORTS:
            raise Failed(f"the endpoint {override or url} of {operation.service} is no URL", operation=operation.label)
        return Endpoint(
            scheme=parts.scheme,
            host=_host(parts.hostname, parts.port, parts.scheme),
            path=parts.path.rstrip("/"),
            region=scheme.get("signingRegion", region),
            signing_name=scheme.get("signingName", operation.signing_name),
            prefixed=not _is_stand_in(parts.hostname),
            overridden=bool(override),
        )

    def _evaluate(self, operation: Operation, region: str, context: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        provider = self._provider(operation.service)
        builtins = {
            "AWS::Region": region,
            "AWS::UseFIPS": self._settings.fips,
            "AWS::UseDualStack": self._settings.dualstack,
            "AWS::S3::ForcePathStyle": True,
            "AWS::S3::UseGlobalEndpoint": False,
            "AWS::STS::UseGlobalEndpoint": False,
        }
        given = {
            name: builtins[definition.builtin]
            for name, definition in provider.ruleset.parameters.items()
            if definition.builtin in builtins
        }
        given |= {name: value for name, value in context.items() if value is not None}
        try:
            found = provider.resolve_endpoint(**given)
        except BotoCoreError as error:
            raise Failed(
                f"no endpoint of {operation.service} in {region}: {error}", operation=operation.label
            ) from None
        return found.url, found.properties

    def _override(self, service: str) -> str:
        if not self._settings.urls:
            return self._settings.url
        name = str(self._models.service(service).service_id).replace(" ", "_").upper()
        return self._settings.urls.get(name, self._settings.url)


def _home(partition: str, service: str) -> str:
    return _HOMES.get((partition, service)) or home_region(partition)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _host(name: str, port: int | None, scheme: str) -> str:
    shown = f"[{name}]" if ":" in name else name
    return shown if port in (None, _PORTS[scheme]) else f"{shown}:{port}"


def _is_stand_in(host: str) -> bool:
    """An address or this machine: there is no name before which a label could stand."""
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
