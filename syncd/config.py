"""Configuration: TOML files become frozen structs, or one line that names file, key, what was found and what to do."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from syncd.complaints import nearest, not_indexed
from syncd.config_rules import rules_in, targets_of
from syncd.config_text import Text, files_of, read, section
from syncd.errors import ConfigError
from syncd.installed import installed_collectors, load_collectors
from syncd.places import SYSTEM_STATE
from syncd.plugin import Collector, kinds_of
from syncd.schedule import when
from syncd.settings import (
    SECTIONS,
    Config,
    ScheduleSettings,
    SearchSettings,
    StoreSettings,
    SyncSettings,
    WorkflowSettings,
    WorkflowsSettings,
)

S = TypeVar("S")


def load(path: Path | None = None, *, database: Path | None = None) -> Config:
    """The configuration of `path`, else of the usual places; `database` overrides where the store is."""
    config, complaints = examine(path)
    if complaints:
        more = f" (and {len(complaints) - 1} more: syncd check lists them)" if len(complaints) > 1 else ""
        raise ConfigError(complaints[0] + more)
    if database:
        store = msgspec.structs.replace(config.store, path=str(database.expanduser().absolute()))
        config = msgspec.structs.replace(config, store=store)
    return config


def examine(path: Path | None = None) -> tuple[Config, list[str]]:
    """The configuration with defaults in place of what cannot be used, and a line for each such thing."""
    text = read(files_of(path))
    complaints = list(_strangers(text))
    sections: dict[str, Any] = {}
    for name, kind in SECTIONS.items():
        sections[name] = section(text, name, kind, complaints)
    installed = _installed()
    _check_cron(text, sections, installed, complaints)
    named = [name for name in text.values if name in installed]
    collectors = load_collectors(named or None)
    settings = {name: section(text, name, found.settings, complaints) for name, found in collectors.items()}
    _check_index(text, sections["search"], collectors, settings, complaints)
    targets = targets_of(text, complaints)
    rules, files = rules_in(text, sections["rules"], targets, complaints)
    found = Config(**sections, targets=targets, rule=rules, rule_files=files, collectors=settings, files=text.files)
    return found, complaints


def store_file(path: Path | None = None) -> Path:
    """Where the store is. Loads no collector and looks at nothing else in the configuration, so that it is quick."""
    text = read(files_of(path))
    complaints: list[str] = []
    store = section(text, "store", StoreSettings, complaints)
    if complaints:
        raise ConfigError(complaints[0])
    assert isinstance(store, StoreSettings)
    service = SYSTEM_STATE / "syncd.db"
    if not store.path and not os.access(store.file, os.R_OK) and os.access(service, os.R_OK):
        return service  # a member of the service's group has no store of its own
    return store.file


def search_settings(path: Path | None = None) -> SearchSettings:
    """[search] of the configuration at `path`, else of the usual places. As quick as `store_file`.

    Raises ConfigError where it cannot be used.
    """
    return _alone(path, "search", SearchSettings)


def schedule_settings(path: Path | None = None) -> ScheduleSettings:
    """[schedule], as `search_settings`."""
    return _alone(path, "schedule", ScheduleSettings)


def sync_settings(path: Path | None = None) -> SyncSettings:
    """[sync], as `search_settings`."""
    return _alone(path, "sync", SyncSettings)


def _alone(path: Path | None, name: str, kind: type[S]) -> S:
    complaints: list[str] = []
    found = section(read(files_of(path)), name, kind, complaints)
    if complaints:
        raise ConfigError(complaints[0])
    assert isinstance(found, kind)
    return found


def collector_settings(name: str, path: Path | None = None) -> Any:
    """What the configuration says of one collector, its defaults where it says nothing; the rest is not looked at.

    Raises ConfigError where it cannot be used.
    """
    complaints: list[str] = []
    found = section(read(files_of(path)), name, load_collectors([name])[name].settings, complaints)
    if complaints:
        raise ConfigError(complaints[0])
    return found


def collectors_alone(path: Path | None = None) -> dict[str, tuple[Collector, Any]]:
    """The collectors that take part, each with its settings: those that are named, else all. The rest is not looked at.

    Raises ConfigError where it cannot be used.
    """
    text, complaints = read(files_of(path)), list[str]()
    named = [name for name in text.values if name in _installed()]
    found = {
        name: (each, section(text, name, each.settings, complaints))
        for name, each in load_collectors(named or None).items()
    }
    if complaints:
        raise ConfigError(complaints[0])
    return found


def rules_alone(path: Path | None = None) -> Config:
    """Rules, and what tables they need: as quick as `store_file`, without collectors and without targets' secrets.

    Raises ConfigError where they cannot be used.
    """
    complaints: list[str] = []
    text = read(files_of(path))
    needed = {
        name: section(text, name, SECTIONS[name], complaints) for name in ("search", "schedule", "outbox", "rules")
    }
    targets = text.values.get("targets")
    rules, files = rules_in(text, needed["rules"], targets if isinstance(targets, dict) else (), complaints)
    if complaints:
        raise ConfigError(complaints[0])
    return Config(**needed, rule=rules, rule_files=files)


def _check_cron(text: Text, sections: dict[str, Any], installed: set[str], complaints: list[str]) -> None:
    """Cron lines, time zone and collectors of the schedule: what cannot be used is complained of and left out."""
    settings: ScheduleSettings = sections["schedule"]

    def fits(path: tuple[str, ...], line: str, zone: str) -> bool:
        try:
            when(line or "@hourly", zone)
        except ValueError as error:
            complaints.append(f"{text.origin(path)}: {'.'.join(path)}: {error}")
            return False
        return True

    def known(name: str) -> bool:
        path = ("schedule", "collectors", name)
        if name not in installed:
            complaints.append(f"{text.origin(path)}: {'.'.join(path)}: unknown collector; {nearest(name, installed)}")
        return name in installed

    zone = settings.timezone if fits(("schedule", "timezone"), "@hourly", settings.timezone) else "UTC"
    cron = settings.cron if fits(("schedule", "cron"), settings.cron, zone) else ScheduleSettings().cron
    own = {
        name: line
        for name, line in settings.collectors.items()
        if known(name) and fits(("schedule", "collectors", name), line, zone)
    }
    sections["schedule"] = msgspec.structs.replace(settings, timezone=zone, cron=cron, collectors=own)
    workflows = {
        name: each if fits(("workflows", name, "cron"), each.cron, zone) else WorkflowSettings()
        for name, each in sections["workflows"].named().items()
    }
    sections["workflows"] = WorkflowsSettings(**workflows)


def _check_index(
    text: Text,
    search: SearchSettings,
    collectors: Mapping[str, Collector],
    settings: Mapping[str, Any],
    complaints: list[str],
) -> None:
    if not search.index:
        return
    kinds = {kind.name for name, each in collectors.items() for kind in kinds_of(each, settings[name])}
    for position, path in enumerate(search.index):
        if problem := not_indexed(path, kinds):
            complaints.append(f"{text.origin(('search', 'index'))}: search.index[{position}]: {path}: {problem}")


def _installed() -> set[str]:
    return set(installed_collectors())


def _strangers(text: Text) -> list[str]:
    known = sorted({*SECTIONS, *_installed(), "rule", "targets"})
    return [
        f"{text.origin((key,))}: {key}: unknown key; {nearest(key, known)}" for key in text.values if key not in known
    ]
