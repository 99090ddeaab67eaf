"""The shop of the demo where not all of it can stand: what a stand-in refuses to make is left out and told."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from demo.estate import build, rare
from demo.estate.site import Site
from demo.place import Place
from tests.moto.certificate import certificate


@dataclass(slots=True)
class Tolerant(Place):
    """A place whose clients do not fail. `absent` are services that are not asked at all."""

    absent: Collection[str] = ()
    refused: dict[str, str] = field(default_factory=dict)
    """Operation → what the stand-in said."""

    def client(self, service: str) -> Any:
        if service in self.absent:
            return Absence()
        return Forgiving(service, Place.client(self, service), self.refused)  # super() is lost with slots


@dataclass(frozen=True, slots=True)
class Forgiving:
    service: str
    real: Any
    refused: dict[str, str]

    def __getattr__(self, name: str) -> Callable[..., Mapping[str, Any]]:
        operation = getattr(self.real, name)

        def call(**given: Any) -> Mapping[str, Any]:
            try:
                answer: Mapping[str, Any] = operation(**given)
            except (ClientError, BotoCoreError, ResponseParserError) as error:
                self.refused[f"{self.service}.{name}"] = str(error)
                return Nothing()
            return answer

        return call


class Absence:
    def __getattr__(self, name: str) -> Callable[..., Mapping[str, Any]]:
        return lambda **_: Nothing()


class Nothing(dict[str, Any]):
    """The answer of a call that was refused: whatever is looked for in it is a name that nothing has."""

    def __missing__(self, key: str) -> Any:
        return Name("refused")


class Name(str):
    """Stands for an id, for a structure, and for a list of one of them."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        return self

    def __iter__(self) -> Iterator[Any]:
        yield self

    def get(self, key: str, default: Any = None) -> Any:
        return self


def everyday(place: Tolerant) -> None:
    """What a shop has in its only region."""
    build.everything(Site(place))


def everything(place: Tolerant) -> None:
    """All kinds that the demo can make, and the Organization's policies."""
    site = Site(place)
    build.everything(site)
    rare.build(site, *certificate())
    rare.policies(place)
