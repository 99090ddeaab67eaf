"""The commands of `syncctl` that ask the daemon: their arguments, examples and handlers."""

import argparse
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from syncd.cli import arguments as common
from syncd.cli import configuration, control, daemon_runs, lists
from syncd.cli.output import DOCUMENTS, FORMATS
from syncd.cli.status import status
from syncd.cli.watch import again
from syncd.errors import SyncdError

if TYPE_CHECKING:
    from syncd.cli.client import Daemon

Commands: TypeAlias = "argparse._SubParsersAction[common.Parser]"  # noqa: SLF001 (it has no public name)
Command: TypeAlias = "Callable[[Daemon, argparse.Namespace], int]"

SYNC = """\
  syncctl sync
  syncctl sync --account 111122223333 --region 'eu-*' --wait
  syncctl sync --collector aws --kind 'aws_ec2_*' --wait -o json

A request that waits already takes others in: the daemon makes one run of them.
With --wait the exit code is the run's: 0 complete, 3 incomplete, 1 failed, 130 cancelled.
"""
ACCEPT = """\
  syncctl accept aws/111122223333/eu-west-1/ec2.instances --wait
  syncctl accept 'aws/444455556666/*'        everything held or retired of an account that was closed
"""
CALLS = """\
  syncctl debug calls
  syncctl debug calls --by account -o tsv
  syncctl debug calls --everything           of a run by hand, which leaves nothing out
  syncctl debug calls --discover             asks first which accounts and regions there are
  syncctl debug calls --accounts 20 --regions 17

"at least" is made however little there is; "about" goes by what each part took last time, and what was never
read by what it took elsewhere. "or more": read nowhere so far, so that nobody knows what is in it.
"""
PARTS = ("service", "account", "region", "scope")
STATUS = """\
  syncctl status
  syncctl status --watch                     again every two seconds, until Ctrl-C
  syncctl status -o json | jq .coverage
"""


def add(commands: Commands) -> None:
    _status(commands)
    _sync(commands)
    _accept(commands)
    _plain(commands, "pause", "start nothing more; a run that goes on ends as usual", control.pause)
    _plain(commands, "resume", "start runs again, after pause", control.resume)
    text = "take over the configuration files as they are now; if they are bad nothing changes"
    _plain(commands, "reload", text, configuration.reload)
    _collectors_and_accounts(commands)
    _workflows(commands)
    _config(commands)
    _debug(commands)
    text = "the version of this syncctl and of the daemon"
    _command(commands, "version", text, "  syncctl version\n  syncctl version -o json\n", lists.version, FORMATS)


def asks(command: Command) -> Callable[[argparse.Namespace], int]:
    """A handler that gives `command` the daemon. An answer of another shape than expected is one line, no traceback."""

    def handler(arguments: argparse.Namespace) -> int:
        from syncd.cli.client import Daemon, socket_file  # costs a third of a start, for those that need it

        daemon = Daemon(socket_file(arguments.socket, os.environ))
        try:
            if getattr(arguments, "watch", None):
                return again(lambda again_asked: command(daemon, again_asked), arguments)
            return command(daemon, arguments)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            what = f"{type(error).__name__}: {error}"
            raise SyncdError(
                f"the daemon's answer is not understood ({what}); compare with: syncctl version"
            ) from error

    return handler


def add_socket(parser: argparse.ArgumentParser) -> None:
    text = "the daemon's; default: $SYNCD_SOCKET, else /run/syncd/control.sock, else the one in $XDG_RUNTIME_DIR/syncd"
    parser.add_argument("--socket", metavar="PATH", type=Path, help=text)


def add_run_actions(runs: common.Parser) -> None:
    """`runs` alone has its own options already: what an action does not name stays as `runs` has it."""
    actions = runs.add_subparsers(metavar="ACTION", title="actions, which ask the daemon")
    text = "the last runs, how they ended and what they cost"
    added = _action(actions, "list", text, "  syncctl runs list --limit 5\n", daemon_runs.listed)
    added.add_argument(
        "--limit", metavar="N", type=int, default=argparse.SUPPRESS, help="the last N of them; default: 20"
    )
    _watch(added)
    text = "all that is known of one run: accounts, and what it could not see"
    added = _action(actions, "show", text, "  syncctl runs show 12\n  syncctl runs show 12 -o yaml\n", daemon_runs.one)
    _run_number(added)
    text = "what each scope cost and brought in one run"
    examples = "  syncctl runs log 12\n  syncctl runs log 12 -o ndjson | jq 'select(.seconds > 60)'\n"
    added = _action(actions, "log", text, examples, daemon_runs.log)
    _run_number(added)
    text = "end the run that goes on; what it has committed stands"
    added = _action(actions, "cancel", text, "  syncctl runs cancel 12\n", daemon_runs.cancel)
    _run_number(added)


def _command(
    commands: Commands,
    name: str,
    text: str,
    examples: str,
    command: Command,
    formats: Sequence[str] = DOCUMENTS,
) -> common.Parser:
    added = commands.add_parser(name, help=text, description=text, epilog=f"examples:\n{examples}")
    added.set_defaults(handler=asks(command))
    add_socket(added)
    common.add_output(added, formats)
    return added


def _plain(commands: Commands, name: str, text: str, command: Command) -> None:
    _command(commands, name, text, f"  syncctl {name}\n", command)


def _action(actions: Commands, name: str, text: str, examples: str, command: Command) -> common.Parser:
    formats = DOCUMENTS if name in ("show", "cancel") else FORMATS
    added = actions.add_parser(name, help=text, description=text, epilog=f"examples:\n{examples}")
    added.set_defaults(handler=asks(command))
    add_socket(added)
    kept = argparse.SUPPRESS
    added.add_argument("-o", "--output", choices=formats, default=kept, help="default: table")
    added.add_argument("--no-color", action="store_true", default=kept, help="no colours; also with $NO_COLOR")
    return added


