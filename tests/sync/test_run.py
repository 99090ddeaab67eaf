"""What a run promises: complete readings are believed, everything else keeps what was known and says so."""

from pathlib import Path

import pytest

from syncd.errors import Denied, Disabled, Failed, Temporary, Throttled
from syncd.model import Blind, Doubt, Gap, Node
from tests.fakes.cloud import box, inside
from tests.fakes.world import World

A = "fake/1/r1/boxes"
B = "fake/1/r1/bags"
OTHER = "fake/2/r1/boxes"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "s.db")


async def test_a_first_reading_is_a_baseline_without_an_event_per_resource(world: World) -> None:
    world.cloud.put(A, box("1", "a"), box("1", "b"))
    await world.sync()
    assert world.names() == ["a", "b"]
    assert world.events() == []
    assert world.bodies("scope.baselined") == [{"kinds": {"fake_box": 2}, "nodes": 2}]


async def test_a_second_sync_of_an_unchanged_estate_changes_no_row(world: World) -> None:
    world.cloud.put(A, box("1", "a", edges=(inside("1", "b"),)), box("1", "b", size=1))
    await world.sync()
    before = world.rows()
    await world.sync()
    assert world.rows() == before
    assert world.events() == []


async def test_created_updated_and_deleted_are_told_once_with_the_fields_that_differ(world: World) -> None:
    world.cloud.put(A, box("1", "a", size=1), box("1", "b"))
    await world.sync()
    world.cloud.put(A, box("1", "a", size=2, tags={"owner": "me"}), box("1", "c"))
    await world.sync()
    await world.sync()
    assert sorted(world.events()) == [
        ("resource.created", "c"),
        ("resource.deleted", "b"),
        ("resource.updated", "a"),
    ]
    assert world.bodies("resource.updated") == [
        {"changes": [{"new": 2, "old": 1, "path": "size"}, {"new": "me", "old": None, "path": "tags.owner"}]}
    ]


async def test_another_order_in_a_set_is_no_change(world: World) -> None:
    world.cloud.put(A, box("1", "a", groups=["x", "y"], rules=[{"p": 1}, {"p": 2}]))
    await world.sync()
    before = world.rows()
    world.cloud.put(A, box("1", "a", groups=["y", "x"], rules=[{"p": 2}, {"p": 1}]))
    await world.sync()
    assert (world.rows(), world.events()) == (before, [])


async def test_another_order_in_a_list_that_is_declared_ordered_is_a_change(world: World) -> None:
    world.cloud.put(A, box("1", "a", steps=["x", "y"]))
    await world.sync()
    world.cloud.put(A, box("1", "a", steps=["y", "x"]))
    await world.sync()
    assert world.events() == [("resource.updated", "a")]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Denied("no", operation="boxes:List", permission="boxes:List"), "denied"),
        (Failed("half a page"), "failed"),
        (Disabled("not here"), "disabled"),
        (Temporary("500"), "failed"),
        (Throttled("slow down"), "failed"),
        (ValueError("a bug"), "failed"),
    ],
)
async def test_a_failed_list_deletes_nothing_and_names_its_state(world: World, error: Exception, state: str) -> None:
    world.cloud.put(A, box("1", "a"))
    world.cloud.put(B, box("1", "x"))
    await world.sync()
    before = world.rows()
    world.cloud.fail(A, error)  # type: ignore[arg-type]
    await world.sync()
    assert world.rows() == before
    assert (world.state(A), world.state(B), world.events()) == (state, "complete", [])
    del world.cloud.trouble[A]
    await world.sync()
    assert (world.rows(), world.state(A), world.events()) == (before, "complete", [])
    assert world.events("scope.%")[-2:] == [(f"scope.{state}", ""), ("scope.complete", "")]


async def test_a_denial_names_the_permission(world: World) -> None:
    world.cloud.put(A, box("1", "a"))
    world.cloud.fail(A, Denied("no", operation="boxes:List", permission="boxes:ListBoxes"))
    await world.sync()
    assert world.query("select state, permission, operation, reason from coverage") == [
        ("denied", "boxes:ListBoxes", "boxes:List", "no")
    ]


