"""Ten questions that a platform, a security and a cost engineer ask, each with the command that answers it."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from demo.estate.network import ANYWHERE
from demo.estate.site import Site
from demo.story import Stage, Surprise, rows, run, say

PICTURE = Path("shop.svg")
CORES = "ancestors.instance_type.instance_cores"
COLUMNS = "name,volume_size,volume_status,age,account.name,region,tags.owner"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the words of the command that answers it, and how many rows that must give at least."""

    question: str
    command: tuple[str, ...]
    rows: int = 1


def asked(site: Site) -> list[Asked]:
    """`site`: production at home. In an account that is older than this demo, `age > 30d` would be the question."""
    everybody = Asked("Everybody: what changed since yesterday, and where?", ("history", "--since", "1d"))
    return [*_platform(site), *_security(site), *_cost(), everybody]


def _platform(site: Site) -> list[Asked]:
    group, name = site.groups["shop"], site.place.account.name
    addresses = f"is(dns_record_set) and name =~ ^www.{site.stage} -routes_to[1:5]->"
    return [
        Asked(
            "Platform: which disks hang on no machine, for longer than a second, and what do they weigh?",
            ("search", "is(volume) and age > 1s with(empty, -attached_to-> is(instance))", "--columns", COLUMNS),
        ),
        Asked(
            f"Platform: what depends on the security group shop of {name}?",
            ("search", f"id({group}) <-protected_by,uses-", "--columns", "kind,name,region,tags.owner"),
        ),
        Asked(
            "Platform: where does the name of the shop lead?",
            ("search", addresses, "--columns", "kind,name,region"),
        ),
    ]


def _security(site: Site) -> list[Asked]:
    open_to_all = f'ip_permissions[*].{{from_port <= 5432 and to_port >= 5432 and ip_ranges[*].cidr_ip = "{ANYWHERE}"}}'
    groups = f"is(security_group) and {open_to_all}"
    balancers = "<-routes_to,member_of[1:4]- is(load_balancer) and scheme = internet-facing"
    return [
        Asked(
            "Security: which buckets of production are not encrypted?",
            ("search", "is(bucket) and encryption_enabled != true and account.name =~ production"),
        ),
        Asked(
            "Security: which security groups let the whole world in to PostgreSQL?",
            ("search", groups, "--columns", "name,account.name,region,changed_at"),
        ),
        Asked("Security: was that so at the first run?", ("search", groups, "--at", "run:1", "--count"), rows=0),
        Asked(
            "Security: which public load balancers reach the machine shop-1?",
            ("search", f"id({site.instances['shop-1']}) {balancers}"),
        ),
    ]


def _cost() -> list[Asked]:
    machines = f"account.name as account, tags.owner as owner: sum(1) as machines, sum({CORES}) as cores"
    disks = "account.name as account, region, volume_status: sum(1) as disks, sum(volume_size) as gb"
    return [
        Asked("Cost: machines and their cores by owner?", ("aggregate", machines, "is(instance)")),
        Asked(
            "Cost: how many gigabytes of disks are where, and how many of them are of use?",
            ("aggregate", disks, "is(volume)"),
        ),
    ]


def ask(stage: Stage, site: Site, db: tuple[str, str]) -> None:
    for one in asked(site):
        say(f"\n{one.question}")
        run(stage, "syncctl", *one.command, *db)
        if one.rows and len(rows(stage, "syncctl", *one.command, *db)) < one.rows:
            raise Surprise("nothing was found")
    _draw(stage, site, db)


def _draw(stage: Stage, site: Site, db: tuple[str, str]) -> None:
    """A picture where Graphviz is installed, else what it would be drawn of."""
    around = ("walk", site.instances["shop-1"], "--down", "--depth", "2")
    if shutil.which("dot") is None:
        say("\nA picture of the machine shop-1 and what it uses (Graphviz would draw it):")
        run(stage, "syncctl", *around, "-o", "dot", *db)
        return
    say("\nA picture of the machine shop-1 and what it uses:")
    picture = stage.store.with_name(PICTURE.name)
    run(stage, "syncctl", *around, "--svg", str(picture), *db)
    if "<svg" not in picture.read_text():
        raise Surprise("there is no picture")
