"""Whatever Apprise knows to reach. Its requests are its own: no address is checked, no answer is bounded."""

import asyncio
import logging
from typing import Annotated, Any

from msgspec import Meta, Struct

from reactions.texts import fit, heading, report
from syncd.errors import Retry
from syncd.notice import FIRING, RESOLVED, Notice, Severity
from syncd.plugin import Context, Receipt, Secret

_LARGEST = 4_000
_TYPES: dict[Severity, str] = {"info": "info", "warning": "warning", "error": "failure", "critical": "failure"}


class AppriseSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """urls             of Apprise, such as ntfy://topic; all of each is a secret
    timeout_seconds  for all of a delivery
    """

    urls: Annotated[tuple[Secret, ...], Meta(min_length=1)]
    timeout_seconds: Annotated[float, Meta(gt=0, le=300)] = 30.0


class Apprise:
    name = "apprise"
    settings = AppriseSettings
    most = 20
    apart = False
    every_item = False
    repeat = 0.0

    async def deliver(self, context: Context, settings: AppriseSettings, notice: Notice) -> Receipt:
        """Apprise says only yes or no, so each no is worth another attempt."""
        post = await asyncio.to_thread(_post, settings)
        words = {"title": fit(heading(notice), 250), "body": report(notice, limit=_LARGEST, items=self.most)}
        try:
            async with asyncio.timeout(settings.timeout_seconds):
                taken = await post.async_notify(**words, notify_type=_type(notice), body_format="text")
        except TimeoutError:
            raise Retry(f"not done after {settings.timeout_seconds:g} s") from None
        if not taken:
            raise Retry("at least one of the addresses did not take it; Apprise does not say why")
        return Receipt(answer=f"taken by {len(settings.urls)}")


def _post(settings: AppriseSettings) -> Any:
    try:
        import apprise
    except ImportError:
        raise Retry("Apprise is not installed here: pip install 'syncd[apprise]'") from None
    for name in ("apprise", "urllib3"):  # their messages quote parts of addresses, which are secrets
        logging.getLogger(name).propagate = False
        logging.getLogger(name).handlers[:] = [logging.NullHandler()]
    post = apprise.Apprise()
    for number, url in enumerate(settings.urls, 1):
        if not post.add(url.reveal()):
            raise Retry(f"urls: number {number} is no address that Apprise knows")
    return post


def _type(notice: Notice) -> str:
    if notice.state == RESOLVED:
        return "success"
    return _TYPES[notice.severity] if notice.state == FIRING else "info"


reaction = Apprise()
