"""On moto, every kind of the catalog that moto can hold is collected, with its name, its tags and its edges."""

import sqlite3
import tomllib
from pathlib import Path
from typing import Any

import pytest

from collectors.aws import catalog, collector
from demo.place import PROJECT
from tests.moto import relations

EXPECTED: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("expected.toml").read_text())

_CANNOT: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_name("cannot.toml").read_text())
UNLISTED = _CANNOT["unlisted"]
CANNOT = UNLISTED | _CANNOT["unmade"]

# Scopes of kinds that moto can hold, and the part whose own call it does not answer.
PARTS = {
    "appsync.graphql_apis": "ListDataSources",
    "backup.backup_vaults": "GetBackupVaultAccessPolicy",
    "bedrock-agent.agents": "ListAgentKnowledgeBases",
    "bedrock.model_customization_jobs": "GetModelCustomizationJob, with an ARN in the path",
    "budgets.budgets": "ListTagsForResource",
    "codedeploy.deployment_groups": "BatchGetDeploymentGroups",
    "cognito-identity.identity_pools": "GetIdentityPoolRoles",
    "glacier.vaults": "ListTagsForVault",
    "iot.policies": "ListTagsForResource",
    "iot.topic_rules": "ListTagsForResource",
    "kinesisvideo.streams": "ListTagsForStream, under the path that the model has",
    "networkmanager.global_networks": "GetTransitGatewayRegistrations",
    "ram.resource_shares": "ListResources, ListPrincipals",
    "route53domains.domains": "ListTagsForDomain",
    "route53resolver.resolver_query_log_configs": "ListTagsForResource knows endpoints and rules only",
    "sesv2.configuration_sets": "GetConfigurationSet, with structures where the model has true or false",
    "ssm.patch_baselines": "GetPatchBaseline",
    "sso-admin.permission_sets": "ListTagsForResource",
    "vpc-lattice.target_groups": "ListTargets",
    "wafv2.web_acls": "ListResourcesForWebACL",
}

pytestmark = pytest.mark.timeout(300)  # the first test waits until all is built and read

KINDS = sorted(kind.name for kind in collector.kinds() if kind.name != "aws_resource")


def test_each_kind_is_either_expected_or_known_to_be_missing_in_moto() -> None:
    assert sorted([*EXPECTED, *CANNOT]) == KINDS


@pytest.mark.parametrize("kind", sorted(EXPECTED))
def test_a_kind_is_collected_with_its_name(kind: str, estate: sqlite3.Connection) -> None:
    names = {name for (name,) in estate.execute("select name from resource where kind = ?", (kind,))}
    assert names
    assert "" not in names
    assert "name" not in EXPECTED[kind] or EXPECTED[kind]["name"] in names


@pytest.mark.parametrize("kind", [kind for kind in sorted(EXPECTED) if EXPECTED[kind].get("tagged", True)])
def test_a_kind_has_the_tags_that_were_set(kind: str, estate: sqlite3.Connection) -> None:
    statement = "select tags ->> '$.project', tags ->> '$.owner' <> '' from resource where kind = ?"
    assert (PROJECT, 1) in set(estate.execute(statement, (kind,)))


@pytest.mark.parametrize("kind", [kind for kind in sorted(EXPECTED) if "edges" in EXPECTED[kind]])
def test_a_kind_has_its_edges(kind: str, estate: sqlite3.Connection) -> None:
    found = {
        edge for (edge,) in estate.execute("select type || ' ' || to_kind from relation where from_kind = ?", (kind,))
    }
    assert set(EXPECTED[kind]["edges"]) - found == set()


@pytest.mark.parametrize("kind", sorted(EXPECTED))
def test_every_resource_is_contained_in_its_place(kind: str, estate: sqlite3.Connection) -> None:
    if kind == "aws_organization":
        pytest.skip("contains all others")
    statement = (
        "select r.urn, c.from_kind from resource r left join relation c on c.to_urn = r.urn and c.type = 'contains'"
        " where r.kind = ?"
    )
    within = dict(estate.execute(statement, (kind,)).fetchall())
    allowed = EXPECTED[kind].get("within", ["aws_region"])
    assert [urn for urn, parent in within.items() if parent not in allowed] == []


@pytest.mark.parametrize("kind", sorted(CANNOT))
def test_what_moto_cannot_hold_is_still_not_there(kind: str, estate: sqlite3.Connection) -> None:
    """When this fails, moto has learned something: the kind belongs into expected.toml."""
    assert estate.execute("select count(*) from resource where kind = ?", (kind,)).fetchone() == (0,)


def test_nothing_else_is_incomplete(estate: sqlite3.Connection) -> None:
    rows = estate.execute("select name, state from coverage where state <> 'complete'").fetchall()
    failed = {name for name, state in rows if state != "partial"}
    kinds = catalog.load().kinds
    assert failed == {kinds[kind].scope for kind in UNLISTED}
    assert {name for name, state in rows if state == "partial"} == set(PARTS)


def test_no_secret_of_the_estate_is_in_the_store(store: Path) -> None:
    content = store.read_bytes()
    for secret in (b"never stored", b"not-a-real-one", b"this never enters the store"):
        assert secret not in content


def test_the_page_of_edges_has_all_that_are_declared_and_calls_shown_what_moto_shows(store: Path) -> None:
    marks = dict(relations.told(relations.PAGE.read_text()))
    assert set(marks) == relations.declared(), "python -m tests.moto.relations writes the page"
    shown = {edge for edge, mark in marks.items() if mark == "**"}
    assert shown == relations.seen(store) & set(marks)
    assert len(shown) > 250
