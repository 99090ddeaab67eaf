"""Which scopes are read when: at most one reading of a scope in two seconds, and none that misses a message."""

from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.hearing.turns import EVERY, LATER, SHARE, Ended, Turns


def test_a_scope_is_read_at_once_and_its_messages_are_done_with_when_it_has_been() -> None:
    turns = Turns()
    assert turns.seconds(0) is None
    turns.heard("m", ["a"], 0)
    assert turns.due(0) == ["a"]
    turns.begin("a", 0)
    assert turns.due(0) == []
    assert "m" in turns
    assert turns.end("a", 0.1, good=True, changed=True) == Ended(("m",))
    assert len(turns) == 0


def test_what_comes_while_a_scope_is_read_leads_to_one_more_reading_two_seconds_after_the_first_began() -> None:
    turns = Turns()
    turns.heard("m", ["a"], 0)
    turns.begin("a", 0)
    turns.heard("n", ["a"], 0.1)
    turns.heard("o", ["a"], 0.2)
    assert turns.due(0.3) == []
    assert turns.end("a", 0.4, good=True, changed=True) == Ended(("m",))
    assert turns.due(EVERY - 0.1) == []
    assert turns.seconds(0.4) == EVERY - 0.4
    assert turns.due(EVERY) == ["a"]
    turns.begin("a", EVERY)
    assert turns.end("a", EVERY, good=True, changed=True) == Ended(("n", "o"))


def test_a_reading_that_takes_long_is_not_begun_again_soon() -> None:
    turns = Turns()
    turns.heard("m", ["a"], 0)
    turns.begin("a", 0)
    turns.heard("n", ["a"], 1)
    turns.end("a", 10, good=True, changed=True)
    assert turns.due(10 * SHARE - 1) == []
    assert turns.due(10 * SHARE) == ["a"]


def test_a_message_of_several_scopes_is_done_with_when_the_last_has_been_read() -> None:
    turns = Turns()
    turns.heard("m", ["a", "b"], 0)
    for scope in turns.due(0):
        turns.begin(scope, 0)
    assert turns.end("a", 1, good=True, changed=True) == Ended()
    assert turns.end("b", 2, good=True, changed=True) == Ended(("m",))


def test_a_reading_that_fails_fails_each_of_its_messages_once_all_they_concern_has_ended() -> None:
    turns = Turns()
    turns.heard("m", ["a", "b"], 0)
    turns.heard("n", ["b"], 0)
    for scope in turns.due(0):
        turns.begin(scope, 0)
    assert turns.end("a", 1, good=False) == Ended()
    assert turns.end("b", 2, good=True, changed=True) == Ended(("n",), ("m",))
    turns.heard("m", ["a"], 100)
    turns.begin("a", 100)
    assert turns.end("a", 101, good=True, changed=True) == Ended(("m",))


def test_where_nothing_was_new_it_is_looked_at_once_more() -> None:
    turns = Turns()
    turns.heard("m", ["a"], 0)
    turns.begin("a", 0)
    assert turns.end("a", 0, good=True) == Ended(("m",))
    assert turns.seconds(0) == LATER
    assert turns.due(LATER) == ["a"]
    turns.begin("a", LATER)
    assert turns.end("a", LATER, good=True) == Ended()
    assert turns.seconds(LATER) is None


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.floats(0, 1.5), st.sets(st.sampled_from("abc"), min_size=1), st.floats(0, 3), st.booleans()),
        min_size=1,
        max_size=40,
    )
)
def test_whatever_comes_each_message_is_covered_by_readings_that_began_after_it(
    steps: list[tuple[float, set[str], float, bool]],
) -> None:
    turns, now, ends = Turns(), 0.0, dict[str, float]()
    heard, began, ended = dict[str, tuple[float, set[str]]](), dict[str, list[float]](), set[str]()

    def turn(took: float, good: bool) -> None:
        for scope in [each for each, at in ends.items() if at <= now]:
            del ends[scope]
            done, failed = turns.end(scope, now, good=good, changed=True)
            for message in (*done, *failed):
                at, scopes = heard[message]
                assert all(any(start >= at for start in began[each]) for each in scopes)
                ended.add(message)
        for scope in turns.due(now):
            assert scope not in ends
            assert now - began.get(scope, [-EVERY])[-1] >= EVERY
            turns.begin(scope, now)
            began.setdefault(scope, []).append(now)
            ends[scope] = now + took

    for number, (pause, scopes, took, good) in enumerate(steps):
        now += pause
        heard[str(number)] = now, scopes
        turns.heard(str(number), scopes, now)
        turn(took, good)
    while len(turns) or ends:
        now += 1
        turn(0.0, good=True)
        assert now < 1000
    assert ended == set(heard)
