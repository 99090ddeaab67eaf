"""What a run tells while it goes on and when it has ended: plain values for people and scripts."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Progress:
    """A run so far. `discovering` is true until all scopes are known."""

    scopes_total: int = 0
    scopes_done: int = 0
    nodes: int = 0
    calls: int = 0
    created: int = 0
    updated: int = 0
    deleted: int = 0
    incomplete: int = 0
    discovering: bool = True


@dataclass(slots=True)
class PlaceProgress:
    """One account and region in a run so far."""

    scopes_total: int = 0
    scopes_done: int = 0
    incomplete: int = 0
    nodes: int = 0

    def add(self, nodes: int, state: str) -> None:
        self.scopes_done += 1
        self.incomplete += state != "complete"
        self.nodes += nodes


@dataclass(frozen=True, slots=True)
class AccountSummary:
    """One account in one run. `name` is "" when the provider gave none."""

    collector: str
    account: str
    name: str
    scopes: int
    incomplete: int
    nodes: int
    created: int
    updated: int
    deleted: int


@dataclass(frozen=True, slots=True)
class IncompleteScope:
    """A scope whose picture is not complete, why, and the exact permission that is missing if that is the cause."""

    scope: str
    state: str
    reason: str
    permission: str
    operation: str


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A finished run. `state`: complete, incomplete, cancelled, failed. `seconds` is wall time; `bytes` of answers.

    `resting`: scopes left out, since nothing is there or what is known is young enough. `same`: answers that were what
    they were before, so that nothing was made of them.
    """

    run: int
    state: str
    reason: str = ""
    seconds: float = 0.0
    scopes: dict[str, int] = field(default_factory=dict)
    resting: int = 0
    nodes: int = 0
    created: int = 0
    updated: int = 0
    deleted: int = 0
    calls: int = 0
    retries: int = 0
    throttles: int = 0
    bytes: int = 0
    same: int = 0
    first_event: int = 0
    last_event: int = 0
    sources: tuple[str, ...] = ()
    accounts: tuple[AccountSummary, ...] = ()
    incomplete: tuple[IncompleteScope, ...] = ()
