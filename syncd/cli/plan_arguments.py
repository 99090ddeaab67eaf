"""`syncctl tag`, `untag`, `aws`, `plan`, `protect`, `unprotect` and `protected`: their arguments and examples."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from syncd.cli import arguments as common
from syncd.cli.exits import HELP
from syncd.cli.output import DOCUMENTS, FORMATS

Commands: TypeAlias = "argparse._SubParsersAction[common.Parser]"  # noqa: SLF001 (it has no public name)

STATES = ("planned", "applying", "applied", "discarded", "expired", "failed")
ABOUT = """
A plan is made and shown; nothing is changed before it is applied. [plans] must be enabled for that, and name the
accounts. Each resource is looked at anew right before: what has changed meanwhile is left alone, and so is what is
protected. With --db FILE no daemon is asked: the file must not be in use by one.

"""
TAG = """\
  syncctl tag 'is(aws_ec2_instance) and tags.owner = null' owner='{account.name}'
  syncctl tag 'is(bucket) and account = 111122223333' stage=prod cost-center=4711 --apply
  syncctl tag 'id(vol-0abc)' seen=yes --apply --yes -o json
"""
UNTAG = """\
  syncctl untag 'is(volume) and tags.temp != null' temp
  syncctl untag 'id(i-0abc)' owner stage --apply
"""
AWS = """\
  syncctl aws 'is(aws_ec2_instance) and tags.stage = test' ec2 stop-instances instance-ids='{id}'
  syncctl aws 'id(vol-0abc)' ec2 ModifyVolume VolumeId='{id}' VolumeType=gp3
  syncctl aws 'is(aws_s3_bucket) and name = logs' s3 PutPublicAccessBlock Bucket='{name}' \\
      PublicAccessBlockConfiguration:='{"BlockPublicAcls": true, "IgnorePublicAcls": true}'

One call for each resource, in its account and region. A value is a text with {paths}; after := it is JSON.
A call is never sent twice: where no answer came, its state is unknown.
"""
PLAN = """\
  syncctl plan list
  syncctl plan show 3
  syncctl plan apply 3
  syncctl plan discard 3
"""
PROTECT = """\
  syncctl protect 'is(database) and tags.stage = prod' --reason 'the shop'
  syncctl protect arn:aws:s3:::backups
"""
UNPROTECT = "  syncctl unprotect arn:aws:s3:::backups\n"


def add(commands: Commands) -> None:
    _acts(commands)
    _plan(commands)
    text = "let nothing be done to these resources, whoever plans it; the tag syncd:protected = true does the same"
    added = _command(commands, "protect", text, PROTECT, DOCUMENTS)
    added.add_argument("query", metavar="QUERY|URN")
    added.add_argument("--reason", default="", help="for those who wonder later")
    added = _command(commands, "unprotect", "take protection away again", UNPROTECT, DOCUMENTS)
    added.add_argument("query", metavar="QUERY|URN")
    _command(commands, "protected", "what is protected, by whom and why", "  syncctl protected -o csv\n", FORMATS)


def _acts(commands: Commands) -> None:
    added = _act(commands, "tag", "put tags on all resources that a search finds", TAG)
    added.add_argument("pairs", metavar="KEY=VALUE", nargs="+", help="a value may hold {paths} as in searches")
    added = _act(commands, "untag", "take tags off all resources that a search finds", UNTAG)
    added.add_argument("keys", metavar="KEY", nargs="+")


def add_call(actions: Commands) -> None:
    """`syncctl aws call`, which is meant as well where no action is named."""
    added = _act(actions, "call", "call one AWS operation for each resource that a search finds", AWS, "aws")
    added.add_argument("service", metavar="SERVICE", help="as in the AWS command line, such as ec2")
    added.add_argument("operation", metavar="OPERATION", help="such as stop-instances or StopInstances")
    added.add_argument("pairs", metavar="KEY=VALUE", nargs="*", help="parameters; KEY:=JSON for what is no text")


def _act(commands: Commands, name: str, text: str, examples: str, handler: str = "") -> common.Parser:
    added = _command(commands, name, text, examples, FORMATS, handler)
    added.add_argument("query", metavar="QUERY", help="- reads it from stdin")
    added.add_argument("--apply", action="store_true", help="apply the plan at once, after a question")
    _yes(added)
    return added


def _yes(parser: common.Parser) -> None:
    parser.add_argument("--yes", action="store_true", help="without the question")


def _plan(commands: Commands) -> None:
    text = "what is planned, and what became of it"
    plan = commands.add_parser("plan", help=text, description=text, epilog=f"examples:\n{PLAN}")
    actions = plan.add_subparsers(metavar="ACTION", title="actions", required=True)
    added = _command(
        actions, "list", "the last plans, oldest first", "  syncctl plan list --state planned\n", FORMATS, "plan_list"
    )
    added.add_argument("--limit", metavar="N", type=_count, default=20, help="the last N of them; default: 20")
    added.add_argument("--state", choices=STATES, default="", help="only those")
    text = "one plan: resource by resource what is to be done, or was"
    _number(_command(actions, "show", text, "  syncctl plan show 3 -o json\n", FORMATS, "plan_show"))
    text = "carry a plan out; exit code 1 when anything of it was not done"
    added = _command(actions, "apply", text, "  syncctl plan apply 3 --yes\n", FORMATS, "plan_apply")
    _number(added)
    _yes(added)
    text = "say that a plan shall not be carried out"
    _number(_command(actions, "discard", text, "  syncctl plan discard 3\n", FORMATS, "plan_discard"))


def _number(parser: common.Parser) -> None:
    parser.add_argument("plan", metavar="ID", type=_count, help="the plan's number")


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"found {text}, expected a number")
    return int(text)


def _command(
    commands: Commands, name: str, text: str, examples: str, formats: Sequence[str], handler: str = ""
) -> common.Parser:
    added = commands.add_parser(name, help=text, description=text, epilog=f"examples:\n{examples}{ABOUT}{HELP}")
    socket = (
        "the daemon's; default: $SYNCD_SOCKET, else /run/syncd/control.sock, else the one in $XDG_RUNTIME_DIR/syncd"
    )
    added.add_argument("--socket", metavar="PATH", type=Path, help=socket)
    added.add_argument("--db", metavar="FILE", type=Path, help="without a daemon: this store")
    added.add_argument(
        "--config", metavar="FILE", type=Path, help="with --db; default: $SYNCD_CONFIG, else /etc/syncd/syncd.toml"
    )
    common.add_output(added, formats)
    chosen = handler or name
    added.set_defaults(handler=lambda arguments: _run(chosen, arguments))
    return added


def _run(name: str, arguments: argparse.Namespace) -> int:
    from syncd.cli.plans import HANDLERS

    return HANDLERS[name](arguments)
