"""Steps in their order, and barriers that wait for those who take part, but not for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from syncd.plugin import Selection
from syncd.store import queries
from syncd.store.requests import Request
from syncd.store.store import Store
from syncd.workflow import STEPS, WORKFLOWS, Participants, Subscriber, Workflow
from tests.fakes.world import World


class Stage:
    """A store with a run in it, participants on a real clock, and a collect that notes that it was called."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.participants = Participants(asyncio.get_running_loop().time)
        self.collected = 0

    async def perform(self, workflow: str = "metrics") -> list[dict[str, Any]]:
        """The steps of a run as the store has them."""
        request = Request(0, "", "test", "", workflow, Selection())
        run = await self.store.begin(request=request)
        await Workflow(self.store, self.participants).perform(request, self._collect)
        return await self.store.read(lambda c: queries.steps(c, run))

    async def _collect(self) -> None:
        self.collected += 1

    @asynccontextmanager
    async def subscriber(self, name: str, *steps: str, limit: float = 5.0) -> AsyncIterator[Subscriber]:
        async with self.participants.subscribed(Subscriber(name, frozenset(steps), limit)) as subscriber:
            yield subscriber

    async def answer(self, subscriber: Subscriber, state: str, message: str = "") -> dict[str, Any]:
        """Answers the next step that the subscriber is told."""
        told = await subscriber.messages.get()
        assert self.participants.answer(told["task"], subscriber.name, state, message)
        return told


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with World(tmp_path / "s.db").store() as store:
        yield Stage(store)


@pytest.mark.parametrize("name", WORKFLOWS)
async def test_a_workflow_takes_its_steps_in_order_and_tells_each(stage: Stage, name: str) -> None:
    steps = await stage.perform(name)
    assert [step["name"] for step in steps] == list(WORKFLOWS[name])
    assert {step["state"] for step in steps} == {"done"}
    assert stage.collected == name.startswith("collect")
    told = await stage.store.read(lambda c: queries.events(c, queries.Filter(), 100))
    assert [event["type"] for event in told if event["type"] in STEPS] == list(WORKFLOWS[name])


async def test_a_step_waits_until_all_have_answered(stage: Stage) -> None:
    async with (
        stage.subscriber("a", "generate_metrics") as a,
        stage.subscriber("b", "generate_metrics", "post_generate_metrics") as b,
    ):
        run = asyncio.create_task(stage.perform())
        told = await stage.answer(a, "done", "3 written")
        await asyncio.sleep(0.05)
        assert not run.done()
        assert told["step"] == "generate_metrics"
        await stage.answer(b, "done")
        await stage.answer(b, "done")
        steps = await run
    answers = {step["name"]: [(each["subscriber"], each["message"]) for each in step["answers"]] for step in steps}
    assert answers == {
        "pre_generate_metrics": [],
        "generate_metrics": [("a", "3 written"), ("b", "")],
        "post_generate_metrics": [("b", "")],
    }


async def test_one_that_fails_is_recorded_and_the_next_step_follows(stage: Stage) -> None:
    async with stage.subscriber("a", "generate_metrics") as a:
        run = asyncio.create_task(stage.perform())
        await stage.answer(a, "failed", "no room")
        steps = await run
    assert [step["state"] for step in steps] == ["done", "failed", "done"]


async def test_one_that_is_silent_holds_a_step_no_longer_than_its_limit(stage: Stage) -> None:
    async with stage.subscriber("a", "generate_metrics", limit=0.05) as a:
        steps = await stage.perform()
        told = await a.messages.get()
        assert not stage.participants.answer(told["task"], "a", "done", "")
    assert [(step["state"], [each["state"] for each in step["answers"]]) for step in steps] == [
        ("done", []),
        ("late", ["late"]),
        ("done", []),
    ]


async def test_one_that_leaves_holds_a_step_no_longer_than_its_limit_and_is_called_gone(stage: Stage) -> None:
    async with AsyncExitStack() as here:
        a = await here.enter_async_context(stage.subscriber("a", "generate_metrics", limit=0.2))
        run = asyncio.create_task(stage.perform())
        await a.messages.get()
    steps = await run
    assert [each["state"] for step in steps for each in step["answers"]] == ["gone"]


async def test_one_that_comes_back_is_told_the_open_step_again(stage: Stage) -> None:
    async with stage.subscriber("a", "generate_metrics") as a:
        run = asyncio.create_task(stage.perform())
        first = await a.messages.get()
    async with stage.subscriber("a", "generate_metrics") as a:
        assert await stage.answer(a, "done") == first
        steps = await run
    assert [each["state"] for step in steps for each in step["answers"]] == ["done"]


async def test_progress_is_shown_and_holds_nothing_back(stage: Stage) -> None:
    async with stage.subscriber("a", "generate_metrics", limit=0.2) as a:
        run = asyncio.create_task(stage.perform())
        await stage.answer(a, "progress", "40 %")
        assert stage.participants.barrier
        assert stage.participants.barrier.progress == {"a": "40 %"}
        steps = await run
    assert [each["message"] for step in steps for each in step["answers"]] == ["40 %"]


async def test_only_who_is_asked_may_answer_and_only_once(stage: Stage) -> None:
    async with stage.subscriber("a", "generate_metrics") as a, stage.subscriber("b", "pre_cleanup"):
        run = asyncio.create_task(stage.perform())
        told = await a.messages.get()
        answer = stage.participants.answer
        answers = [answer(told["task"], "b", "done", ""), answer("9:x", "a", "done", "")]
        answers.append(answer(told["task"], "a", "done", ""))
        assert answers == [False, False, True]
        assert not stage.participants.answer(told["task"], "a", "failed", "")
        await run


async def test_a_run_that_ends_in_a_step_says_so(stage: Stage) -> None:
    async with stage.subscriber("a", "generate_metrics") as a:
        run = asyncio.create_task(stage.perform())
        await a.messages.get()
        run.cancel()
        await asyncio.wait([run])
    await stage.store.settle()
    row = (await stage.store.read(lambda c: queries.runs(c, 1)))[0]
    assert row["reason"] == "interrupted: the process ended in step generate_metrics; what was committed stands"
    steps = await stage.store.read(lambda c: queries.steps(c, row["run"]))
    assert [step["state"] for step in steps] == ["done", "interrupted"]
