"""Three questions to the store, in SQL."""

from demo.estate.site import Site
from demo.place import Account
from demo.story import Stage, Surprise, rows, run, say

COUNTS = """select kind, {columns}
  from resource
 group by kind order by count(*) desc, kind limit 15"""

HANGS_ON = """select from_kind, from_name, type, to_name
  from relation
 where to_urn like '%:security-group/{group}' and type <> 'contains'
 order by 1, 2"""

UNENCRYPTED = """select name, region, common ->> '$.volume_size' as gb, tags ->> '$.owner' as owner
  from aws_ec2_volume
 where not common ->> '$.volume_encrypted' and account = '{account}'
 order by owner, name, region"""


def ask(stage: Stage, accounts: list[Account], site: Site, db: tuple[str, str]) -> None:
    account = site.place.account
    columns = ", ".join(f"count(*) filter (where account = '{one.id}') as {one.stage}" for one in accounts)
    _ask(stage, "How many resources of each kind are in which account?", COUNTS.format(columns=columns), db)
    what = f"What hangs on the security group shop of {account.name} in {site.place.region}?"
    _ask(stage, what, HANGS_ON.format(group=site.groups["shop"]), db)
    whose = f"Which disks of {account.name} are not encrypted, and whose are they?"
    _ask(stage, whose, UNENCRYPTED.format(account=account.id), db)


def _ask(stage: Stage, question: str, statement: str, db: tuple[str, str]) -> None:
    say(f"\n{question}")
    run(stage, "syncctl", "sql", statement, *db)
    if not rows(stage, "syncctl", "sql", statement, *db):
        raise Surprise("nothing was found")
