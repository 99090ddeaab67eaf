"""Policies hold exactly what a configuration needs, in documents that IAM takes, and are the same each time."""

import json
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.aws import collector
from collectors.aws.policies import LARGEST, MOST, Grant, policies, size
from collectors.aws.policy_template import LARGEST_BODY
from collectors.aws.settings import AwsSettings, Events, Organization, Role
from syncd.errors import ConfigError
from syncd.permitting import Permitting, Policy, Trust, Wanted

DEFAULT = AwsSettings()
FINDING = {"organizations:ListAccounts", "organizations:ListRoots", "sts:AssumeRole"}
ROLE = "arn:aws:iam::111122223333:role/syncd"
ACTIONS = st.sets(st.from_regex(r"[a-z]{2,12}:(Get|List|Describe|Put)[A-Z][a-z]{1,40}", fullmatch=True), max_size=300)


def actions(found: list[Policy]) -> list[str]:
    return [action for policy in found for each in policy.document["Statement"] for action in each["Action"]]


def statements(found: list[Policy]) -> dict[str, Any]:
    return {each["Sid"]: each for policy in found for each in policy.document["Statement"]}


@settings(max_examples=20)
@given(ACTIONS, ACTIONS)
def test_every_action_stands_in_one_document_and_each_document_is_small_enough(one: set[str], two: set[str]) -> None:
    grants = [grant for grant in (Grant("A", frozenset(one)), Grant("B", frozenset(two), ("arn:x",))) if grant.actions]
    found = policies(grants)
    assert sorted(actions(found)) == sorted([*one, *two])
    assert all(each.size == size(each.document) <= LARGEST for each in found)
    assert [each.name for each in found] == [f"syncd-{number}" for number in range(1, len(found) + 1)]
    again = [Grant(each.sid, frozenset(sorted(each.actions, reverse=True)), each.resources) for each in grants]
    assert policies(again) == found


def test_a_document_is_filled_to_its_limit_before_the_next_begins() -> None:
    many = frozenset(f"service:GetSomething{number:04}" for number in range(500))
    *full, last = policies([Grant("Read", many)])
    assert all(LARGEST - 40 < each.size <= LARGEST for each in full)
    assert last.size < LARGEST
    assert json.loads(json.dumps(last.document))["Statement"][0]["Sid"] == "Read"


def test_the_size_is_counted_as_iam_counts_it_without_white_space() -> None:
    (found,) = policies([Grant("Read", frozenset({"ec2:DescribeVpcs"}))])
    statement = '{"Sid":"Read","Effect":"Allow","Action":["ec2:DescribeVpcs"],"Resource":"*"}'
    assert found.size == len('{"Version":"2012-10-17","Statement":[]}' + statement)


def test_the_default_configuration_reads_all_kinds_and_changes_nothing() -> None:
    found = collector.policies(DEFAULT, Wanted())
    assert set(actions(found)) == collector.permissions() - {
        action for action in collector.permissions() if action.startswith(("organizations:", "controltower:"))
    }
    assert set(statements(found)) == {"SyncdRead"}
    assert isinstance(collector, Permitting)


@pytest.mark.parametrize("kinds", ["curated", "all"])
def test_what_reads_and_tags_these_kinds_is_not_more_than_a_role_takes(kinds: Literal["curated", "all"]) -> None:
    found = collector.policies(AwsSettings(kinds=kinds, organization=Organization()), Wanted(tag=True))
    assert all(each.size == len(json.dumps(each.document, separators=(",", ":"))) <= LARGEST for each in found)
    assert 1 < len(found) <= MOST


def test_the_template_of_the_default_configuration_needs_no_bucket() -> None:
    template = collector.template(DEFAULT, Wanted(tag=True), Trust("111122223333", "s3same"))
    assert len(json.dumps(template, indent=2)) <= LARGEST_BODY


