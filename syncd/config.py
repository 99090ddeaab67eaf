"""Configuration: TOML files become frozen structs, or one line that names file, key, what was found and what to do."""

import os
import pwd
import tomllib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import msgspec
from msgspec import Meta, Struct

from syncd.complaints import Complaint, Step, complaint, nearest, without
from syncd.errors import ConfigError
from syncd.plugin import Secret, installed_collectors, load_collectors
from syncd.schedule import when

Count = Annotated[int, Meta(ge=1)]
TemplateText = Annotated[str, Meta(min_length=1, max_length=20_000, description="the text of a search")]
Seconds = Annotated[float, Meta(gt=0)]
Days = Annotated[float, Meta(ge=0, le=36500)]

SYSTEM_FILE = Path("/etc/syncd/syncd.toml")
SYSTEM_STATE = Path("/var/lib/syncd")
SYSTEM_SOCKET = Path("/run/syncd/control.sock")


class StoreSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`path` "" means: see `file`. `wal_autocheckpoint` counts pages, 0 switches it off.

    `history_days` 0 keeps the past for ever; `history_days_by_kind`: glob → days.
    """

    path: Annotated[str, Meta(pattern="^($|/|~)", description='an absolute path, or "" for the usual place')] = ""
    wal_autocheckpoint: Annotated[int, Meta(ge=0)] = 1000
    keep_runs: Count = 100
    history_days: Days = 90.0
    history_days_by_kind: dict[str, Days] = {}

    @property
    def file(self) -> Path:
        return Path(self.path).expanduser() if self.path else usual_file()


class SyncSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Bounds and guards of a run; etc/syncd.toml says what each is for."""

    max_in_flight: Count = 128
    max_scopes: Count = 48
    call_timeout_seconds: Seconds = 60.0
    scope_timeout_seconds: Seconds = 1800.0
    run_timeout_seconds: Seconds = 14400.0
    attempts: Count = 6
    retry_base_seconds: Seconds = 0.5
    retry_cap_seconds: Seconds = 20.0
    hold_share: Annotated[float, Meta(gt=0, le=1)] = 0.5
    hold_minimum: Count = 20
    retire_after_days: Annotated[float, Meta(ge=0)] = 30.0
    disabled_for_hours: Annotated[float, Meta(ge=0)] = 24.0
    max_nodes_per_scope: Count = 1_000_000
    max_document_bytes: Annotated[int, Meta(ge=1024)] = 262_144


class LogSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json", "logfmt"] = "auto"


Cronline = Annotated[str, Meta(max_length=200, description="a cron expression such as 0 * * * *")]


class ScheduleSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When the daemon reads by itself. `collectors`: name → cron line; `max_age_minutes`: glob → minutes."""

    cron: Cronline = "0 * * * *"
    timezone: str = "UTC"
    jitter_seconds: Annotated[float, Meta(ge=0)] = 300.0
    collectors: dict[str, Cronline] = {}
    max_age_minutes: dict[str, Annotated[float, Meta(ge=1)]] = {}


class WorkflowSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When a workflow runs by itself: a cron line, and globs of event types."""

    cron: Cronline = ""
    on: tuple[str, ...] = ()


class WorkflowsSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Beside the reading that [schedule] plans."""

    collect: WorkflowSettings = WorkflowSettings()
    cleanup: WorkflowSettings = WorkflowSettings()
    metrics: WorkflowSettings = WorkflowSettings()
    collect_and_cleanup: WorkflowSettings = WorkflowSettings()

    def named(self) -> dict[str, WorkflowSettings]:
        return {name: getattr(self, name) for name in self.__struct_fields__}


class ControlSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The unix socket. `users` and `groups` may give changing commands, beside root and the daemon's own user."""

    socket: Annotated[str, Meta(pattern="^($|/|~)", description='an absolute path, or "" for the usual place')] = ""
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    max_connections: Annotated[int, Meta(ge=2, le=1024)] = 32

    @property
    def file(self) -> Path:
        return Path(self.socket).expanduser() if self.socket else usual_socket()


class TelemetrySettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`listen` "" serves metrics on the control socket only."""

    listen: Annotated[
        str,
        Meta(
            pattern=r"^($|127\.\d+\.\d+\.\d+:\d+$|localhost:\d+$|\[::1\]:\d+$)",
            description='a loopback address such as 127.0.0.1:9475, or "" for none',
        ),
    ] = ""


class SearchSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a search may cost, and texts to put into searches: name → text with {{parameters}}."""

    timeout_seconds: Annotated[float, Meta(gt=0, le=600)] = 0.5
    max_rows: Annotated[int, Meta(ge=1, le=1_000_000)] = 10_000
    templates: dict[str, TemplateText] = {}


class Config(Struct, frozen=True, kw_only=True):
    """All settings. `collectors`: name → settings of each collector that a run uses; `files`: where it was read."""

    store: StoreSettings = StoreSettings()
    sync: SyncSettings = SyncSettings()
    log: LogSettings = LogSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    workflows: WorkflowsSettings = WorkflowsSettings()
    control: ControlSettings = ControlSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    search: SearchSettings = SearchSettings()
    collectors: Mapping[str, Any] = {}
    files: tuple[Path, ...] = ()


SECTIONS: Mapping[str, type[Struct]] = {
    "store": StoreSettings,
    "sync": SyncSettings,
    "log": LogSettings,
    "schedule": ScheduleSettings,
    "workflows": WorkflowsSettings,
    "control": ControlSettings,
    "telemetry": TelemetrySettings,
    "search": SearchSettings,
}


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


def usual_file() -> Path:
    """/var/lib/syncd/syncd.db for the service and root where that can be written, else in the user's own state."""
    if _is_service() and os.access(SYSTEM_STATE, os.W_OK | os.X_OK):
        return SYSTEM_STATE / "syncd.db"
    state = os.environ.get("XDG_STATE_HOME", "")
    try:
        home = Path(state) if state.startswith("/") else Path("~/.local/state").expanduser()
    except RuntimeError:
        raise ConfigError("no home directory to keep the store in: name a file with --db or store.path") from None
    return home / "syncd" / "syncd.db"


def usual_socket() -> Path:
    """/run/syncd/control.sock for the service and root, else in the user's own runtime directory."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if _is_service() or not runtime.startswith("/"):
        return SYSTEM_SOCKET
    return Path(runtime) / "syncd" / "control.sock"


def _is_service() -> bool:
    try:
        return os.geteuid() == 0 or pwd.getpwuid(os.geteuid()).pw_name == "syncd"
    except KeyError:
        return False


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
