"""`syncctl tag` and its like: a plan is shown first, in every form, and done only on somebody's word."""

import json

import pytest

from syncd.cli.plans import change, what
from syncd.cli.syncctl import main
from tests.cli.conftest import Ask, Desk
from tests.fakes.control import Control, refuses, says

ITEM = {
    "kind": "fake_box", "id": "a", "name": "a", "urn": "urn:a", "account": "1", "account_name": "one", "region": "r1",
    "state": "planned", "reason": "", "act": {"verb": "tag", "tags": {"owner": "ben"}}, "before": {"owner": "anna"},
    "after": {"owner": "ben"},
}  # fmt: skip
PLAN = {
    "plan": 7, "made": "2026-03-01T12:00:00Z", "maker": "anna", "rule": "", "state": "planned", "reason": "",
    "search": "is(fake_box)", "act": {"verb": "tag", "tags": {"owner": "ben"}}, "items": 1, "waiting": 1, "done": 0,
    "resources": [ITEM],
}  # fmt: skip
DONE = {**PLAN, "state": "applied", "done": 1, "resources": [{**ITEM, "state": "done"}]}
FAILED = {**DONE, "resources": [{**ITEM, "state": "refused", "reason": "it is gone"}]}


def test_a_plan_is_made_and_shown_and_nothing_is_applied(control: Control, ask: Ask) -> None:
    control.answers = {"POST /v1/plans": says({"plan": PLAN}, 201)}
    answer = ask(main, "tag", "is(fake_box)", "owner=ben", "note=a=b", "--socket", control.path)
    assert answer.code == 0
    assert "owner: anna → ben" in answer.out
    assert "do it with: syncctl plan apply 7" in answer.out
    (asked,) = control.asked
    assert asked.body == {"query": "is(fake_box)", "verb": "tag", "tags": {"owner": "ben", "note": "a=b"}}


def test_applied_at_once_and_asked_nobody(control: Control, ask: Ask) -> None:
    control.answers = {
        "POST /v1/plans": says({"plan": PLAN}, 201),
        "POST /v1/plans/7/apply": says({"applying": 7}, 202),
        "GET /v1/plans/7": [says({"plan": {**PLAN, "state": "applying"}}), says({"plan": DONE})],
    }
    answer = ask(main, "untag", "all", "owner", "--apply", "--yes", "-o", "json", "--socket", control.path)
    assert (answer.code, json.loads(answer.out)["state"]) == (0, "applied")


def test_what_was_not_done_is_an_exit_code(control: Control, ask: Ask) -> None:
    control.answers = {
        "POST /v1/plans/7/apply": says({"applying": 7}, 202),
        "GET /v1/plans/7": [says({"plan": PLAN}), says({"plan": FAILED})],
    }
    answer = ask(main, "plan", "apply", "7", "--yes", "-o", "tsv", "--socket", control.path)
    assert answer.code == 1
    assert answer.out.splitlines()[1].split("\t")[:3] == ["7", "refused", "it is gone"]


def test_without_a_terminal_nobody_is_asked_and_nothing_is_done(control: Control, ask: Ask) -> None:
    control.answers = {"GET /v1/plans/7": says({"plan": PLAN})}
    answer = ask(main, "plan", "apply", "7", "--socket", control.path)
    assert answer.code == 2
    assert "needs --yes" in answer.err
    assert [asked.method for asked in control.asked] == ["GET"]


def test_plans_are_listed_and_discarded(control: Control, ask: Ask) -> None:
    control.answers = {
        "GET /v1/plans": says({"plans": [PLAN]}),
        "POST /v1/plans/7/discard": says({"plan": {**PLAN, "state": "discarded"}}),
    }
    assert "tag owner=ben" in ask(main, "plan", "list", "--socket", control.path).out
    assert json.loads(ask(main, "plan", "list", "-o", "json", "--socket", control.path).out)[0]["plan"] == 7
    assert ask(main, "plan", "discard", "7", "--socket", control.path).out == "plan 7 is discarded\n"


