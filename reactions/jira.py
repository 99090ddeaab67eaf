"""Jira: an issue for each incident, found again by its label, commented on, closed when nothing matches any more."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from reactions.jira_text import document, unformatted
from reactions.texts import answer, fit, heading
from syncd.errors import Retry
from syncd.notice import RESOLVED, TEST, Notice, Severity
from syncd.plugin import Context, Receipt, Reply, Secret

_SEARCH = {"cloud": "/rest/api/3/search/jql", "datacenter": "/rest/api/2/search"}
_ISSUE = {"cloud": "/rest/api/3/issue", "datacenter": "/rest/api/2/issue"}
Label = Annotated[str, Meta(pattern=r"^[^\s]{1,255}$", description="a label without spaces")]


class JiraSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """url         where Jira is, such as https://example.atlassian.net
    project     the key of a project
    token       an API token (Cloud), or a personal access token (Data Center)
    user        whose API token it is: an e-mail address; "" sends the token as a bearer's
    product     "cloud" (REST API 3), or "datacenter" (REST API 2)
    issue_type  the name of a type of issue
    transition  the name of the transition, or of the status it leads to, that closes an issue
    labels      put on every issue, beside syncd and syncd-INCIDENT
    priorities  a rule's severity → the name of a priority; none: as the project has it
    fields      other fields of new issues, as the REST API wants them
    """

    url: Annotated[str, Meta(pattern=r"^https?://.*[^/]$", description="a URL without / at its end")]
    project: Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9_]+$", description="the key of a project, such as OPS")]
    token: Secret
    user: str = ""
    product: Literal["cloud", "datacenter"] = "cloud"
    issue_type: str = "Task"
    transition: str = "Done"
    labels: tuple[Label, ...] = ()
    priorities: Mapping[Severity, str] = {}
    fields: Mapping[str, Any] = {}


def issue(settings: JiraSettings, notice: Notice) -> dict[str, Any]:
    """What a new issue holds."""
    found: dict[str, Any] = dict(settings.fields)
    found |= {
        "project": {"key": settings.project},
        "issuetype": {"name": settings.issue_type},
        "summary": fit(heading(notice), 250),
        "description": text(settings, notice),
        "labels": [*settings.labels, "syncd", f"syncd-{notice.incident}"],
    }
    if notice.severity in settings.priorities:
        found["priority"] = {"name": settings.priorities[notice.severity]}
    return {"fields": found}


def text(settings: JiraSettings, notice: Notice) -> Any:
    return document(notice, Jira.most) if settings.product == "cloud" else unformatted(notice, Jira.most)


def question(settings: JiraSettings, notice: Notice, memory: Mapping[str, str]) -> dict[str, Any]:
    """The open issue of this incident. Cloud's index lags behind; the issues that it is told to reconcile do not."""
    label = f'labels = "syncd-{notice.incident}" AND statusCategory != Done'
    found = {"jql": f'project = "{settings.project}" AND {label} ORDER BY created DESC', "maxResults": 1}
    known = [int(memory["id"])] if settings.product == "cloud" and memory.get("id", "").isdecimal() else []
    return found | {"fields": ["status"]} | ({"reconcileIssues": known} if known else {})


class Jira:
    name = "jira"
    settings = JiraSettings
    most = 50
    apart = True
    every_item = False
    repeat = 0.0

    async def deliver(self, context: Context, settings: JiraSettings, notice: Notice) -> Receipt:
        """Looked for first, each time: after a crash the issue may be there, though nobody remembers it."""
        asked = await _post(context, settings, _SEARCH[settings.product], question(settings, notice, context.memory))
        issues = asked.get("issues") or []
        if notice.state == RESOLVED:
            key = str(issues[0]["key"]) if issues else ""
            return await self._close(context, settings, notice, key) if key else Receipt(answer="no issue is open")
        place = _ISSUE[settings.product]
        if issues:
            key, number = str(issues[0]["key"]), str(issues[0]["id"])
            await _post(context, settings, f"{place}/{key}/comment", {"body": text(settings, notice)})
            return Receipt({"key": key, "id": number}, context.clean(f"commented on {key}"))
        made = await _post(context, settings, place, issue(settings, notice))
        key, number = str(made.get("key")), str(made.get("id"))
        if notice.state == TEST:
            return await self._close(context, settings, notice, key)
        return Receipt({"key": key, "id": number}, context.clean(f"made {key}"))

    async def _close(self, context: Context, settings: JiraSettings, notice: Notice, key: str) -> Receipt:
        """The transition is looked for before anything is said: else each attempt would say it again."""
        place = f"{_ISSUE[settings.product]}/{key}"
        offered = (await _ask(context, settings, "GET", f"{place}/transitions", None)).get("transitions") or []
        names = {_named(named): each["id"] for each in offered for named in (each, each.get("to")) if _named(named)}
        known = {name.casefold(): number for name, number in names.items()}
        step = known.get(settings.transition.casefold())
        if step is None:
            raise Retry(context.clean(f"{key} has no transition {settings.transition}; it has: {', '.join(names)}"))
        await _post(context, settings, f"{place}/comment", {"body": text(settings, notice)})
        await _send(context, settings, "POST", f"{place}/transitions", {"transition": {"id": step}})
        return Receipt(answer=context.clean(f"closed {key}"))


def _named(value: Any) -> str:
    return str((value or {}).get("name") or "")


async def _post(context: Context, settings: JiraSettings, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return await _ask(context, settings, "POST", path, body)


async def _ask(
    context: Context, settings: JiraSettings, method: str, path: str, body: Mapping[str, Any] | None
) -> dict[str, Any]:
    return answer(await _send(context, settings, method, path, body))


async def _send(
    context: Context, settings: JiraSettings, method: str, path: str, body: Mapping[str, Any] | None
) -> Reply:
    token = settings.token.reveal()
    pair = b64encode(f"{settings.user}:{token}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}" if settings.user else f"Bearer {token}", "Accept": "application/json"}
    return await context.send(method, settings.url + path, headers=headers, json=body, secrets=[settings.token])


reaction = Jira()
