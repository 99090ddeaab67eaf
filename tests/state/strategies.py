"""What hypothesis may choose from."""

import hypothesis.strategies as st

from tests.state import estate
from tests.state.config import Choice
from tests.state.estate import NAMES, SCOPES, Answer, Thing
from tests.state.process import FULL, Fate

Change = tuple[tuple[str, str], Thing | None]
"""(scope, name) → what is there from now on, None for nothing."""

places = st.tuples(st.sampled_from(SCOPES), st.sampled_from(NAMES))
moments = st.integers(0, 14)


def fates(*what: str) -> st.SearchStrategy[Fate | None]:
    """Mostly nothing."""
    some = [st.builds(Fate, st.just(each), st.just(0) if each == FULL else moments) for each in what]
    return st.one_of(st.none(), st.none(), *some)


things = st.builds(
    Thing,
    st.integers(0, 1),
    st.integers(0, 2),
    st.sampled_from(("", "open", "shut")),
    st.sampled_from(((), (("owner", "anna"),), (("owner", "ben"),), (("owner", "anna"), ("syncd:protected", "true")))),
)
answers = st.one_of(
    st.just(Answer()),
    st.sampled_from([Answer(way) for way in (estate.DENIED, estate.LATER, estate.FLAKY)]),
    st.builds(Answer, st.just(estate.PARTIAL), st.frozensets(st.sampled_from(NAMES), min_size=1)),
)
choices = st.builds(
    Choice, st.sampled_from(("on", "on", "other", "disabled", "")), *([st.sampled_from((True, True, False))] * 4)
)


def changes(most: int) -> st.SearchStrategy[list[Change]]:
    return st.lists(st.tuples(places, st.none() | things), max_size=most)
