"""All of botocore's models, one service after the other."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import ServiceModel

from collectors.aws.models import PROTOCOLS


def services() -> list[str]:
    return sorted(Loader().list_available_services("service-2"))


def models(names: list[str]) -> Iterator[tuple[str, ServiceModel, Mapping[str, Any]]]:
    """Name, model and pagination of each; a loader for each, since one would keep all of it."""
    for name in names:
        loader = Loader()
        model = ServiceModel(loader.load_service_model(name, "service-2"), name)
        try:
            pages = loader.load_service_model(name, "paginators-1")["pagination"]
        except UnknownServiceError:
            pages = {}
        yield name, model, pages


def is_spoken(model: ServiceModel) -> bool:
    offered = model.metadata.get("protocols") or [model.metadata.get("protocol")]
    return any(protocol in offered for protocol in PROTOCOLS)


def is_worldwide(model: ServiceModel, endpoints: Mapping[str, Any]) -> bool:
    """Whether one endpoint answers for all regions."""
    found = endpoints.get(model.endpoint_prefix, {})
    return found.get("isRegionalized") is False
