"""A process that dies in the middle of an act: `python -m tests.acts.dying STORE CLOUD before|after`.

What its cloud holds is a file, so that it outlives the process.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from syncd.model import Act, Node, Scope
from syncd.plugin import Calls
from tests.fakes.acting import Shop
from tests.fakes.changeable import BOXES, Changeable
from tests.fakes.cloud import box
from tests.fakes.world import World


class Lasting(Changeable):
    """`moment`: when to die, "" for never."""

    def __init__(self, file: Path, moment: str = "") -> None:
        super().__init__()
        self.file = file
        self.moment = moment
        held = json.loads(file.read_text()) if file.exists() else {"a": {}, "b": {}}
        self.put(BOXES, *(box("1", name, tags=tags) for name, tags in held.items()))

    async def act(self, scope: Scope, node: Node, act: Act, calls: Calls) -> None:
        if self.moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        await super().act(scope, node, act, calls)
        self.file.write_text(json.dumps({each.name: each.tags for each in self.boxes[BOXES]}))
        with self.file.with_suffix(".acts").open("a") as acts:
            acts.write(f"{node.name}\n")
        if self.moment == "after":
            os.kill(os.getpid(), signal.SIGKILL)


def shop_at(store: Path, cloud: Lasting) -> Shop:
    return Shop(World(store, cloud), cloud)


async def die(store: Path, cloud: Lasting) -> None:
    shop = shop_at(store, cloud)
    await shop.world.sync()
    async with shop.open() as desk:
        await desk.apply(await desk.tag(stage="prod"))


if __name__ == "__main__":
    asyncio.run(die(Path(sys.argv[1]), Lasting(Path(sys.argv[2]), sys.argv[3])))
