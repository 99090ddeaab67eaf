"""Three questions to the store, in SQL."""

from demo.estate.site import Site
from demo.story import Stage, Surprise, rows, run, say

COUNTS = """select r.kind, a.name as account, count(*) as resources
  from resource r join resource a on a.kind = 'aws_account' and a.id = r.account
 group by 1, 2 order by 3 desc, 1, 2 limit 12"""

HANGS_ON = """select from_kind, from_name, type, to_name
  from relation
 where to_urn like '%:security-group/{group}'
 order by 1, 2"""

UNENCRYPTED = """select name, region, common ->> '$.volume_size' as gb, tags ->> '$.owner' as owner
  from aws_ec2_volume
 where not common ->> '$.volume_encrypted' and account = '{account}'
 order by owner, name, region"""


def ask(stage: Stage, site: Site, db: tuple[str, str]) -> None:
    account = site.place.account
    _ask(stage, "How many resources of each kind are in which account?", COUNTS, db)
    _ask(
        stage,
        f"What hangs on the security group shop of {account.name} in {site.place.region}?",
        HANGS_ON.format(group=site.groups["shop"]),
        db,
    )
    _ask(stage, f"Which disks of {account.name} are not encrypted, and whose are they?", UNENCRYPTED.format(account=account.id), db)


def _ask(stage: Stage, question: str, statement: str, db: tuple[str, str]) -> None:
    say(f"\n{question}")
    run(stage, "syncctl", "sql", statement, *db)
    if not rows(stage, "syncctl", "sql", statement, *db):
        raise Surprise("nothing was found")
