"""What happens between the two syncs, and what syncd must tell of it."""

from demo import organization
from demo.estate import messages
from demo.estate.network import ANYWHERE
from demo.estate.site import Site

QUEUE, GROUP, DISK = "refunds", "database", "import-scratch"

# (event, kind, name) of every resource event that must follow, and of no other.
TOLD = {
    ("resource.created", "aws_sqs_queue", QUEUE),
    ("resource.updated", "aws_ec2_security_group", GROUP),
    ("resource.deleted", "aws_ec2_volume", DISK),
    ("resource.updated", "aws_iam_role", organization.READ_ROLE),
}
TAKEN = organization.TAKEN
OPEN = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": ANYWHERE}]}


def make(site: Site) -> None:
    messages.queue(site, QUEUE, "payments")


def change(site: Site) -> None:
    """Somebody opens the database to the world."""
    site.place.client("ec2").authorize_security_group_ingress(GroupId=site.groups[GROUP], IpPermissions=[OPEN])


def mend(site: Site) -> None:
    """Somebody closes it again."""
    site.place.client("ec2").revoke_security_group_ingress(GroupId=site.groups[GROUP], IpPermissions=[OPEN])


def delete(site: Site) -> None:
    site.place.client("ec2").delete_volume(VolumeId=site.arns[f"volume/{DISK}"])


def take_away(site: Site) -> None:
    """One permission of the role that syncd reads with."""
    organization.take_away(site.place.url, site.place.account)
