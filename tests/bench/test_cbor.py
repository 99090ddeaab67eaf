import datetime as dt
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bench.fakeaws.wire import cbor

SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary()
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(VALUES)
def test_what_is_written_reads_the_same(value: Any) -> None:
    assert cbor.loads(cbor.dumps(value)) == value


def test_a_time_reads_as_its_seconds() -> None:
    moment = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    assert cbor.loads(cbor.dumps([moment])) == [moment.timestamp()]


def test_lists_and_maps_without_a_length_are_read_to_their_end() -> None:
    assert cbor.loads(bytes.fromhex("9f01bf616102ff03ff")) == [1, {"a": 2}, 3]
