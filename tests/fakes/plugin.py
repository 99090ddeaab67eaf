"""The fake cloud as an installed collector whose settings say what it holds and how it fails."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from syncd.errors import CredentialsError, Denied
from syncd.plugin import Property, Secret
from tests.fakes.changeable import Changeable
from tests.fakes.cloud import Cloud, box

Short = Annotated[str, Meta(max_length=3, description="a short word")]


class Login(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    user: str
    password: Secret | None = None


class Settings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`boxes`: name → size. `denied`, `nobody` and `delay` make trouble; the others only show what settings can be."""

    token: Secret = Secret("usual")
    boxes: dict[str, int] = field(default_factory=lambda: {"a": 1})
    logins: tuple[Login, ...] = ()
    regions: dict[str, Login] = {}
    kinds: Literal["all"] | tuple[str, ...] = "all"
    way: Login | Short | None = None
    denied: bool = False
    nobody: bool = False
    delay: float = 0.0


class Installed(Changeable):
    """Filled when it is opened. Tells what boxes hold."""

    def schema(self, kind: str) -> Iterable[Property]:
        if kind == "fake_box":
            yield Property("size", "number", "How big it is (in l). As its maker says.")
            yield Property("token", "string", "What opens it.", "secret")

    async def open(self, settings: Any) -> Cloud:
        if settings.nobody:
            raise CredentialsError("no login for the fake cloud: set fake.nobody = false")
        self.put("fake/1/r1/boxes", *(box("1", name, size=size) for name, size in settings.boxes.items()))
        self.put("fake/1/r1/bags", box("1", "bag"))
        self.delay = settings.delay
        if settings.denied:
            self.fail("fake/1/r1/bags", Denied("not for you", operation="bags:List", permission="bags:ListBags"))
        return self


collector = Installed()
collector.settings = Settings  # type: ignore[assignment]
