"""What the machine stands on: the process of now, and the comparison of what it has written with the model."""

import asyncio
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine

from tests.fakes.world import World
from tests.state.config import Choice
from tests.state.estate import Estate
from tests.state.hearer import OK, Hearer
from tests.state.ledger import Ledger
from tests.state.model import Matches, Model, Picture, Told, differences
from tests.state.process import Fate, Loop, Machinery, Process
from tests.state.seen import SECRETS, Seen, leaks, look
from tests.state.strategies import Change

FORETOLD = ("resource.created", "resource.updated", "resource.deleted", "scope.", "rule.")


class Stage(RuleBasedStateMachine):
    """`place`: a directory with a store that has been begun; `log` is what is logged."""

    def __init__(self, place: Path, log: StringIO) -> None:
        super().__init__()
        self.log = log
        self.cloud = Estate()
        self.hearers = {"chat": Hearer(), "pager": Hearer()}
        self.choice = Choice()
        self.model = Model()
        self.ledger = Ledger(self.hearers)
        self.last = 0
        self.open(place)
        self.begin()

    def open(self, place: Path) -> None:
        self.place = place / "one"
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir()
        shutil.copy(place / "begun.db", self.place / "0.db")
        self.loop = Loop()
        world = World(self.place / "0.db", self.cloud)
        self.machinery = Machinery(world, self.cloud, self.choice.config(self.hearers))
        self.process = self.loop.run_until_complete(Process.start(self.machinery))
        self.cloud.hung = self.hang
        self.cloud.dead = lambda: self.process.dead
        for each in self.hearers.values():
            each.dead, each.arriving = self.cloud.dead, self.arrive
        self.cloud.arriving = self.arrive
        before = look(world.path)
        self.last, self.ledger.upto = len(before.events), before.cursor
        self.model.pictures = before.pictures
        for scope, picture in before.pictures.items():
            self.cloud.live[scope] = {name: known.thing for name, known in picture.things.items()}

    # -- doing

    def do(self, work: Callable[[], Coroutine[Any, Any, Any]], fate: Fate | None = None) -> Any:
        """Something, and what is left when the process did not survive it: a new one, that has not begun."""
        result = self.loop.run_until_complete(self.process.do(work, fate))
        self.fell = self.process.dead
        if self.fell:
            self.bury()
        return result

    def bury(self) -> None:
        cut = self.process.cut
        self.loop.run_until_complete(self.process.die())
        self.process = self.loop.run_until_complete(Process.start(self.machinery))
        self.process.cut = cut
        self.fell = True

    def begin(self, fate: Fate | None = None) -> None:
        """The process loads its rules and looks at what the last one left open."""
        while True:
            goal = self.looked_again()
            self.do(self.process.begin, fate)
            cut = self.process.cut
            self.settle(goal, lambda: self.model.loaded(self.choice.rules()), cut=cut, begun=not cut)
            if not self.fell:
                return
            fate = None

    def after(self) -> None:
        """A process that died is followed by another one."""
        if self.fell:
            self.begin()

    def looked_again(self) -> Mapping[str, list[Picture]]:
        """What a new process reads anew, since the last one died."""
        return {}

    async def arrive(self) -> None:
        await self.process.arrives()

    async def hang(self) -> None:
        self.loop.ahead += 3600
        await asyncio.get_running_loop().create_future()

    # -- what every part does

    def change(self, changes: Iterable[Change]) -> None:
        for (scope, name), thing in changes:
            if thing is None:
                self.cloud.live[scope].pop(name, None)
            else:
                self.cloud.live[scope][name] = thing

    def told(self, fate: Fate | None = None) -> Seen:
        for each in self.hearers.values():
            each.now.clear()

        async def work() -> None:
            await self.process.outbox.follower.follow()
            await self.process.outbox.maker.make()
            await self.process.dispatch()

        followed = self.last
        self.do(work, fate)
        if self.fell:
            for each in self.hearers.values():
                each.excused.update(each.now)
        cut = self.process.cut
        seen = self.settle({}, cut=cut, followed=0 if cut else followed)
        self.after()
        return seen

    # -- comparing

    def settle(
        self,
        goal: Mapping[str, list[Picture]],
        judged: Callable[[], tuple[Matches, Counter[Told]]] | None = None,
        *,
        cut: bool = False,
        begun: bool = False,
        followed: int = 0,
    ) -> Seen:
        """`goal`: scope → what is known of it one after the other; where the work was cut each may be the last."""
        seen = look(self.machinery.world.path)
        told = Counter(e.told for e in seen.events[self.last :] if e.type.startswith(FORETOLD))
        expected = Counter[Told]()
        for scope, steps in goal.items():
            for picture in steps:
                if cut and seen.pictures[scope] == self.model.pictures[scope]:
                    break
                expected += differences(scope, self.model.pictures[scope], picture)
                self.model.pictures[scope] = picture
        assert seen.pictures == self.model.pictures, "the graph is not what was read last"
        if judged:
            matches, more = judged()
            if not (cut and seen.matches == self.model.matches):
                expected += more
                self.model.matches = matches
        assert seen.matches == self.model.matches, "others match"
        assert told == expected, f"told without need {told - expected}, not told {expected - told}"
        if begun:  # what its predecessor looked at and found of no concern is looked at again
            self.ledger.upto = seen.cursor
        self.ledger.settle(seen.events, followed, news=self.choice.news)
        self.check(seen)
        return seen

    def check(self, seen: Seen) -> None:
        self.last = len(seen.events)
        self.ledger.settle(seen.events, seen.cursor, news=self.choice.news)
        self.ledger.check(seen)
        self.ledger.in_order(seen)
        assert seen.protected == self.model.protected
        assert leaks(self.machinery.world.path) == set()
        text = self.log.getvalue()
        self.log.seek(0)
        self.log.truncate()
        assert not [secret for secret in SECRETS if secret.decode() in text], "a secret is in the log"
        assert "crashed" not in text, text

    # -- the end

    def teardown(self) -> None:
        """All targets are there again: everything is delivered or dead, and they believe what is so."""
        try:
            if sys.exc_info()[0] is None:
                self.end()
        finally:
            self.loop.run_until_complete(self.process.close())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()

    def end(self) -> None:
        for each in self.hearers.values():
            each.way = OK
        for _ in range(60):
            self.machinery.wait(7200)
            seen = self.told()
            if all(seen.deliveries.values()) and all(notice.state != "due" for notice in seen.notices.values()):
                break
        else:
            raise AssertionError("something is never told")
        self.ledger.believed(seen, self.model.matches)
