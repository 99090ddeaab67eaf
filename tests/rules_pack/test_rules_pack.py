"""The rules that come with syncd: each begins on what it is for, and on nothing else of a whole estate."""

import sqlite3
import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from syncd.config import load
from syncd.search.answer import Answer, Asking, Question
from syncd.settings import RuleSettings
from tests.rules_pack.build import NOW, READ
from tests.rules_pack.cases import BLIND, CASES
from tests.rules_pack.table import PACK, PAGE, TITLES, page

Pack = Mapping[str, RuleSettings]
Row = dict[str, object]

SNAPSHOT = {
    "kind": "aws_vpc", "id": "i", "name": "n", "urn": "u", "cloud": "aws", "account": "1", "account_name": "a",
    "region": "r", "zone": "", "created_at": "", "tags": {}, "link": "",
}  # fmt: skip
"""What Item.resource has."""


def test_every_rule_has_a_case_and_every_case_a_rule(pack: Pack) -> None:
    assert sorted(pack) == sorted(CASES)


def test_a_case_has_resources_that_begin_the_rule_and_others_that_are_close(connection: sqlite3.Connection) -> None:
    everything = {label(row) for row in asked(connection, "all").rows}
    for name, case in CASES.items():
        assert case.begins, name
        assert case.spared, name
        assert case.spared <= everything - case.begins, name


@pytest.mark.parametrize("name", CASES)
def test_a_rule_begins_on_exactly_what_it_is_for(name: str, pack: Pack, connection: sqlite3.Connection) -> None:
    found = asked(connection, pack[name].search)
    assert {label(row) for row in found.rows} == CASES[name].begins
    assert found.warnings == ()


def test_an_instance_begins_when_it_is_stopped_for_long_and_not_before(
    pack: Pack, connection: sqlite3.Connection
) -> None:
    search = pack["aws-ec2-instance-stopped"].search
    assert asked(connection, search, READ + timedelta(days=29)).rows == []
    assert len(asked(connection, search, READ + timedelta(days=31)).rows) == 1


def test_certificates_begin_and_cease_by_time_alone(pack: Pack, connection: sqlite3.Connection) -> None:
    """later.example ends 31 days after NOW."""
    soon = {
        days: names(connection, pack["aws-certificate-expiring"], NOW + timedelta(days=days)) for days in (0, 2, 32)
    }
    assert [("later.example" in soon[days]) for days in (0, 2, 32)] == [False, True, False]
    assert "later.example" in names(connection, pack["aws-certificate-expired"], NOW + timedelta(days=32))


def test_only_rules_that_are_marked_begin_on_what_was_never_seen(
    pack: Pack, blind: sqlite3.Connection, half_blind: sqlite3.Connection
) -> None:
    """With calls refused, the searches of all other rules find nothing that they should not."""
    seen = [(name, names(connection, rule)) for name, rule in pack.items() for connection in (blind, half_blind)]
    assert {name for name, found in seen if not found <= CASES[name].begins} == BLIND


def test_rules_are_off_until_they_are_enabled_by_name(tmp_path: Path) -> None:
    file = tmp_path / "syncd.toml"
    file.write_text(f'[rules]\ndirectories = ["{PACK}"]\nenable = ["aws-root-*"]\n')
    on = {rule.name for rule in load(file).rule.values() if rule.enabled}
    assert on == {"aws-root-access-key", "aws-root-without-mfa"}


def test_every_rule_says_what_it_is_what_to_do_and_in_one_line_what_happened(pack: Pack) -> None:
    environment = SandboxedEnvironment(undefined=StrictUndefined)
    for rule in pack.values():
        known = {"rule": rule.name, "severity": rule.severity, "resource": SNAPSHOT}
        assert rule.description.count(".") >= 2, rule.name
        assert environment.from_string(rule.title).render(known), rule.name
        text = environment.from_string(rule.text).render(known)
        assert "\n" not in text, rule.name
        assert text != rule.text, rule.name


def test_every_file_of_the_pack_has_its_part_of_the_page() -> None:
    assert {file.stem for file in PACK.iterdir()} == set(TITLES)


def test_the_page_is_current(pack: Pack) -> None:
    """Else: python -m tests.rules_pack.table."""
    assert PAGE.read_text() == page(pack)
    assert all(f"`{name}`" in PAGE.read_text() for name in pack)


def test_the_example_of_the_page_switches_on_rules(pack: Pack) -> None:
    example = tomllib.loads(PAGE.read_text().split("```toml\n")[1].split("```")[0])["rules"]
    for glob in (*example["enable"], *example["disable"]):
        assert any(name.startswith(glob.removesuffix("*")) for name in pack), glob


def asked(connection: sqlite3.Connection, text: str, now: datetime = NOW) -> Answer:
    return Asking(connection, Question(text, seconds=10), now).answer()


def names(connection: sqlite3.Connection, rule: RuleSettings, now: datetime = NOW) -> frozenset[str]:
    return frozenset(label(row) for row in asked(connection, rule.search, now).rows)


def label(row: Row) -> str:
    """What a case calls the resource."""
    if row["kind"] == "aws_region":
        return f"{row['account']}/{row['name']}"
    return str(row["id" if row["kind"] == "aws_account" else "name"])
