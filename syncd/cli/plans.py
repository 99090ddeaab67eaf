"""`syncctl tag`, `untag`, `aws`, `plan`, `protect` and their like: what is changed outside, and what is not."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from syncd.cli.asking import query_text
from syncd.cli.exits import Exit
from syncd.cli.output import DOCUMENTS, coloured, printable, show, show_document, table_lines
from syncd.cli.plan_ways import Row, Way, way
from syncd.errors import ConfigError

COLUMNS = ("name", "kind", "account", "region", "change", "state", "reason")
FIELDS = ("plan", "state", "reason", "kind", "name", "urn", "account", "region", "change")
"""Of tsv and csv."""
LISTED = ("plan", "made", "maker", "rule", "state", "what", "items", "done", "reason")
GOOD = frozenset({"done", "skipped"})


def tag(arguments: argparse.Namespace) -> int:
    pairs = [_pair(word) for word in arguments.pairs]
    return _make(arguments, {"verb": "tag", "tags": _once(pairs)})


def untag(arguments: argparse.Namespace) -> int:
    return _make(arguments, {"verb": "untag", "keys": [*dict.fromkeys(arguments.keys)]})


def call(arguments: argparse.Namespace) -> int:
    parameters = _once([_parameter(word) for word in arguments.pairs])
    named = {"service": arguments.service, "operation": arguments.operation, "parameters": parameters}
    return _make(arguments, {"verb": "call", **named})


def listed(arguments: argparse.Namespace) -> int:
    with way(arguments) as plans:
        found = [{**plan, "what": what(plan["act"])} for plan in plans.plans(arguments.limit, arguments.state)]
    rows = [[plan[name] for name in LISTED] for plan in found]
    if arguments.output in DOCUMENTS and arguments.output != "table":
        show_document(found, arguments.output)
    else:
        show(LISTED, rows, arguments.output, colours=coloured(sys.stdout, no_color=arguments.no_color))
    return Exit.OK


def one(arguments: argparse.Namespace) -> int:
    with way(arguments) as plans:
        _tell(plans.show(arguments.plan), arguments)
    return Exit.OK


def apply(arguments: argparse.Namespace) -> int:
    with way(arguments) as plans:
        found = plans.show(arguments.plan)
        if found["state"] == "planned" and not arguments.yes:
            _tell(found, arguments, to_people=True)
        return _apply(plans, found, arguments)


def discard(arguments: argparse.Namespace) -> int:
    with way(arguments) as plans:
        found = plans.discard(arguments.plan)
    if arguments.output == "table":
        print(f"plan {found['plan']} is discarded")
    else:
        _tell(found, arguments)
    return Exit.OK


# -- making and applying


def _make(arguments: argparse.Namespace, wanted: Mapping[str, Any]) -> int:
    with way(arguments) as plans:
        found = plans.make({"query": query_text([arguments.query]), **wanted})
        if not arguments.apply or found["state"] != "planned":
            _tell(found, arguments)
            return _made(found, arguments)
        if not arguments.yes:
            _tell(found, arguments, to_people=True)
        return _apply(plans, found, arguments)


def _made(found: Row, arguments: argparse.Namespace) -> int:
    if found["state"] == "failed":
        return Exit.ERROR
    if found["state"] == "planned" and arguments.output == "table":
        print(f"\nnothing has been changed; do it with: syncctl plan apply {found['plan']}")
    return Exit.OK


def _apply(plans: Way, found: Row, arguments: argparse.Namespace) -> int:
    if found["state"] == "planned" and not arguments.yes and not _confirmed(found):
        print(f"syncctl: plan {found['plan']} waits; nothing has been changed", file=sys.stderr)
        return Exit.ERROR
    try:
        ended = plans.apply(found["plan"])
    except KeyboardInterrupt:
        print(f"syncctl: see what became of it: syncctl plan show {found['plan']}", file=sys.stderr)
        raise
    _tell(ended, arguments)
    return Exit.OK if all(item["state"] in GOOD for item in ended["resources"]) else Exit.ERROR


def _confirmed(found: Row) -> bool:
    """Asked for at a terminal; who is not at one says --yes. Raises ConfigError."""
    if not sys.stdin.isatty():
        raise ConfigError(f"plan {found['plan']} waits: nobody can be asked here, so that applying it needs --yes")
    count = f"{found['waiting']} resource{'s' if found['waiting'] != 1 else ''}"
    print(f"\nDo this to {count}? Type yes: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() == "yes"


def _pair(word: str) -> tuple[str, str]:
    key, equals, value = word.partition("=")
    if not equals or not key:
        raise ConfigError(f"found {word!r}, expected key=value")
    return key, value


def _parameter(word: str) -> tuple[str, Any]:
    """key=text, or key:=JSON."""
    key, value = _pair(word)
    if not key.endswith(":"):
        return key, value
    try:
        return key[:-1], json.loads(value)
    except ValueError as error:
        raise ConfigError(f"{word!r}: what follows := is no JSON: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ConfigError("a key is given twice")
    return found


# -- showing


def _tell(found: Row, arguments: argparse.Namespace, *, to_people: bool = False) -> None:
    """`to_people`: before somebody is asked, beside what programs are given."""
    if to_people or arguments.output == "table":
        stream = sys.stderr if to_people else sys.stdout
        print(*_lines(found, coloured(stream, no_color=arguments.no_color)), sep="\n", file=stream)
    elif arguments.output in DOCUMENTS:
        show_document(found, arguments.output)
    else:
        rows = (
            [{"plan": found["plan"], "change": change(item), **item}[name] for name in FIELDS]
            for item in found["resources"]
        )
        show(FIELDS, rows, arguments.output)


def _lines(found: Row, colours: bool) -> Iterator[str]:
    reason = f": {printable(found['reason'])}" if found["reason"] else ""
    rule = f", rule {found['rule']}" if found["rule"] else ""
    yield f"plan {found['plan']} by {printable(found['maker'])}{rule}: {printable(what(found['act']))}"
    yield f"  {printable(found['search'])}"
    yield f"{found['state']}{reason}"
    if found["resources"]:
        rows = [[_cell(item, name) for name in COLUMNS] for item in found["resources"]]
        reasons = any(item["reason"] for item in found["resources"])
        width = len(COLUMNS) if reasons else len(COLUMNS) - 1
        yield ""
        yield from table_lines(COLUMNS[:width], [row[:width] for row in rows], colours)


def _cell(item: Row, name: str) -> Any:
    if name == "change":
        return change(item)
    return item["account_name"] or item["account"] if name == "account" else item[name]


def change(item: Row) -> str:
    """`owner: anna → ben, stage: - → prod`; of a call what is called."""
    if item["act"]["verb"] == "call":
        return what(item["act"])
    before, after = item["before"], item["after"]
    keys = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    return ", ".join(f"{key}: {before.get(key, '-')} → {after.get(key, '-')}" for key in keys)


def what(act: Mapping[str, Any]) -> str:
    """An act in words."""
    if act["verb"] == "tag":
        return "tag " + " ".join(f"{key}={value}" for key, value in act["tags"].items())
    if act["verb"] == "untag":
        return f"untag {' '.join(act['keys'])}"
    given = (f"{k}={v if isinstance(v, str) else json.dumps(v)}" for k, v in act.get("parameters", {}).items())
    return " ".join((act["service"], act["operation"], *given))


# -- protection


def protect(arguments: argparse.Namespace) -> int:
    return _protect(arguments, on=True)


def unprotect(arguments: argparse.Namespace) -> int:
    return _protect(arguments, on=False)


def _protect(arguments: argparse.Namespace, *, on: bool) -> int:
    named = _named(arguments.query) | ({"reason": arguments.reason} if on else {})
    with way(arguments) as plans:
        answer = plans.protect(named, on=on)
    if arguments.output == "table":
        word = "protected" if on else "no longer protected"
        print(
            f"{answer['changed']} of {answer['resources']} {word}" if answer["changed"] else f"all were {word} already"
        )
    else:
        show_document(answer, arguments.output)
    return Exit.OK


def _named(text: str) -> dict[str, Any]:
    """A URN has no blanks and begins like one; anything else is a search."""
    found = query_text([text])
    is_urn = found.startswith(("arn:", "urn:")) and not any(character.isspace() for character in found)
    return {"urns": [found]} if is_urn else {"query": found}


def protected(arguments: argparse.Namespace) -> int:
    with way(arguments) as plans:
        rows = plans.protected()
    names = ("urn", "maker", "at", "reason")
    cells = [[row[name] for name in names] for row in rows]
    show(names, cells, arguments.output, colours=coloured(sys.stdout, no_color=arguments.no_color))
    return Exit.OK


HANDLERS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "tag": tag,
    "untag": untag,
    "aws": call,
    "plan_list": listed,
    "plan_show": one,
    "plan_apply": apply,
    "plan_discard": discard,
    "protect": protect,
    "unprotect": unprotect,
    "protected": protected,
}
