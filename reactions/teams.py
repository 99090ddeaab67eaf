"""Microsoft Teams: an Adaptive Card for each notice, by the webhook of a workflow.

Every text is a run of rich text, which Teams shows as it stands: it formats only text blocks.
"""

from typing import Any

from msgspec import Struct

from reactions.texts import facts, fit, heading, line, link, more, roomy
from syncd.notice import RESOLVED, Item, Notice
from syncd.plugin import Context, Receipt, Secret

_LARGEST = 28 * 1024 - 512
"""Bytes of a message that Teams takes, less what it adds itself."""
_STYLES = {"info": "accent", "warning": "warning", "error": "attention", "critical": "attention"}
_TEXT = 2_000


class TeamsSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """webhook  the address of a workflow "Post to a channel when a webhook request is received" """

    webhook: Secret


def message(notice: Notice) -> dict[str, Any]:
    return roomy(lambda shown: _message(notice, shown), len(notice.items[: Teams.most]), _LARGEST)


def _message(notice: Notice, shown: int) -> dict[str, Any]:
    kind = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": kind, "contentUrl": None, "content": card(notice, shown)}
    return {"type": "message", "attachments": [attachment]}


def card(notice: Notice, shown: int) -> dict[str, Any]:
    style = "good" if notice.state == RESOLVED else _STYLES[notice.severity]
    texts = [fit(text, _TEXT, lines=True) for text in (notice.text, notice.description)]
    body: list[dict[str, Any]] = [
        {"type": "Container", "style": style, "bleed": True, "items": [_rich(_run(fit(heading(notice), 300), True))]},
        *(_rich(_run(text)) for text in texts if text),
        *(_rich(_run(fit(key, 100) + ": ", True), _run(fit(value, 300))) for key, value in facts(notice)),
        *(_item(item) for item in notice.items[:shown]),
    ]
    if left := more(notice, shown):
        body.append(_rich(_run(left)))
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "fallbackText": fit(heading(notice), 300),
        "body": body,
    }


def _rich(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(text: str, bold: bool = False) -> dict[str, Any]:
    return {"type": "TextRun", "text": text or "–"} | ({"weight": "Bolder"} if bold else {})


def _item(item: Item) -> dict[str, Any]:
    run = _run(fit(line(item), 300))
    page = {"selectAction": {"type": "Action.OpenUrl", "url": link(item)}} if link(item) else {}
    return _rich(run | page)


class Teams:
    name = "teams"
    settings = TeamsSettings
    most = 40
    apart = False
    every_item = False
    repeat = 0.0

    async def deliver(self, context: Context, settings: TeamsSettings, notice: Notice) -> Receipt:
        body = message(notice)
        await context.send("POST", settings.webhook.reveal(), json=body, secrets=[settings.webhook])
        return Receipt(answer="the workflow took it")


reaction = Teams()