def test_a_urn_is_told_from_a_search(control: Control, ask: Ask) -> None:
    control.answers = {
        "POST /v1/protect": says({"resources": 1, "changed": 1}),
        "POST /v1/unprotect": says({"resources": 1, "changed": 0}),
    }
    assert ask(main, "protect", "arn:aws:s3:::b", "--reason", "x", "--socket", control.path).out == "1 of 1 protected\n"
    told = ask(main, "unprotect", "urn = 'x y'", "--socket", control.path).out
    assert told == "all were no longer protected already\n"
    assert [asked.body for asked in control.asked] == [
        {"urns": ["arn:aws:s3:::b"], "reason": "x"},
        {"query": "urn = 'x y'"},
    ]


def test_parameters_of_a_call_are_texts_or_json(control: Control, ask: Ask) -> None:
    control.answers = {"POST /v1/plans": says({"plan": PLAN}, 201)}
    ask(main, "aws", "all", "ec2", "StopInstances", 'InstanceIds:=["{id}"]', "Force=true", "--socket", control.path)
    parameters = {"InstanceIds": ["{id}"], "Force": "true"}
    assert control.asked[0].body["parameters"] == parameters
    act = {"verb": "call", "service": "ec2", "operation": "StopInstances", "parameters": parameters}
    assert what(act) == 'ec2 StopInstances InstanceIds=["{id}"] Force=true'
    assert change({"act": act}) == what(act)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("tag", "all", "owner"), "expected key=value"),
        (("tag", "all", "a=1", "a=2"), "given twice"),
        (("aws", "all", "ec2", "X", "a:={"), "is no JSON"),
        (("plan", "show", "9" * 19), "expected a number"),
        (("plan", "list", "--limit", "-1"), "expected a number"),
    ],
)
def test_words_that_are_not_understood_are_wrong_usage(
    control: Control, ask: Ask, words: tuple[str], told: str
) -> None:
    answer = ask(main, *words, "--socket", control.path)
    assert (answer.code, told in answer.err) == (2, True)


def test_who_may_not_is_told_so(control: Control, ask: Ask) -> None:
    control.answers = {"POST /v1/plans": refuses(403, "forbidden", "nobody may only look")}
    assert ask(main, "tag", "all", "a=b", "--socket", control.path).code == 7


def test_without_a_daemon_the_file_itself_is_written(desk: Desk, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(desk.place / "plugins")
    assert desk.sync(boxes="{ a = 1 }").code == 0
    file = desk.place / "syncd.toml"
    file.write_text('[plans]\nenabled = true\naccounts = ["1"]\nmax_share = 1.0\n' + file.read_text())
    where = ("--db", desk.store, "--config", file)
    made = ask(main, "tag", "name = a", "stage={name}", *where)
    assert (made.code, "stage: - → a" in made.out) == (0, True), made.err
    done = ask(main, "plan", "apply", "1", "--yes", *where)
    assert (done.code, "done" in done.out) == (0, True), done.err
    assert ask(main, "protect", "name = a", *where).out == "1 of 1 protected\n"
    assert "urn:fake:1:box/a" in ask(main, "protected", *where).out
    refused = ask(main, "untag", "name = a", "stage", *where)
    assert (refused.code, "protected by" in refused.out) == (1, True)
    assert ask(main, "unprotect", "urn:fake:1:box/a", *where).out == "1 of 1 no longer protected\n"
    assert ask(main, "unprotect", "urn:gone", *where).out == "all were no longer protected already\n"
    assert "urn:gone is not known" in ask(main, "protect", "urn:gone", *where).err
    ask(main, "untag", "name = a", "stage", *where)
    assert ask(main, "plan", "discard", "3", *where).out == "plan 3 is discarded\n"
    assert "there is no plan 9" in ask(main, "plan", "show", "9", *where).err


def test_a_file_that_is_not_there_is_not_made(desk: Desk, ask: Ask) -> None:
    missing = desk.place / "none.db"
    assert "is not there" in ask(main, "protected", "--db", missing).err
    assert not missing.exists()
