"""Opsgenie and Jira Service Management: an alert for each incident, closed when nothing matches any more."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote

from msgspec import Meta, Struct

from reactions.texts import answer, facts, fit, heading, link, name, report
from syncd.notice import RESOLVED, TEST, Notice, Severity
from syncd.plugin import Context, Receipt, Secret

_REGIONS = {"us": "https://api.opsgenie.com", "eu": "https://api.eu.opsgenie.com"}
Priority = Literal["P1", "P2", "P3", "P4", "P5"]
_PRIORITIES: Mapping[Severity, Priority] = {"critical": "P1", "error": "P2", "warning": "P3", "info": "P5"}


class OpsgenieSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """api_key     the key of an API integration
    region      where the account is: "us" or "eu"
    url         instead of the region: where /v2/alerts is
    teams       names of the teams that are to answer; () leaves it to the integration
    tags        put on every alert, beside the rule's labels
    priorities  a rule's severity → P1 to P5, where it is not to be critical P1, error P2, warning P3, info P5
    """

    api_key: Secret
    region: Literal["us", "eu"] = "us"
    url: Annotated[str, Meta(pattern=r"^($|https?://.*[^/]$)", description='a URL without / at its end, or ""')] = ""
    teams: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    priorities: Mapping[Severity, Priority] = {}


def alert(settings: OpsgenieSettings, notice: Notice) -> dict[str, Any]:
    """One with the alias of an alert that is open is counted there and makes no second one."""
    labels = (f"{key}:{value}" for key, value in notice.labels.items())
    tags = [cut for each in (*settings.tags, "syncd", *labels) if (cut := fit(each, 50).replace(",", " "))]
    found: dict[str, Any] = {
        "message": fit(notice.title or notice.rule, 130),
        "alias": notice.incident,
        "description": report(notice, limit=15_000, items=Opsgenie.most),
        "priority": settings.priorities.get(notice.severity, _PRIORITIES[notice.severity]),
        "source": "syncd",
        "tags": tags[:20],
        "details": {fit(key, 100): fit(value, 500) for key, value in facts(notice)},
    }
    if len(notice.items) == 1:
        found["entity"] = fit(name(notice.items[0]), 512)
        found["details"] |= {"Page": link(notice.items[0])} if link(notice.items[0]) else {}
    if settings.teams:
        found["responders"] = [{"type": "team", "name": team} for team in settings.teams]
    return found


class Opsgenie:
    name = "opsgenie"
    settings = OpsgenieSettings
    most = 50
    apart = True
    every_item = False
    repeat = 0.0

    async def deliver(self, context: Context, settings: OpsgenieSettings, notice: Notice) -> Receipt:
        """Both requests are only taken in: what becomes of them is in the integration's log, by the request's id."""
        said = []
        if notice.state != RESOLVED:
            said.append(await _post(context, settings, "", alert(settings, notice)))
        if notice.state in (RESOLVED, TEST):
            note = {"source": "syncd", "note": fit(heading(notice), 1_000)}
            said.append(await _post(context, settings, f"/{quote(notice.incident)}/close?identifierType=alias", note))
        return Receipt(answer=context.clean(f"request {', '.join(said)}"))


async def _post(context: Context, settings: OpsgenieSettings, path: str, body: Mapping[str, Any]) -> str:
    url = f"{settings.url or _REGIONS[settings.region]}/v2/alerts{path}"
    headers = {"Authorization": f"GenieKey {settings.api_key.reveal()}"}
    reply = await context.send("POST", url, headers=headers, json=body, secrets=[settings.api_key])
    return str(answer(reply).get("requestId"))


reaction = Opsgenie()
