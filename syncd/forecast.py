"""What a collector may be as well: one that tells before a run, from its settings alone, what the run asks at least."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct

from syncd.model import Scope

Places = Mapping[str, Sequence[str]]
"""Account → its regions."""


class Asked(Struct, frozen=True):
    """What reading a scope takes while nothing is in it.

    least   calls of its own that are made whatever comes of them
    calls   of its own that are made when nothing is refused
    above   the list that it is asked with, "" for none: scopes of a place that name the same share it
    shared  calls of that list
    parent  the scope whose resources it is asked about, `batch` at once; "" for none
    looked  whether a look for signs of life asks about it while it is left out
    """

    least: int = 1
    calls: int = 1
    above: str = ""
    shared: int = 0
    parent: str = ""
    batch: int = 1
    looked: bool = False


class Forecast(Struct, frozen=True):
    """What is known of a run before it.

    asked    by a scope's name: what is not here is not read
    central  names of scopes of one account alone; the settings do not tell of which
    once     calls for finding the accounts, of all of them together, and for each `account`
    indexes  calls at least that tell for all places where something is that was empty
    """

    asked: Mapping[str, Asked]
    central: frozenset[str] = frozenset()
    once: int = 0
    account: int = 0
    indexes: int = 0


@runtime_checkable
class Forecasting(Protocol):
    """A collector that tells what a run will ask. A collector need not."""

    def forecast(self, settings: Any) -> Forecast:
        """May take seconds."""
        ...

    def planned(self, settings: Any, places: Places) -> Iterator[Scope]:
        """The scopes that a run has there, but for the central ones; regions that the settings leave out have none."""
        ...

    def imagined(self, settings: Any, accounts: int, regions: int) -> Places:
        """So many accounts, in those regions that have the fewest scopes. Raises ConfigError for too many regions."""
        ...
