"""The daemon at work: a rule of the pack fires, its end is told, and a plan changes tags."""

import json
import subprocess
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo import changes, organization
from demo.estate.site import Site
from demo.receiver import Notice, Receiver, receiving
from demo.story import Stage, Surprise, program, rows, run, say

RULES = Path(__file__).parents[1] / "etc" / "rules"
RULE = "aws-security-group-open-database-port"
QUEUE = f"is(aws_sqs_queue) and name = {changes.QUEUE}"
READY_WITHIN = 30.0


def tell(stage: Stage, site: Site, db: tuple[str, str]) -> None:
    """`site`: production at home, where the database is open to the world."""
    with receiving() as receiver:
        _configure(stage, site, receiver)
        with _daemon(stage):
            _offender(stage, site, receiver)
            _plan(stage, site)
    say(f"\nWhat the rule would have told before it was switched on, from the first run on ({RULE}):")
    run(stage, "syncctl", "rule", "test", RULE, "--since", "1d", "--config", str(stage.config), *db)
    if len(rows(stage, "syncctl", "rule", "test", RULE, "--since", "1d", "--config", str(stage.config), *db)) != 2:
        raise Surprise("the rule would have told something else")


def _configure(stage: Stage, site: Site, receiver: Receiver) -> None:
    added = (
        f'[control]\nsocket = "{stage.socket}"\n\n[schedule]\ncron = ""\n\n'
        f'[rules]\ndirectories = ["{RULES}"]\nenable = ["{RULE}"]\nto = ["desk"]\n\n'
        f'[targets.desk]\nreaction = "webhook"\nwait_seconds = 0.5\nurl = "{receiver.url}"\n'
        f'secrets = ["{receiver.secret}"]\n\n'
        '[egress]\nallow = ["127.0.0.1"]\nhttp = ["127.0.0.1"]\n\n'
        f'[plans]\nenabled = true\naccounts = ["{site.place.account.id}"]\n'
    )
    shown = added.replace(receiver.secret, "whsec_…").replace(str(RULES), "/etc/syncd/rules")
    say("Added to the configuration; the receiver is a program of this demo on 127.0.0.1 that checks signatures:\n")
    say(textwrap.indent(shown, "    "))
    with stage.config.open("a") as file:
        file.write("\n" + added)


@contextmanager
def _daemon(stage: Stage) -> Iterator[None]:
    command = [program("syncd"), "run", "--config", str(stage.config)]
    say("$ syncd run &")
    with subprocess.Popen(command, env=stage.environment()) as process:
        try:
            _ready(stage, process)
            yield
        finally:
            process.terminate()
    if process.returncode:
        raise Surprise(f"the daemon ended with {process.returncode}")


def _ready(stage: Stage, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + READY_WITHIN
    while not stage.socket.exists():
        if process.poll() is not None or time.monotonic() > end:
            raise Surprise("the daemon is not there")
        time.sleep(0.05)


def _offender(stage: Stage, site: Site, receiver: Receiver) -> None:
    _read(stage, "aws_ec2_security_group")
    _show(receiver.wait("firing"))
    changes.mend(site)
    say(f"\nThe security group {changes.GROUP} is closed again.")
    _read(stage, "aws_ec2_security_group")
    _show(receiver.wait("resolved"))


def _read(stage: Stage, kind: str) -> None:
    run(stage, "syncctl", "sync", "--kind", kind, "--wait")


def _show(notice: Notice | None) -> None:
    if notice is None or [item["resource"]["name"] for item in notice["items"]] != [changes.GROUP]:
        raise Surprise(f"the receiver was not told of {changes.GROUP}")
    kept = {key: notice[key] for key in ("id", "state", "rule", "severity", "title", "firing")}
    lines = json.dumps(kept | {"items": [item["text"] for item in notice["items"]]}, indent=2, ensure_ascii=False)
    say("The receiver was told, and knows by the signature by whom:\n" + textwrap.indent(lines, "    "))


def _plan(stage: Stage, site: Site) -> None:
    say(f"\nThe role of syncd in {site.place.account.name} is given one more permission: {organization.TAGGING}")
    organization.allow_tagging(site.place.url, site.place.account)
    run(stage, "syncctl", "tag", QUEUE, "account={account.name}", "reviewed=yes")
    run(stage, "syncctl", "plan", "apply", "1", "--yes")
    columns = ("--columns", "name,tags.account,tags.reviewed,tags.owner")
    db = ("--db", str(stage.store))
    run(stage, "syncctl", "search", QUEUE, *columns, *db)
    if [row["tags.reviewed"] for row in rows(stage, "syncctl", "search", QUEUE, *columns, *db)] != ["yes"]:
        raise Surprise("the queue has not been tagged")
