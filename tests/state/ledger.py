"""What is owed to whom: every delivery that a committed event is due, from then on until it has ended."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import orjson

from tests.state.config import NEWS
from tests.state.hearer import Hearer
from tests.state.model import Matches
from tests.state.seen import Event, Notice, Seen


@dataclass
class Ledger:
    """`upto`: the event up to which it is settled who is to hear of it."""

    hearers: Mapping[str, Hearer]
    upto: int = 0
    due: set[tuple[str, str, int]] = field(default_factory=set)
    bodies: dict[str, str] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)

    def settle(self, events: Iterable[Event], upto: int, *, news: bool) -> None:
        """Those who are to hear of the events up to there, by the rules of now."""
        for event in events:
            if self.upto < event.seq <= upto:
                self.due |= {(target, rule, event.seq) for target, rule in owed(event, news=news)}
        self.upto = max(self.upto, upto)

    def check(self, seen: Seen) -> None:
        assert seen.deliveries.keys() == self.due, "deliveries that are due, and those that are there"
        for (target, rule, event), number in seen.deliveries.items():
            if number:
                assert seen.notices[number].target == target, (rule, event)
        by_uid = {notice.uid: notice for notice in seen.notices.values()}
        bodies = {uid: notice.body for uid, notice in by_uid.items()}
        assert bodies.items() >= self.bodies.items(), "a notice is kept, and never another one"
        self.bodies = bodies
        done = {uid for uid, notice in by_uid.items() if notice.state == "done"}
        assert done >= self.done, "what has ended begins again"
        self.done = done
        for target, hearer in self.hearers.items():
            self._heard(target, hearer, by_uid)

    def _heard(self, target: str, hearer: Hearer, notices: Mapping[str, Notice]) -> None:
        for uid, told in hearer.told.items():
            assert uid in notices, "told, and not committed"
            assert notices[uid].target == target
            body = orjson.loads(notices[uid].body)
            assert ([item["event"] for item in body["items"]], body["text"]) == (
                [item.event for item in told.items], told.text,
            ), "something else was told than what is kept"  # fmt: skip
        mine = {uid for uid, notice in notices.items() if notice.target == target and notice.state == "done"}
        assert mine <= hearer.taken.keys(), "noted as delivered, and never taken"
        often = {uid for uid, times in hearer.taken.items() if times > 1 + hearer.excused[uid]}
        assert not often, "told again without need"

    def in_order(self, seen: Seen) -> None:
        """Of a resource a target hears in the order of notices, and of a rule's events on it in their own."""
        numbers = {notice.uid: number for number, notice in seen.notices.items()}
        for hearer in self.hearers.values():
            last: dict[tuple[str, str], int] = {}
            for notice in hearer.order:
                for item in notice.items:
                    urn = str(item.resource.get("urn"))
                    for key, value in ((("", urn), numbers[notice.id]), ((notice.rule, urn), item.event)):
                        assert last.get(key, 0) <= value, "told out of order"
                        last[key] = value

    def believed(self, seen: Seen, matches: Matches) -> None:
        """Once all is delivered, each target believes of each rule what is so."""
        for target, hearer in self.hearers.items():
            states = {notice.state for notice in seen.notices.values() if notice.target == target}
            if "dead" in states:
                continue
            last = {notice.incident: notice for notice in hearer.order if notice.rule != "news"}
            firing = Counter[str]()
            for notice in last.values():
                firing[notice.rule] += notice.firing
            true = Counter(rule for (rule, _), match in matches.items() if target in (match.targets or ()))
            assert +firing == true, f"what {target} believes"


def owed(event: Event, *, news: bool) -> set[tuple[str, str]]:
    if event.type in ("rule.matched", "rule.cleared"):
        return {(target, event.body["rule"]) for target in event.body["targets"]}
    return {("chat", "news")} if news and event.type in NEWS else set()
