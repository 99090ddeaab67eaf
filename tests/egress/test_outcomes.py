"""What a status and a Retry-After mean for a delivery."""

import pytest

from syncd.egress.outcomes import failure, retry_after
from syncd.errors import Rejected, Retry
from tests.egress.servers import NOW


@pytest.mark.parametrize("status", [401, 403, 404, 407, 408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_or_can_be_mended_is_tried_again(status: int) -> None:
    assert isinstance(failure(status, {}, "", NOW), Retry)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 402, 405, 409, 410, 413, 422, 431, 451])
def test_everything_else_is_rejected(status: int) -> None:
    assert isinstance(failure(status, {}, "", NOW), Rejected)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30),
        (" 1.2 ", 2),
        ("Mon, 23 Nov 2026 12:02:00 GMT", 120),
        ("Mon, 23 Nov 2026 12:02:00", 120),
        ("999999999999", 86_400),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
    ],
)
def test_a_target_may_put_a_delivery_off_for_a_day_at_most(value: str, seconds: float) -> None:
    assert retry_after(value, NOW) == seconds


@pytest.mark.parametrize(
    "value",
    ["", "0", "-5", "soon", "nan", "1e9", "Mon, 23 Nov 2026 11:00:00 GMT", "Mon, 99 Foo 2026", "9" * 5000, "٣"],
)
def test_what_names_no_time_to_come_is_ignored(value: str) -> None:
    assert retry_after(value, NOW) is None
