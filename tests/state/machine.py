"""The machine: what may happen, in any order. What must be so after each step is in stage.py and ledger.py."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, ClassVar

import hypothesis.strategies as st
from hypothesis.stateful import rule

from tests.state import estate, hearer
from tests.state.acts import Acts
from tests.state.config import Choice
from tests.state.estate import SCOPES, Answer
from tests.state.model import read
from tests.state.process import FULL, KILL, STOP, Fate, Process
from tests.state.strategies import Change, answers, changes, choices, fates

often: Any = rule
"""For what is given in a table: the types of a decorator do not go through it."""


class Machine(Acts):
    """Every rule is one thing that happens; `fate` is what comes over the process meanwhile."""

    # -- readings

    def a_reading(self, changes: list[Change], ways: dict[str, Answer], fate: Fate | None) -> None:
        self.change(changes)
        self.cloud.answers = ways
        self.read(SCOPES, fate)

    READING: ClassVar[dict[str, Any]] = {
        "changes": changes(3),
        "ways": st.dictionaries(st.sampled_from(SCOPES), answers, max_size=2),
        "fate": fates(KILL, STOP, FULL),
    }
    # Hypothesis takes each rule as often as any other: what matters most is there more than once.
    reading = often(**READING)(a_reading)
    another_reading = often(**READING)(a_reading)
    one_more_reading = often(**READING)(a_reading)

    def read(self, scopes: Iterable[str], fate: Fate | None) -> None:
        goal = {s: [read(self.model.pictures[s], self.cloud.live[s], self.cloud.answer(s))] for s in scopes}
        self.do(lambda: self.process.sync(*scopes), fate)
        self.settle(goal, lambda: self.model.evaluated(self.choice.rules()), cut=self.process.cut)
        self.after()

    # -- telling

    def telling(self, ways: dict[str, str], seconds: int, fate: Fate | None) -> None:
        for name, each in self.hearers.items():
            each.way = ways.get(name, hearer.OK)
        self.machinery.wait(seconds)
        self.told(fate)

    TELLING: ClassVar[dict[str, Any]] = {
        "ways": st.dictionaries(st.sampled_from(("chat", "pager")), st.sampled_from(hearer.WAYS)),
        "seconds": st.sampled_from((31, 0, 1, 400, 7200)),
        "fate": fates(KILL, FULL),
    }
    tell = often(**TELLING)(telling)
    tell_more = often(**TELLING)(telling)

    # -- processes, clocks, configurations

    @rule(what=st.sampled_from(("dies", "behind", "ahead", *SCOPES)))
    def mishap(self, what: str) -> None:
        """The process dies between two works, the clock jumps, or a scope takes longer than anybody waits."""
        if what in SCOPES:
            self.cloud.answers = {what: Answer(estate.SLOW)}
            self.read([what], None)
        elif what == "dies":
            self.bury()
            self.begin()
        else:
            self.machinery.world.moment += timedelta(hours=2 if what == "ahead" else -2)

    @rule(choice=choices, fate=fates(KILL))
    def restart(self, choice: Choice, fate: Fate | None) -> None:
        self.loop.run_until_complete(self.process.close())
        self.choice, self.machinery.config = choice, choice.config(self.hearers)
        self.process = self.loop.run_until_complete(Process.start(self.machinery))
        self.begin(fate)

    @rule(choice=choices, fate=fates(KILL, FULL))
    def reload(self, choice: Choice, fate: Fate | None) -> None:
        self.choice, self.machinery.config = choice, choice.config(self.hearers)
        self.do(lambda: self.process.rules.load(self.machinery.config), fate)
        cut, fell = self.process.cut, self.fell
        self.settle({}, lambda: self.model.loaded(self.choice.rules()), cut=cut)
        if cut and not fell:  # what could not be taken over is taken over later
            self.bury()
        self.after()
