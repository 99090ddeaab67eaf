"""A target of the machine: it outlives every process, and remembers all that it was told and what it said to it."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from syncd.errors import Rejected, Retry
from syncd.notice import Notice
from syncd.plugin import Context, Receipt, Secret

OK, ERROR, REJECTS, LOST, BUG = "ok", "error", "rejects", "lost", "bug"
WAYS = (OK, ERROR, REJECTS, LOST, BUG)


async def nothing() -> None:
    """What is in the way of what arrives."""


@dataclass(eq=False)
class Hearer:
    """`told`: id → what was said under it. `order`: ids as they first came. `taken`: how often each was taken;
    `excused`: how often the sender did not hear of it. LOST takes it, and the answer does not arrive."""

    way: str = OK
    told: dict[str, Notice] = field(default_factory=dict)
    order: list[Notice] = field(default_factory=list)
    taken: Counter[str] = field(default_factory=Counter)
    excused: Counter[str] = field(default_factory=Counter)
    token: Secret = field(default_factory=lambda: Secret("canary-of-the-hearer"))
    dead: Callable[[], bool] = lambda: False
    arriving: Callable[[], Awaitable[None]] = nothing
    now: set[str] = field(default_factory=set)

    async def take(self, context: Context, notice: Notice) -> Receipt:
        await self.arriving()
        if self.dead():
            raise Retry("whoever sends is not there any more")
        if self.told.setdefault(notice.id, notice) != notice:
            raise AssertionError(f"another text under the id {notice.id}")
        if all(each.id != notice.id for each in self.order):
            self.order.append(notice)
        self.now.add(notice.id)
        self._refuse()
        self.taken[notice.id] += 1
        if self.way == LOST:
            self.excused[notice.id] += 1
            raise TimeoutError
        return Receipt({"thread": notice.id}, f"taken with {self.token.reveal()}")

    def _refuse(self) -> None:
        if self.way == ERROR:
            raise Retry(f"500 for {self.token.reveal()}")
        if self.way == REJECTS:
            raise Rejected(f"never with {self.token.reveal()}")
        if self.way == BUG:
            raise ValueError(self.token.reveal())
