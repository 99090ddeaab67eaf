"""A small estate in a real file, for the commands that look into the graph: two accounts, a net, boxes, jars."""

import asyncio
from pathlib import Path

from syncd.errors import Denied
from syncd.model import Edge, Node
from tests.fakes.cloud import box, urn
from tests.fakes.world import World

HOSTILE = "a\"b\\N<i>&{x}|\n\x1b[31m`\u202e$(id)'; drop"
"""A name that somebody may give to a resource."""


def edge(type_: str, name: str, account: str = "1") -> Edge:
    return Edge(type_, urn(account, name))


def account(id_: str, name: str, *names: str) -> Node:
    edges = tuple(edge("contains", inner, id_) for inner in names)
    return Node(f"urn:fake:{id_}:account", "fake_account", id_, name, id_, "global", edges=edges)


def jar(account_: str, name: str, title: str) -> Node:
    return Node(urn(account_, name), "fake_jar", name, title, account_, "r2", tags={"env": "test"})


def estate(file: Path) -> World:
    """net contains web and db; web is in net and uses db; the jar "twin" of the other account has web's name.

    The first run has web with size 1, the second with size 2 and without `old`; `bags` are denied in the second.
    """
    world = World(file)
    net = box("1", "net", edges=(edge("contains", "web-1"), edge("contains", "db")), cidr="10.0.0.0/16")
    db = box(
        "1", "db", size=20, tags={"env": "prod"}, created_at="2026-01-01T00:00:00Z", ports=[{"from": 1}, {"from": 2}]
    )
    world.cloud.put("fake/1/global/accounts", account("1", "prod", "net"))
    world.cloud.put("fake/2/global/accounts", account("2", "", "twin"))
    world.cloud.put("fake/1/r1/boxes", net, web(1), db, box("1", "old", size=9))
    world.cloud.put("fake/2/r2/jars", jar("2", "twin", "web"), jar("2", "evil", HOSTILE))
    world.cloud.put("fake/1/r1/bags", box("1", "bag"))
    asyncio.run(world.sync())
    world.cloud.put("fake/1/r1/boxes", net, web(2), db)
    world.cloud.fail("fake/1/r1/bags", Denied("no", operation="bags:List", permission="bags:ListBags"))
    asyncio.run(world.sync())
    return world


def web(size: int) -> Node:
    edges = (edge("in", "net"), edge("in", "db"))
    node = box("1", "web-1", size=size, edges=edges, tags={"env": "prod", "owner.team": "a|b"})
    node.name = "web"
    return node
