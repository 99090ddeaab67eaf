"""What belongs together is told together, and no more of it than a person reads; begin and end are one incident."""

from syncd.outbox.grouping import SUMMARY, batches
from syncd.store.outbox import Gathered
from tests.outbox.office import Office, cleared, matched


async def test_news_of_a_rule_wait_for_more_and_go_out_together(office: Office) -> None:
    sink = office.target("chat", wait=30)
    async with office.open() as day:
        await day.tell(matched("r", "a", "chat"), matched("other", "a", "chat"))
        await day.turn()
        await day.tell(matched("r", "b", "chat"))
        await day.turn(29)
        assert sink.got == []
        await day.turn(1)
    told = {notice.rule: [item.resource["name"] for item in notice.items] for notice in sink.got}
    assert told == {"r": ["a", "b"], "other": ["a"]}
    assert [(n.state, n.severity, n.firing, n.total) for n in sink.got if n.rule == "r"] == [("firing", "error", 2, 2)]


async def test_begin_and_end_have_the_incident_in_common_and_the_end_resolves_it(office: Office) -> None:
    sink = office.target("chat")
    async with office.open() as day:
        for event in (
            matched("r", "a", "chat"),
            matched("r", "b", "chat"),
            cleared("r", "a", "chat"),
            cleared("r", "b", "chat"),
        ):
            await day.tell(event)
            await day.turn()
    assert [(n.state, n.firing) for n in sink.got] == [("firing", 1), ("firing", 2), ("news", 1), ("resolved", 0)]
    assert len({n.incident for n in sink.got}) == 1
    assert len(set(sink.ids)) == 4


async def test_what_begins_twice_is_counted_once(office: Office) -> None:
    sink = office.target("chat")
    async with office.open() as day:
        for event in (matched("r", "a", "chat"), matched("r", "a", "chat"), cleared("r", "a", "chat")):
            await day.tell(event)
            await day.turn()
    assert [n.firing for n in sink.got] == [1, 1, 0]


async def test_what_began_and_ceased_while_it_waited_is_told_and_resolved(office: Office) -> None:
    sink = office.target("chat", wait=30)
    async with office.open() as day:
        await day.tell(matched("r", "a", "chat"), cleared("r", "a", "chat"))
        await day.turn()
        await day.turn(30)
    assert [(n.state, n.firing, n.total) for n in sink.got] == [("resolved", 0, 2)]


async def test_a_reaction_that_wants_each_apart_has_an_incident_for_each_resource(office: Office) -> None:
    sink = office.target("pager", "apart")
    async with office.open() as day:
        await day.tell(matched("r", "a", "pager"), matched("r", "b", "pager"))
        await day.turn()
        await day.tell(cleared("r", "a", "pager"))
        await day.turn()
    told = sorted((n.group["urn"], n.state) for n in sink.got)
    assert told == [("urn:a", "firing"), ("urn:a", "resolved"), ("urn:b", "firing")]
    assert len({n.incident for n in sink.got}) == 2


async def test_a_rule_that_says_how_to_group_is_obeyed_by_every_target(office: Office) -> None:
    sink = office.target("pager", "apart")
    office.rule("r", search="all", to=("pager",), group_by=("account", "tags.team"))
    async with office.open() as day:
        await day.tell(*(matched("r", n, "pager", account=n[0], tags={"team": "x"}) for n in ("a1", "a2", "b1")))
        await day.turn()
    told = [(dict(n.group), n.total) for n in sink.got]
    assert told == [({"account": "a", "tags.team": "x"}, 2), ({"account": "b", "tags.team": "x"}, 1)]


async def test_the_end_is_told_where_the_begin_was_though_the_group_is_another_by_now(office: Office) -> None:
    sink = office.target("chat")
    office.rule("r", search="all", to=("chat",), group_by=("tags.team",))
    async with office.open() as day:
        await day.tell(matched("r", "a", "chat", tags={"team": "red"}))
        await day.turn()
        await day.tell(cleared("r", "a", "chat", tags={"team": "blue"}))
        await day.turn()
    red = {"tags.team": "red"}
    assert [(n.state, dict(n.group)) for n in sink.got] == [("firing", red), ("resolved", red)]


async def test_more_than_the_cap_become_one_that_says_how_many_and_hears_of_their_end(office: Office) -> None:
    sink = office.target("pager", "apart", cap=3)
    names = [f"n{i}" for i in range(40)]
    async with office.open() as day:
        await day.tell(matched("r", "alone", "pager"))
        await day.turn()
        await day.tell(*(matched("r", name, "pager") for name in names))
        await day.turn()
        await day.tell(*(cleared("r", name, "pager") for name in ["alone", *names]))
        await day.turn()
    alone, many, *ends = sink.got
    assert (many.total, many.firing, len(many.items), dict(many.group)) == (40, 40, 5, {"summary": "many"})
    assert many.title == "r: 40 resources began to match, 40 match now, too many to be told one by one"
    assert {(n.incident, n.state, n.total) for n in ends} == {
        (alone.incident, "resolved", 1),
        (many.incident, "resolved", 40),
    }


def test_an_end_that_was_put_here_before_its_begin_became_part_of_a_summary_is_told_there() -> None:
    [batch] = batches([Gathered(9, 1, "cease", '{"urn":"a"}')], {1: SUMMARY}, 20, 0)
    assert (batch.grouped, batch.delta) == (SUMMARY, -1)


async def test_the_end_of_what_was_told_by_itself_is_told_by_itself_however_many_end(office: Office) -> None:
    sink = office.target("pager", "apart", cap=3)
    names = [f"n{i}" for i in range(9)]
    async with office.open() as day:
        for name in names:
            await day.tell(matched("r", name, "pager"))
            await day.turn()
        await day.tell(*(cleared("r", name, "pager") for name in names))
        await day.turn()
    begun, ended = sink.got[:9], sink.got[9:]
    assert {n.incident for n in begun} == {n.incident for n in ended}
    assert {n.state for n in ended} == {"resolved"}


async def test_a_reaction_that_must_name_every_resource_gets_all_of_them_a_few_at_a_time(office: Office) -> None:
    sink = office.target("alerts", "each", cap=1)
    office.rule("r", search="all", to=("alerts",), group_by=())
    async with office.open() as day:
        await day.tell(*(matched("r", f"n{i}", "alerts") for i in range(12)))
        await day.turn()
    assert [(len(n.items), n.total, n.firing) for n in sink.got] == [(5, 5, 5), (5, 5, 10), (2, 2, 12)]
    assert len({item.event for n in sink.got for item in n.items}) == 12
