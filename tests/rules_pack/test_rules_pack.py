"""The rules that come with syncd: each begins on what it is for, and on nothing else of a whole estate."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from syncd.search.answer import Answer, Asking, Question
from syncd.settings import RuleSettings
from tests.rules_pack.build import NOW
from tests.rules_pack.cases import CASES

Pack = Mapping[str, RuleSettings]
Row = dict[str, object]


def test_every_rule_has_a_case_and_every_case_a_rule(pack: Pack) -> None:
    assert sorted(pack) == sorted(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_rule_begins_on_exactly_what_it_is_for(name: str, pack: Pack, connection: sqlite3.Connection) -> None:
    found = asked(connection, pack[name].search)
    assert {label(row) for row in found.rows} == CASES[name].begins


@pytest.mark.parametrize("name", CASES)
def test_a_search_is_read_in_one_way_only(name: str, pack: Pack, connection: sqlite3.Connection) -> None:
    assert asked(connection, pack[name].search).warnings == ()


@pytest.mark.parametrize("name", CASES)
def test_what_a_rule_must_spare_is_in_the_estate(name: str, pack: Pack, connection: sqlite3.Connection) -> None:
    case = CASES[name]
    everything = {label(row) for row in asked(connection, "all").rows}
    assert case.begins
    assert case.spared
    assert case.spared <= everything - case.begins


def asked(connection: sqlite3.Connection, text: str, now: datetime = NOW) -> Answer:
    return Asking(connection, Question(text, seconds=10), now).answer()


def label(row: Row) -> str:
    """What a case calls the resource."""
    if row["kind"] == "aws_region":
        return f"{row['account']}/{row['name']}"
    return str(row["id" if row["kind"] == "aws_account" else "name"])
