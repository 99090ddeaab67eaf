"""`syncctl aws`: the policy that is printed, and what the doctor says of a store whose readings met with refusals."""

import json
import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from syncd.cli.syncctl import main, parser
from syncd.errors import Denied, Disabled, Failed
from syncd.model import Blind, Gap, Node, Scope
from tests.cli.conftest import Ask, command
from tests.fakes.cloud import Cloud, box
from tests.fakes.world import World

ONE, TWO, THREE = "111111111111", "222222222222", "333333333333"
KINDS = {
    "s3.buckets": ("aws_s3_bucket",),
    "ecs.services": ("aws_ecs_service",),
    "secretsmanager.secrets": ("aws_secretsmanager_secret",),
    "ec2.vpcs": ("aws_vpc",),
    "account": ("aws_account", "aws_region"),
}
LIST = "secretsmanager:ListSecrets"
ENCRYPTION = "s3:GetBucketEncryption"


@dataclass
class Estate(Cloud):
    """Scopes of AWS by their keys."""

    def scope(self, key: str) -> Scope:
        collector, account, region, name = key.split("/", 3)
        return Scope(collector, account, region, name, KINDS[name], self.fingerprint)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "s.db", Estate())


def key(account: str, region: str, name: str) -> str:
    return f"aws/{account}/{region}/{name}"


def whole(world: World, account: str, name: str = "") -> None:
    """An account of which everything is seen."""
    node = Node(f"urn:{account}", "fake_account", account, name, account, "global")
    world.cloud.put(key(account, "global", "account"), node)
    world.cloud.put(key(account, "eu-west-1", "ec2.vpcs"), box(account, f"vpc-{account}"))


@pytest.fixture
async def ill(world: World, capsys: pytest.CaptureFixture[str]) -> World:
    """One account with a refused list, two refused facets and a failure; one that cannot be entered; one that can."""
    whole(world, ONE, "production")
    whole(world, THREE)
    for region in ("eu-west-1", "us-east-1"):
        world.cloud.put(key(ONE, region, "secretsmanager.secrets"), box(ONE, f"secret-{region}"))
    world.cloud.put(key(ONE, "global", "s3.buckets"), box(ONE, "a"), box(ONE, "b"))
    world.cloud.put(key(ONE, "eu-west-1", "ecs.services"))
    world.cloud.put(key(ONE, "af-south-1", "ec2.vpcs"))
    await world.sync()
    for region in ("eu-west-1", "us-east-1"):
        world.cloud.fail(
            key(ONE, region, "secretsmanager.secrets"), Denied("AccessDenied", operation=LIST, permission=LIST)
        )
    world.cloud.extras[key(ONE, "global", "s3.buckets")] = [
        Gap("denied", ENCRYPTION, "s3:GetEncryptionConfiguration", "AccessDenied: no", 2),
        Gap("denied", "s3:GetBucketLogging", "s3:GetBucketLogging", "AccessDenied: no", 1),
    ]
    world.cloud.fail(key(ONE, "eu-west-1", "ecs.services"), Failed("unreadable", operation="ecs:DescribeServices"))
    world.cloud.fail(key(ONE, "af-south-1", "ec2.vpcs"), Disabled("not enabled", operation="ec2:DescribeVpcs"))
    assume = "sts:AssumeRole"
    world.cloud.blind = [Blind("aws", TWO, "denied", assume, assume, f"the role of {TWO} cannot be assumed")]
    await world.sync()
    capsys.readouterr()
    return world


def doctor(ask: Ask, world: World, *arguments: str) -> tuple[int, dict[str, Any]]:
    answer = ask(main, "aws", "doctor", "--db", world.path, "-o", "json", *arguments)
    assert answer.err == ""
    return answer.code, json.loads(answer.out)


