"""What a notice says of resources, also when they are gone; what quiet, retention and a storm do."""

from datetime import datetime, timedelta

from syncd.settings import OutboxSettings
from syncd.store import matches, notices
from syncd.upkeep import prune
from tests.fakes.cloud import box
from tests.outbox.office import Office, cleared, matched

SCOPE = "fake/1/r1/boxes"


async def test_events_of_resources_are_told_with_what_is_known_of_these_also_when_they_are_gone(office: Office) -> None:
    sink = office.target("chat")
    office.rule("changes", on=("resource.*",), where={"tags.team": "red"}, to=("chat",), title="{{ total }} changes")
    world, red = office.world, {"team": "red"}
    world.cloud.put(SCOPE, box("1", "a", size=1, tags=red), box("1", "b", size=1, tags=red), box("1", "c", size=1))
    await world.sync()
    async with office.open() as day:
        world.cloud.put(SCOPE, box("1", "a", size=2, tags=red, document_secret="x"), box("1", "c", size=9))
        await world.sync_in(day.store)
        await day.turn()
    (notice,) = sink.got
    assert notice.title == "2 changes"
    told = {item.type: item for item in notice.items}
    assert {item.resource["name"]: item.resource["tags"] for item in notice.items} == {"a": red, "b": red}
    updated, deleted = told["resource.updated"], told["resource.deleted"]
    assert {"path": "size", "old": 1, "new": 2} in updated.changes
    assert set(updated.resource) == set(deleted.resource) == {
        "kind", "id", "name", "urn", "cloud", "account", "account_name", "region", "zone", "created_at", "tags", "link",
    }  # fmt: skip
    assert (deleted.resource["kind"], deleted.resource["cloud"]) == ("fake_box", "fake")


async def test_quiet_hours_and_silences_delay_and_lose_nothing(office: Office) -> None:
    """The clock begins on a Monday at 12:00 in UTC, which is 13:00 in Berlin."""
    sink = office.target("chat")
    office.zone("Europe/Berlin")
    office.rule("r", search="all", to=("chat",), quiet=("13:00-14:00",))
    async with office.open() as day:
        await day.tell(matched("r", "a", "chat"), matched("loud", "a", "chat"))
        await day.turn()
        await day.tell(cleared("r", "a", "chat"), matched("r", "b", "chat"))
        await day.turn(1800)
        assert [notice.rule for notice in sink.got] == ["loud"]
        silence = "insert into rule_state (rule, silent_until) values ('r', '2026-03-02T14:00:00Z')"
        await day.store.write(lambda c: c.execute(silence).rowcount)
        await day.turn(3600)
        assert len(sink.got) == 1
        await day.turn(1800)
    assert [(item.change, item.resource["name"]) for item in sink.got[1].items] == [
        ("begin", "a"), ("cease", "a"), ("begin", "b"),
    ]  # fmt: skip


async def test_what_ended_long_ago_goes_but_never_the_begin_of_what_still_fires(office: Office) -> None:
    office.target("chat", "apart")
    async with office.open() as day:
        await day.tell(matched("r", "a", "chat"), matched("r", "b", "chat"), matched("r", "c", "chat"))
        await day.turn()
        await day.tell(cleared("r", "a", "chat"))
        await day.turn()
        await day.store.write(lambda c: c.execute("update notice set state = 'due' where id = 3").rowcount)
        await prune(day.store, OutboxSettings(keep_days=0))
        assert len(await day.notices()) == 4
        long_after = (datetime.fromisoformat("2026-03-02T12:00:00Z") + timedelta(days=31)).isoformat()
        old = await day.store.read(lambda c: notices.prunable(c, long_after, 100))
        await day.store.write(lambda c: notices.prune(c, old))
        assert {(row["id"], row["state"]) for row in await day.notices()} == {(2, "done"), (3, "due")}
        assert await day.count("select count(*) from delivery") == 2


async def test_the_end_of_a_long_silence_finds_the_begin_that_it_ends(office: Office) -> None:
    sink = office.target("chat")
    office.rule("r", search="all")
    async with office.open() as day:
        for name in ("a", "b"):
            await day.tell(matched("r", name, "chat"))
            await day.turn()
        until = "2026-06-02T12:00:00Z"
        await day.store.write(lambda c: matches.command(c, "r", silent=until))
        await day.tell(cleared("r", "a", "chat"), cleared("r", "b", "chat"))
        await day.turn()
        await day.store.write(lambda c: notices.prune(c, notices.prunable(c, until, 100)))
        await day.turn(93 * 86_400)
    assert [(n.state, n.firing) for n in sink.got] == [("firing", 1), ("firing", 2), ("resolved", 0)]


async def test_a_storm_for_a_slow_target_is_a_few_messages(office: Office) -> None:
    chat, alerts = office.target("chat", wait=5), office.target("pager", "apart", wait=5, cap=20)
    chat.seconds = 0.05
    async with office.open() as day:
        for start in range(0, 3000, 1000):
            await day.tell(*(matched("r", f"n{start + i}", "chat", "pager") for i in range(1000)))
            await day.turn(1)
        await day.turn(5)
    assert [(n.total, n.firing, len(n.items)) for n in chat.got] == [(3000, 3000, 5)]
    assert [(n.total, dict(n.group)) for n in alerts.got] == [(3000, {"summary": "many"})]
