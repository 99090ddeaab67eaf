"""`make demo`: two syncs of an AWS on this machine, what syncd knows of it, and what it does about it.

Exit 0 only if all went as told.
"""

import sys
import tempfile
import textwrap
import time
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from demo import changes, organization
from demo.cloud import cloud, enforce
from demo.estate.build import HOME, REGIONS, build
from demo.estate.site import Site
from demo.queries import ask
from demo.story import Stage, Surprise, heading, name_of, rows, run, say
from demo.surroundings import settle
from demo.telling import tell

FOLDER = Path(".demo")
Sites = dict[tuple[str, str], Site]


def main() -> int:
    settle()
    begun = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="syncd-demo-") as scratch:
            store = _tell(Path(scratch))
    except (Surprise, RuntimeError, BotoCoreError, ClientError) as surprise:
        print(f"\nThis did not go as told: {surprise}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    heading("All went as told")
    say(f"In {time.monotonic() - begun:.0f} s. The store stays: {store}")
    say(f"Look further:\n  {_tool()} kinds --db {store}\n  {_tool()} search --help")
    return 0


def _tell(scratch: Path) -> Path:
    heading("1. A cloud on this machine")
    say("Starting moto, a stand-in for AWS, on 127.0.0.1 …")
    with cloud() as url:
        sites, stage = _filled(url, scratch)
        heading("2. The first sync")
        say("The configuration:\n\n" + textwrap.indent(stage.config.read_text(), "    "))
        run(stage, "syncd", "sync", "--config", str(stage.config))
        heading("3. Meanwhile")
        _meanwhile(sites)
        heading("4. The second sync")
        run(stage, "syncd", "sync", "--config", str(stage.config), expect=3)
        db = ("--db", str(stage.store.relative_to(Path.cwd())))
        _look(stage, sites, db)
        heading("8. Tell somebody, and change something")
        tell(stage, sites["production", HOME], db)
    return stage.store


def _filled(url: str, scratch: Path) -> tuple[Sites, Stage]:
    """The estate, permissions that count, and a place for syncd."""
    accounts = organization.found(url)
    sites = build(url, accounts)
    say(f"An organization of {len(accounts)} accounts in {len(REGIONS)} regions, filled with the AWS SDK:")
    for account in accounts:
        say(f"  {name_of(account)}")
    FOLDER.mkdir(exist_ok=True)
    store = FOLDER.absolute() / "demo.db"
    for old in FOLDER.glob("demo.db*"):
        old.unlink()
    stage = Stage(scratch / "syncd.toml", store, organization.reader(url, accounts[0]))
    stage.configure(url, REGIONS, organization.READ_ROLE)
    enforce(url, on=True)
    say("From here on IAM policies count: syncd may read, and take a role that may only read in each member account.")
    return sites, stage


def _meanwhile(sites: Sites) -> None:
    production, west = sites["production", HOME], sites["production", REGIONS[1]]
    staging = sites["staging", HOME]
    changes.make(production)
    say(f"made       the queue {changes.QUEUE} in {name_of(production.place.account)}, {HOME}")
    changes.change(production)
    say(f"changed    the security group {changes.GROUP} there: port 5432 is open to the world")
    changes.delete(west)
    say(f"deleted    the volume {changes.DISK} there, in {west.place.region}")
    changes.take_away(staging)
    say(f"taken away {changes.TAKEN} from syncd's role in {name_of(staging.place.account)}")


def _look(stage: Stage, sites: Sites, db: tuple[str, str]) -> None:
    heading("5. What changed, field by field")
    run(stage, "syncctl", "events", "--type", "resource.*", *db)
    told = rows(stage, "syncctl", "events", "--type", "resource.*", *db)
    if {(event["type"], event["kind"], event["name"]) for event in told} != changes.TOLD or len(told) != len(
        changes.TOLD
    ):
        raise Surprise("these are not exactly the changes that were made")
    heading("6. How complete the picture is")
    say("What could not be seen is kept and marked, with the permission that is missing:")
    run(stage, "syncctl", "coverage", "--incomplete", "--why", *db)
    _check_coverage(stage, sites["staging", HOME].place.account.id, db)
    heading("7. Ask the graph")
    ask(stage, sites["production", HOME], db)


def _check_coverage(stage: Stage, account: str, db: tuple[str, str]) -> None:
    found = rows(stage, "syncctl", "coverage", "--incomplete", "--why", *db)
    told = {(row["scope"].split("/")[1], row["state"], row["permission"]) for row in found}
    if told != {(account, "denied", changes.TAKEN)} or len(found) != len(REGIONS):
        raise Surprise("this is not exactly the permission that was taken away")
    kept = f"select count(*) as kept from resource where kind = 'aws_secretsmanager_secret' and account = '{account}'"
    [secrets] = rows(stage, "syncctl", "sql", kept, *db)
    if not secrets["kept"]:
        raise Surprise("the secrets of that account are no longer known")
    say(f"\nThe {secrets['kept']} secrets known there are still in the store; nothing was told to be deleted.")


def _tool() -> Path:
    """As short as it can be said from here."""
    tool = Path(sys.executable).with_name("syncctl")
    return tool.relative_to(Path.cwd()) if tool.is_relative_to(Path.cwd()) else tool


if __name__ == "__main__":
    sys.exit(main())