async def test_the_doctor_names_every_refused_call_and_what_it_hides(ask: Ask, ill: World) -> None:
    code, told = doctor(ask, ill)
    assert code == 3
    one, two, three = told["accounts"]
    assert [(each["account"], each["healthy"]) for each in told["accounts"]] == [
        (ONE, False),
        (TWO, False),
        (THREE, True),
    ]
    assert {each["permission"]: (each["regions"], each["hides"], each["resources"]) for each in one["denied"]} == {
        "s3:GetEncryptionConfiguration": (["global"], ["aws_s3_bucket.encryption"], 2),
        "s3:GetBucketLogging": (["global"], ["aws_s3_bucket.logging"], 1),
        LIST: (["eu-west-1", "us-east-1"], ["aws_secretsmanager_secret"], 2),
    }
    (failed,) = one["others"]
    assert (failed["state"], failed["operation"], failed["hides"]) == (
        "failed",
        "ecs:DescribeServices",
        ["aws_ecs_service"],
    )
    assert one["disabled"] == [{"region": "af-south-1", "scopes": ["ec2.vpcs"], "reason": "not enabled"}]
    (statement,) = one["allow"]["Statement"]
    assert statement["Action"] == sorted(["s3:GetBucketLogging", "s3:GetEncryptionConfiguration", LIST])
    assert (two["allow"], two["denied"][0]["permission"]) == (None, "sts:AssumeRole")
    assert (three["denied"], three["others"], three["allow"]) == ([], [], None)


async def test_the_doctor_speaks_to_people(ask: Ask, ill: World) -> None:
    answer = ask(main, "aws", "doctor", "--db", ill.path)
    text = answer.out.splitlines()
    assert answer.code == 3
    assert text[0].startswith("the last run, 2, ended complete at 2026-03-01T12:02:00Z")
    assert f"{ONE} (production): 4 of 7 scopes are not seen completely" in text
    assert f"  {LIST}: denied in eu-west-1, us-east-1 since 2026-03-01T12:02:00Z" in text
    assert "    hides aws_s3_bucket.encryption; 2 resources are shown as they were, or without it" in text
    assert "  not enabled in af-south-1: ec2.vpcs" in text
    assert "  this would allow it:" in text
    document = json.loads("\n".join(text[text.index("  this would allow it:") + 1 : text.index("", 5)]))
    assert LIST in document["Statement"][0]["Action"]
    assert f"{TWO}: nothing of it has ever been read" in text
    assert sum("no policy of the role mends this: credentials, the role's trust" in line for line in text) == 1
    assert text[-1] == f"{THREE}: all 2 scopes are seen completely, last at 2026-03-01T12:02:00Z"


async def test_only_the_accounts_that_are_meant_are_examined(ask: Ask, ill: World) -> None:
    code, told = doctor(ask, ill, "--account", "33*")
    assert (code, [each["account"] for each in told["accounts"]]) == (0, [THREE])
    code, told = doctor(ask, ill, "--account", "prod*", "--account", TWO)
    assert (code, [each["account"] for each in told["accounts"]]) == (3, [ONE, TWO])
    assert doctor(ask, ill, "--account", "nobody")[0] == 3


async def test_a_store_without_a_run_is_not_called_healthy(ask: Ask, world: World) -> None:
    async with world.store():
        pass
    answer = ask(main, "aws", "doctor", "--db", world.path)
    assert (answer.code, answer.out.startswith("nothing has been read yet")) == (3, True)
    none = ask(main, "aws", "doctor", "--db", world.path.with_name("none.db"))
    assert (none.code, "no store there yet" in none.told) == (1, True)


