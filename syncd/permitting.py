"""What a collector may tell of permissions: the policy that lets it read, and what a refused call hides."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a policy shall allow.

    kinds    globs, or one word that the configuration knows, in place of the configured kinds
    tag      tags of these kinds may be changed
    calls    operations that may be called, as `ec2:stop-instances`
    member   only what is needed in an account that is reached from another one
    compact  fewer words that allow more, where the exact ones would be too many
    """

    kinds: tuple[str, ...] = ()
    tag: bool = False
    calls: tuple[str, ...] = ()
    member: bool = False
    compact: bool = False


@dataclass(frozen=True, slots=True)
class Trust:
    """Who may take the role. "" leaves it to whoever makes the role."""

    principal: str = ""
    external_id: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """A document under the provider's size limit. `size` in characters as the provider counts them."""

    name: str
    document: Mapping[str, Any]
    size: int


@runtime_checkable
class Permitting(Protocol):
    """A collector that can also tell what it needs. A collector need not."""

    most_policies: int
    """So many documents a principal may have without asking the provider for more."""

    def policies(self, settings: Any, wanted: Wanted) -> Sequence[Policy]:
        """The same for the same configuration. Raises ConfigError for kinds or calls that there are not."""
        ...

    def template(self, settings: Any, wanted: Wanted, trust: Trust) -> Mapping[str, Any]:
        """What makes a role with these policies in an account: CloudFormation's template."""
        ...

    def allowing(self, permissions: Iterable[str]) -> Mapping[str, Any]:
        """A document that allows exactly these."""
        ...

    def permission(self, operation: str, reason: str) -> str:
        """What a refused call lacks, by its name in coverage; "" where nothing that a policy allows would help."""
        ...

    def hides(self, kinds: Sequence[str], operation: str) -> Sequence[str]:
        """What is not seen of these kinds where this call is refused: `kind`, or `kind.part`."""
        ...
