"""PagerDuty: an alert for each incident by Events API v2, resolved when nothing matches any more."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from reactions.texts import address, answer, details, facts, fit, link, more, name, plain, roomy
from syncd.errors import Retry
from syncd.notice import RESOLVED, TEST, Notice, Severity
from syncd.plugin import Context, Receipt, Secret

_REGIONS = {"us": "https://events.pagerduty.com", "eu": "https://events.eu.pagerduty.com"}
_LARGEST = 500_000
"""Bytes; PagerDuty takes 512 KB."""
Level = Literal["info", "warning", "error", "critical"]


class PagerDutySettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """routing_key  the integration key of a service's or a ruleset's Events API v2 integration
    region       where the account is: "us" or "eu"
    url          instead of the region: where /v2/enqueue is
    severities   a rule's severity → PagerDuty's, where they are not to be the same
    client_url   the page that PagerDuty links to as the client, "" for none
    """

    routing_key: Secret
    region: Literal["us", "eu"] = "us"
    url: Annotated[str, Meta(pattern=r"^($|https?://.*[^/]$)", description='a URL without / at its end, or ""')] = ""
    severities: Mapping[Severity, Level] = {}
    client_url: Annotated[str, Meta(pattern=r"^($|https?://)", description='a URL, or ""')] = ""


def event(settings: PagerDutySettings, notice: Notice, action: str) -> dict[str, Any]:
    """Without the key, which is no part of what may be shown."""
    found: dict[str, Any] = {"event_action": action, "dedup_key": notice.incident}
    if action == "resolve":
        return found
    client = {"client": "syncd"} | ({"client_url": settings.client_url} if address(settings.client_url) else {})
    links = [{"href": link(item), "text": fit(name(item), 200)} for item in notice.items[:10] if link(item)]
    items = len(notice.items[: PagerDuty.most])
    return roomy(
        lambda shown: found | client | {"links": links, "payload": _payload(settings, notice, shown)}, items, _LARGEST
    )


def _payload(settings: PagerDutySettings, notice: Notice, shown: int) -> dict[str, Any]:
    """`custom_details` is shown to whoever is called."""
    resource = notice.items[0].resource if len(notice.items) == 1 else {}
    found: dict[str, Any] = {
        "summary": fit(notice.title or notice.rule, 1_024),
        "source": fit(str(resource.get("urn") or "syncd"), 1_024),
        "severity": settings.severities.get(notice.severity, notice.severity),
        "timestamp": notice.items[0].at if notice.items else notice.at,
        "class": fit(notice.rule, 1_024),
    }
    places = {"component": resource.get("name"), "group": resource.get("account_name") or resource.get("account")}
    found |= {key: fit(str(value), 1_024) for key, value in places.items() if value and plain(str(value))}
    about = dict(facts(notice)) | {"Text": fit(notice.text, 10_000, lines=True), "Search": fit(notice.search, 5_000)}
    about["Description"] = fit(notice.description, 10_000, lines=True)
    about["More"] = more(notice, shown)
    about = {key: value for key, value in about.items() if value}
    return found | {"custom_details": about | {"Resources": [details(item) for item in notice.items[:shown]]}}


class PagerDuty:
    name = "pagerduty"
    settings = PagerDutySettings
    most = 100
    apart = True
    every_item = False
    repeat = 0.0

    async def deliver(self, context: Context, settings: PagerDutySettings, notice: Notice) -> Receipt:
        """A test calls somebody as any other alert does, and ends at once."""
        actions = {RESOLVED: ("resolve",), TEST: ("trigger", "resolve")}.get(notice.state, ("trigger",))
        said = ""
        for action in actions:
            body = event(settings, notice, action) | {"routing_key": settings.routing_key.reveal()}
            url = (settings.url or _REGIONS[settings.region]) + "/v2/enqueue"
            found = answer(await context.send("POST", url, json=body, secrets=[settings.routing_key]))
            if found.get("status") != "success":
                raise Retry(context.clean(f"answered {found.get('status')}: {found.get('message')}"))
            said = str(found.get("message"))
        return Receipt(answer=context.clean(f"{' and '.join(actions)}: {said}"))


reaction = PagerDuty()
