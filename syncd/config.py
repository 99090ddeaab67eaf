"""Configuration: TOML files become frozen structs, or one line that names file, key, what was found and what to do."""

import os
import tomllib
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from syncd.complaints import Complaint, Step, complaint, nearest, without
from syncd.errors import ConfigError
from syncd.places import SYSTEM_STATE
from syncd.plugin import Secret, installed_collectors, load_collectors
from syncd.schedule import when
from syncd.settings import (
    SECTIONS,
    Config,
    ScheduleSettings,
    SearchSettings,
    StoreSettings,
    WorkflowSettings,
    WorkflowsSettings,
)

SYSTEM_FILE = Path("/etc/syncd/syncd.toml")


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
    text = _read(_files(path))
    complaints = list(_strangers(text))
    sections: dict[str, Any] = {}
    for name, kind in SECTIONS.items():
        sections[name] = _section(text, name, kind, complaints)
    installed = _installed()
    _check_cron(text, sections, installed, complaints)
    named = [name for name in text.values if name in installed]
    collectors = load_collectors(named or None)
    settings = {name: _section(text, name, found.settings, complaints) for name, found in collectors.items()}
    return Config(**sections, collectors=settings, files=text.files), complaints


def complaints_of(path: Path | None = None) -> list[str]:
    """A line for each thing that is wrong with the configuration files as they are now."""
    try:
        return examine(path)[1]
    except ConfigError as error:
        return [str(error)]


def store_file(path: Path | None = None) -> Path:
    """Where the store is. Loads no collector and looks at nothing else in the configuration, so that it is quick."""
    text = _read(_files(path))
    complaints: list[str] = []
    store = _section(text, "store", StoreSettings, complaints)
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
    complaints: list[str] = []
    found = _section(_read(_files(path)), "search", SearchSettings, complaints)
    if complaints:
        raise ConfigError(complaints[0])
    assert isinstance(found, SearchSettings)
    return found


@dataclass(frozen=True, slots=True)
class _Text:
    """All files laid over each other. `origins` tells by path which file said a key; the longest path decides."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[tuple[Step, ...], Path] = field(default_factory=dict)
    files: tuple[Path, ...] = ()

    def origin(self, path: Sequence[Step]) -> Path:
        for length in range(len(path), 0, -1):
            if found := self.origins.get(tuple(path[:length])):
                return found
        return self.files[0]


def _files(path: Path | None) -> tuple[Path, ...]:
    """The main file and its drop-ins (`syncd.toml` → `syncd.d/*.toml`), in the order in which they are laid."""
    named = path or (Path(env) if (env := os.environ.get("SYNCD_CONFIG")) else None)
    main = (named or SYSTEM_FILE).expanduser()
    try:
        drop_ins = sorted(main.with_suffix(".d").glob("*.toml"))
        return (main, *drop_ins) if named or main.exists() else tuple(drop_ins)
    except OSError as error:
        _unreadable(main, error)


def _read(files: tuple[Path, ...]) -> _Text:
    text = _Text(files=files)
    for file in files:
        _lay(text, text.values, _parse(file), file, ())
    return text


def _parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_bytes().decode())
    except OSError as error:
        _unreadable(file, error)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: byte {error.start} is not UTF-8 text") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{file}: not valid TOML: {str(error).splitlines()[0]}") from None


def _unreadable(file: Path, error: OSError) -> NoReturn:
    raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None


def _lay(text: _Text, below: dict[str, Any], above: dict[str, Any], file: Path, path: tuple[Step, ...]) -> None:
    """Tables merge, other values replace."""
    for key, value in above.items():
        here = (*path, key)
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            _lay(text, below[key], value, file, here)
            continue
        for said in [said for said in text.origins if said[: len(here)] == here]:
            del text.origins[said]
        text.origins[here] = file
        below[key] = deepcopy(value)


def _check_cron(text: _Text, sections: dict[str, Any], installed: set[str], complaints: list[str]) -> None:
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


def _installed() -> set[str]:
    return set(installed_collectors())


def _strangers(text: _Text) -> list[str]:
    known = sorted({*SECTIONS, *_installed()})
    return [
        f"{text.origin((key,))}: {key}: unknown key; {nearest(key, known)}" for key in text.values if key not in known
    ]


def _section(text: _Text, name: str, kind: type[Any], complaints: list[str]) -> Any:
    """One table as its struct. Each value that cannot be used is complained of once and replaced by its default."""
    values: Any = deepcopy(text.values.get(name, {}))
    earlier: list[Complaint] = []
    while True:
        try:
            return msgspec.convert(values, kind, dec_hook=_custom)
        except msgspec.ValidationError as error:
            found = complaint(error, values, kind, _custom)
            if not any(found.follows(other) for other in earlier):
                complaints.append(_line(text, name, found))
            earlier.append(found)
            if not found.path and not values:
                return None
            values = without(values, found.path) if found.path else {}


def _line(text: _Text, name: str, found: Complaint) -> str:
    return f"{text.origin((name, *found.path))}: {found.key(name)}: {found.text}"


def _custom(kind: type[Any], value: Any) -> Any:
    if kind is Secret:
        return _secret(value)
    raise NotImplementedError(f"no way to read {kind.__name__} from a configuration")


def _secret(value: Any) -> Secret:
    """Messages name places, never values."""
    match value:
        case str() if value:
            return Secret(value)
        case {"env": str(name)} if len(value) == 1:
            return _filled(os.environ.get(name, ""), f"environment variable {name} is not set or empty")
        case {"file": str(name)} if len(value) == 1:
            return _secret_file(Path(name).expanduser())
        case {"credential": str(name)} if len(value) == 1:
            return _secret_file(_credential(name))
    raise ValueError('expected a text that is not empty, { file = "…" }, { env = "…" } or { credential = "…" }')


def _credential(name: str) -> Path:
    directory = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if not directory:
        raise ValueError(f"credential {name}: there is none outside a systemd unit with LoadCredential={name}:…")
    if "/" in name or name in {"", ".", ".."}:
        raise ValueError("expected the plain name of a systemd credential")
    return Path(directory) / name


def _secret_file(file: Path) -> Secret:
    if not file.is_absolute():
        raise ValueError(f"secret file {file}: expected an absolute path")
    try:
        return _filled(file.read_text().rstrip("\r\n"), f"secret file {file} is empty")
    except OSError as error:
        raise ValueError(f"secret file {file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"secret file {file} is not UTF-8 text") from None


def _filled(value: str, otherwise: str) -> Secret:
    if not value:
        raise ValueError(otherwise)
    return Secret(value)
