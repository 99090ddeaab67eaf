"""The life of an outbox, from what the last one left open to where it is killed."""

import asyncio
import sys
from pathlib import Path

from syncd.loop import run
from syncd.outbox.work import Outbox
from syncd.settings import Config, EgressSettings, RuleSettings, Target, TargetSettings
from syncd.store.journal import Journal
from syncd.store.store import Store
from tests.fakes.reaction import Posting
from tests.fakes.world import World
from tests.outbox.office import happened

AT_ONCE = 3
"""Targets, each of which is told of one event of a life: as many attempts are under way at once."""
OPEN = "select (select count(*) from delivery where notice = 0) + (select count(*) from notice where state = 'due')"


def config(url: str) -> Config:
    names = [f"hook{number}" for number in range(AT_ONCE)]
    rules = {name: RuleSettings(name=name, on=(f"test.{name}",), to=(name,)) for name in names}
    settings = TargetSettings(reaction="post", wait_seconds=0.0)
    targets = {name: Target(name, settings, Posting(url=url)) for name in names}
    return Config(rule=rules, targets=targets, egress=EgressSettings(allow=("127.0.0.1",), http=("127.0.0.1",)))


async def all_told(store: Store, outbox: Outbox) -> None:
    while (
        outbox.follower.position < await store.events() or (await store.read(lambda c: c.execute(OPEN).fetchone()))[0]
    ):
        await asyncio.sleep(0.005)


def tell(journal: Journal) -> None:
    for number in range(AT_ONCE):
        journal.tell(happened(f"test.hook{number}"))


async def live(path: Path, url: str, last: bool) -> None:
    settings = config(url)
    async with World(path).store() as store:
        outbox = Outbox(store, lambda: settings)
        serving = asyncio.create_task(outbox.serve())
        await all_told(store, outbox)
        if not last:
            await store.change(tell)
            await serving
        serving.cancel()
        await asyncio.wait([serving])


def main() -> None:
    """STORE URL more|last"""
    path, url, which = sys.argv[1:]
    run(live(Path(path), url, which == "last"))