async def test_a_passing_fault_is_tried_again_in_the_one_retry_layer(world: World) -> None:
    world.cloud.put(A, box("1", "a"))
    calls = [0]

    def twice(_: bool) -> None:
        calls[0] += 1
        if calls[0] < 3:
            raise Throttled("slow down", after=0.001)

    world.cloud.trouble[A] = twice
    run = await world.sync()
    assert (world.names(), run.total.calls, run.total.retries, run.total.throttles) == (["a"], 3, 2, 2)


async def test_an_empty_answer_is_read_twice_before_it_is_believed(world: World) -> None:
    world.cloud.put(A, box("1", "a"))
    await world.sync()
    world.cloud.second[A] = world.cloud.boxes[A]
    world.cloud.put(A)
    await world.sync()
    assert (world.names(), world.events()) == (["a"], [])
    assert world.cloud.readings[-2:] == [(A, False), (A, True)]
    world.cloud.second.clear()
    await world.sync()
    assert (world.names(), world.events()) == ([], [("resource.deleted", "a")])


async def test_an_empty_page_is_doubted_only_when_something_would_vanish(world: World) -> None:
    world.cloud.put(A, box("1", "a"), box("1", "b"))
    world.cloud.extras[A] = [Doubt("an empty page")]
    await world.sync()
    assert len(world.cloud.readings) == 1
    world.cloud.second[A] = world.cloud.boxes[A]
    world.cloud.put(A, box("1", "a"))
    await world.sync()
    assert (world.names(), world.events()) == (["a", "b"], [])


async def test_what_is_listed_twice_is_read_again_and_then_fails_the_scope(world: World) -> None:
    world.cloud.put(A, box("1", "a"), box("1", "b"))
    await world.sync()
    world.cloud.put(A, box("1", "a"), box("1", "a", size=2), box("1", "c"))
    await world.sync()
    assert world.cloud.readings[1:] == [(A, False), (A, True)]
    assert (world.names(), world.state(A), world.events()) == (["a", "b"], "failed", [])
    assert "listed twice" in world.query("select reason from coverage")[0][0]


async def test_a_list_with_repeats_fills_a_scope_of_which_nothing_is_known_and_marks_it_failed(world: World) -> None:
    world.cloud.put(A, box("1", "a"), box("1", "a", size=2), box("1", "b"))
    await world.sync()
    assert (world.names(), world.state(A)) == (["a", "b"], "failed")
    world.cloud.put(A, box("1", "a"))
    await world.sync()
    assert (world.names(), world.state(A), world.events()) == (["a"], "complete", [])
    assert world.bodies("scope.baselined") == [{"kinds": {"fake_box": 1}, "nodes": 1}]


async def test_a_scope_that_would_lose_too_much_is_held_until_it_is_accepted(world: World) -> None:
    world.cloud.put(A, *(box("1", f"b{i:02}") for i in range(40)))
    await world.sync()
    world.cloud.put(A, *(box("1", f"b{i:02}") for i in range(15)))
    await world.sync()
    assert (len(world.names()), world.state(A), world.events()) == (40, "held", [])
    await world.sync(accept=(A,))
    assert (len(world.names()), world.state(A), len(world.events())) == (15, "complete", 25)


async def test_a_failed_facet_makes_the_scope_partial_and_the_rest_is_committed(world: World) -> None:
    world.cloud.put(A, box("1", "a", policy="p", size=1, facets=frozenset({"policy"})))
    await world.sync()
    unseen = frozenset({"policy"})
    world.cloud.put(A, box("1", "a", policy="p", size=2, unseen=unseen, facets=unseen))
    world.cloud.extras[A] = [Gap("denied", "boxes:GetPolicy", "boxes:GetPolicy", "no", 1)]
    await world.sync()
    assert world.query("select state, permission, missing from coverage") == [("partial", "boxes:GetPolicy", 1)]
    assert world.bodies("resource.updated") == [{"changes": [{"new": 2, "old": 1, "path": "size"}]}]
    assert world.query("select unseen from node") == [("policy",)]


