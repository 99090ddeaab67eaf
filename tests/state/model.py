"""What must be known and told, said a second time and simply: no SQL, no search, no hash."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from tests.state.estate import DENIED, LATER, PARTIAL, SCOPES, SLOW, Answer, Thing, urn_of

Told = tuple[str, ...]
"""An event as far as it is foretold: type, what it is of, and what it says."""


@dataclass(frozen=True)
class Known:
    """A box as the last reading that saw it knew it. `seen`: its policy was; `never`: it never was."""

    thing: Thing
    seen: bool = True
    never: bool = False


@dataclass(frozen=True)
class Picture:
    """What is known of one scope."""

    state: str
    things: Mapping[str, Known]


def read(old: Picture, live: Mapping[str, Thing], answer: Answer) -> Picture:
    """What a reading that comes to its end makes of what was known."""
    if answer.way == DENIED:
        return replace(old, state="denied")
    if answer.way in (LATER, SLOW):
        return replace(old, state="failed")
    unseen = answer.names & live.keys() if answer.way == PARTIAL else frozenset()
    things = {name: _carried(old.things.get(name), each, name in unseen) for name, each in live.items()}
    return Picture("partial" if unseen else "complete", things)


def _carried(last: Known | None, thing: Thing, unseen: bool) -> Known:
    if not unseen:
        return Known(thing)
    if last is None or last.never:
        return Known(replace(thing, policy=""), seen=False, never=True)
    return Known(replace(thing, policy=last.thing.policy), seen=False)


def differences(scope: str, old: Picture, new: Picture) -> Counter[Told]:
    """Each is one event."""
    found: Counter[Told] = Counter()
    if old.state != new.state:
        found[(f"scope.{new.state}", scope)] += 1
    for name in old.things.keys() | new.things.keys():
        urn, was, is_ = urn_of(scope, name), old.things.get(name), new.things.get(name)
        another = was is not None and is_ is not None and was.thing.born != is_.thing.born
        if was and (is_ is None or another):
            found[("resource.deleted", urn)] += 1
        if is_ and (was is None or another):
            found[("resource.created", urn)] += 1
        elif was and is_ and (changed := _changed(was, is_)):
            found[("resource.updated", urn, *changed)] += 1
    return found


def _changed(old: Known, new: Known) -> list[str]:
    """`path: old → new`; a value that is seen for the first time is no change."""
    one, another = fields(old.thing), fields(new.thing)
    if old.never:
        another["policy"] = one["policy"]
    paths = sorted(one.keys() | another.keys())
    return [f"{p}: {one.get(p)} → {another.get(p)}" for p in paths if one.get(p) != another.get(p)]


def fields(thing: Thing) -> dict[str, int | str | None]:
    tags = {f"tags.{key}": value for key, value in thing.tags}
    return {"size": thing.size, "policy": thing.policy or None, **tags}


# -- rules


@dataclass(frozen=True)
class Watch:
    """One rule: its search, the same as a function, whether it reads the facet, how often it must be seen."""

    search: str
    fits: Callable[[Thing], bool]
    facet: bool = False
    runs: int = 1
    to: tuple[str, ...] = ("chat",)
    enabled: bool = True


@dataclass(frozen=True)
class Match:
    """`targets`: who was told, None while it has not been seen often enough."""

    runs: int
    targets: tuple[str, ...] | None = None


Matches = dict[tuple[str, str], Match]
"""(rule, URN) → how it matches"""


@dataclass
class Model:
    pictures: dict[str, Picture] = field(default_factory=lambda: {s: Picture("complete", {}) for s in SCOPES})
    matches: Matches = field(default_factory=dict)
    protected: set[str] = field(default_factory=set)

    def nodes(self) -> dict[str, tuple[Picture, Known]]:
        return {
            urn_of(scope, name): (picture, known)
            for scope, picture in self.pictures.items()
            for name, known in picture.things.items()
        }

    def loaded(self, rules: Mapping[str, Watch]) -> tuple[Matches, Counter[Told]]:
        """What matched rules that are no more, ceases."""
        off = {name for name, _ in self.matches if name not in rules or not rules[name].enabled}
        why = {name: "the rule was disabled" if name in rules else "the rule was removed" for name in off}
        told = Counter(
            cleared(rule, urn, match.targets, why[rule])
            for (rule, urn), match in self.matches.items()
            if rule in off and match.targets is not None
        )
        return {key: match for key, match in self.matches.items() if key[0] not in off}, told

    def evaluated(self, rules: Mapping[str, Watch]) -> tuple[Matches, Counter[Told]]:
        """Who matches after all rules were looked at, and what is told of it."""
        nodes, told, kept = self.nodes(), Counter[Told](), dict(self.matches)
        for rule, watch in rules.items():
            for urn in {urn for name, urn in kept if name == rule} - nodes.keys():
                told += _ended(rule, urn, kept.pop((rule, urn)), "deleted")
            for urn, (picture, known) in nodes.items():
                if watch.enabled and _sure(picture, known, watch):
                    told += _judge(kept, rule, watch, urn, watch.fits(known.thing))
        return kept, told


def _sure(picture: Picture, known: Known, watch: Watch) -> bool:
    """What was not seen changes nothing."""
    return picture.state == "complete" or (picture.state == "partial" and (known.seen or not watch.facet))


def _judge(kept: Matches, rule: str, watch: Watch, urn: str, fits: bool) -> Counter[Told]:
    match = kept.get((rule, urn), Match(0))
    if not fits:
        return _ended(rule, urn, kept.pop((rule, urn), match), "mended")
    if match.targets is not None:
        return Counter()
    runs = match.runs + 1
    if runs < watch.runs:
        kept[(rule, urn)] = Match(runs)
        return Counter()
    kept[(rule, urn)] = Match(runs, watch.to)
    return Counter([("rule.matched", urn, rule, "", *watch.to)])


def _ended(rule: str, urn: str, match: Match, why: str) -> Counter[Told]:
    return Counter() if match.targets is None else Counter([cleared(rule, urn, match.targets, why)])


def cleared(rule: str, urn: str, targets: Iterable[str] | None, why: str) -> Told:
    return ("rule.cleared", urn, rule, why, *(targets or ()))
