"""From who matched before and who does now to what begins and what ceases. Pure."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime

from syncd.rules.moments import Lasting
from syncd.store.matches import FIRING, PENDING, Match

DELETED, MENDED, CHANGED = "deleted", "mended", "the rule was changed"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search said. `asked`: the nodes that it was asked about, None for all; of the others nothing is new.

    `gone`: nodes that are not there any more. `unsure`: nodes whose answer may come of something that was not seen.
    """

    found: Set[int]
    asked: Set[int] | None = None
    gone: Set[int] = frozenset()
    unsure: Set[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """`begin`: told from now on. `cease`: node → why, of those that were told. `pending`: as they are to be kept.

    `drop`: pending ones that match no more, of which nobody hears. `doubt`: who must be asked again.
    """

    begin: Mapping[int, Match] = field(default_factory=dict)
    cease: Mapping[int, str] = field(default_factory=dict)
    pending: Mapping[int, Match] = field(default_factory=dict)
    drop: Set[int] = frozenset()
    doubt: Set[int] = frozenset()


def decide(
    before: Mapping[int, Match], answer: Answer, lasting: Lasting, now: str, *, mended: str = MENDED
) -> Decision:
    """`before` holds the matches of the nodes that were asked about, of those that are gone, and all pending ones.

    `mended` is why what matches no more does not.
    """
    differs = {node for node in answer.found if node not in before}
    differs |= {node for node in before if node in _asked(before, answer) and node not in answer.found}
    doubt = {node for node in differs & answer.unsure if node not in answer.gone}
    judged = differs - doubt - answer.gone
    waiting = {node: match for node, match in before.items() if match.state == PENDING and node not in answer.gone}
    kept = {node: _again(match, now) for node, match in waiting.items() if node not in judged | answer.unsure}
    fresh = {node: Match(PENDING, now, 1) for node in judged if node not in before}
    begin = {node: match for node, match in {**kept, **fresh}.items() if _lasts(match, lasting, now)}
    ceased = {node: mended for node in judged if node in before} | dict.fromkeys(answer.gone & before.keys(), DELETED)
    return Decision(
        {node: match._replace(state=FIRING) for node, match in begin.items()},
        {node: why for node, why in ceased.items() if before[node].state == FIRING},
        {node: match for node, match in {**kept, **fresh}.items() if node not in begin},
        {node for node in ceased if before[node].state == PENDING},
        doubt,
    )


def _asked(before: Iterable[int], answer: Answer) -> Set[int]:
    return frozenset(before) if answer.asked is None else answer.asked


def _again(match: Match, now: str) -> Match:
    """A beginning that lies in the future was noted by a clock that has gone back since."""
    return match._replace(runs=match.runs + 1, since=min(match.since, now))


def _lasts(match: Match, lasting: Lasting, now: str) -> bool:
    if lasting.runs:
        return match.runs >= lasting.runs
    return (datetime.fromisoformat(now) - datetime.fromisoformat(match.since)).total_seconds() >= lasting.seconds
