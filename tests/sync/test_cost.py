"""What a run will cost is never less than its lists, and what was never read is guessed by what it took elsewhere."""

from collections.abc import Iterable, Mapping

from syncd.forecast import Asked, Forecast
from syncd.model import Scope
from syncd.store.coverage import Coverage, Place
from syncd.sync.cadence import Cadence
from syncd.sync.cost import Cost, Estate, Reckoning, total

NOW = "2026-03-01T12:00:00Z"
FORECAST = Forecast(
    {
        "boxes": Asked(looked=True),
        "twice": Asked(1, 2),
        "lids": Asked(0, 0, "box", 1, "boxes"),
        "hinges": Asked(0, 0, "box", 1, "boxes", batch=10),
    },
    once=2,
    account=1,
    indexes=0,
)


def row(number: int, account: str, region: str, name: str, nodes: int = 1) -> Coverage:
    return Coverage(number, "fake", account, region, name, state="complete", read_at=NOW, nodes=nodes)


def estate(*rows: tuple[Coverage, int], quiet: Mapping[Place, set[str]] | None = None, served: str = "") -> Estate:
    calls = {each.id: took for each, took in rows if took}
    empty = quiet or {}
    return Estate({each.key: each for each, _ in rows}, empty, dict.fromkeys(empty, served), {}, calls)


def reckoned(
    known: Estate, *scopes: str, forecast: Forecast | None = FORECAST, cadence: Cadence | None = None
) -> Mapping[str, Cost]:
    """Costs by scope, of scopes such as a1/r1/boxes."""
    forecasts = {"fake": forecast} if forecast is not None else {}
    reckoning = Reckoning(known, forecasts, cadence or Cadence(), NOW, lambda scope: scope.name)
    for account, region, name in (each.split("/") for each in scopes):
        reckoning.add(Scope("fake", account, region, name, ()))
    return reckoning.ended()


def calls(found: Mapping[str, Cost], names: Iterable[str]) -> dict[str, tuple[int, float]]:
    return {name: (found[name].least, found[name].calls) for name in names}


def test_a_first_run_makes_each_list_once_and_finds_the_accounts() -> None:
    found = reckoned(estate(), "a1/r1/boxes", "a1/r1/twice", "a2/r1/boxes")
    assert calls(found, ("boxes", "twice")) == {"boxes": (2, 2), "twice": (1, 2)}
    assert (found["discovery"].least, found["discovery"].calls) == (4, 4), "two in all, one for each account"
    assert total(found.values()).unknown == 3


def test_a_list_that_several_ask_with_is_made_once_a_place() -> None:
    found = reckoned(estate(), "a1/r1/lids", "a1/r1/hinges", "a1/r2/lids")
    assert total(found[name] for name in ("lids", "hinges")).least == 2


def test_what_was_read_costs_what_it_took_and_at_least_its_list() -> None:
    found = reckoned(estate((row(1, "a1", "r1", "boxes"), 30)), "a1/r1/boxes")
    assert (found["boxes"].least, found["boxes"].calls, found["boxes"].new) == (1, 30, 0)


def test_what_was_never_read_is_guessed_by_the_same_name_in_the_same_region_of_others() -> None:
    known = estate(
        (row(1, "a1", "r1", "boxes"), 30),
        (row(2, "a2", "r1", "boxes"), 9),
        (row(3, "a1", "r2", "boxes"), 3),
        quiet={("fake", "a3", "r1"): {"boxes"}},
    )
    here = reckoned(known, "a4/r1/boxes")["boxes"]
    assert (here.new, here.unknown, round(here.calls, 2)) == (1, 0, round((30 + 9 + 1) / 3, 2))
    elsewhere = reckoned(known, "a4/r9/boxes")["boxes"]
    assert round(elsewhere.calls, 2) == round((30 + 9 + 3 + 1) / 4, 2), "in any region where the same has none"


def test_what_is_asked_of_each_of_others_costs_a_call_for_each_though_nothing_comes_of_it() -> None:
    quiet = {("fake", "a1", "r1"): {"lids", "hinges"}}
    known = estate((row(1, "a1", "r1", "boxes", nodes=25), 2), quiet=quiet)
    found = reckoned(known, "a1/r1/boxes", "a1/r1/lids", "a1/r1/hinges")
    assert found["hinges"].calls + found["lids"].calls == 25 + 3 + 1, "of ten at once three; and their common list"


def test_a_name_that_nobody_reads_any_more_costs_nothing() -> None:
    found = reckoned(estate((row(1, "a1", "r1", "gone"), 30)), "a1/r1/gone", "a1/r1/boxes")
    assert "gone" not in found


def test_what_is_left_out_costs_a_look_a_place_and_less_where_an_index_is_asked() -> None:
    quiet = {("fake", "a1", "r1"): {"boxes", "twice"}, ("fake", "a1", "r2"): {"twice"}}
    known = estate(quiet=quiet, served=NOW)
    scopes = ("a1/r1/boxes", "a1/r1/twice", "a1/r2/twice")
    found = reckoned(known, *scopes, cadence=Cadence(probe=3600.0))
    assert total(found.values()).resting == 3
    assert calls(found, ("signs",)) == {"signs": (1, 1)}, "of one place, in which something is looked for"
    indexed = Forecast(FORECAST.asked, indexes=1)
    found = reckoned(known, *scopes, forecast=indexed, cadence=Cadence(probe=3600.0))
    assert calls(found, ("signs",)) == {"signs": (1, 2)}, "the index surely, the place perhaps"


def test_what_was_counted_while_discovering_is_taken_for_what_it_takes() -> None:
    reckoning = Reckoning(estate(), {"fake": FORECAST}, Cadence(), NOW, lambda scope: scope.name)
    reckoning.add(Scope("fake", "a1", "r1", "boxes", ()))
    reckoning.discovered("fake", 7)
    found = reckoning.ended()
    assert (found["discovery"].least, found["discovery"].calls) == (7, 7)


def test_of_a_collector_that_tells_nothing_nothing_is_sure() -> None:
    found = reckoned(estate(), "a1/r1/boxes", forecast=None)
    assert (found["boxes"].least, found["boxes"].calls) == (0, 1)
