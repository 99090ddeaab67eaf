"""Every path of the control API with what it does, in one table: the server and its own description are made of it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import syncd
from syncd.control.answers import Handler
from syncd.control.changing import Changing
from syncd.control.delivering import Delivering
from syncd.control.hearing import HearingOf
from syncd.control.planning import Planning
from syncd.control.reading import API, Reading
from syncd.control.ruling import Ruling
from syncd.control.searching import Searching
from syncd.control.working import Working

STREAM = "application/x-ndjson"
JSON = "application/json"
TEXT = "text/plain"


class Route(NamedTuple):
    """`asks`: parameters of the query; `gives`: content type; `changes`: needs rights; `body`: the keys of one."""

    method: str
    path: str
    handler: Handler
    summary: str
    asks: tuple[str, ...] = ()
    gives: str = JSON
    changes: bool = False
    body: tuple[str, ...] = ()


class Parts(NamedTuple):
    """What answers."""

    reading: Reading
    changing: Changing
    working: Working
    searching: Searching
    planning: Planning
    delivering: Delivering
    ruling: Ruling
    hearing: HearingOf


def routes(parts: Parts) -> Iterator[Route]:
    r, c, w = parts.reading, parts.changing, parts.working
    number = "{run:[0-9]{1,18}}"
    asked = "{request:[0-9]{1,18}}"
    yield Route("GET", "/v1/version", r.version, "versions of syncd, this API, Python and SQLite")
    yield Route("GET", "/v1/status", r.status, "health, the run that goes on, what waits, the schedule, coverage")
    yield Route(
        "GET", f"/v1/requests/{asked}/follow", r.follow, "what becomes of a request, until it ended", (), STREAM
    )
    yield Route("GET", "/v1/runs", r.runs, "the last runs, oldest first", ("limit",))
    yield Route("GET", f"/v1/runs/{number}", r.run, "one run with its summary")
    yield Route("GET", f"/v1/runs/{number}/log", r.log, "what each scope of a run cost and brought", (), STREAM)
    yield Route("GET", "/v1/coverage", r.coverage, "how complete each scope is, and why not", ("incomplete",), STREAM)
    yield Route(
        "GET",
        "/v1/events",
        r.events,
        "what changed and happened; follow: also what is to come",
        ("since", "type", "resource", "limit", "follow"),
        STREAM,
    )
    yield from _searches(parts.searching)
    yield from _deliveries(parts.delivering)
    yield from _rules(parts.ruling)
    yield from _plans(parts.planning)
    yield from _hearing(parts.hearing)
    yield Route("GET", "/v1/collectors", r.collectors, "the collectors and how much they hold")
    yield Route("GET", "/v1/accounts", r.accounts, "the accounts and how complete they are")
    yield Route("GET", "/v1/config", r.config, "the configuration in force, without its secrets")
    yield Route("GET", "/v1/debug/tasks", r.tasks, "the tasks of the daemon and where each waits")
    yield Route("GET", "/v1/debug/limits", r.limits, "the live limits of calls, by account, region and service")
    yield Route("GET", "/metrics", r.metrics, "metrics for Prometheus", (), TEXT)
    yield Route("GET", "/healthz", r.health, "whether the daemon and its writer answer")
    yield Route("GET", "/readyz", r.ready, "whether there is a picture to look at, and how complete it is")
    yield Route("POST", "/v1/sync", c.sync, "asks for a run; one that waits for the same is joined", changes=True)
    yield Route("POST", "/v1/accept", c.accept, "believes held scopes, lets retired ones go", changes=True)
    yield Route("POST", f"/v1/runs/{number}/cancel", c.cancel, "stops the run that goes on", changes=True)
    yield Route("GET", "/v1/workflows", w.workflows, "the workflows, who takes part, and the step that waits")
    yield Route("POST", "/v1/workflows/{name}/run", w.run, "asks for a run of a workflow", changes=True)
    yield Route("POST", "/v1/workflows/subscribe", w.subscribe, "takes part in steps", (), STREAM, changes=True)
    yield Route("POST", "/v1/workflows/answer", w.answer, "answers a step, or reports progress", changes=True)
    yield Route("POST", "/v1/pause", c.pause, "lets no run begin, also after a restart", changes=True)
    yield Route("POST", "/v1/resume", c.resume, "lets runs begin again", changes=True)
    yield Route("POST", "/v1/reload", c.reload, "takes the configuration anew, or refuses it whole", changes=True)
    yield Route("POST", "/v1/config/check", c.check, "checks the configuration files as they are now", changes=True)


def _searches(s: Searching) -> Iterator[Route]:
    body = ("query", "at", "columns", "complete_only", "limit", "timeout")
    yield Route(
        "POST", "/v1/search", s.search, "what a search finds: a line about it, then the rows", (), STREAM, body=body
    )
    yield Route("GET", "/v1/search", s.simple, "the same for a search in the address", ("q", *body[1:]), STREAM)
    yield Route("GET", "/v1/resources/{resource:.+}", s.resource, "one resource, by URN or key", ("at",))
    yield Route("GET", "/v1/kinds", s.kinds, "the kinds of which there is something; tree: all of them", ("tree",))
    yield Route("GET", "/v1/kinds/{kind}", s.kind, "what a kind is, where it is, and what its documents hold")
    asks = ("resource", "kind", "change", "since", "until", "limit")
    yield Route("GET", "/v1/history", s.history, "resources created, updated, deleted, oldest first", asks, STREAM)
    text = "what differs between the pictures of two times"
    yield Route("GET", "/v1/diff", s.diff, text, ("from", "to", "q"), STREAM)


def _deliveries(d: Delivering) -> Iterator[Route]:
    text = "what was told to whom, the last ones, and what waits"
    yield Route("GET", "/v1/deliveries", d.deliveries, text, ("state", "target", "rule", "limit"))
    yield Route("GET", "/v1/deliveries/{delivery:[0-9]{1,18}}", d.delivery, "one notice as it is sent, and its answer")
    text = "sends notices once more"
    body = ("ids", "dead", "target")
    yield Route("POST", "/v1/deliveries/replay", d.replay, text, changes=True, body=body)
    yield Route("GET", "/v1/targets", d.targets, "the targets: how they do, and what is left for them")
    yield Route("POST", "/v1/targets/{name}/test", d.test, "sends a test message now", changes=True)
    text, body = (
        "tells a target what a search finds; without send: says what would be sent",
        ("query", "send", "resources"),
    )
    yield Route("POST", "/v1/targets/{name}/notify", d.notify, text, changes=True, body=body)


def _rules(r: Ruling) -> Iterator[Route]:
    yield Route("GET", "/v1/rules", r.rules, "the rules: on or off, how many match, what is wrong")
    yield Route("GET", "/v1/rules/{name}", r.rule, "all that is known of one rule")
    yield Route("GET", "/v1/rules/{name}/matches", r.matches, "who matches a rule, and since when", ("limit",))
    yield Route("GET", "/v1/matches", r.matches, "who matches any rule, and since when", ("limit",))
    text = "turns a rule {}, whatever the configuration says"
    yield Route("POST", "/v1/rules/{name}/enable", r.enable, text.format("on"), changes=True)
    yield Route("POST", "/v1/rules/{name}/disable", r.disable, text.format("off"), changes=True)
    text = "nothing of a rule is sent for a while"
    yield Route("POST", "/v1/rules/{name}/silence", r.silence, text, changes=True, body=("for",))
    yield Route("POST", "/v1/rules/{name}/unsilence", r.unsilence, "ends a silence", changes=True)


def _plans(p: Planning) -> Iterator[Route]:
    one = "/v1/plans/{plan:[0-9]{1,18}}"
    body = ("query", "verb", "tags", "keys", "service", "operation", "parameters")
    named = ("query", "urns", "reason")
    yield Route("GET", "/v1/plans", p.plans, "the last plans, oldest first", ("limit", "state"))
    yield Route("GET", one, p.plan, "one plan with its resources")
    yield Route("POST", "/v1/plans", p.make, "plans an act on what a search finds", changes=True, body=body)
    yield Route("POST", f"{one}/apply", p.apply, "carries a plan out", changes=True)
    yield Route("POST", f"{one}/discard", p.discard, "a plan is not carried out", changes=True)
    yield Route("GET", "/v1/protected", p.protected, "the resources that nothing is done to")
    yield Route("POST", "/v1/protect", p.protect, "nothing is done to these resources", changes=True, body=named)
    yield Route("POST", "/v1/unprotect", p.unprotect, "takes protection away", changes=True, body=named[:2])


def _hearing(h: HearingOf) -> Iterator[Route]:
    yield Route("GET", "/v1/hearing", h.hearing, "the queues that tell of changes, and what was set aside of them")
    yield Route("GET", "/v1/hearing/{message:[0-9]{1,18}}", h.message, "one message that was set aside")
    yield Route("POST", "/v1/hearing/forget", h.forget, "lets go what was set aside", changes=True, body=("ids", "all"))


def description(table: list[Route]) -> dict[str, Any]:
    """The table as an OpenAPI 3.1 document."""
    paths: dict[str, Any] = {}
    for route in table:
        path, names = _plain(route.path)
        parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": kind}} for name, kind in names]
        parameters += [{"name": name, "in": "query", "schema": {"type": "string"}} for name in route.asks]
        operation: dict[str, Any] = {
            "summary": route.summary,
            "parameters": parameters,
            "responses": {
                "default": {"description": "an error", "content": {JSON: {"schema": _ERROR}}},
                "2XX": {"description": route.summary, "content": {route.gives: {}}},
            },
        }
        if route.changes or route.body:
            schema: dict[str, Any] = {"type": "object"}
            if route.body:
                schema["properties"] = {name: {} for name in route.body}
            operation["requestBody"] = {"content": {JSON: {"schema": schema}}}
        paths.setdefault(path, {})[route.method.lower()] = operation
    info = {"title": "syncd control API", "version": f"{API} (syncd {syncd.__version__})"}
    return {"openapi": "3.1.0", "info": info, "paths": paths}


_ERROR = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            "required": ["code", "message"],
        }
    },
    "required": ["error"],
}


def _plain(path: str) -> tuple[str, list[tuple[str, str]]]:
    """`/v1/runs/{run:[0-9]+}` → `/v1/runs/{run}`, its names and their types."""
    parts, names = [], []
    for part in path.split("/"):
        if part.startswith("{"):
            name, form, _ = part[1:].rstrip("}").partition(":")
            names.append((name, "integer" if form.startswith("[0-9]") else "string"))
            parts.append(f"{{{name}}}")
        else:
            parts.append(part)
    return "/".join(parts), names