def test_only_what_the_kinds_that_are_on_need_is_allowed() -> None:
    given_ = AwsSettings(kinds=("aws_ecs_service", "aws_vpc", "aws_sqs_queue"), exclude_kinds=("aws_sqs*",))
    found = set(actions(collector.policies(given_, Wanted())))
    frame = {"ec2:DescribeRegions", "iam:GetAccountPasswordPolicy", "iam:GetAccountSummary", "iam:ListAccountAliases"}
    read = {"ecs:ListClusters", "ecs:ListServices", "ecs:DescribeServices", "ec2:DescribeVpcs"}
    assert frame | read <= found
    assert not any(action.startswith(("sqs:", "s3:", "organizations:")) for action in found)
    again = collector.policies(given_, Wanted(kinds=("aws_sqs*",)))
    assert "sqs:ListQueues" in actions(again)
    assert "ec2:DescribeVpcs" not in actions(again)


def test_usage_is_allowed_where_it_is_on_and_something_is_measured() -> None:
    metrics = "cloudwatch:GetMetricData"
    assert metrics not in actions(collector.policies(DEFAULT, Wanted()))
    assert metrics in actions(collector.policies(AwsSettings(usage=True), Wanted()))
    assert metrics not in actions(collector.policies(AwsSettings(usage=True), Wanted(kinds=("aws_vpc",))))
    assert collector.hides(["aws_ec2_instance", "aws_vpc"], metrics) == ["aws_ec2_instance.usage"]


def test_finding_accounts_is_allowed_as_the_configuration_finds_them() -> None:
    organization = AwsSettings(organization=Organization(role="audit/syncd"), source_identity="syncd", roles=(ROLE,))
    found = statements(collector.policies(organization, Wanted()))
    assert set(actions(collector.policies(organization, Wanted()))) >= FINDING
    assert found["SyncdAssume1"]["Action"] == ["sts:AssumeRole", "sts:SetSourceIdentity"]
    assert found["SyncdAssume1"]["Resource"] == ["arn:aws:iam::*:role/audit/syncd", ROLE]
    member = collector.policies(organization, Wanted(member=True))
    assert not FINDING & set(actions(member))
    china = AwsSettings(region="cn-north-1", organization=Organization(role="syncd"))
    assert statements(collector.policies(china, Wanted()))["SyncdAssume1"]["Resource"] == "arn:aws-cn:iam::*:role/syncd"


def test_what_is_told_of_changes_may_be_taken_from_the_queues_and_from_no_other() -> None:
    queues = ("https://sqs.cn-north-1.amazonaws.com.cn/111122223333/far", "arn:aws:sqs:eu-west-1:111122223333:near")
    hearing = AwsSettings(events=Events(queue=queues))
    found = statements(collector.policies(hearing, Wanted()))["SyncdHear"]
    assert found["Action"] == ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
    assert found["Resource"] == ["arn:aws-cn:sqs:cn-north-1:111122223333:far", queues[1]]
    assert "SyncdHear" not in statements(collector.policies(hearing, Wanted(member=True)))


def test_hundreds_of_roles_are_allowed_in_several_statements() -> None:
    roles = tuple(f"arn:aws:iam::{number:012}:role/teams/audit/syncd" for number in range(300))
    found = collector.policies(AwsSettings(roles=roles), Wanted())
    assert all(each.size <= LARGEST for each in found)
    assumed = [each for sid, each in statements(found).items() if sid.startswith("SyncdAssume")]
    assert [arn for each in assumed for arn in each["Resource"]] == list(roles)