async def test_a_facet_seen_for_the_first_time_on_a_node_is_no_change_of_the_resource(world: World) -> None:
    policy = frozenset({"policy"})
    world.cloud.put(A, box("1", "a", unseen=policy, never=policy))
    world.cloud.extras[A] = [Gap("denied", "boxes:GetPolicy", "boxes:GetPolicy", "no", 1)]
    await world.sync()
    world.cloud.extras.clear()
    world.cloud.put(A, box("1", "a", policy="p", facets=policy))
    await world.sync()
    assert world.events() == []
    assert world.query("select json_extract(document, '$.policy'), coverage from resource") == [("p", "complete")]


async def test_a_facet_that_reads_empty_where_it_had_a_value_is_read_again(world: World) -> None:
    full = box("1", "a", policy="p", facets=frozenset({"policy"}))
    world.cloud.put(A, full)
    await world.sync()
    world.cloud.put(A, box("1", "a"))
    world.cloud.second[A] = [full]
    await world.sync()
    assert (world.events(), world.cloud.readings[-1]) == ([], (A, True))


async def test_empty_scopes_of_a_region_share_one_row_and_their_first_resource_is_told(world: World) -> None:
    world.cloud.put(A)
    world.cloud.put(B)
    await world.sync()
    assert world.query("select count(*) from scope") == [(0,)]
    assert world.query("select names from scope_quiet") == [('["bags", "boxes"]',)]
    world.cloud.put(A, box("1", "a"))
    await world.sync()
    assert world.events() == [("resource.created", "a")]
    assert world.query("select names from scope_quiet") == [('["bags"]',)]


async def test_a_changed_catalog_entry_makes_the_next_reading_a_baseline(world: World) -> None:
    world.cloud.put(A, box("1", "a", size=1))
    await world.sync()
    world.cloud.fingerprint = "2"
    world.cloud.put(A, box("1", "a", size=1, colour="red"))
    await world.sync()
    assert world.events() == []
    assert len(world.bodies("scope.baselined")) == 2
    assert world.query("select count(*) from node_history") == [(1,)]


async def test_a_disabled_scope_is_not_asked_again_until_its_entry_expires(world: World) -> None:
    world.cloud.put(A)
    world.cloud.fail(A, Disabled("not enabled"))
    await world.sync()
    assert world.cloud.skipped == []
    await world.sync()
    assert (len(world.cloud.readings), world.cloud.skipped) == (1, [A])
    world.moment = world.moment.replace(day=3)
    await world.sync()
    assert len(world.cloud.readings) == 2


async def test_a_scope_that_was_ever_complete_is_always_asked(world: World) -> None:
    world.cloud.put(A, box("1", "a"))
    await world.sync()
    world.cloud.fail(A, Disabled("not enabled"))
    await world.sync()
    await world.sync()
    assert len(world.cloud.readings) == 3


async def test_a_scope_no_longer_discovered_is_retired_and_goes_after_its_time(world: World) -> None:
    world.cloud.put(A, box("1", "a"))
    world.cloud.put(OTHER, box("2", "z"))
    await world.sync()
    del world.cloud.boxes[OTHER]
    await world.sync()
    assert (world.names(), world.state(OTHER), world.events()) == (["a", "z"], "retired", [])
    world.moment = world.moment.replace(month=5)
    await world.sync()
    assert (world.names(), world.events()) == (["a"], [("resource.deleted", "z")])


async def test_accepting_a_retired_scope_deletes_what_it_held(world: World) -> None:
    world.cloud.put(OTHER, box("2", "z"))
    await world.sync()
    del world.cloud.boxes[OTHER]
    await world.sync()
    await world.sync(accept=(OTHER,))
    assert (world.names(), world.events()) == ([], [("resource.deleted", "z")])


async def test_a_failed_discovery_retires_nothing_and_marks_what_it_could_not_see(world: World) -> None:
    world.cloud.put(A, box("1", "a"))
    world.cloud.put(OTHER, box("2", "z"))
    await world.sync()
    del world.cloud.boxes[OTHER]
    world.cloud.blind = [Blind("fake", "2", "denied", "sts:AssumeRole", "sts:AssumeRole", "not allowed")]
    await world.sync()
    assert (world.names(), world.state(OTHER), world.state(A)) == (["a", "z"], "denied", "complete")
    assert world.state("fake/2/global/account") == "denied"


