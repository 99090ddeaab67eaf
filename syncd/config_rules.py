"""Targets and rules of the configuration: each is taken as it stands, or complained of and left out."""

from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec

from syncd.complaints import Complaint, nearest
from syncd.config_text import SYSTEM_FILE, Text, converted, parse, rules_of
from syncd.installed import installed_reactions, load_reactions
from syncd.quiet import Quiet
from syncd.settings import RuleSettings, RulesSettings, Target, TargetSettings

_OUTBOX = frozenset(TargetSettings.__struct_fields__)


def targets_of(text: Text, complaints: list[str]) -> dict[str, Target]:
    """[targets.NAME]. One that cannot be used as it stands is left out: half a target would send to the wrong place."""
    tables = text.values.get("targets", {})
    if not isinstance(tables, dict):
        complaints.append(f"{text.origin(('targets',))}: targets: expected tables such as [targets.oncall]")
        return {}
    found = {name: _target(text, name, table, complaints) for name, table in tables.items()}
    return {name: target for name, target in found.items() if target is not None}


def _target(text: Text, name: str, table: Any, complaints: list[str]) -> Target | None:
    path = ("targets", name)

    def complain(wrong: list[Complaint]) -> None:
        complaints.extend(text.lines(path, wrong))

    if not isinstance(table, dict):
        complain([Complaint((), "expected a table with the key reaction")])
        return None
    installed = installed_reactions()
    outbox, wrong = converted({key: table[key] for key in table if key in _OUTBOX}, TargetSettings)
    if outbox is not None and outbox.reaction not in installed:
        wrong.append(Complaint(("reaction",), f"unknown reaction; {nearest(outbox.reaction, installed)}"))
    if wrong:
        complain(wrong)
        return None
    own = {key: value for key, value in table.items() if key not in _OUTBOX}
    settings, wrong = converted(own, load_reactions([outbox.reaction])[outbox.reaction].settings)
    complain(wrong)
    return None if wrong else Target(name, outbox, settings)


def rules_in(
    text: Text, switches: RulesSettings, targets: Collection[str], complaints: list[str]
) -> tuple[dict[str, RuleSettings], dict[str, Path]]:
    """Every rule by name, `enabled` as [rules] decides, and its file. One that cannot be used as it stands is left out.

    `targets`: their names.
    """
    found: dict[str, RuleSettings] = {}
    files: dict[str, Path] = {}
    complaints += [f"{text.origin(('rules', 'to'))}: rules.to: {line}" for line in _unknown(switches.to, targets)]
    for file, table in [*text.rules, *_packed(text, switches)]:
        rule, wrong = converted(table, RuleSettings)
        name = table.get("name", "") if isinstance(table, dict) else ""
        lines = [f"{each.key(f'rule {name}'.strip())}: {each.text}" for each in wrong]
        if rule is not None and not wrong:
            lines = [f"rule {name}: {line}" for line in _faults(rule, found, targets)]
        complaints += [f"{file}: {line}" for line in lines]
        if rule is not None and not lines:
            found[rule.name], files[rule.name] = _switched(rule, switches), file
    return found, files


def _packed(text: Text, switches: RulesSettings) -> list[tuple[Path, Any]]:
    """Rules of the directories that [rules] names; one that is not there holds none."""
    beside = (text.files[0] if text.files else SYSTEM_FILE).parent
    files = [file for name in switches.directories for file in sorted((beside / name).expanduser().glob("*.toml"))]
    return [pair for file in files for pair in rules_of(file, parse(file))]


def _faults(rule: RuleSettings, others: Mapping[str, RuleSettings], targets: Collection[str]) -> list[str]:
    lines = _unknown(rule.to, targets)
    if rule.name in others:
        lines.append("there is another rule of this name")
    if rule.search and rule.on:
        lines.append("has both search and on: it is about resources or about events, not both")
    if not (rule.search or rule.on or rule.when):
        lines.append("has neither search, on nor when: it would never be told")
    for text in rule.quiet:
        try:
            Quiet.parse(text)
        except ValueError as error:
            lines.append(f"quiet: {error}")
    return lines


def _unknown(names: Collection[str], targets: Collection[str]) -> list[str]:
    known = targets or ("none: a table [targets.NAME] makes one",)
    return [f"unknown target {name}; {nearest(name, known)}" for name in names if name not in targets]


def _switched(rule: RuleSettings, switches: RulesSettings) -> RuleSettings:
    enabled = rule.enabled or any(fnmatchcase(rule.name, glob) for glob in switches.enable)
    enabled = enabled and not any(fnmatchcase(rule.name, glob) for glob in switches.disable)
    return msgspec.structs.replace(rule, enabled=enabled, to=rule.to or switches.to)
