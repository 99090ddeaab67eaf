"""When a rule is looked at, and how long it must match: the texts of the configuration. Pure."""

import re
from fnmatch import fnmatchcase
from typing import NamedTuple

from syncd.complaints import nearest
from syncd.search import values
from syncd.settings import RuleSettings
from syncd.store.steps import STEPS

USUAL = ("post_collect",)
"""When a rule of a search is looked at that does not say."""
FAMILIES = ("control", "delivery", "hearing", "notify", "plan", "resource", "rule", "run", "scope", "step")
"""What event types begin with."""
OWN = ("delivery", "rule")
"""What rules make themselves starts no rule: it would never end."""
CRON = "cron "
_RUNS = re.compile(r"([1-9][0-9]{0,3}) ?runs?")


class Moments(NamedTuple):
    """Names of steps, globs of event types, cron lines."""

    steps: frozenset[str] = frozenset()
    globs: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


class Lasting(NamedTuple):
    """For how many evaluations, or seconds, a resource must match before it is told; neither: at once."""

    runs: int = 0
    seconds: float = 0


def moments(rule: RuleSettings) -> Moments:
    """When the rule is looked at; nothing for a rule of events, which follows them by itself."""
    said = rule.when or (USUAL if rule.search else ())
    lines = tuple(each.removeprefix(CRON).strip() for each in said if each.startswith(CRON))
    steps = frozenset(each for each in said if each in STEPS)
    return Moments(steps, tuple(each for each in said if each not in STEPS and not each.startswith(CRON)), lines)


def glob_problem(glob: str, *, own: bool = True) -> str:
    """What is wrong with a glob of event types, "" for nothing. `own`: events that rules make are allowed."""
    head, dot, _ = glob.partition(".")
    if any(each in glob for each in "*?["):
        known = [family for family in FAMILIES if fnmatchcase(f"{family}.", f"{head}{dot or '*'}")]
    else:
        known = [head] if (dot and head in FAMILIES) or glob in STEPS else []
    if not known and not any(fnmatchcase(step, glob) for step in STEPS):
        return f"unknown type of event {glob}; {nearest(head, FAMILIES if dot else (*FAMILIES, *STEPS))}"
    if not own and head in OWN:
        return f"{glob}: what rules tell starts no rule"
    return ""


def lasting(text: str) -> Lasting:
    """`3 runs`, `2h`, "" for at once. Raises ValueError."""
    if not text:
        return Lasting()
    if found := _RUNS.fullmatch(text):
        return Lasting(runs=int(found[1]))
    seconds = values.duration(text)
    if seconds is None:
        raise ValueError(f'found "{text}", expected a number of runs such as "3 runs", or a duration such as "2h"')
    return Lasting(seconds=seconds)
