"""Whether a plan may be applied, and whether one resource may be acted on: everything that speaks against it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from syncd.settings import PlansSettings

PROTECTED = "syncd:protected"
"""The tag that protects a resource, whoever put it there, where its value is `true`."""
_SWITCHED_OFF = "nothing is changed while [plans] enabled is false"
_BACKWARDS = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of a resource at the moment of the act. Tags, `drift` and `unseen` are of the fresh look.

    `protection`: who protected it in the store; `coverage`: the state of its scope; `unseen`: why it could not be
    looked at; `drift`: paths that differ from what the plan saw; `owner`: the account that it was read in.
    """

    account: str
    owner: str
    coverage: str
    protection: str = ""
    there: bool = True
    unseen: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    drift: tuple[str, ...] = ()


def plan_fault(settings: PlansSettings, state: str, made: datetime, expires: datetime, now: datetime) -> str:
    """Why a plan must not be applied now, "" when it may."""
    if state != "planned":
        return f"it is {state}: only a plan that waits can be applied"
    if not settings.enabled:
        return _SWITCHED_OFF
    age = now - made
    if age < -_BACKWARDS:
        return "it was made in the future: the clock of this machine was turned back"
    if now >= expires or age >= timedelta(hours=settings.expire_after_hours):
        return "it is too old: make a new one"
    if age < timedelta(hours=settings.wait_hours):
        return f"it is too new: [plans] wait_hours = {settings.wait_hours:g}"
    return ""


def caps_fault(settings: PlansSettings, wanted: Mapping[str, int], present: Mapping[str, int]) -> str:
    """Why these are too many, "" when they are not. `wanted`, `present`: kind → how many are meant, and there are.

    Too many stop all of them: what a search finds too much of is a search that says something else than was meant.
    """
    total = sum(wanted.values())
    if total > settings.max_resources:
        return f"{total:,} resources are more than [plans] max_resources = {settings.max_resources:,}"
    for kind, count in sorted(wanted.items()):
        most = max(1, int(settings.max_share * present.get(kind, 0)))
        if count > most:
            share = f"[plans] max_share = {settings.max_share:g}"
            return f"{count:,} of {present.get(kind, 0):,} {kind} are more than {share} of them"
    return ""


def early_fault(settings: PlansSettings, sight: Sight) -> str:
    """What speaks against an act without a fresh look."""
    if sight.owner != sight.account:
        return f"it belongs to account {sight.account} and was seen in {sight.owner}: it can be changed there only"
    if not any(fnmatchcase(sight.account, glob) for glob in settings.accounts):
        return f"account {sight.account} is not among [plans] accounts"
    if sight.protection:
        return sight.protection
    if sight.coverage != "complete":
        return f"its scope is {sight.coverage or 'not known'}: what could not be seen whole is not acted on"
    return protected_by_tag(sight.tags)


def item_fault(settings: PlansSettings, sight: Sight) -> str:
    """Everything that speaks against an act after the fresh look, "" for nothing."""
    if not settings.enabled:
        return _SWITCHED_OFF
    if fault := early_fault(settings, sight):
        return fault
    if sight.unseen:
        return f"it could not be looked at: {sight.unseen}"
    if not sight.there:
        return "it is gone"
    if sight.drift:
        return f"it has changed since the plan was made: {_some(sight.drift)}"
    return ""


def protected_by_tag(tags: Mapping[str, str]) -> str:
    return f"protected by its tag {PROTECTED}" if tags.get(PROTECTED, "").strip().lower() == "true" else ""


def _some(paths: Iterable[str]) -> str:
    first, *rest = [*paths]
    return ", ".join([first, *rest[:4], *(["…"] if rest[4:] else [])])
