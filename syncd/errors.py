"""Every error that syncd raises on purpose; what is not one of these is a bug or a `Failed`."""


class SyncdError(Exception):
    """Base of all errors raised on purpose. The message is one line and says what to do."""


class ConfigError(SyncdError):
    """The configuration cannot be used: names file, key, what was found and what is expected."""


class CredentialsError(SyncdError):
    """No usable credentials: says which places were tried and how to provide some."""


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
