"""Which scopes are read when, and for which messages. Pure: times are seconds of a clock that is passed in."""

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct, field

EVERY = 2.0
"""Between the beginnings of two readings of a scope, at least."""
SHARE = 4.0
"""A reading that takes long is begun again at the earliest after so many times as long: providers count calls."""
LATER = 10.0
"""A reading that found nothing new is repeated once, so much later: providers show some changes only then."""


class Ended(NamedTuple):
    """Messages of which all that they concern has been read; `failed`: of these some could not be."""

    done: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


class _Turn(Struct):
    """One scope. `waiting`: messages that the next reading is for, `covered`: those that the one under way is for."""

    waiting: set[str] = field(default_factory=set)
    covered: set[str] = field(default_factory=set)
    under_way: bool = False
    began: float = 0.0
    earliest: float = 0.0
    again: float | None = None

    def due(self) -> float | None:
        """None while nothing is to be read."""
        if self.under_way:
            return None
        if self.waiting:
            return self.earliest
        return None if self.again is None else max(self.again, self.earliest)


class Turns:
    """A message that comes while its scope is being read leads to one more reading afterwards, never to two at once."""

    def __init__(self) -> None:
        self._turns: dict[str, _Turn] = {}
        self._left: dict[str, set[str]] = {}
        self._failed: set[str] = set()

    def __len__(self) -> int:
        """Messages that wait for a reading."""
        return len(self._left)

    def __contains__(self, message: str) -> bool:
        return message in self._left

    def heard(self, message: str, scopes: Iterable[str], now: float) -> None:
        """A message concerns these scopes, at least one."""
        wanted = set(scopes)
        self._left[message] = wanted
        for scope in wanted:
            self._turns.setdefault(scope, _Turn(earliest=now)).waiting.add(message)

    def due(self, now: float) -> list[str]:
        """Scopes that are to be read now."""
        for scope, turn in list(self._turns.items()):
            if turn.due() is None and not turn.under_way and turn.earliest <= now:
                del self._turns[scope]
        return [scope for scope, turn in self._turns.items() if (due := turn.due()) is not None and due <= now]

    def seconds(self, now: float) -> float | None:
        """Until something is due; None where nothing is to be read."""
        dues = [due for turn in self._turns.values() if (due := turn.due()) is not None]
        return max(0.0, min(dues) - now) if dues else None

    def begin(self, scope: str, now: float) -> None:
        """From here on it is read: what came so far is covered by it."""
        turn = self._turns[scope]
        turn.covered, turn.waiting = turn.waiting, set()
        turn.under_way, turn.began, turn.again = True, now, None

    def end(self, scope: str, now: float, *, good: bool, changed: bool = False) -> Ended:
        """`good`: it was read, `changed`: and something was new."""
        turn = self._turns[scope]
        covered, turn.covered, turn.under_way = turn.covered, set(), False
        turn.earliest = turn.began + max(EVERY, SHARE * (now - turn.began))
        if good and not changed and covered:
            turn.again = turn.began + LATER
        if not good:
            self._failed |= covered
        ended = [message for message in sorted(covered) if self._covered(message, scope)]
        failed = self._failed.intersection(ended)
        self._failed -= failed
        return Ended(tuple(each for each in ended if each not in failed), tuple(sorted(failed)))

    def _covered(self, message: str, scope: str) -> bool:
        """Whether that was the last of what the message concerns."""
        left = self._left[message]
        left.discard(scope)
        if not left:
            del self._left[message]
        return not left