async def test_a_retired_scope_that_comes_back_is_read_as_before(world: World) -> None:
    world.cloud.put(OTHER, box("2", "z"))
    await world.sync()
    boxes = world.cloud.boxes.pop(OTHER)
    await world.sync()
    world.cloud.put(OTHER, *boxes)
    await world.sync()
    assert (world.state(OTHER), world.events()) == ("complete", [])


async def test_a_resource_made_anew_under_the_same_urn_is_deleted_and_created(world: World) -> None:
    world.cloud.put(A, box("1", "a", created_at="2026-01-01T00:00:00Z"))
    await world.sync()
    world.cloud.put(A, box("1", "a", created_at="2026-02-01T00:00:00Z"))
    await world.sync()
    assert world.events() == [("resource.deleted", "a"), ("resource.created", "a")]


async def test_a_kind_whose_creation_time_moves_stays_the_same_resource(world: World) -> None:
    def dated(day: str) -> Node:
        node = box("1", "a", created_at=f"2026-01-{day}T00:00:00Z")
        node.kind = "fake_jar"
        return node

    world.cloud.put(A, dated("01"))
    await world.sync()
    world.cloud.put(A, dated("02"))
    await world.sync()
    assert world.events() == []
    assert world.query("select created_at from resource") == [("2026-01-02T00:00:00Z",)]


async def test_a_node_seen_by_two_scopes_has_one_owner_and_outlives_either(world: World) -> None:
    world.cloud.put(A, box("1", "shared"))
    await world.sync()
    world.cloud.put(OTHER, box("1", "shared", edges=(inside("1", "shared2"),)))
    await world.sync()
    await world.sync()
    assert world.names() == ["shared"]
    world.cloud.put(A)
    await world.sync()
    assert (world.names(), world.events()) == (["shared"], [])
    world.cloud.put(OTHER)
    await world.sync()
    assert world.events() == [("resource.deleted", "shared")]
    assert world.query("select count(*) from edge") == [(0,)]


async def test_an_edge_shows_as_soon_as_its_target_does(world: World) -> None:
    world.cloud.put(A, box("1", "a", edges=(inside("1", "b"),)))
    world.cloud.put(B)
    await world.sync()
    assert world.query("select * from relation") == []
    world.cloud.put(B, box("1", "b"))
    await world.sync()
    assert world.query("select from_name, type, to_name from relation") == [("a", "in", "b")]


async def test_too_large_a_document_fails_its_scope_with_the_cause(world: World) -> None:
    world.cloud.put(A, box("1", "a", text="x" * 300_000))
    world.cloud.put(B, box("1", "b"))
    await world.sync()
    assert (world.state(A), world.state(B)) == ("failed", "complete")
    assert "max_document_bytes" in world.query("select reason from coverage where name = 'boxes'")[0][0]


async def test_event_numbers_have_no_gaps(world: World) -> None:
    for size in range(5):
        world.cloud.put(A, box("1", "a", size=size))
        await world.sync()
    numbers = [n for (n,) in world.query("select seq from event order by seq")]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_what_is_made_anew_under_a_retired_owner_belongs_to_who_sees_it_and_goes_with_it(world: World) -> None:
    early, late = ({"created_at": f"2026-0{month}-01T00:00:00Z", "edges": (inside("1", "b"),)} for month in (1, 2))
    world.cloud.put(A, box("1", "a", **early), box("1", "b"))
    await world.sync()
    world.cloud.put(B, box("1", "a", **early), box("1", "c"))
    await world.sync()
    world.cloud.boxes.pop(A)
    await world.sync()
    world.cloud.put(B, box("1", "a", **late), box("1", "c"))
    await world.sync()
    assert world.query("select count(*) from sighting") == [(0,)]
    ours = "select count(distinct scope) from edge where type = (select id from edge_type where name = 'in')"
    assert world.query(ours) == [(1,)]
    world.cloud.put(B, box("1", "c"))
    await world.sync()
    assert world.events()[-1] == ("resource.deleted", "a")
