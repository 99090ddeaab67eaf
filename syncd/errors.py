"""Every error that syncd raises on purpose; what is not one of these is a bug or a `Failed`."""

from collections.abc import Sequence

_WINDOW = 50
"""Characters shown on each side of the place in a long search."""


class SyncdError(Exception):
    """Base of all errors raised on purpose. The message is one line and says what to do."""


class ConfigError(SyncdError):
    """The configuration cannot be used: names file, key, what was found and what is expected."""


class CredentialsError(SyncdError):
    """No usable credentials: says which places were tried and how to provide some."""


class QueryError(SyncdError):
    """A search that cannot be understood or answered. As text, several lines: a caret stands under the place.

    `at` is the offset in `text`, `expected` what could stand there in words of people, `hint` what helps.
    Without `text` the message stands alone.
    """

    def __init__(
        self, message: str, text: str = "", at: int = 0, *, expected: Sequence[str] = (), hint: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.text = text
        self.at = at
        self.expected = tuple(expected)
        self.hint = hint

    def __str__(self) -> str:
        wanted = f"expected {' or '.join(filter(None, (', '.join(self.expected[:-1]), *self.expected[-1:])))}"
        lines = [self.message, *_pointed(self.text, self.at), wanted if self.expected else "", self.hint]
        return "\n".join(filter(None, lines))


def _pointed(text: str, at: int) -> tuple[str, ...]:
    """The line of the place, cut to a window around it, and a caret under the place."""
    if not text:
        return ()
    start = text.rfind("\n", 0, at) + 1
    line, column = text[start:].partition("\n")[0], at - start
    first = max(0, column - _WINDOW) if len(line) > 2 * _WINDOW else 0
    last = first + 2 * _WINDOW
    shown = "".join(char if char.isprintable() else " " for char in line[first:last])
    before, after = "…" * (first > 0), "…" * (last < len(line))
    return f"  {before}{shown}{after}", " " * (2 + len(before) + column - first) + "^"


class StoreError(SyncdError):
    """The store cannot be opened or written: locked, newer schema, damaged, disk full."""


class StoreLocked(StoreError):
    """Another syncd holds the file."""


class StoreFull(StoreError):
    """No room on the disk: the transaction was rolled back, nothing is lost."""


class ReadError(Exception):
    """A reading that did not succeed. `operation` is the provider's call, such as `ec2:DescribeInstances`."""

    state = "failed"

    def __init__(self, reason: str, *, operation: str = "", permission: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.operation = operation
        self.permission = permission


class Denied(ReadError):
    """The provider refused: `permission` is exactly what is missing, such as `ec2:DescribeInstances`."""

    state = "denied"


class Disabled(ReadError):
    """The region or service is not enabled or does not exist there: remembered with an expiry, not retried each run."""

    state = "disabled"


class Failed(ReadError):
    """Anything else that makes a reading incomplete: unreadable answer, timeout, refused connection."""


class Gone(ReadError):
    """One item that was listed is not there any more; the list must be read again before it is believed."""


class Temporary(ReadError):
    """Worth another attempt: a 5xx, a cut connection. Only the host's one retry layer catches it.

    `after` is the provider's Retry-After in seconds, None when it gave none.
    """

    def __init__(self, reason: str, *, operation: str = "", permission: str = "", after: float | None = None) -> None:
        super().__init__(reason, operation=operation, permission=permission)
        self.after = after


class Throttled(Temporary):
    """The provider asks for fewer calls: another attempt, and a smaller limit for the lane."""


class Absent(Exception):
    """The provider's explicit word that an optional part (a bucket's policy) does not exist: a full answer."""


class DeliveryError(Exception):
    """A delivery that did not succeed. `reason` is one line for people, without any secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Retry(DeliveryError):
    """Worth another attempt, by the outbox's own plan; not before `after` seconds where the target said so."""

    def __init__(self, reason: str, *, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class Rejected(DeliveryError):
    """The target will never take this: it becomes a dead letter at once, and can be replayed by hand."""


class LimitReached(SyncdError):
    """A search took longer than it may."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"the search took more than {seconds:g} s and was ended; name kinds with is(…), an account or a region, "
            "or shorter walks; --timeout or [search] timeout_seconds allows more"
        )
        self.seconds = seconds
