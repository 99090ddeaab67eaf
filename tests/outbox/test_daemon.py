"""The real daemon with a real receiver: killed, stopped, reloaded, asked."""

import json
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.daemon import Running, ended, until
from tests.outbox.receiver import Receiver, receiving, telling

CANARY = "canary-4711"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def open_(daemon: Running) -> int:
    """What has not ended."""
    status = daemon.status["deliveries"]
    return int(status["waiting"]) + int(status["due"])


def committed(daemon: Running) -> set[int]:
    return {seq for (seq,) in daemon.query("select seq from event where type = 'control.command'")}


def killed(daemon: Running, receiver: Receiver, times: int) -> None:
    """Each time with a few deliveries under way."""
    chance = random.Random(4711)
    daemon.start()
    for _ in range(times):
        receiver.delay = 0.15
        for _ in range(3):
            daemon.post("/v1/resume")
        time.sleep(chance.uniform(0.0, 0.6))
        daemon.kill()
        receiver.delay = 0.0
        daemon.start()
        until(lambda: committed(daemon) <= receiver.events and not open_(daemon))


def nothing_lost(daemon: Running, receiver: Receiver) -> None:
    sent = dict(daemon.query("select uid, state from notice"))
    assert set(sent) == set(receiver.counts), "each that was committed was received, and nothing else"
    assert set(sent.values()) == {"done"}
    assert receiver.events == committed(daemon)
    assert max(receiver.counts.values()) <= 2, "at most one duplicate of what was under way"


def test_killed_between_sending_and_recording_it_sends_the_same_again_and_loses_nothing(
    tmp_path: Path, receiver: Receiver
) -> None:
    with ended(telling(tmp_path, receiver)) as daemon:
        killed(daemon, receiver, 5)
        nothing_lost(daemon, receiver)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_killed_forty_times_it_loses_nothing(tmp_path: Path, receiver: Receiver) -> None:
    with ended(telling(tmp_path, receiver)) as daemon:
        killed(daemon, receiver, 40)
        nothing_lost(daemon, receiver)
        assert any(count == 2 for count in receiver.counts.values()), "no kill hit a delivery under way"


def test_what_is_under_way_at_the_end_has_time_to_end_and_is_not_sent_again(tmp_path: Path, receiver: Receiver) -> None:
    with ended(telling(tmp_path, receiver)) as daemon:
        daemon.start()
        receiver.delay = 1.5
        daemon.post("/v1/resume")
        until(lambda: receiver.got)
        assert daemon.stop() == 0
        assert daemon.query("select state from notice") == [("done",)]
        receiver.delay = 30.0
        daemon.start()
        daemon.post("/v1/resume")
        until(lambda: len(receiver.got) == 2)
        begun = time.monotonic()
        assert daemon.stop() == 0
        assert 4 < time.monotonic() - begun < 10
        assert daemon.query("select state, attempts from notice order by id") == [("done", 1), ("due", 0)]


def test_commands_tell_what_was_told_and_what_was_not_and_never_a_secret(tmp_path: Path, receiver: Receiver) -> None:
    with ended(telling(tmp_path, receiver)) as daemon:
        ctl, at = daemon.desk.run, ("--socket", str(daemon.socket))
        daemon.start()
        receiver.status = 400
        daemon.post("/v1/resume")
        until(lambda: daemon.status["deliveries"]["dead"] == 1)
        dead = json.loads(ctl("syncctl", "deliveries", "--state", "dead", "-o", "json").out)
        assert [(row["id"], row["target"], row["rule"], row["attempts"]) for row in dead] == [
            (1, "hook", "commands", 1)
        ]
        assert "400" in ctl("syncctl", "deliveries", "show", "1").out
        assert "syncctl deliveries --state dead" in ctl("syncctl", "status", *at).out
        refused = ctl("syncctl", "targets", "test", "hook", *at)
        assert (refused.code, "hook did not take it" in refused.out) == (1, True)
        receiver.status = 200
        assert ctl("syncctl", "targets", "test", "hook", *at).out == "hook took it: 200 ok\n"
        assert ctl("syncctl", "replay", "--dead", *at).out == "due again: 1\n"
        until(lambda: not open_(daemon) and not daemon.status["deliveries"]["dead"])
        assert "hook" in ctl("syncctl", "targets", "list", *at).out
        assert 'syncd_delivery_attempts_total{outcome="dead",target="hook"} 1.0' in daemon.get("/metrics")[1]
        assert daemon.post("/v1/deliveries/replay", {"ids": [99]})[0] == 404
        assert daemon.get("/v1/deliveries/99")[0] == 404
        assert daemon.get("/v1/deliveries?state=nonsense")[0] == 400
        assert daemon.post("/v1/targets/nobody/test")[0] == 404
        shown = json.loads(ctl("syncctl", "deliveries", "show", "1", "-o", "json").out)
        assert (shown["state"], shown["answer"], shown["body"]["id"]) == ("done", "200 ok", receiver.got[0][0])
        assert CANARY in receiver.headers[0]["Authorization"]
        assert CANARY not in json.dumps(daemon.get("/v1/deliveries/1")[1]) + json.dumps(daemon.status) + daemon.log
        assert daemon.stop() == 0
        assert json.loads(ctl("syncctl", "targets", "list", *at, "-o", "json").out)[0]["done"] >= 1
        assert ctl("syncctl", "targets", "test", "hook", *at).code == 0
        files = [file.read_bytes() for file in tmp_path.glob("s.db*")]
        assert not any(CANARY.encode() in content for content in files)


