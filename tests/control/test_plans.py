"""Plans over the control socket: made, applied by the daemon, told, and refused with a reason."""

from collections.abc import Iterator

import pytest

from tests.cli.conftest import desk_at
from tests.fakes.cloud import urn
from tests.fakes.daemon import Running, running, until


@pytest.fixture(scope="module")
def planning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    plans = {"enabled": True, "accounts": ["1"], "max_share": 1.0}
    with running(desk_at(tmp_path_factory.mktemp("planning")), {"boxes": "{ a = 1, b = 2 }"}, plans=plans) as daemon:
        daemon.sync()
        yield daemon


def test_a_plan_is_made_shown_applied_by_the_daemon_and_told(planning: Running) -> None:
    wanted = {"query": "name = a", "verb": "tag", "tags": {"stage": "{name}"}}
    status, answer = planning.post("/v1/plans", wanted)
    plan = answer["plan"]
    assert (status, plan["state"], plan["resources"][0]["after"]) == (201, "planned", {"stage": "a"})
    one = f"/v1/plans/{plan['plan']}"
    assert planning.get(one)[1]["plan"]["state"] == "planned"
    assert planning.post(f"{one}/apply") == (202, {"applying": plan["plan"]})
    until(lambda: planning.get(one)[1]["plan"]["state"] == "applied")
    assert planning.get(one)[1]["plan"]["resources"][0]["state"] == "done"
    assert planning.get("/v1/resources/" + urn("1", "a"))[1]["resource"]["tags"] == {"stage": "a"}
    assert planning.rows("/v1/events?type=resource.acted")[-1]["body"]["plan"] == plan["plan"]
    assert planning.post(f"{one}/apply")[0] == 409
    assert planning.get("/v1/plans?state=applied")[1]["plans"][-1]["done"] == 1


def test_a_discarded_plan_is_not_applied(planning: Running) -> None:
    plan = planning.post("/v1/plans", {"query": "name = b", "verb": "untag", "keys": ["x"]})[1]["plan"]
    assert (plan["state"], plan["reason"]) == ("applied", "all of them are so already")
    plan = planning.post("/v1/plans", {"query": "name = b", "verb": "tag", "tags": {"x": "y"}})[1]["plan"]
    one = f"/v1/plans/{plan['plan']}"
    assert planning.post(f"{one}/discard")[1]["plan"]["state"] == "discarded"
    status, answer = planning.post(f"{one}/apply")
    assert (status, answer["error"]["code"]) == (409, "not_now")
    assert "it is discarded" in answer["error"]["message"]


def test_what_is_protected_is_listed_and_kept_out_of_plans(planning: Running) -> None:
    assert planning.post("/v1/protect", {"query": "name = bag", "reason": "mine"})[1] == {"resources": 1, "changed": 1}
    (row,) = planning.get("/v1/protected")[1]["protected"]
    assert (row["urn"], row["reason"]) == (urn("1", "bag"), "mine")
    plan = planning.post("/v1/plans", {"query": "name = bag", "verb": "tag", "tags": {"x": "y"}})[1]["plan"]
    assert plan["state"] == "failed"
    assert planning.post("/v1/unprotect", {"urns": [urn("1", "bag")]})[1] == {"resources": 1, "changed": 1}


def test_of_several_that_are_to_be_protected_none_may_be_unknown(planning: Running) -> None:
    status, answer = planning.post("/v1/protect", {"urns": [urn("1", "bag"), urn("1", "bug")]})
    assert (status, answer["error"]["message"]) == (400, f"{urn('1', 'bug')} is not known")
    assert planning.get("/v1/protected")[1]["protected"] == []


def test_protection_can_be_taken_from_what_is_gone(planning: Running) -> None:
    assert planning.post("/v1/unprotect", {"urns": ["urn:gone"]})[1] == {"resources": 1, "changed": 0}


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/v1/plans", {"query": "name =", "verb": "tag", "tags": {"a": "b"}}, "bad_search"),
        ("/v1/plans", {"query": "all", "verb": "drop"}, "bad_request"),
        ("/v1/plans", {"query": "name = nobody", "verb": "tag", "tags": {"a": "b"}}, "bad_request"),
        ("/v1/plans", {"query": "all", "verb": "tag", "tags": {"a": "{"}}, "bad_request"),
        ("/v1/protect", {}, "bad_request"),
        ("/v1/plans/99/discard", {}, "not_now"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(planning: Running, path: str, body: object, code: str) -> None:
    assert planning.post(path, body)[1]["error"]["code"] == code


def test_a_plan_or_state_that_there_is_not_is_said(planning: Running) -> None:
    assert planning.get("/v1/plans/99")[0] == 404
    assert planning.get("/v1/plans?state=nope")[0] == 400
