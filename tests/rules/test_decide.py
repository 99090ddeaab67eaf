"""From who matched and who matches to what is told: nothing twice, nothing of what was not seen, each end once."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.rules.decide import CHANGED, DELETED, MENDED, Answer, Decision, decide
from syncd.rules.moments import Lasting
from syncd.store.matches import FIRING, PENDING, Match

NOW = "2026-03-01T12:00:00Z"
NODES = st.frozensets(st.integers(0, 6), max_size=5)
STATES = st.builds(Match, st.sampled_from((PENDING, FIRING)), st.just("2026-03-01T11:00:00Z"), st.integers(1, 3))
BEFORE = st.dictionaries(st.integers(0, 6), STATES)
LASTING = st.sampled_from((Lasting(), Lasting(runs=3), Lasting(seconds=3600), Lasting(seconds=7200)))


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    gone = draw(NODES)
    found = draw(NODES) - gone
    asked = draw(st.none() | NODES)
    return Answer(found if asked is None else found & asked, asked, gone, draw(NODES))


def after(before: dict[int, Match], decision: Decision) -> dict[int, Match]:
    kept = {node: match for node, match in before.items() if node not in decision.cease and node not in decision.drop}
    return {**kept, **decision.pending, **decision.begin}


@settings(max_examples=60)
@given(BEFORE, answers(), LASTING)
def test_each_node_has_one_fate(before: dict[int, Match], answer: Answer, lasting: Lasting) -> None:
    decision = decide(before, answer, lasting, NOW)
    fates = [set(each) for each in (decision.begin, decision.cease, decision.pending, decision.drop)]
    assert sum(map(len, fates)) == len(set().union(*fates))
    assert all(before[node].state == FIRING for node in decision.cease)
    assert not any(before.get(node, Match(PENDING, NOW, 0)).state == FIRING for node in decision.begin)


@settings(max_examples=60)
@given(BEFORE, answers(), LASTING)
def test_what_is_unsure_stays_as_it_was(before: dict[int, Match], answer: Answer, lasting: Lasting) -> None:
    then = after(before, decide(before, answer, lasting, NOW))
    for node in answer.unsure - answer.gone:
        assert then.get(node) == before.get(node)


@settings(max_examples=60)
@given(BEFORE, answers(), LASTING)
def test_what_is_sure_is_as_the_answer_says(before: dict[int, Match], answer: Answer, lasting: Lasting) -> None:
    then = after(before, decide(before, answer, lasting, NOW))
    for node in set(range(7)) - answer.unsure - answer.gone:
        if answer.asked is None or node in answer.asked:
            assert (node in then) == (node in answer.found)
        else:
            assert (node in then) == (node in before)
    assert not answer.gone & then.keys()


@settings(max_examples=40)
@given(BEFORE, answers())
def test_the_same_answer_again_tells_nothing(before: dict[int, Match], answer: Answer) -> None:
    then = after(before, decide(before, answer, Lasting(), NOW))
    again = decide(then, answer, Lasting(), NOW)
    assert not again.begin
    assert not again.cease


@settings(max_examples=40)
@given(BEFORE, answers(), LASTING)
def test_who_must_be_asked_again_differs_from_what_is_told(
    before: dict[int, Match], answer: Answer, lasting: Lasting
) -> None:
    for node in decide(before, answer, lasting, NOW).doubt:
        assert node in answer.unsure
        assert (node in before) != (node in answer.found)


def test_three_runs_are_three_evaluations_that_saw_it() -> None:
    before: dict[int, Match] = {}
    told = []
    for unsure in (False, True, False, False):
        decision = decide(before, Answer({1}, None, unsure={1} if unsure else set()), Lasting(runs=3), NOW)
        told.append(set(decision.begin))
        before = after(before, decision)
    assert told == [set(), set(), set(), {1}]


def test_a_duration_counts_from_the_first_match() -> None:
    begun = datetime(2026, 3, 1, 12, tzinfo=UTC)
    before: dict[int, Match] = {}
    told = []
    for minutes in (0, 59, 60):
        at = (begun + timedelta(minutes=minutes)).isoformat()
        decision = decide(before, Answer({1}), Lasting(seconds=3600), at)
        told.append(set(decision.begin))
        before = after(before, decision)
    assert told == [set(), set(), {1}]


def test_a_first_match_by_a_clock_that_went_back_since_counts_from_now() -> None:
    before = {1: Match(PENDING, "2036-03-01T12:00:00Z", 1)}
    assert decide(before, Answer({1}), Lasting(seconds=3600), NOW).pending == {1: Match(PENDING, NOW, 2)}


def test_an_end_says_why() -> None:
    fires = Match(FIRING, NOW, 1)
    decision = decide({1: fires, 2: fires}, Answer(set(), None, {2}), Lasting(), NOW)
    assert decision.cease == {1: MENDED, 2: DELETED}
    assert decide({1: fires}, Answer(set()), Lasting(), NOW, mended=CHANGED).cease == {1: CHANGED}