def test_a_reload_takes_other_targets_and_rules_from_then_on(tmp_path: Path, receiver: Receiver) -> None:
    with receiving() as other, ended(telling(tmp_path, receiver)) as daemon:
        daemon.start()
        daemon.post("/v1/resume")
        until(lambda: receiver.got)
        daemon.sections["targets.hook"] |= {"url": other.url, "token": "the-next-secret"}
        daemon.configure()
        daemon.tell(signal.SIGHUP)
        until(lambda: daemon.logged("config.loaded"))
        daemon.post("/v1/resume")
        until(lambda: other.got)
    assert other.headers[0]["Authorization"] == "Bearer the-next-secret"
    assert len(receiver.got) == 1


def test_what_a_sync_found_before_the_first_daemon_is_told_by_it(tmp_path: Path, receiver: Receiver) -> None:
    with ended(telling(tmp_path, receiver, name="boxes", search="is(fake_box)", on=[])) as daemon:
        assert daemon.desk.run("syncd", "sync", "--quiet").code == 0
        daemon.start()
        until(lambda: receiver.got)


def test_from_a_search_to_the_target_and_back(tmp_path: Path, receiver: Receiver) -> None:
    """A rule of a search, a resource that begins to match, a crash, and the end of it after that."""
    found = {"name": "large", "search": "is(fake_box) and size > 5", "on": [], "severity": "error"}
    with ended(telling(tmp_path, receiver, **found)) as daemon:
        daemon.configure(boxes="{ a = 1, b = 2 }")
        daemon.start()
        daemon.sync()
        daemon.configure(boxes="{ a = 9, b = 2 }")
        daemon.restart()
        daemon.sync()
        until(lambda: receiver.got and not open_(daemon))
        daemon.configure(boxes="{ a = 1, b = 2 }")
        daemon.restart()
        daemon.sync()
        until(lambda: len(receiver.got) == 2 and not open_(daemon))
        daemon.sync()
        query = "select json_extract(body, '$.state'), json_extract(body, '$.firing'), incident from notice order by id"
        begun, end = daemon.query(query)
        assert (begun[:2], end[:2], begun[2] == end[2]) == (("firing", 1), ("resolved", 0), True)
    assert len(receiver.got) == 2


def test_a_target_is_told_by_hand_and_a_rule_has_the_daemon_tag_what_matches(
    tmp_path: Path, receiver: Receiver
) -> None:
    found = {"name": "large", "search": "is(fake_box) and size > 5", "on": [], "to": ["tagger"]}
    with ended(telling(tmp_path, receiver, **found)) as daemon:
        tagger = {"reaction": "tag", "tags": {"size": "{size}"}, "mode": "auto", "wait_seconds": 0}
        plans = {"enabled": True, "accounts": ["1"], "max_share": 1.0}
        daemon.sections |= {"targets.tagger": tagger, "plans": plans}
        daemon.configure(boxes="{ a = 9, b = 2 }")
        daemon.start()
        daemon.sync()
        until(lambda: daemon.query("select state from plan") == [("applied",)] and not open_(daemon))
        (plan,) = daemon.get("/v1/plans")[1]["plans"]
        assert (plan["rule"], plan["maker"], plan["applier"], plan["done"]) == ("large", "syncd", "rule large", 1)
        assert daemon.query("select answer from notice")[0][0].startswith("plan 1 for 1 resource is appl")
        path, query = "/v1/targets/hook/notify", {"query": "is(fake_box) and tags.size = 9"}
        assert daemon.post(path, query)[1]["title"].startswith("by hand: fake_box a")
        assert daemon.post(path, {**query, "send": True, "resources": 2})[0] == 409
        assert daemon.post(path, {"query": "name = nobody"})[0] == 400
        assert daemon.post(path, {"query": "name ="})[1]["error"]["code"] == "bad_search"
        assert daemon.post("/v1/targets/nobody/notify", query)[0] == 404
        assert receiver.got == []
        told = daemon.desk.run("syncctl", "notify", "hook", query["query"], "--yes", "--socket", str(daemon.socket))
        assert (told.code, told.out.splitlines()[0]) == (0, "1 notice to hook (post)")
        until(lambda: receiver.got and not open_(daemon))
        (event,) = daemon.rows("/v1/events?type=notify.asked")
        assert (receiver.events, event["name"]) == ({event["seq"]}, "a")
        last = daemon.rows("/v1/events?type=control.command&limit=1")[0]["body"]
        assert (last["command"], last["outcome"]) == (f"POST {path}", "done")