def _run_number(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="N", type=_count, help="the run's number")


def _status(commands: Commands) -> None:
    text = "what the daemon is and does: progress by account and region, schedule, last runs, coverage, warnings"
    _watch(_command(commands, "status", text, STATUS, status))


def _watch(parser: argparse.ArgumentParser) -> None:
    text = "again every SECONDS until Ctrl-C; default: 2"
    parser.add_argument("--watch", metavar="SECONDS", nargs="?", type=_seconds, const=2.0, help=text)


def _sync(commands: Commands) -> None:
    added = _command(commands, "sync", "have the daemon read everything, or what is selected", SYNC, control.sync)
    added.add_argument(
        "--collector", metavar="NAME", action="append", default=[], help="only this collector; may be repeated"
    )
    for name in ("account", "region", "kind"):
        added.add_argument(
            f"--{name}", metavar="GLOB", action="append", default=[], help=f"only such {name}s; may be repeated"
        )
    _wait(added)


def _accept(commands: Commands) -> None:
    text = "believe what a held scope lost, or let a retired scope go"
    added = _command(commands, "accept", text, ACCEPT, control.accept)
    added.add_argument("scope", metavar="SCOPE", nargs="+", help="a scope's key, or a glob over such keys")
    _wait(added)


def _wait(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--wait", action="store_true", help="until it is done; shows how far it is")


def _group(commands: Commands, name: str, text: str, examples: str) -> Commands:
    added = commands.add_parser(name, help=text, description=text, epilog=f"examples:\n{examples}")
    return added.add_subparsers(metavar="ACTION", title="actions", required=True)


def _collectors_and_accounts(commands: Commands) -> None:
    text = "the collectors that are installed, and what each of them holds"
    examples = "  syncctl collectors list\n  syncctl collectors list -o json\n"
    collectors = _group(commands, "collectors", text, examples)
    _watch(_command(collectors, "list", text, examples, lists.collectors, FORMATS))
    text = "the accounts that are known, and how complete each of them is"
    examples = "  syncctl accounts list\n  syncctl accounts list -o csv\n"
    accounts = _group(commands, "accounts", text, examples)
    _watch(_command(accounts, "list", text, examples, lists.accounts, FORMATS))


def _workflows(commands: Commands) -> None:
    listed, run = "  syncctl workflows list\n", "  syncctl workflows run metrics --wait\n"
    workflows = _group(commands, "workflows", "what runs do, step by step", listed + run)
    text = "the workflows with their steps, and who takes part from outside"
    _watch(_command(workflows, "list", text, listed, lists.workflows, FORMATS))
    added = _command(workflows, "run", "have the daemon run one", run, control.run_workflow)
    added.add_argument("name", metavar="NAME", help="collect, cleanup, metrics or collect_and_cleanup")
    _wait(added)


def _config(commands: Commands) -> None:
    shown, checked = "  syncctl config show\n  syncctl config show -o yaml\n", "  syncctl config check\n"
    config = _group(commands, "config", "the daemon's configuration", shown + checked)
    text = "what the daemon goes by, defaults included, secrets hidden"
    _command(config, "show", text, shown, configuration.show_config, FORMATS)
    text = "everything wrong with the files as they are now, in the daemon's eyes; changes nothing"
    _command(config, "check", text, checked, configuration.check_config)


def _debug(commands: Commands) -> None:
    tasks, limits = "  syncctl debug tasks\n", "  syncctl debug limits\n  syncctl debug limits -o json\n"
    debug = _group(commands, "debug", "what the daemon does inside, and what a run costs", tasks + limits + CALLS)
    _watch(_command(debug, "tasks", "its tasks, and the line where each of them waits", tasks, lists.tasks, FORMATS))
    text = "how many calls each service of each account may have under way, and has"
    _watch(_command(debug, "limits", text, limits, lists.limits, FORMATS))
    _calls(debug)


def _calls(debug: Commands) -> None:
    text = "how many calls the next scheduled run will make, at least and about; a first run's, too"
    added = debug.add_parser("calls", help=text, description=text, epilog=f"examples:\n{CALLS}")
    added.add_argument("--by", choices=PARTS, default="service", help="default: service")
    added.add_argument("--everything", action="store_true", help="for a run by hand, which leaves nothing out")
    _first_run(added)
    common.add_config(added)
    common.add_database(added)
    common.add_output(added, FORMATS)
    added.set_defaults(handler=_run_calls)


def _first_run(added: common.Parser) -> None:
    either = added.add_mutually_exclusive_group()
    text = "ask the provider which accounts and regions there are, as the run will; else those that were read count"
    either.add_argument("--discover", action="store_true", help=text)
    text = "a run that reads everything of so many accounts, whatever was read so far"
    either.add_argument("--accounts", type=_count, default=0, metavar="N", help=text)
    text = "and of so many regions in each; default: 17. Those with the fewest parts are taken"
    added.add_argument("--regions", type=_count, default=0, metavar="N", help=text)


def _run_calls(arguments: argparse.Namespace) -> int:
    from syncd.cli.calls import calls

    return calls(arguments)


def _seconds(text: str) -> float:
    value = float(text)
    if not (value >= 0.1 and math.isfinite(value)):
        raise argparse.ArgumentTypeError(f"found {text}, expected seconds, at least 0.1")
    return value


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"found {text}, expected a number")
    return int(text)
