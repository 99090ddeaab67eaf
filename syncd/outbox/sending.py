"""One attempt: a reaction is called, and whatever it raises becomes one line without secrets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import datetime
from secrets import token_hex
from typing import NamedTuple

from syncd.egress.session import Egress
from syncd.egress.words import Cleaner
from syncd.errors import DeliveryError, Rejected, Retry, SyncdError
from syncd.log import secrets_in
from syncd.notice import Notice
from syncd.outbox.grouping import incident
from syncd.outbox.setting import reaction_of
from syncd.plugin import Planner, Receipt
from syncd.settings import EgressSettings, Target
from syncd.store.notices import uid
from syncd.sync.scope_run import iso

LONGEST = 300.0
"""Seconds after which an attempt is given up, whatever the reaction does."""

Opened = Callable[[EgressSettings], AbstractAsyncContextManager[Egress]]


class Attempted(NamedTuple):
    """`error` is "" for what was delivered; `final`: trying again is of no use; `after`: what the target asked for."""

    receipt: Receipt = Receipt()
    error: str = ""
    final: bool = False
    after: float | None = None


class Gateway:
    """The guarded session of the configuration in force. One that was replaced lives until its last attempt ended.

    `planner`: who makes the plans that reactions ask for, None where nobody does.
    """

    def __init__(self, opened: Opened = Egress, planner: Planner | None = None) -> None:
        self.planner = planner
        self._opened = opened
        self._current: _Way | None = None

    @asynccontextmanager
    async def session(self, settings: EgressSettings) -> AsyncIterator[Egress]:
        way = self._current
        if way is None or way.settings != settings:
            way = await self._exchange(settings)
        way.users += 1
        try:
            yield way.egress
        finally:
            way.users -= 1
            if way is not self._current and not way.users:
                await way.stack.aclose()

    async def _exchange(self, settings: EgressSettings) -> "_Way":
        stack = AsyncExitStack()
        way = _Way(settings, stack, await stack.enter_async_context(self._opened(settings)))
        old, self._current = self._current, way
        if old is not None and not old.users:
            await old.stack.aclose()
        return way

    async def close(self) -> None:
        way, self._current = self._current, None
        if way is not None:
            await way.stack.aclose()


class _Way:
    def __init__(self, settings: EgressSettings, stack: AsyncExitStack, egress: Egress) -> None:
        self.settings = settings
        self.stack = stack
        self.egress = egress
        self.users = 0


class Try(NamedTuple):
    """What an attempt is made with."""

    target: Target
    notice: Notice
    number: int = 1
    memory: dict[str, str] | None = None


async def attempted(gateway: Gateway, settings: EgressSettings, now: datetime, wanted: Try) -> Attempted:
    """Raises only CancelledError: then it is not known whether it arrived."""
    secrets = secrets_in(wanted.target.settings)
    clean = Cleaner(secrets)
    try:
        reaction = reaction_of(wanted.target)
        async with gateway.session(settings) as egress, asyncio.timeout(LONGEST):
            context = egress.attempt(now, wanted.number, wanted.memory or {}, secrets)
            context.planner = gateway.planner
            receipt = await reaction.deliver(context, wanted.target.settings, wanted.notice)
        return Attempted(Receipt(dict(receipt.memory), clean(receipt.answer)))
    except Rejected as error:
        return Attempted(error=clean(error.reason) or "rejected", final=True)
    except Retry as error:
        return Attempted(error=clean(error.reason) or "failed", after=error.after)
    except (DeliveryError, SyncdError) as error:
        return Attempted(error=clean(str(error)))
    except TimeoutError:
        return Attempted(error=f"no end after {LONGEST:g} s")
    except Exception as error:  # noqa: BLE001  the supervisor of deliveries: a bug of a reaction is a reason to try again
        return Attempted(error=clean(f"{type(error).__name__}: {error}"))


def test_notice(target: str, now: datetime) -> Notice:
    """What `targets test` sends."""
    at = iso(now)
    title = f"syncd: a test message to {target}"
    text = "Somebody asked for it by hand: nothing has happened."
    name = uid(token_hex(16), at, target)
    return Notice(name, at, "test", "test", "info", incident(name, "test", target), title, text)


async def tested(gateway: Gateway, settings: EgressSettings, now: datetime, target: Target) -> dict[str, object]:
    """Sends a test message at once: {delivered, answer or reason, id}. It is not stored."""
    notice = test_notice(target.name, now)
    done = await attempted(gateway, settings, now, Try(target, notice))
    said = {"reason": done.error} if done.error else {"answer": done.receipt.answer}
    return {"target": target.name, "delivered": not done.error, "id": notice.id, **said}
