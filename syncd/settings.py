"""What can be configured: a frozen struct for each table of the configuration, with its defaults and bounds."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from syncd.addresses import place
from syncd.notice import Severity
from syncd.places import usual_file, usual_socket

Count = Annotated[int, Meta(ge=1)]
TemplateText = Annotated[str, Meta(min_length=1, max_length=20_000, description="the text of a search")]
PropertyPath = Annotated[
    str,
    Meta(
        max_length=500,
        pattern=r"^(`[^`\"\\]+`|[^\W\d][\w-]*)(\.(`[^`\"\\]+`|\w[\w-]*)|\[([0-9]{1,6}|\*)?\])*$",
        description="a property such as state.name or aws_ec2_instance.block_device_mappings[*].ebs.volume_id",
    ),
]
Seconds = Annotated[float, Meta(gt=0)]
Days = Annotated[float, Meta(ge=0, le=36500)]


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
    recognise_unchanged: bool = True


class LogSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json", "logfmt"] = "auto"


Cronline = Annotated[str, Meta(max_length=200, description="a cron expression such as 0 * * * *")]


class ScheduleSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When the daemon reads by itself. `collectors`: name → cron line; `*_age_minutes`: glob → minutes."""

    cron: Cronline = "0 * * * *"
    timezone: str = "UTC"
    jitter_seconds: Annotated[float, Meta(ge=0)] = 300.0
    collectors: dict[str, Cronline] = {}
    max_age_minutes: dict[str, Annotated[float, Meta(ge=1)]] = {}
    min_age_minutes: dict[str, Annotated[float, Meta(ge=1)]] = {}
    probe_hours: Annotated[float, Meta(ge=0, le=720)] = 6.0


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
    """What a search may cost, and texts to put into searches: name → text with {{parameters}}.

    `index`: properties of documents; `index_observed`: how many more may be indexed because searches ask for them.
    """

    timeout_seconds: Annotated[float, Meta(gt=0, le=600)] = 0.5
    max_rows: Annotated[int, Meta(ge=1, le=1_000_000)] = 10_000
    index: Annotated[tuple[PropertyPath, ...], Meta(max_length=100)] = ()
    index_observed: Annotated[int, Meta(ge=0, le=100)] = 10
    templates: dict[str, TemplateText] = {}


class EgressSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What may be reached on the way to targets: public addresses over https, and what is named here.

    `allow`: hosts, addresses and networks that are not public; `http`: hosts that are spoken to without TLS. Each with
    or without :port. A name that is allowed may have any address, for connections to that very name.
    """

    allow: tuple[str, ...] = ()
    http: tuple[str, ...] = ()
    proxy: Annotated[str, Meta(pattern="^($|https?://)", description='an address such as http://proxy:3128, or ""')] = (
        ""
    )
    timeout_seconds: Annotated[float, Meta(gt=0, le=300)] = 15.0

    def __post_init__(self) -> None:
        """So that a wrong place is told by `syncd check`."""
        for key in ("allow", "http"):
            for text in getattr(self, key):
                try:
                    place(text)
                except ValueError as error:
                    raise ValueError(f"{key}: {error}") from None


class OutboxSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How notices leave. A target's table may say `wait_seconds` and `cap` for itself."""

    wait_seconds: Annotated[float, Meta(ge=0, le=86_400)] = 30.0
    cap: Count = 20
    max_in_flight: Count = 16
    keep_days: Days = 30.0


class TargetSettings(Struct, frozen=True, kw_only=True):
    """What the outbox wants to know of [targets.NAME]; other keys are the reaction's own. None: as [outbox] says."""

    reaction: str
    wait_seconds: Annotated[float, Meta(ge=0, le=86_400)] | None = None
    cap: Count | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """`settings`: the reaction's struct."""

    name: str
    outbox: TargetSettings
    settings: Any


Name = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$", description="a name of letters, digits, dots, - and _")
]
Words = Annotated[str, Meta(max_length=20_000)]


class RulesSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which rules are on. `enable`, `disable`: globs of names; the second wins. `to`: for rules that name no target.

    `directories` hold files of rules, each switched on by name; relative to the configuration file.
    `timeout_seconds`: a search of a rule that takes longer is ended.
    """

    directories: tuple[str, ...] = ("rules",)
    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    to: tuple[Name, ...] = ()
    timeout_seconds: Annotated[float, Meta(gt=0, le=3600)] = 30.0


class RuleSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"lasting": "for"}):
    """One rule. With `search` it is about resources that begin and cease to match; with `on` about events.

    `when`: steps, globs of event types, `cron …` lines. `lasting`: "3 runs" or a duration such as "2h", "" for at once.
    `where`: field of the event → value or values. `quiet`: times of day at which nothing is sent, "22:00-07:00 Sat".
    """

    name: Name
    description: Words = ""
    severity: Severity = "warning"
    search: Words = ""
    on: tuple[str, ...] = ()
    where: dict[str, str | int | float | bool | tuple[str, ...]] = {}
    when: tuple[str, ...] = ()
    lasting: str = ""
    to: tuple[Name, ...] = ()
    labels: dict[Name, str] = {}
    title: Words = ""
    text: Words = ""
    group_by: tuple[str, ...] | None = None
    quiet: tuple[str, ...] = ()
    enabled: bool = True


class PlansSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What may be changed outside, and how much at a time; docs/plans.md. Nothing, unless this says otherwise.

    `accounts`: ids or globs; `max_share` of a kind's resources, but one of each kind always.
    """

    enabled: bool = False
    accounts: tuple[str, ...] = ()
    max_resources: Count = 10
    max_share: Annotated[float, Meta(gt=0, le=1)] = 0.05
    expire_after_hours: Annotated[float, Meta(gt=0, le=8760)] = 24.0
    wait_hours: Annotated[float, Meta(ge=0, le=8760)] = 0.0


class Config(Struct, frozen=True, kw_only=True):
    """All settings. `collectors`: name → settings of each collector that a run uses; `files`: where it was read.

    `rule`: by name, those that are off too; `rule_files`: the file of each.
    """

    store: StoreSettings = StoreSettings()
    sync: SyncSettings = SyncSettings()
    log: LogSettings = LogSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    workflows: WorkflowsSettings = WorkflowsSettings()
    control: ControlSettings = ControlSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    search: SearchSettings = SearchSettings()
    egress: EgressSettings = EgressSettings()
    outbox: OutboxSettings = OutboxSettings()
    rules: RulesSettings = RulesSettings()
    plans: PlansSettings = PlansSettings()
    targets: Mapping[str, Target] = {}
    rule: Mapping[str, RuleSettings] = {}
    rule_files: Mapping[str, Path] = {}
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
    "egress": EgressSettings,
    "outbox": OutboxSettings,
    "rules": RulesSettings,
    "plans": PlansSettings,
}
