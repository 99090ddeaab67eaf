"""What docs/outbox.md shows works as it says."""

import tomllib
from textwrap import dedent

import msgspec

from syncd.outbox.routing import matches
from syncd.outbox.wording import problems_of
from syncd.settings import RuleSettings
from tests.conftest import ROOT

DOCS = (ROOT / "docs" / "outbox.md").read_text()


def example(begin: str) -> str:
    """The indented block that begins so."""
    start = DOCS.index(f"    {begin}")
    return dedent(DOCS[start : DOCS.index("\n\n", start)])


def test_the_rule_of_events_is_one() -> None:
    (table,) = tomllib.loads(example("[[rule]]"))["rule"]
    rule = msgspec.convert(table, RuleSettings)
    event = {"type": "resource.updated", "kind": "aws_s3_bucket", "scope": "", "name": "b", "urn": "u"}
    public = {"path": "public_access", "old": False, "new": True}
    assert matches(rule.where, {**event, "body": {"changes": [public]}}, {}, {})
    assert not matches(rule.where, {**event, "body": {"changes": [{**public, "new": False}]}}, {}, {})


def test_the_templates_are_taken() -> None:
    templates = tomllib.loads(example("title ="))
    assert problems_of(RuleSettings(name="r", search="all", **templates)) == []