async def test_an_estate_of_another_provider_is_told_as_none(
    ask: Ask, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await world.sync()
    capsys.readouterr()
    answer = ask(main, "aws", "doctor", "--db", world.path)
    assert (answer.code, answer.out.splitlines()[1]) == (3, "no account of this provider is in the store")


async def test_accounts_that_could_not_be_found_are_told(
    ask: Ask, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    whole(world, ONE)
    listing = "organizations:ListAccounts"
    world.cloud.blind = [Blind("aws", "", "denied", listing, listing, f"{listing}: AccessDeniedException: no")]
    await world.sync()
    await world.sync()
    capsys.readouterr()
    code, told = doctor(ask, world)
    unknown = told["accounts"][-1]
    assert (code, unknown["account"], unknown["allow"]["Statement"][0]["Action"]) == (3, "unknown", [listing])


# -- policy


def test_the_policy_of_the_configuration_is_printed_and_nothing_else(ask: Ask, tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text('[aws]\nkinds = ["aws_vpc"]\ntags = "each"\n[targets.broken]\ntype = "nobody knows it"\n')
    answer = ask(main, "aws", "policy", "--config", config)
    assert (answer.code, answer.err) == (0, "")
    (statement,) = json.loads(answer.out)["Statement"]
    assert "ec2:DescribeVpcs" in statement["Action"]
    assert not any(action.startswith("s3:") for action in statement["Action"])
    (named,) = json.loads(ask(main, "aws", "policy", "--config", config, "-o", "json").out)
    assert (named["name"], named["document"]["Statement"]) == ("syncd-1", [statement])
    config.write_text("[aws]\nregions = 3\n")
    assert ask(main, "aws", "policy", "--config", config).code == 2


@pytest.mark.parametrize("program", [("syncctl", "aws", "policy", "--kinds", "aws_vpc"), ("syncd", "check")])
def test_a_process_that_has_read_the_settings_ends_in_order(program: tuple[str, ...]) -> None:
    """msgspec 0.22 ended it by a signal, for one type among the settings."""
    done = subprocess.run(command(*program), env=dict(os.environ), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("queue", "told"),
    [
        ('"arn:aws:sqs:eu-west-1:111122223333:syncd"', ""),
        ('["https://sqs.eu-west-1.amazonaws.com/111122223333/syncd"]', ""),
        ('"nowhere"', "expected the ARN of a queue, or its URL"),
        ('["nowhere"]', "the ARN of a queue, or its URL"),
    ],
)
def test_a_queue_is_one_or_several(ask: Ask, tmp_path: Path, queue: str, told: str) -> None:
    config = tmp_path / "c.toml"
    config.write_text(f"[aws.events]\nqueue = {queue}\n")
    answer = ask(main, "aws", "policy", "--config", config)
    assert (answer.code == 0, told in answer.err) == (not told, True)


def test_policies_are_written_to_files(ask: Ask, tmp_path: Path) -> None:
    answer = ask(main, "aws", "policy", "--tag", "--write", tmp_path / "policies")
    files = [Path(line) for line in answer.out.splitlines()]
    assert len(files) > 1
    assert f"{len(files)} policies, all of them to be attached: syncd-1 (" in answer.err
    allowed = [
        action for file in files for each in json.loads(file.read_text())["Statement"] for action in each["Action"]
    ]
    assert len(allowed) == len(set(allowed))
    assert {"ec2:DescribeInstances", "ec2:CreateTags"} <= set(allowed)


def test_more_policies_than_a_role_takes_are_told_with_a_way_out(ask: Ask, tmp_path: Path) -> None:
    """Not by kinds: that many are not on by default."""
    config = tmp_path / "c.toml"
    roles = ", ".join(f'"arn:aws:iam::{number:012}:role/{"x" * 400}"' for number in range(150))
    config.write_text(f"[aws]\nroles = [{roles}]\n")
    answer = ask(main, "aws", "policy", "--config", config)
    assert "a role takes 10 policies unless its quota is raised; with --compact " in answer.err
    again = ask(main, "aws", "policy", "--config", config, "--compact")
    assert again.err.endswith("unless its quota is raised; --kinds asks for less\n")


def test_the_template_asks_for_what_is_not_said(ask: Ask) -> None:
    told = json.loads(ask(main, "aws", "policy", "-o", "cloudformation").out)
    assert "Default" not in told["Parameters"]["TrustedPrincipal"]
    words = ("--trust", ONE, "--external-id", "s3same", "--role", "audit/reader", "--kinds", "aws_vpc")
    told = json.loads(ask(main, "aws", "policy", "-o", "cloudformation", *words).out)
    defaults = {name: each["Default"] for name, each in told["Parameters"].items()}
    assert defaults == {"TrustedPrincipal": ONE, "ExternalId": "s3same", "RoleName": "reader"}


@pytest.mark.parametrize(
    ("words", "handler"),
    [
        ("aws all ec2 StopInstances", "call"),
        ("aws call policy ec2 StopInstances", "call"),
        ("aws --apply all ec2 StopInstances", "call"),
        ("aws policy", "policy"),
        ("aws doctor", "doctor"),
    ],
)
def test_an_action_is_named_or_a_call_is_meant(words: str, handler: str) -> None:
    found = parser().parse_args(shlex.split(words))
    assert hasattr(found, "operation") == (handler == "call")
    assert hasattr(found, "trust") == (handler == "policy")


def test_mistakes_are_one_line(ask: Ask) -> None:
    assert "no kind aws_vpcs; did you mean aws_vpc?" in ask(main, "aws", "policy", "--kinds", "aws_vpcs").told
    assert "expected SERVICE:OPERATION" in ask(main, "aws", "policy", "--act", "stop").told
    assert "the following arguments are required: ACTION" in ask(main, "aws").told
