"""Alertmanager: an alert for each resource, kept alive while it matches, ended when it does no more.

Each alert carries its own end: when syncd stops for good, its alerts end by themselves.
"""

import re
from asyncio import gather
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from reactions.texts import fit, line, link, name, plain
from syncd.errors import DeliveryError, Rejected, Retry
from syncd.notice import CEASE, FIRING, RESOLVED, Item, Notice
from syncd.plugin import Context, Receipt, Secret

_STABLE = ("kind", "id", "urn", "cloud", "account", "region")
"""Of a resource: what cannot change. Labels are what an alert is known by: with a name in them, a renamed resource
would be two alerts, the first of which nobody ends."""
_CHANGES: Mapping[str, Literal["begin", "cease", "happened"]] = {FIRING: "begin", RESOLVED: "cease"}
_LABEL = re.compile(r"[^a-zA-Z0-9_]")
Url = Annotated[str, Meta(pattern=r"^https?://.*[^/]$", description="a URL without / at its end")]
LabelName = Annotated[str, Meta(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$", description="a name of letters, digits and _")]


class AlertmanagerSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """urls                every Alertmanager of a cluster, each without /api/v2
    username, password  for basic authentication
    token               for bearer authentication
    labels              put on every alert
    tags                keys of tags that become labels, tag_KEY; a resource of which one changes is another alert
    """

    urls: Annotated[tuple[Url, ...], Meta(min_length=1)]
    username: str = ""
    password: Secret | None = None
    token: Secret | None = None
    labels: Mapping[LabelName, str] = {}
    tags: tuple[str, ...] = ()


def alerts(settings: AlertmanagerSettings, notice: Notice, now: datetime) -> list[dict[str, Any]]:
    change = _CHANGES.get(notice.state, "happened")
    items = notice.items or (Item(0, notice.at, notice.rule, change),)
    return [alert(settings, notice, item, now) for item in items]


def alert(settings: AlertmanagerSettings, notice: Notice, item: Item, now: datetime) -> dict[str, Any]:
    """What ceases ends now; everything else when it has not been told again for a while."""
    ended = item.change == CEASE
    end = now if ended else now + timedelta(seconds=4 * Alertmanager.repeat)
    found: dict[str, Any] = {
        "labels": labels(settings, notice, item),
        "annotations": annotations(notice, item),
        "endsAt": end.isoformat(timespec="milliseconds"),
    }
    if not ended and datetime.fromisoformat(item.at) < end:
        found["startsAt"] = item.at
    return found | ({"generatorURL": link(item)} if link(item) else {})


def labels(settings: AlertmanagerSettings, notice: Notice, item: Item) -> dict[str, str]:
    """Later ones win: nobody's label can pass an alert off as another rule's."""
    tags = item.resource.get("tags") or {}
    found = {f"tag_{key}": str(tags[key]) for key in settings.tags if key in tags}
    found |= dict(notice.labels) | dict(settings.labels)
    found |= {key: str(item.resource.get(key) or "") for key in _STABLE}
    found |= {"alertname": notice.rule, "severity": notice.severity}
    return {label(key): text for key, value in found.items() if (text := fit(value, 1_000))}


def label(key: str) -> str:
    """A name that Prometheus takes."""
    cut = _LABEL.sub("_", key)
    return f"_{cut}" if cut[:1].isdigit() or not cut else cut


def annotations(notice: Notice, item: Item) -> dict[str, str]:
    account = str(item.resource.get("account_name") or "")
    found = {"summary": line(item), "title": notice.title, "name": name(item), "account_name": account}
    found |= {"description": notice.description, "search": notice.search, "reason": item.reason, "link": link(item)}
    return {key: text for key, value in found.items() if (text := fit(value, 2_000)) and plain(value)}


class Alertmanager:
    name = "alertmanager"
    settings = AlertmanagerSettings
    most = 500
    apart = False
    every_item = True
    repeat = 120.0

    async def deliver(self, context: Context, settings: AlertmanagerSettings, notice: Notice) -> Receipt:
        """Delivered when one has it: those of a cluster tell each other of notifications, not of alerts."""
        body = alerts(settings, notice, context.now)
        errors = await gather(*(_post(context, settings, url, body) for url in settings.urls))
        failed = [error for error in errors if error is not None]
        said = "; ".join(error.reason for error in failed)
        if len(failed) < len(errors):
            taken = f"{len(body)} alerts taken by {len(errors) - len(failed)} of {len(errors)}"
            return Receipt(answer=f"{taken}: {said}" if said else taken)
        if again := [error for error in failed if isinstance(error, Retry)]:
            raise Retry(said, after=min((error.after for error in again if error.after is not None), default=None))
        raise Rejected(said)


async def _post(
    context: Context, settings: AlertmanagerSettings, url: str, body: list[dict[str, Any]]
) -> DeliveryError | None:
    """What was wrong, if anything: the others of the cluster are asked all the same."""
    secrets = [secret for secret in (settings.password, settings.token) if secret is not None]
    try:
        await context.send("POST", f"{url}/api/v2/alerts", headers=_login(settings), json=body, secrets=secrets)
    except DeliveryError as error:
        return error
    return None


def _login(settings: AlertmanagerSettings) -> dict[str, str]:
    if settings.token is not None:
        return {"Authorization": f"Bearer {settings.token.reveal()}"}
    if settings.password is None:
        return {}
    pair = f"{settings.username}:{settings.password.reveal()}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


reaction = Alertmanager()
