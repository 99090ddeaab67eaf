"""SIGKILL in the middle of an act: it is found out whether it was done, and nothing is done twice."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from syncd.errors import Failed
from tests.acts.dying import Lasting, shop_at
from tests.conftest import ROOT
from tests.fakes.acting import states


def unseen(_: str) -> None:
    raise Failed("no answer")


@pytest.mark.parametrize(("moment", "was", "acts"), [("before", "failed", 0), ("after", "done", 1)])
async def test_what_a_killed_process_left_open_is_looked_at_and_never_done_again(
    tmp_path: Path, moment: str, was: str, acts: int
) -> None:
    store, file = tmp_path / "s.db", tmp_path / "cloud.json"
    command = [sys.executable, "-m", "tests.acts.dying", str(store), str(file), moment]
    died = subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr
    cloud = Lasting(file)
    shop = shop_at(store, cloud)
    assert shop.world.query("select p.state, i.state from plan p, plan_item i order by position") == [
        ("applying", "doing"),
        ("applying", "planned"),
    ]
    cloud.reading = unseen
    async with shop.open() as desk:
        assert states(await desk.plans.show(1)) == {"a": "unknown", "b": "skipped"}
    cloud.reading = None
    async with shop.open() as desk:
        found = await desk.plans.show(1)
        assert (found["state"], states(found)) == ("failed", {"a": was, "b": "skipped"})
        assert "stopped in the middle" in found["reason"]
        again = await desk.apply(await desk.tag("name = b", stage="prod"))
        assert states(again) == {"b": "done"}
    async with shop.open() as desk:
        assert states(await desk.plans.show(1)) == {"a": was, "b": "skipped"}
    assert shop.world.query("select tags from resource where name = 'a'")[0][0] == (
        '{"stage":"prod"}' if acts else "{}"
    )
    done = file.with_suffix(".acts").read_text().split()
    assert done.count("a") == acts
