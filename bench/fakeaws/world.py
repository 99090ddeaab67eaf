"""Names, ids, times and tags of one account in one region: all of them follow from the seed."""

import datetime as dt
import hashlib
from dataclasses import dataclass

from bench.fakeaws.estate import GLOBAL, Estate

UTC = dt.UTC
EPOCH = dt.datetime(2024, 1, 1, tzinfo=UTC)
TEAMS = ("search", "billing", "platform", "data", "mobile", "identity", "risk", "growth")
STAGES = ("prod", "staging", "dev", "test")


def team(i: int) -> str:
    return TEAMS[i % 8]


@dataclass(frozen=True, slots=True)
class World:
    """One account in one region. `i` is always the index of a resource of its kind."""

    estate: Estate
    account: str
    region: str

    def count(self, kind: str) -> int:
        """How many there are now: what lists give."""
        return self.estate.count(self.account, self.region, kind)

    def planned(self, kind: str) -> int:
        """How many there were at the start: what references and documents go by."""
        return self.estate.planned(self.account, self.region, kind)

    def wrap(self, kind: str, i: int) -> int:
        """The index of a resource to refer to: always one of the planned."""
        return i % max(1, self.planned(kind))

    def digest(self, kind: str, i: int, size: int = 17) -> str:
        place = "global" if kind in GLOBAL else self.region
        text = f"{self.estate.plan.seed}/{self.account}/{place}/{kind}/{i}"
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()[:size]

    def number(self, kind: str, i: int) -> int:
        """A large number that belongs to this resource: the dice of its document."""
        return int(self.digest(kind, i, 12), 16)

    def moment(self, kind: str, i: int) -> dt.datetime:
        return EPOCH + dt.timedelta(seconds=self.number(kind, i) % (86400 * 500))

    def mutated(self, kind: str, i: int) -> bool:
        changes = self.estate.changes
        if not changes.generation or not changes.permille:
            return False
        place = "" if kind in GLOBAL else self.region
        text = f"{changes.generation}/{self.account}/{place}/{kind}/{i}"
        dice = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big")
        return dice % 1000000 < changes.permille * 1000

    def tag_map(self, kind: str, i: int) -> dict[str, str]:
        dice = self.number(kind, i)
        tags = {
            "Name": f"{kind.split('.')[1]}-{team(dice)}-{i}",
            "env": STAGES[dice // 8 % 4],
            "team": team(dice),
            "cost-center": f"cc-{dice // 32 % 97:04d}",
            "app": f"app-{dice // 3200 % 211:03d}",
        }
        if self.mutated(kind, i):
            tags["rev"] = f"g{self.estate.changes.generation}"
        return tags

    def tags(self, kind: str, i: int) -> list[dict[str, str]]:
        return [{"Key": key, "Value": value} for key, value in self.tag_map(kind, i).items()]

    def arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{rest}"

    def global_arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}::{self.account}:{rest}"

    def zone(self, i: int) -> str:
        return self.region + "abc"[i % 3]

    def address(self, kind: str, i: int) -> str:
        dice = self.number(kind, i)
        return f"10.{dice % 200}.{dice // 200 % 256}.{dice // 51200 % 254 + 1}"

    def mac(self, kind: str, i: int) -> str:
        digits = self.digest(kind, i, 12)
        return ":".join(digits[at : at + 2] for at in range(0, 12, 2))
