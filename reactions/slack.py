"""Slack: a message for each notice, by an incoming webhook or as a bot; only a bot can change and answer what it said.

Everything is plain or rich text, which Slack shows as it stands: a name can neither mention nor format.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import orjson
from msgspec import Meta, Struct

from reactions.texts import answer, facts, fit, heading, line, link, more, plain, roomy
from syncd.errors import Rejected, Retry
from syncd.notice import FIRING, RESOLVED, Item, Notice
from syncd.plugin import Context, Receipt, Secret

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_REFUSED = frozenset({
    "invalid_arg_name", "invalid_arguments", "invalid_array_arg", "invalid_blocks", "invalid_blocks_format",
    "invalid_charset", "invalid_form_data", "msg_blocks_too_long", "msg_too_long", "no_text", "too_many_attachments",
})  # fmt: skip
"""What is wrong with the message itself; everything else an operator or time can mend."""
_LARGEST = 11_500
"""Slack allows 3,000 characters in a section, and something above 12,000 in all, which it does not document."""
_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"})
"""The first message cannot be changed or answered any more."""


class SlackSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Either `webhook`, or `token` and `channel`.

    webhook   the address of an incoming webhook
    token     a bot's token (xoxb-…) with the scope chat:write
    channel   the id of a channel (C0123456789) that the bot is a member of
    resolve   what happens to the first message when nothing matches any more: it is changed, answered in its thread,
              or both
    api       where Slack's methods are
    """

    webhook: Secret | None = None
    token: Secret | None = None
    channel: Annotated[str, Meta(max_length=100)] = ""
    resolve: Literal["update", "thread", "both"] = "both"
    api: Annotated[str, Meta(pattern=r"^https?://.+[^/]$", description="a URL without / at its end")] = (
        "https://slack.com/api"
    )

    def __post_init__(self) -> None:
        bot = self.token is not None and bool(self.channel)
        if (self.webhook is not None) == bot or (self.token is not None) != bool(self.channel):
            raise ValueError("expected either webhook, or token and channel")


def message(notice: Notice) -> dict[str, Any]:
    """`text` is what notifications show."""
    return {"text": fit(heading(notice), 3_000, _ESCAPES), "blocks": blocks(notice)}


def blocks(notice: Notice) -> list[dict[str, Any]]:
    return roomy(lambda shown: _blocks(notice, shown), len(notice.items[: Slack.most]), _LARGEST)


def _blocks(notice: Notice, shown: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"type": "header", "text": _plain(heading(notice), 150)}]
    texts = [text for text in (notice.text, notice.description) if plain(text)]
    found += [{"type": "section", "text": _plain(text, 2_000)} for text in texts]
    found.append({"type": "section", "fields": [_plain(f"{key}\n{value}", 250) for key, value in facts(notice)]})
    if notice.items:
        found.append({"type": "rich_text", "elements": _items(notice, shown)})
    found.append({"type": "context", "elements": [_plain(f"syncd · {notice.at} · {notice.id}", 300)]})
    return found


def _plain(text: str, limit: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": fit(text, limit, _ESCAPES, lines=True) or "–", "emoji": False}


def _items(notice: Notice, shown: int) -> list[dict[str, Any]]:
    """Rich text is taken as it is: nothing in it is escaped."""
    rows = [{"type": "rich_text_section", "elements": [_item(item)]} for item in notice.items[:shown]]
    found: list[dict[str, Any]] = [{"type": "rich_text_list", "style": "bullet", "elements": rows}] if rows else []
    if left := more(notice, shown):
        found.append({"type": "rich_text_section", "elements": [{"type": "text", "text": left}]})
    return found


def _item(item: Item) -> dict[str, Any]:
    text = fit(line(item), 300) or "–"
    return {"type": "link", "url": link(item), "text": text} if link(item) else {"type": "text", "text": text}


class Slack:
    name = "slack"
    settings = SlackSettings
    most = 20
    apart = False
    every_item = False
    repeat = 0.0

    async def deliver(self, context: Context, settings: SlackSettings, notice: Notice) -> Receipt:
        if settings.webhook is not None:
            await context.send("POST", settings.webhook.reveal(), json=message(notice), secrets=[settings.webhook])
            return Receipt(answer="posted by webhook")
        first = context.memory if context.memory.get("ts") else {}
        try:
            return await self._say(context, settings, notice, first)
        except _Gone:
            return await self._say(context, settings, notice, {})

    async def _say(
        self, context: Context, settings: SlackSettings, notice: Notice, first: Mapping[str, str]
    ) -> Receipt:
        """In the thread of the first message of this incident where there is one."""
        said = message(notice)
        if first and notice.state == RESOLVED and settings.resolve != "thread":
            place = {"channel": first["channel"], "ts": first["ts"]}
            await _call(context, settings, "chat.update", said | place)
            if settings.resolve == "update":
                return Receipt(answer=f"changed {first['ts']}")
        more_fields = {"channel": settings.channel, "unfurl_links": False, "unfurl_media": False, "mrkdwn": False}
        if first:
            more_fields |= {"thread_ts": first["ts"], "channel": first["channel"]}
            more_fields |= {"reply_broadcast": notice.state == FIRING}  # a new offender must not drown in a thread
        found = await _call(context, settings, "chat.postMessage", said | more_fields)
        posted = {"channel": str(found.get("channel") or settings.channel), "ts": str(found.get("ts") or "")}
        memory = {} if notice.state == RESOLVED else dict(first) or posted
        return Receipt(memory, context.clean(f"posted {posted['ts']} in {posted['channel']}"))


async def _call(context: Context, settings: SlackSettings, method: str, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """One method of Slack's. Errors come with status 200."""
    assert settings.token is not None
    values = {key: orjson.dumps(value).decode() for key, value in fields.items() if not isinstance(value, str)}
    body = urlencode({**fields, **values, "parse": "none", "link_names": "false"}).encode()
    headers = {
        "Authorization": f"Bearer {settings.token.reveal()}",
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
    }
    reply = await context.send("POST", f"{settings.api}/{method}", headers=headers, body=body, secrets=[settings.token])
    found = answer(reply)
    if found.get("ok") is True:
        return found
    error = context.clean(str(found.get("error") or "no reason"))
    if error in _GONE and ("ts" in fields or "thread_ts" in fields):
        raise _Gone(f"{method}: {error}")
    if error in _REFUSED:
        raise Rejected(f"{method}: {error}")
    raise Retry(f"{method}: {error}")


class _Gone(Retry):
    """What was said first is not there any more: it is said anew."""


reaction = Slack()
