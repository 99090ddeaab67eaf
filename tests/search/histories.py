"""A cloud that changes at random, run by run: nodes made, changed, moved, deleted and made anew, scopes in trouble."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec.structs import replace

from syncd.errors import Denied, Disabled, Failed
from syncd.model import Gap, Node
from tests.search.graphs import SCOPES, Dice, RichCloud


@dataclass
class History:
    """Changes the boxes of a cloud a little at each step."""

    cloud: RichCloud
    chance: random.Random
    hidden: dict[str, list[Node]] = field(default_factory=dict)
    """Scopes that are not discovered at the moment."""
    steps: int = 0

    def __post_init__(self) -> None:
        self.dice = Dice(self.chance)
        self.cloud.boxes = {scope: [still(node) for node in nodes] for scope, nodes in self.dice.cloud().items()}

    def step(self) -> None:
        changes: tuple[Callable[[str], None], ...] = (
            self.make, self.make, self.change, self.change, self.point, self.point, self.delete, self.make_anew,
            self.trouble, self.heal, self.heal, self.hide, self.show, self.see_elsewhere,
        )  # fmt: skip
        for _ in range(self.chance.randrange(5)):
            scope = self.chance.choice(list(self.cloud.boxes))
            self.chance.choice(changes)(scope)

    # -- one change

    def make(self, scope: str) -> None:
        self.steps += 1
        if len(self.cloud.boxes[scope]) < 8:
            node = still(self.dice.node(scope, 100 + self.steps))
            self.cloud.boxes[scope].append(node)
            self.connect(scope, node)

    def change(self, scope: str) -> None:
        if node := self.some(scope):
            new = self.dice.node(scope, 0)
            self.put(scope, replace(node, name=new.name, tags=new.tags, common=new.common, document=new.document))

    def point(self, scope: str) -> None:
        if node := self.some(scope):
            self.connect(scope, node)

    def delete(self, scope: str) -> None:
        if node := self.some(scope):
            self.cloud.boxes[scope].remove(node)

    def make_anew(self, scope: str) -> None:
        if node := self.some(scope):
            self.put(scope, replace(node, created_at=self.dice.pick("2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z")))

    def see_elsewhere(self, scope: str) -> None:
        other = self.chance.choice(list(self.cloud.boxes))
        if (node := self.some(scope)) and all(node.urn != each.urn for each in self.cloud.boxes[other]):
            self.cloud.boxes[other].append(node)

    def trouble(self, scope: str) -> None:
        errors = (Denied("no", operation="boxes:List", permission="boxes:List"), Failed("broken"), Disabled("off"))
        if self.chance.random() < 0.3:
            self.cloud.extras[scope] = [Gap("denied", "boxes:Tags", "boxes:Tags", "no tags")]
        else:
            self.cloud.fail(scope, self.chance.choice(errors))

    def heal(self, _: str) -> None:
        for scope in SCOPES:
            self.cloud.trouble.pop(scope, None)
            self.cloud.extras.pop(scope, None)

    def hide(self, scope: str) -> None:
        if len(self.cloud.boxes) > 2:
            self.hidden[scope] = self.cloud.boxes.pop(scope)

    def show(self, _: str) -> None:
        self.cloud.boxes |= self.hidden
        self.hidden = {}

    # -- nodes

    def some(self, scope: str) -> Node | None:
        nodes = self.cloud.boxes[scope]
        return self.chance.choice(nodes) if nodes else None

    def put(self, scope: str, node: Node) -> None:
        nodes = self.cloud.boxes[scope]
        nodes[:] = [node if each.urn == node.urn else each for each in nodes]

    def connect(self, scope: str, node: Node) -> None:
        """Edges and other names are stated by the document, so that it differs as well."""
        self.steps += 1
        nodes = [each for listed in self.cloud.boxes.values() for each in listed]
        self.dice.urns = [each.urn for each in nodes]
        self.dice.handles = [f"handle:{number}" for number in range(10)]
        handles = tuple(self.chance.sample(self.dice.handles, self.dice.pick(0, 1, 2)))
        document = {**node.document, "links": self.steps}
        self.put(scope, replace(node, edges=self.dice.edges(), handles=handles, document=document))


def still(node: Node) -> Node:
    """What changes by itself has no past."""
    return replace(node, volatile={})
