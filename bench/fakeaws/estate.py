"""How much of everything an estate holds: the same for the same plan, and changed only by an order."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

REGIONS = (
    "us-east-1",
    "us-west-2",
    "eu-west-1",
    "eu-central-1",
    "ap-southeast-1",
    "us-east-2",
    "ap-northeast-1",
    "us-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-north-1",
    "sa-east-1",
    "ca-central-1",
    "ap-south-1",
    "ap-northeast-2",
    "ap-southeast-2",
    "ap-northeast-3",
)

# resources per (account, region) at scale 1
REGIONAL = {
    "ec2.instance": 100,
    "ec2.volume": 150,
    "ec2.snapshot": 200,
    "ec2.eni": 140,
    "ec2.sg": 40,
    "ec2.subnet": 12,
    "ec2.vpc": 3,
    "elbv2.lb": 8,
    "elbv2.tg": 12,
    "lambda.function": 40,
    "rds.instance": 8,
    "sqs.queue": 15,
    "sns.topic": 10,
    "dynamodb.table": 12,
    "cloudwatch.alarm": 60,
    "ecs.cluster": 2,
    "eks.cluster": 1,
    "kms.key": 10,
    "autoscaling.group": 6,
    "cloudformation.stack": 10,
}
# resources per account at scale 1
GLOBAL = {"iam.user": 30, "iam.role": 60, "iam.policy": 40, "s3.bucket": 40, "route53.zone": 5}
KINDS = REGIONAL | GLOBAL


@dataclass(frozen=True, slots=True)
class Plan:
    """The estate as it is before anything changes. Only the first `active_regions` regions hold regional resources."""

    accounts: int = 1
    regions: int = 2
    scale: float = 1.0
    seed: int = 7
    active_regions: int | None = None


@dataclass(slots=True)
class Changes:
    """What was done to the estate since it was planned. A mutation gives `permille` of all resources a new tag."""

    scale: float | None = None
    delta: dict[str, int] = field(default_factory=dict)
    generation: int = 0
    permille: float = 0.0


class Estate:
    """Accounts, regions and the number of resources of each kind.

    A resource is a kind and an index, so removing takes the highest indices away and adding again brings the same
    resources back. Documents refer to each other by the planned numbers, so that a change of the estate leaves the
    documents of all that stays alone, as in a real estate, where references dangle too.
    """

    def __init__(self, plan: Plan, url: str = "http://127.0.0.1:4599") -> None:
        self.plan = plan
        self.url = url  # queue URLs must lead back here: clients post to them
        self.regions = REGIONS[: plan.regions]
        self.active = frozenset(self.regions[: plan.active_regions] if plan.active_regions else self.regions)
        self.accounts = tuple(f"{100000000001 + 7 * number:012d}" for number in range(plan.accounts))
        self.changes = Changes()

    def planned(self, account: str, region: str, kind: str) -> int:
        return self._count(account, region, kind, self.plan.scale)

    def count(self, account: str, region: str, kind: str) -> int:
        """How many there are now, after all changes. A region that is not active stays empty."""
        scale = self.plan.scale if self.changes.scale is None else self.changes.scale
        base = self._count(account, region, kind, scale)
        return max(0, base + self.changes.delta.get(kind, 0)) if base else 0

    def _count(self, account: str, region: str, kind: str, scale: float) -> int:
        if account not in self.accounts or (kind in REGIONAL and region not in self.active):
            return 0
        return max(1, round(KINDS[kind] * scale))

    def truth(self) -> dict[str, Any]:
        """Counts per kind, account and region; what has no region is filed under `global`."""
        rows: list[tuple[str, str, str, int]] = []
        for account in self.accounts:
            rows += [(account, "global", kind, self.count(account, "global", kind)) for kind in GLOBAL]
            for region in self.regions:
                rows += [(account, region, kind, self.count(account, region, kind)) for kind in REGIONAL]
        by_kind: dict[str, int] = {}
        for _, _, kind, count in rows:
            by_kind[kind] = by_kind.get(kind, 0) + count
        return {
            "total": sum(by_kind.values()),
            "by_kind": by_kind,
            "by_account_region_kind": rows,
            "accounts": self.accounts,
            "regions": self.regions,
            "generation": self.changes.generation,
        }


def changed(scale: float | None, delta: Mapping[str, int], order: object) -> tuple[float | None, dict[str, int]]:
    """Scale and deltas after an order such as {"remove": {"ec2.volume": 5}}; ValueError names what is wrong with it."""
    if not isinstance(order, dict) or not order or order.keys() - {"scale", "add", "remove"}:
        raise ValueError('an order is a JSON object with any of "scale", "add" and "remove"')
    if "scale" in order:
        scale = order["scale"]
        if not isinstance(scale, int | float) or scale <= 0:
            raise ValueError("scale must be a number above 0")
    merged = Counter(delta)
    merged.update(_numbers(order.get("add", {})))
    merged.subtract(_numbers(order.get("remove", {})))
    return scale, dict(merged)


def _numbers(given: object) -> dict[str, int]:
    if not isinstance(given, dict) or given.keys() - KINDS.keys():
        raise ValueError(f"add and remove must map a kind ({', '.join(KINDS)}) to how many")
    if not all(isinstance(number, int) and number >= 0 for number in given.values()):
        raise ValueError("how many to add or remove must be a whole number from 0 up")
    return given
