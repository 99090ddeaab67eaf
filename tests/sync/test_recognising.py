"""A scope whose answers are what they were is as it was: nothing of the store differs by not reading them again."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from syncd.errors import Denied, Disabled, Failed, StoreError
from syncd.model import Doubt, Gap, Imprint, Node, Same, Scope
from syncd.plugin import Reader, Selection
from syncd.store.reading import Reading
from syncd.store.runs import ScopeRun
from syncd.store.soundness import problems
from syncd.store.store import Store
from tests.fakes.cloud import Cloud, box, inside
from tests.fakes.world import World

FIRST, SECOND = "111111111111", "222222222222"
A, B, C = f"fake/{FIRST}/r1/boxes", f"fake/{SECOND}/r1/boxes", f"fake/{FIRST}/r1/bags"
DENIAL = Denied("no", operation="boxes:List", permission="boxes:List")
TABLES = (
    "node", "document", "volatile", "edge", "handle", "sighting", "node_history", "edge_history", "handle_history",
    "scope", "scope_quiet", "scope_history", "scope_gone", "event", "commit_log", "scope_run",
)  # fmt: skip
FAIL = "begin select raise(fail, 'no'); end"


def recognising(path: Path) -> World:
    return World(path, Cloud(imprints=True))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return recognising(tmp_path / "s.db")


def shared(owner: str, name: str, **document: Any) -> Node:
    """A box that any scope may see; its URN names the account that it belongs to."""
    node = box(owner, name, **document)
    node.urn = f"arn:fake:boxes:r1:{owner}:box/{name}"
    return node


def imprints(world: World) -> dict[str, bool]:
    """Scope → whether its next reading is given an imprint."""
    rows = world.query("select s.name, s.account, i.value <> x'' from imprint i join scope s on s.id = i.scope")
    return {f"fake/{account}/r1/{name}": bool(value) for name, account, value in rows}


async def test_what_is_as_it_was_is_read_and_no_more(world: World) -> None:
    world.cloud.put(A, box(FIRST, "a", size=1), box(FIRST, "b"))
    await world.sync()
    before = world.rows()
    run = await world.sync()
    assert (world.cloud.same, run.total.same, run.nodes) == ([A], 1, 2)
    assert world.rows() == before
    assert world.query("select state, nodes, read_at from scope") == [("complete", 2, world.now())]
    assert world.query("select nodes, state from scope_run where run = 2") == [(2, "complete")]
    assert world.events() == []


async def test_a_quiet_run_does_not_write_the_imprint_again(world: World) -> None:
    world.cloud.put(A, box(FIRST, "a"))
    async with world.store() as store:
        await world.sync_in(store)
        await store.write(
            lambda c: c.execute("create trigger t before insert on imprint begin select raise(fail, 'x'); end")
        )
        await world.sync_in(store)
    assert world.cloud.same == [A]


async def test_what_differs_is_read_and_remembered_anew(world: World) -> None:
    world.cloud.put(A, box(FIRST, "a", size=1))
    await world.sync()
    world.cloud.put(A, box(FIRST, "a", size=2))
    await world.sync()
    assert (world.events(), world.cloud.same) == ([("resource.updated", "a")], [])
    await world.sync()
    assert world.cloud.same == [A]


async def test_other_answers_for_the_same_resources_are_remembered_as_well(world: World) -> None:
    world.cloud.put(A, box(FIRST, "a"), box(FIRST, "b"))
    await world.sync()
    world.cloud.put(A, box(FIRST, "b"), box(FIRST, "a"))
    await world.sync()
    await world.sync()
    assert (world.cloud.same, world.events()) == ([A], [])


async def test_without_the_setting_everything_is_read(world: World) -> None:
    world.cloud.put(A, box(FIRST, "a"))
    await world.sync()
    world.guards = replace(world.guards, recognise=False)
    await world.sync()
    assert world.cloud.same == []


@pytest.mark.parametrize("limits", [{"most_nodes": 1}, {"largest_document": 20}])
async def test_limits_that_changed_are_held_against_what_is_read(world: World, limits: dict[str, int]) -> None:
    world.cloud.put(A, box(FIRST, "a", size="large enough"), box(FIRST, "b"))
    await world.sync()
    world.guards = replace(world.guards, **limits)
    await world.sync()
    assert (world.cloud.same, world.state(A)) == ([], "failed")


async def test_another_meaning_is_read_anew(world: World) -> None:
    world.cloud.put(A, box(FIRST, "a"))
    await world.sync()
    world.cloud.fingerprint = "2"
    await world.sync()
    assert world.cloud.same == []
    await world.sync()
    assert world.cloud.same == [A]


@pytest.mark.parametrize("error", [DENIAL, Failed("no"), Disabled("no")])
async def test_a_scope_that_failed_is_read_when_it_answers_again(world: World, error: Any) -> None:
    world.cloud.put(A, box(FIRST, "a"))
    await world.sync()
    world.cloud.fail(A, error)
    await world.sync()
    world.cloud.trouble.clear()
    await world.sync()
    assert (world.cloud.same, world.state(A)) == ([], "complete")
    await world.sync()
    assert world.cloud.same == [A]


@pytest.mark.parametrize(
    "extra", [Doubt("odd"), Doubt("odd", always=True), Gap("denied", "boxes:Get", "boxes:Get", "no")]
)
async def test_what_was_doubted_or_not_whole_is_never_recognised(world: World, extra: Gap | Doubt) -> None:
    class Doubted(Cloud):
        async def collect(self, scope: Scope, reader: Reader) -> AsyncIterator[Node | Gap | Doubt | Imprint | Same]:
            async for each in super().collect(scope, reader):
                yield each
            if isinstance(extra, Gap) or not reader.again:
                yield extra

    world.cloud = Doubted(imprints=True)
    world.cloud.put(A, box(FIRST, "a"))
    await world.sync()
    await world.sync()
    assert (world.cloud.same, imprints(world).get(A, False)) == ([], False)


async def test_who_says_that_all_is_as_it_was_without_an_imprint_fails(world: World) -> None:
    class Liar(Cloud):
        async def collect(self, scope: Scope, reader: Reader) -> AsyncIterator[Node | Gap | Doubt | Imprint | Same]:
            yield Same(1)

    world.cloud = Cloud()
    world.cloud.put(A, box(FIRST, "a"))
    await world.sync()
    before = world.rows()
    world.cloud = Liar(boxes=world.cloud.boxes)
    await world.sync()
    assert (world.state(A), world.rows()) == ("failed", before)


async def test_a_resource_that_another_scope_took_over_is_looked_at_again(world: World) -> None:
    world.cloud.put(A, shared(SECOND, "a"), box(FIRST, "b"))
    await world.sync()
    world.cloud.put(B, shared(SECOND, "a"))
    await world.sync()
    assert not any(imprints(world).values())
    await world.sync()
    assert world.query("select count(*) from sighting") == [(1,)]
    await world.sync()
    assert (sorted(world.cloud.same[-2:]), imprints(world)) == ([A, B], {A: True, B: True})


async def test_a_resource_that_its_owner_lost_is_looked_at_again_by_its_heir(world: World) -> None:
    world.cloud.put(A, box(FIRST, "a", size=1), box(FIRST, "b"))
    await world.sync()
    world.cloud.put(C, box(FIRST, "a", size=2))
    await world.sync()
    world.cloud.put(A, box(FIRST, "b"))
    await world.sync()
    await world.sync()
    assert world.query("select json_extract(body, '$.size') from document where body like '%size%'") == [(2,)]


async def test_a_resource_that_was_read_alone_is_looked_at_again(world: World) -> None:
    world.cloud.put(A, box(FIRST, "a", size=1))
    async with world.store() as store:
        await world.sync_in(store)
        await store.renew(world.cloud.scope(A), box(FIRST, "a", size=7), 10_000, lambda _: None)
        await world.sync_in(store)
    assert world.cloud.same == []
    assert world.query("select json_extract(body, '$.size') from document") == [(1,)]


async def late(store: Store, world: World, meanwhile: Callable[[], Awaitable[Any]]) -> None:
    """A reading of A that finds all as it is known, and in the midst of which something else happens."""
    scope = world.cloud.scope(A)
    store.begin_reading(scope)
    reading = Reading(scope, await store.known(scope), 10_000, 100, imprint=b"late")
    for node in deepcopy(world.cloud.boxes[A]):
        reading.add(node)
    await meanwhile()
    await store.commit(reading, ScopeRun(A, "complete", world.now(), 0.0))
    await store.flush()


async def test_a_reading_is_not_remembered_when_another_hand_touched_the_scope_meanwhile(world: World) -> None:
    async def taken() -> None:
        world.cloud.put(B, shared(SECOND, "a"))
        await world.sync_in(store, selection=Selection(scopes=(B,)))

    async def renewed() -> None:
        await store.renew(world.cloud.scope(A), box(FIRST, "b", size=7), 10_000, lambda _: None)

    for meanwhile in (taken, renewed):
        world.cloud.put(A, shared(SECOND, "a"), box(FIRST, "b"))
        async with world.store() as store:
            await world.sync_in(store)
            await late(store, world, meanwhile)
            assert store.imprint(world.cloud.scope(A)) == b""
        assert not imprints(world)[A]


@pytest.mark.parametrize("where", ["imprint", "event when new.type = 'scope.baselined'"])
async def test_an_imprint_is_written_with_its_reading_or_not_at_all(world: World, where: str) -> None:
    world.cloud.put(A, box(FIRST, "a"))
    async with world.store() as store:
        await store.write(lambda c: c.execute(f"create trigger t before insert on {where} {FAIL}"))
        with pytest.raises(StoreError):
            await world.sync_in(store)
        assert world.query("select count(*) from node union all select count(*) from imprint") == [(0,), (0,)]
        await store.write(lambda c: c.execute("drop trigger t"))
        await world.sync_in(store)
        await world.sync_in(store)
    assert world.cloud.same == [A]


async def test_a_forgotten_scope_leaves_no_imprint(world: World) -> None:
    world.cloud.put(A, box(FIRST, "a"))
    world.cloud.put(C, box(FIRST, "c"))
    await world.sync()
    world.cloud.boxes.pop(A)
    await world.sync()
    await world.sync(accept=("*",))
    assert imprints(world) == {C: True}
    async with world.store() as store:
        assert await store.read(lambda c: list(problems(c))) == []


def everything(world: World) -> dict[str, list[tuple[Any, ...]]]:
    return {table: sorted(world.query(f"select * from {table}"), key=repr) for table in TABLES}


def some(chance: random.Random) -> dict[str, list[Node]]:
    """Boxes that belong to two accounts and are seen by one, two or three scopes, each in its own way."""
    found: dict[str, list[Node]] = {A: [], B: [], C: []}
    for number in range(6):
        owner, name = chance.choice((FIRST, SECOND)), f"b{number}"
        made = f"2026-0{chance.choice('1112')}-01T00:00:00Z"
        edges, handles = (inside(FIRST, f"b{chance.randrange(6)}"),), (f"h{chance.randrange(3)}",)
        for scope in chance.choice(((), (A,), (B,), (C,), (A, B), (A, C), (A, B, C))):
            more = {"edges": edges, "handles": handles, "created_at": made, "volatile": {"n": chance.randrange(2)}}
            found[scope].append(shared(owner, name, size=chance.randrange(2), **more))
    return found


async def step(store: Store, world: World, chance: random.Random) -> None:
    """A little changes, or nothing; now and then a scope fails, is not found, or one of its boxes is read alone."""
    fresh = some(chance)
    for scope in (A, B, C):
        if chance.random() < 0.25:
            world.cloud.put(scope, *fresh[scope])
        if chance.random() < 0.1:
            world.cloud.fail(scope, DENIAL)
        if chance.random() < 0.1 and len(world.cloud.boxes) > 1:
            world.cloud.boxes.pop(scope, None)
        alone = chance.random() < 0.15 and fresh[scope] and scope in world.cloud.boxes
        if alone and store.row(world.cloud.scope(scope)) is not None:
            await store.renew(world.cloud.scope(scope), deepcopy(fresh[scope][0]), 10_000, lambda _: None)
    await world.sync_in(store, accept=("*",) if chance.random() < 0.3 else ())
    world.cloud.trouble.clear()


@pytest.mark.parametrize("seed", range(5))
async def test_nothing_of_the_store_differs_by_recognising(tmp_path: Path, seed: int) -> None:
    plain, clever = World(tmp_path / "plain.db"), recognising(tmp_path / "clever.db")
    for world in (plain, clever):
        world.plan = replace(world.plan, workers=1)
        world.cloud.boxes = some(random.Random(seed))
    for session in range(3):
        for world in (plain, clever):
            chance = random.Random(100 * seed + session)
            async with world.store() as store:
                for _ in range(6):
                    await step(store, world, chance)
        assert everything(clever) == everything(plain)
    assert clever.cloud.same
