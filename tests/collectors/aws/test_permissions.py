"""Each call's IAM action is one that IAM has, whatever the operation is called."""

import re
from pathlib import Path

import pytest

from collectors.aws import catalog as catalogs
from collectors.aws import collector, usage
from collectors.aws.entries import Target
from collectors.aws.iam_actions import FILE, HEAD, check_actions, fault, known, lines
from collectors.aws.permissions import needed, permission, spellings
from collectors.aws.tables import Problems
from tests.conftest import ROOT

ACTIONS = known()
CALL = re.compile(r'operation\(\s*"([a-z0-9-]+)", "(\w+)"\)|Part\("\w+", "([a-z0-9-]+)", "(\w+)"|_all\("(\w+)"')


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("s3.ListBuckets", "s3:ListAllMyBuckets"),
        ("s3.GetBucketLocation", "s3:GetBucketLocation"),
        ("s3.GetBucketEncryption", "s3:GetEncryptionConfiguration"),
        ("s3.GetBucketCors", "s3:GetBucketCORS"),
        ("s3.DeleteBucketTagging", "s3:PutBucketTagging"),
        ("s3control.GetPublicAccessBlock", "s3:GetAccountPublicAccessBlock"),
        ("apigateway.GetRestApis", "apigateway:GET"),
        ("apigatewayv2.GetApis", "apigateway:GET"),
        ("apigatewayv2.GetPortal", "apigateway:GetPortal"),
        ("apigatewayv2.ListPortals", "apigateway:ListPortals"),
        ("opensearch.ListDomainNames", "es:ListDomainNames"),
        ("elbv2.DescribeTags", "elasticloadbalancing:DescribeTags"),
        ("efs.DescribeFileSystems", "elasticfilesystem:DescribeFileSystems"),
        ("stepfunctions.ListStateMachines", "states:ListStateMachines"),
        ("resourcegroupstaggingapi.GetResources", "tag:GetResources"),
        ("emr.ListClusters", "elasticmapreduce:ListClusters"),
        ("docdb.DescribeDBClusters", "rds:DescribeDBClusters"),
        ("sesv2.ListEmailIdentities", "ses:ListEmailIdentities"),
        ("sso-admin.ListInstances", "sso:ListInstances"),
        ("mwaa.ListEnvironments", "airflow:ListEnvironments"),
        ("service-quotas.ListServices", "servicequotas:ListServices"),
        ("keyspaces.ListKeyspaces", "cassandra:Select"),
        ("budgets.DescribeBudgets", "budgets:ViewBudget"),
        ("dms.DescribeMigrationProjects", "dms:ListMigrationProjects"),
        ("lambda.Invoke", "lambda:InvokeFunction"),
        ("kafka.ListClustersV2", "kafka:ListClustersV2"),
    ],
)
def test_an_operation_has_the_action_that_iam_knows(operation: str, action: str) -> None:
    service, name = operation.split(".")
    assert permission(collector.catalog, Target(service, name)) == action
    assert fault(ACTIONS, action) == "" or not action.split(":")[1].startswith(("Get", "List", "Describe"))


def test_no_call_of_the_catalog_needs_an_action_that_iam_has_not() -> None:
    problems = Problems()
    check_actions(collector.catalog, problems, ACTIONS)
    assert problems.lines == []


def test_what_the_collector_asks_by_itself_is_among_its_permissions() -> None:
    """The calls stand in the code, not in the catalog: they are looked for there."""
    code = "\n".join(file.read_text() for file in sorted((ROOT / "collectors" / "aws").glob("*.py")))
    found = {(a or c or "organizations", b or d or e) for a, b, c, d, e in CALL.findall(code)}
    assert {("sts", "AssumeRole"), ("ec2", "DescribeRegions"), ("iam", "GetAccountSummary")} <= found
    needed = {permission(collector.catalog, Target(*each)) for each in found} - {"sts:AssumeRole"}
    assert needed - collector.permissions() == set()
    assert [action for action in {*collector.permissions(), usage.PERMISSION} if fault(ACTIONS, action)] == []


def test_what_tags_is_known_to_iam() -> None:
    assert [action for action in collector.acting_permissions() if fault(ACTIONS, action)] == []


def test_every_prefix_and_action_of_the_table_is_known_to_iam() -> None:
    assert [prefix for prefix in spellings()["prefix"].values() if prefix not in ACTIONS] == []
    named = {action for table in spellings()["action"].values() for action in table.values() if action}
    named |= {action for table in spellings()["also"].values() for more in table.values() for action in more}
    assert [action for action in sorted(named) if fault(ACTIONS, action)] == []


def test_what_an_operation_needs_beside_its_own_action_is_needed_too() -> None:
    assert needed(collector.catalog, Target("cloudformation", "DescribeStacks")) == (
        "cloudformation:DescribeStacks",
        "cloudformation:ListStacks",
    )
    assert "cloudformation:ListStacks" in collector.permissions(["aws_cloudformation_stack"])


def test_a_slip_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "sqs.toml").write_text(
        '[service]\nactions = { ListQueues = "sqs:ListQueue" }\n'
        '[aws_sqs_queue]\nlist = "sqs.ListQueues QueueUrls[]"\nitem = "u"\narn = "sqs:{u}"\nid = "u"\n'
    )
    problems = Problems()
    check_actions(catalogs.read(tmp_path)[0], problems, ACTIONS)
    (line,) = problems.lines
    assert "no action sqs:ListQueue that reads; did you mean ListQueues?" in line
    assert fault(ACTIONS, "elbv2:X").startswith("IAM has no prefix elbv2")
    assert fault(ACTIONS, "ec2:describeinstances") == ""


def test_without_a_list_nothing_is_complained_of(tmp_path: Path) -> None:
    problems = Problems()
    check_actions(collector.catalog, problems, known(tmp_path / "none.txt"))
    assert problems.lines == []


def test_the_list_holds_what_reads_and_what_is_called(tmp_path: Path) -> None:
    levels = {"ec2": {"RunInstances": "Write", "StopInstances": "Write", "DescribeHosts": "List"}, "x": {"Do": "Write"}}
    file = tmp_path / "list.txt"
    file.write_text(HEAD.format(date="today") + "\n".join(lines(levels, ["ec2:StopInstances"])))
    assert known(file) == {"ec2": frozenset({"DescribeHosts", "StopInstances"})}
    assert max(map(len, FILE.read_text().splitlines())) <= 120
