"""A cloud in memory whose boxes can be changed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from syncd.model import Act, Node, Scope
from syncd.plugin import Calls, Lane, Reader
from tests.fakes.cloud import Cloud

BOXES = "fake/1/r1/boxes"


@dataclass
class Changeable(Cloud):
    """`acting` is called with each act, before it has an effect where `late` is False; `reading` at each fresh look,
    which waits for what it gives."""

    done: list[tuple[str, Act]] = field(default_factory=list)
    acting: Callable[[str], None] | None = None
    reading: Callable[[str], Awaitable[Any] | None] | None = None
    late: bool = False
    attempts: int = 0

    def acts(self, kind: str) -> frozenset[str]:
        return frozenset({"tag", "untag", "call"})

    def fault(self, node: Node, act: Act) -> str:
        return "boxes are not painted" if "paint" in act.tags else ""

    async def read(self, scope: Scope, node: Node, reader: Reader) -> Node | None:
        async def answer() -> Node | None:
            if self.reading and (meanwhile := self.reading(node.name)):
                await meanwhile
            return next((each for each in self.boxes[scope.key] if each.urn == node.urn), None)

        found = await reader.run(Lane(scope.account, scope.region, "boxes"), "boxes:Get", answer)
        return found and replace(found, tags=dict(found.tags))

    async def act(self, scope: Scope, node: Node, act: Act, calls: Calls) -> None:
        async def attempt() -> None:
            self.attempts += 1
            if self.acting and not self.late:
                self.acting(node.name)
            self.done.append((node.name, act))
            self.change(node.name, tags=act.wanted(node.tags))
            if self.acting and self.late:
                self.acting(node.name)

        await calls.run(Lane(scope.account, scope.region, "boxes"), "boxes:Act", attempt)

    def change(self, name: str, **fields: Any) -> None:
        """One box is another from now on."""
        boxes = self.boxes[BOXES]
        self.boxes[BOXES] = [replace(each, **fields) if each.name == name else each for each in boxes]
