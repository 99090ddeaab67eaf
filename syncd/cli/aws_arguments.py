"""`syncctl aws`: its actions, their arguments and examples. Without the name of an action, `call` is meant."""

import argparse
from pathlib import Path
from typing import TypeAlias

from syncd.cli import arguments as common
from syncd.cli import plan_arguments
from syncd.cli.exits import HELP
from syncd.cli.output import DOCUMENTS

Commands: TypeAlias = "argparse._SubParsersAction[common.Parser]"  # noqa: SLF001 (it has no public name)

COLLECTOR = "aws"
AWS = """\
  syncctl aws policy > policy.json           what syncd must be allowed, and nothing else
  syncctl aws doctor                         what is refused in which account, and what that hides
  syncctl aws 'is(aws_ec2_instance) and tags.stage = test' ec2 stop-instances instance-ids='{id}'

QUERY SERVICE OPERATION without an action is a call; aws call says so, for a search that is called like an action.
"""
POLICY = """\
  syncctl aws policy > policy.json
  syncctl aws policy --tag --write policies/           with what changes tags; a file for each policy
  syncctl aws policy --kinds 'aws_s3_*' aws_vpc --act ec2:stop-instances
  syncctl aws policy --member -o json | jq '.[0].document'
  syncctl aws policy -o cloudformation --trust 111122223333 --external-id s3same > role.json

A policy is under AWS's limit of 6,144 characters; where one is not enough there are several, all of them to be
attached to the user or role that syncd runs as. In accounts that it reaches with a role, what finds accounts is not
needed: --member leaves it out, and so does the template.
"""
DOCTOR = """\
  syncctl aws doctor
  syncctl aws doctor --account 111122223333 --account 'prod-*'
  syncctl aws doctor -o json | jq '.accounts[].allow | select(.)'

It looks at what the last readings met with, and asks nobody. Exit code 3 says that something is hidden.
"""


def add(commands: Commands) -> None:
    text = "what AWS must allow, what it refuses, and calling it"
    aws = commands.add_parser("aws", help=text, description=text, epilog=f"examples:\n{AWS}")
    actions = aws.add_subparsers(metavar="ACTION", title="actions", required=True)
    aws.otherwise, aws.actions = "call", actions.choices
    plan_arguments.add_call(actions)
    _policy(actions)
    _doctor(actions)


def _policy(actions: Commands) -> None:
    text = "print the least that IAM must allow for the kinds that are on"
    added = actions.add_parser("policy", help=text, description=text, epilog=f"examples:\n{POLICY}\n{HELP}")
    common.add_config(added)
    kinds = "for these kinds, globs or what [aws] kinds takes, in place of those that the configuration has on"
    added.add_argument("--kinds", metavar="GLOB", nargs="+", default=[], help=kinds)
    added.add_argument("--tag", action="store_true", help="with what changes their tags")
    acts = "with these operations, which plans and rules are to call"
    added.add_argument("--act", metavar="SERVICE:OPERATION", nargs="+", default=[], help=acts)
    member = "for an account that syncd reaches with a role: without what finds accounts"
    added.add_argument("--member", action="store_true", help=member)
    compact = "Describe* and List* where a service needs several of them: fewer policies, which allow more"
    added.add_argument("--compact", action="store_true", help=compact)
    added.add_argument("--write", metavar="FOLDER", type=Path, help="a file for each policy, in this folder")
    outputs = ("policy", "json", "cloudformation")
    texts = "default: policy, one after the other; json: with names and sizes; cloudformation: a role with all of them"
    added.add_argument("-o", "--output", choices=outputs, default="policy", help=texts)
    added.add_argument("--trust", metavar="ACCOUNT|ARN", default="", help="who may take the template's role")
    external_id = "that the template's role asks for; default: what the configuration says"
    added.add_argument("--external-id", metavar="TEXT", default="", help=external_id)
    role = "what the template's role is called; default: as the configuration calls it, else syncd"
    added.add_argument("--role", metavar="NAME", default="", help=role)
    added.set_defaults(handler=_run_policy, collector=COLLECTOR)


def _run_policy(arguments: argparse.Namespace) -> int:
    from syncd.cli.permitting import policy

    return policy(arguments)


def _doctor(actions: Commands) -> None:
    text = "tell which calls are refused in which account, what that hides, and what would allow it"
    added = actions.add_parser("doctor", help=text, description=text, epilog=f"examples:\n{DOCTOR}\n{HELP}")
    common.add_config(added)
    common.add_database(added)
    accounts = "only accounts of this id or name; may be given several times"
    added.add_argument("--account", metavar="GLOB", action="append", default=[], help=accounts)
    common.add_output(added, DOCUMENTS)
    added.set_defaults(handler=_run_doctor, collector=COLLECTOR)


def _run_doctor(arguments: argparse.Namespace) -> int:
    from syncd.cli.doctor import doctor

    return doctor(arguments)