def test_changes_are_allowed_only_where_they_are_wanted() -> None:
    wanted = Wanted(kinds=("aws_s3_bucket",), tag=True, calls=("ec2:stop-instances", "lambda:Invoke"))
    found = statements(collector.policies(DEFAULT, wanted))
    assert found["SyncdTag"]["Action"] == ["s3:PutBucketTagging"]
    assert found["SyncdAct"]["Action"] == ["ec2:StopInstances", "lambda:InvokeFunction"]
    everything = actions(collector.policies(DEFAULT, Wanted(tag=True)))
    assert collector.acting_permissions() <= set(everything)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (Wanted(kinds=("aws_s3_buckets",)), "no kind aws_s3_buckets; did you mean aws_s3_bucket?"),
        (Wanted(calls=("ec2:StopInstancez",)), "no operation StopInstancez"),
        (Wanted(calls=("nope",)), "expected SERVICE:OPERATION"),
    ],
)
def test_what_there_is_not_is_told(wanted: Wanted, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        collector.policies(DEFAULT, wanted)
    assert told in str(error.value)


def test_compact_policies_are_wider_only_in_describe_and_list() -> None:
    exact = set(actions(collector.policies(DEFAULT, Wanted(tag=True))))
    compact = set(actions(collector.policies(DEFAULT, Wanted(tag=True, compact=True))))
    wide = {action for action in compact if action.endswith("*")}
    assert {"ec2:Describe*", "iam:List*"} <= wide
    assert all(action.endswith((":Describe*", ":List*")) for action in wide)
    covered = {action for action in exact if any(action.startswith(each[:-1]) for each in wide)}
    assert compact - wide == exact - covered
    assert collector.acting_permissions() <= compact


def test_the_template_makes_the_role_that_the_configuration_takes() -> None:
    given_ = AwsSettings(roles=(Role(arn="arn:aws:iam::111122223333:role/teams/reader"),), external_id="s3same")
    made = collector.template(given_, Wanted(member=True), Trust("444455556666"))
    parameters = {name: each.get("Default") for name, each in made["Parameters"].items()}
    assert parameters == {"TrustedPrincipal": "444455556666", "ExternalId": "s3same", "RoleName": "reader"}
    role = made["Resources"]["Role"]["Properties"]
    assert role["Path"] == "/teams/"
    policies = [each["Properties"] for each in made["Resources"].values() if each["Type"] == "AWS::IAM::ManagedPolicy"]
    assert all(each["Roles"] == [{"Ref": "Role"}] for each in policies)
    assert [each["PolicyDocument"] for each in policies] == [
        each.document for each in collector.policies(given_, Wanted(member=True))
    ]
    assert "Default" not in collector.template(DEFAULT, Wanted(), Trust())["Parameters"]["TrustedPrincipal"]
    own = AwsSettings(organization=Organization())
    assert collector.template(own, Wanted(), Trust())["Parameters"]["RoleName"]["Default"] == "syncd"


def test_what_a_refused_call_hides_is_named() -> None:
    kinds = ["aws_s3_bucket", "aws_ecs_service", "aws_sqs_queue", "aws_account"]
    assert collector.hides(kinds, "s3:GetBucketEncryption") == ["aws_s3_bucket.encryption"]
    assert collector.hides(kinds, "ecs:ListClusters") == ["aws_ecs_service"]
    assert collector.hides(["aws_athena_work_group"], "resourcegroupstaggingapi:GetResources") == [
        "aws_athena_work_group.tags"
    ]
    assert collector.hides(kinds, "sts:AssumeRole") == []


@pytest.mark.parametrize(
    ("operation", "reason", "lacks"),
    [
        ("s3:ListBuckets", "s3:ListBuckets: AccessDenied: Access Denied", "s3:ListAllMyBuckets"),
        ("elbv2:DescribeTags", "", "elasticloadbalancing:DescribeTags"),
        ("sts:AssumeRole", "sts:AssumeRole: AccessDenied", ""),
        ("ec2:DescribeVpcs", "ec2:DescribeVpcs: ExpiredToken: gone", ""),
        ("ec2:DescribeVpcs", "ec2:DescribeVpcs: UnauthorizedOperation: with an explicit deny in a service …", ""),
        ("ec2:DescribeVpcs", "ec2:DescribeVpcs: X: because no service control policy allows the action", ""),
        ("ec2:DescribeVpcs", "ec2:DescribeVpcs: X: because no identity-based policy allows it", "ec2:DescribeVpcs"),
        ("organizations:*", "units nested deeper", ""),
        ("", "", ""),
    ],
)
def test_what_a_refused_call_lacks_is_told_where_a_policy_can_give_it(operation: str, reason: str, lacks: str) -> None:
    assert collector.permission(operation, reason) == lacks
