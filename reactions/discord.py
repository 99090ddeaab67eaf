"""Discord: a message with embeds for each notice, by a channel's webhook.

Nothing in it mentions anybody: the message says so, and every sign of Discord's formatting is escaped.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

from reactions.texts import colour, facts, fit, heading, line, link, more, name, size
from syncd.notice import Item, Notice
from syncd.plugin import Context, Receipt, Secret

_ESCAPES = {sign: f"\\{sign}" for sign in "\\*_~`|>#-+=[](){}<:@!.&/"}
_MESSAGE, _EMBEDS, _FIELDS = 6_000, 10, 25
"""Characters of all embeds together, embeds of a message, fields of an embed."""
_ROOM_FOR_MORE = 60


class DiscordSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """webhook    the address of a channel's webhook
    thread_id  the id of a thread of that channel to write into
    username   what the message is signed with; "" as the webhook is called
    """

    webhook: Secret
    thread_id: Annotated[str, Meta(pattern=r"^\d{0,20}$", description="the digits of a thread's id")] = ""
    username: Annotated[str, Meta(max_length=80)] = ""


def message(notice: Notice, username: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"content": fit(heading(notice), 2_000, _ESCAPES), "embeds": embeds(notice)}
    found["allowed_mentions"] = {"parse": []}
    return found | ({"username": username} if username else {})


def embeds(notice: Notice) -> list[dict[str, Any]]:
    """What the rule says, then a field for each item as long as there is room."""
    text = "\n\n".join(filter(None, (notice.text, notice.description)))
    head: dict[str, Any] = {"color": colour(notice), "timestamp": notice.at}
    head |= {"description": description} if (description := fit(text, 2_000, _ESCAPES, lines=True)) else {}
    head["fields"] = [field(fit(key, 100, _ESCAPES), fit(value, 200, _ESCAPES), True) for key, value in facts(notice)]
    found = [head]
    shown = 0
    for one in map(_item, notice.items):
        if not _added(found, one, colour(notice)):
            break
        shown += 1
    if left := more(notice, shown):
        found[-1]["footer"] = {"text": left}
    return found


def field(title: str, value: str, inline: bool = False) -> dict[str, Any]:
    return {"name": title or "–", "value": value or "–", "inline": inline}


def _item(item: Item) -> dict[str, Any]:
    text = fit(line(item), 400, _ESCAPES)
    target = link(item).replace("(", "%28").replace(")", "%29")
    return field(fit(name(item), 100, _ESCAPES), f"[{text}]({target})" if target and len(target) < 600 else text)


def _added(found: list[dict[str, Any]], one: dict[str, Any], colour_: int) -> bool:
    """Whether there was room for one more field, in the last embed or in a new one."""
    if weight(found) + size(one["name"]) + size(one["value"]) > _MESSAGE - _ROOM_FOR_MORE:
        return False
    if len(found[-1]["fields"]) >= _FIELDS:
        if len(found) >= _EMBEDS:
            return False
        found.append({"color": colour_, "fields": []})
    found[-1]["fields"].append(one)
    return True


def weight(found: list[dict[str, Any]]) -> int:
    """The characters that Discord counts."""
    fields = sum(size(one["name"]) + size(one["value"]) for embed in found for one in embed["fields"])
    return fields + sum(
        size(embed.get("description", "")) + size(embed.get("footer", {}).get("text", "")) for embed in found
    )


class Discord:
    name = "discord"
    settings = DiscordSettings
    most = 50
    apart = False
    every_item = False
    repeat = 0.0

    async def deliver(self, context: Context, settings: DiscordSettings, notice: Notice) -> Receipt:
        """With `wait`, Discord answers once the message is stored, not when it has begun to look at it."""
        url = settings.webhook.reveal()
        url += ("&" if "?" in url else "?") + "wait=true"
        url += f"&thread_id={settings.thread_id}" if settings.thread_id else ""
        body = message(notice, settings.username)
        await context.send("POST", url, json=body, secrets=[settings.webhook])
        return Receipt(answer=f"posted with {len(body['embeds'])} embeds")


reaction = Discord()
