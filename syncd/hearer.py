"""What a collector may be as well: one that hears of changes as they happen, and says which scopes they concern."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from syncd.plugin import Calls, Session


class Message(NamedTuple):
    """What a provider's queue gave: something may have changed. Given out again, later, until it is done with.

    `times`: how often it was given out so far; `sent`: Unix seconds, 0.0 where that is not known.
    """

    id: str
    body: str
    receipt: str = ""
    times: int = 1
    sent: float = 0.0


@runtime_checkable
class Hearing(Protocol):
    """A collector that hears of changes as they happen. A collector need not."""

    def queues(self, settings: Any) -> Sequence[str]:
        """Where it is told, as people name that; nothing where the settings name none. Cheap."""
        ...

    async def hearer(self, settings: Any) -> "Hearer":
        """Raises CredentialsError."""
        ...


class Hearer(Session, Protocol):
    """A session that is kept open. `scopes` is asked for scopes by their keys; accounts are looked for once."""

    async def hear(self, queue: str, calls: Calls) -> Sequence[Message]:
        """Waits for messages, up to 20 seconds. Raises a ReadError."""
        ...

    async def done(self, queue: str, messages: Sequence[Message], calls: Calls) -> None:
        """They are not given out any more."""
        ...

    async def waiting(self, queue: str, calls: Calls) -> int:
        """About how many messages wait there."""
        ...

    def touched(self, body: str) -> Iterable[str]:
        """Keys of the scopes that a message concerns; raises ValueError, with a reason, where that cannot be told.

        No more of a message is believed: what is so is read.
        """
        ...

    def forget(self) -> None:
        """Accounts and regions are looked for anew."""
        ...
