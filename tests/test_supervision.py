"""Tasks that fail begin anew, after longer and longer pauses, until that is hopeless."""

from collections.abc import Callable

import pytest

from syncd.supervision import GOOD, LONGEST_PAUSE, MOST, kept


class Time:
    """A clock that only sleep moves; `slept` has all pauses in seconds."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Broken(Exception):
    """What the work of these tests ends with."""


async def supervised(time: Time, work: Callable[[], float]) -> None:
    """`work` gives the seconds that it goes well before it fails; 0 or less: it returns after all."""

    async def go() -> None:
        if (seconds := work()) <= 0:
            return
        time.now += seconds
        raise Broken

    await kept("t", go, clock=lambda: time.now, sleep=time.sleep)


async def test_what_returns_is_done() -> None:
    time = Time()
    await supervised(time, lambda: 0)
    assert time.slept == []


async def test_the_pauses_grow_and_the_last_error_comes_out_after_eight_failures() -> None:
    time, seconds = Time(), [1.0] * 20
    with pytest.raises(Broken):
        await supervised(time, seconds.pop)
    assert 20 - len(seconds) == MOST == 8
    assert time.slept == [1, 2, 4, 8, 16, 32, LONGEST_PAUSE]


async def test_after_good_work_earlier_failures_are_forgotten() -> None:
    time, seconds = Time(), iter([1.0] * 6 + [GOOD + 1] + [1.0] * 6 + [0.0])
    await supervised(time, lambda: next(seconds))
    assert time.slept == [1, 2, 4, 8, 16, 32, 1, 2, 4, 8, 16, 32, 60]


async def test_work_that_was_good_for_less_forgets_nothing() -> None:
    time = Time()
    with pytest.raises(Broken):
        await supervised(time, lambda: GOOD)
    assert len(time.slept) == MOST - 1


async def test_the_failure_is_logged_with_the_name_of_the_task(capsys: pytest.CaptureFixture[str]) -> None:
    seconds = iter([1.0, 0.0])
    await supervised(Time(), lambda: next(seconds))
    said = capsys.readouterr().out
    assert "task.failed" in said
    assert "failures=1" in said
    assert "Broken" in said
