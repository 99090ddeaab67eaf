"""One service as botocore models it, and which services a signing name can mean."""

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import botocore
from botocore.exceptions import DataNotFoundError
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

# signing name -> botocore service folders, only where they differ or are several
SIGNING = {
    "elasticloadbalancing": ("elbv2", "elb"),
    "monitoring": ("cloudwatch",),
    "tagging": ("resourcegroupstaggingapi",),
    "states": ("stepfunctions",),
    "es": ("opensearch", "es"),
    "email": ("ses",),
    "ses": ("sesv2", "ses"),
    "elasticfilesystem": ("efs",),
    "elasticmapreduce": ("emr",),
    "servicequotas": ("service-quotas",),
    "rds": ("rds", "neptune", "docdb"),
    "apigateway": ("apigateway", "apigatewayv2"),
    "aps": ("amp",),
    "access-analyzer": ("accessanalyzer",),
    "airflow": ("mwaa",),
    "bedrock": ("bedrock", "bedrock-agent"),
    "cloudhsm": ("cloudhsmv2", "cloudhsm"),
    "kinesisanalytics": ("kinesisanalyticsv2", "kinesisanalytics"),
    "sso": ("sso-admin", "sso", "sso-oidc"),
    "chime": ("chime-sdk-voice", "chime"),
    "s3express": ("s3",),
    "s3": ("s3control", "s3"),  # no bucket is named as s3control begins its paths
}


Rank = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Route:
    """Where a REST operation lives: method, path pattern and the query keys that it must have."""

    method: str
    pattern: re.Pattern[str]
    labels: tuple[str, ...]
    query: frozenset[str]
    operation: str

    @property
    def rank(self) -> Rank:
        """The most particular of several routes that fit is meant."""
        return len(self.query), -len(self.labels), len(self.pattern.pattern)


def route(operation: str, http: Mapping[str, str]) -> Route:
    path, _, query = http.get("requestUri", "/").partition("?")
    pattern = re.escape(path).replace(r"\{", "{").replace(r"\}", "}").replace(r"\+", "+")
    labels = tuple(label.rstrip("+") for label in re.findall(r"{([^}]+)}", pattern))
    pattern = re.sub(r"{[^}]+}", "([^/]+)", re.sub(r"{[^}]+\+}", "(.+)", pattern))
    keys = frozenset(key.split("=")[0] for key in query.split("&") if key)
    return Route(http.get("method", "POST"), re.compile(f"^{pattern.rstrip('/')}/?$"), labels, keys, operation)


class Service:
    """The model of one service; `folder` is botocore's name for it."""

    def __init__(self, folder: str, loader: Loader) -> None:
        raw = loader.load_service_model(folder, "service-2")
        self.folder = folder
        self.model = ServiceModel(raw, folder)
        self.metadata: dict[str, Any] = raw["metadata"]
        self.operations: dict[str, dict[str, Any]] = raw["operations"]
        self.paginators = _paginators(folder, loader)
        self._routes: list[Route] = []

    @property
    def protocol(self) -> str:
        return str(self.metadata["protocol"])

    @property
    def signing_name(self) -> str:
        return str(self.metadata.get("signingName") or self.metadata["endpointPrefix"])

    def input_shape(self, operation: str) -> Shape | None:
        return self.model.operation_model(operation).input_shape

    def output_shape(self, operation: str) -> Shape | None:
        return self.model.operation_model(operation).output_shape

    def match(self, method: str, path: str, query: Mapping[str, str]) -> tuple[Rank, str, dict[str, str]] | None:
        """The REST operation that a request means, how particular its route is, and the labels in its path."""
        if not self._routes:
            self._routes = [route(name, operation.get("http", {})) for name, operation in self.operations.items()]
        fitting = [
            (candidate.rank, candidate, hit)
            for candidate in self._routes
            if candidate.method == method
            and candidate.query <= query.keys()
            and (hit := candidate.pattern.match(path)) is not None
        ]
        if not fitting:
            return None
        rank, found, hit = max(fitting, key=lambda entry: entry[0])
        return rank, found.operation, dict(zip(found.labels, map(unquote, hit.groups()), strict=True))


def _paginators(folder: str, loader: Loader) -> dict[str, Any]:
    try:
        return dict(loader.load_service_model(folder, "paginators-1")["pagination"])
    except DataNotFoundError:
        return {}


class Services:
    """All services that botocore knows, loaded when they are first asked for."""

    def __init__(self) -> None:
        self._loader = Loader()
        self._loaded: dict[str, Service] = {}
        self._scanned: dict[str, list[str]] = {}
        self.folders = frozenset(self._loader.list_available_services("service-2"))

    def get(self, folder: str) -> Service:
        if folder not in self._loaded:
            self._loaded[folder] = Service(folder, self._loader)
        return self._loaded[folder]

    def candidates(self, signing: str) -> list[Service]:
        if signing in SIGNING:
            return [self.get(folder) for folder in SIGNING[signing] if folder in self.folders]
        return [self.get(signing)] if signing in self.folders else []

    def others(self, signing: str) -> list[Service]:
        """All that sign with this name."""
        if not self._scanned:
            self._scan()
        return [self.get(folder) for folder in self._scanned.get(signing, [])]

    def _scan(self) -> None:
        """Reads the heads of all models, since loading them whole would take many seconds."""
        data = Path(botocore.__file__).parent / "data"
        for folder in sorted(self.folders):
            version = data / folder / self._loader.determine_latest_version(folder, "service-2")
            head = _head(version / "service-2.json")
            for key in ("signingName", "endpointPrefix"):
                found = re.search(rf'"{key}"\s*:\s*"([^"]+)"', head)
                if found and folder not in self._scanned.setdefault(found[1], []):
                    self._scanned[found[1]].append(folder)


def _head(path: Path) -> str:
    zipped = path.with_name(path.name + ".gz")
    if zipped.exists():
        with gzip.open(zipped) as stream:
            return stream.read(6000).decode("utf8", "replace")
    return path.read_bytes()[:6000].decode("utf8", "replace") if path.exists() else ""
