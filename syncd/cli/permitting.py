"""`syncctl aws policy`: what the provider must allow, as documents that it takes."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from syncd.cli.encoding import json_text
from syncd.cli.exits import Exit
from syncd.cli.output import show_document
from syncd.config import collector_settings
from syncd.errors import ConfigError
from syncd.installed import load_collectors
from syncd.permitting import Permitting, Policy, Trust, Wanted

LARGEST_TEMPLATE = 51_200
"""Characters that CloudFormation takes in a call; a larger template is read from a bucket."""


def permitting(name: str) -> Permitting:
    """The collector of this name. Raises ConfigError where it cannot tell what it needs."""
    found = load_collectors([name])[name]
    if not isinstance(found, Permitting):
        raise ConfigError(f"collector {name} does not tell what it needs")
    return found


def policy(arguments: argparse.Namespace) -> int:
    collector = permitting(arguments.collector)
    settings = collector_settings(arguments.collector, arguments.config)
    wanted = Wanted(
        kinds=tuple(arguments.kinds),
        tag=arguments.tag,
        calls=tuple(arguments.act),
        member=arguments.member or arguments.output == "cloudformation",
        compact=arguments.compact,
    )
    found = collector.policies(settings, wanted)
    if arguments.output == "cloudformation":
        trust = Trust(arguments.trust, arguments.external_id, arguments.role)
        _template(collector.template(settings, wanted, trust))
    elif arguments.write:
        _write(found, arguments.write)
    else:
        _print(found, arguments.output)
    _note(collector, settings, wanted, found)
    return Exit.OK


def _print(found: Sequence[Policy], output: str) -> None:
    if output == "json":
        show_document([{"name": each.name, "size": each.size, "document": each.document} for each in found], output)
        return
    for each in found:
        show_document(each.document, "json")


def _template(template: Any) -> None:
    """Indented for people, unless CloudFormation would not take it so."""
    text, short = json_text(template, indent=2), json_text(template)
    print(text if len(text) <= LARGEST_TEMPLATE else short)
    if len(short) > LARGEST_TEMPLATE:
        limit = f"CloudFormation takes {LARGEST_TEMPLATE:,} characters in a call"
        print(f"syncctl: the template has {len(short):,}; {limit}: put it into a bucket", file=sys.stderr)


def _write(found: Sequence[Policy], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for each in found:
        file = folder / f"{each.name}.json"
        file.write_text(json_text(each.document, indent=2) + "\n", encoding="utf-8")
        print(file)


def _note(collector: Permitting, settings: Any, wanted: Wanted, found: Sequence[Policy]) -> None:
    """To people, beside what programs read."""
    if len(found) > 1:
        sizes = ", ".join(f"{each.name} ({each.size:,} characters)" for each in found)
        print(f"syncctl: {len(found)} policies, all of them to be attached: {sizes}", file=sys.stderr)
    if len(found) > collector.most_policies:
        text = f"syncctl: a role takes {collector.most_policies} policies unless its quota is raised"
        print(f"{text}{_fewer(collector, settings, wanted)}", file=sys.stderr)


def _fewer(collector: Permitting, settings: Any, wanted: Wanted) -> str:
    if wanted.compact:
        return "; --kinds asks for less"
    compact = Wanted(wanted.kinds, wanted.tag, wanted.calls, wanted.member, compact=True)
    count = len(collector.policies(settings, compact))
    return f"; with --compact {count} would do, which allow more than is asked: Describe* and List* of the services"
