"""Where IAM counts, the printed policies are enough to read all that moto holds; an action less is named."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from collectors.aws import collector
from syncd.cli.syncctl import main
from tests.moto import enforced

pytestmark = pytest.mark.timeout(300)  # the first test waits until all is built and read
SECRETS, BUCKETS = "secretsmanager.secrets", "s3.buckets"
OF_THE_ACCOUNT = "account = (select account from resource where kind = 'aws_alb')"


def incomplete(file: Path) -> dict[str, tuple[str, str]]:
    """Name of a scope of the account → (state, permission)."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as store:
        rows = store.execute(
            f"select name, state, permission from coverage where state <> 'complete' and {OF_THE_ACCOUNT}"
        ).fetchall()
    return {name: (state, permission) for name, state, permission in rows}


def known(file: Path, condition: str = "") -> set[tuple[str, str]]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as store:
        return {(kind, urn) for kind, urn in store.execute(f"select kind, urn from resource {condition}")}


def examined(file: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What the doctor says of the account."""
    assert main(["aws", "doctor", "--db", str(file), "-o", "json"]) == 3
    (account,) = json.loads(capsys.readouterr().out)["accounts"]
    found: dict[str, Any] = account
    return found


def test_the_printed_policies_are_enough_for_a_full_reading(store: Path) -> None:
    """What the reading with all permissions saw of the account, this one saw too, and lacks what moto lacks."""
    found, before = incomplete(store.with_name(enforced.READ)), incomplete(store)
    assert [name for name, (state, permission) in found.items() if state == "denied" or permission] == []
    assert found == before
    everything = known(store, f"where {OF_THE_ACCOUNT}")
    assert everything - known(store.with_name(enforced.READ)) == set()
    assert len(everything) > 200


def test_without_a_list_exactly_its_scope_is_denied_and_named(store: Path) -> None:
    full, less = store.with_name(enforced.READ), store.with_name(enforced.WITHOUT_LIST)
    assert incomplete(less) == incomplete(full) | {SECRETS: ("denied", enforced.LIST)}
    assert known(less) >= {each for each in known(full) if each[0] == "aws_secretsmanager_secret"}


def test_without_a_facet_exactly_its_scope_is_partial_and_the_call_is_named(store: Path) -> None:
    full, less = store.with_name(enforced.READ), store.with_name(enforced.WITHOUT_FACET)
    assert incomplete(less) == incomplete(full) | {BUCKETS: ("partial", enforced.FACET)}


@pytest.mark.parametrize(
    ("file", "action", "hides"),
    [
        (enforced.WITHOUT_LIST, enforced.LIST, ["aws_secretsmanager_secret"]),
        (enforced.WITHOUT_FACET, enforced.FACET, ["aws_s3_bucket.versioning"]),
    ],
)
def test_the_doctor_says_what_is_missing_and_what_it_hides(
    store: Path, capsys: pytest.CaptureFixture[str], file: str, action: str, hides: list[str]
) -> None:
    account = examined(store.with_name(file), capsys)
    (finding,) = account["denied"]
    assert (finding["permission"], finding["hides"]) == (action, hides)
    assert [each["Action"] for each in account["allow"]["Statement"]] == [[action]]


def test_with_all_that_is_needed_the_doctor_misses_no_permission(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    account = examined(store.with_name(enforced.READ), capsys)
    assert (account["denied"], account["allow"]) == ([], None)


def test_the_template_that_moto_made_a_role_of_allows_what_reading_needs_and_nothing_else(store: Path) -> None:
    template = json.loads(store.with_name("template.json").read_text())
    policies = [each for each in template["Resources"].values() if each["Type"] == "AWS::IAM::ManagedPolicy"]
    documents = [each["Properties"]["PolicyDocument"] for each in policies]
    allowed = [action for document in documents for each in document["Statement"] for action in each["Action"]]
    # Those two are asked of the Organization's own account alone.
    needed = {each for each in collector.permissions() if not each.startswith(("organizations:", "controltower:"))}
    assert sorted(allowed) == sorted(needed)
