"""A made-up graph of any size in a store's file, written by the store's own code: what searches are measured on.

    python -m bench.graph --nodes 100000 --out graph.db

Per ten nodes three volumes, two instances, two network interfaces, two snapshots, and one of what there are fewer of;
documents of about a kilobyte, five tags, three edges a node. The same `--nodes` and `--seed` give the same graph.
"""

import argparse
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from syncd.kinds import BASE_KINDS, Kind, KindRegistry
from syncd.model import Edge, Node, Scope
from syncd.store import coverage, edges, files, nodes
from syncd.store.coverage import Coverage
from syncd.store.journal import Journal
from syncd.store.names import Names
from syncd.store.records import encode
from syncd.store.views import views

KINDS = (
    Kind("aws_account", ("account",)),
    Kind("aws_region", ("region",)),
    Kind("aws_vpc", ("network",)),
    Kind("aws_ec2_subnet", ("subnet",)),
    Kind("aws_ec2_security_group", ("security_group",)),
    Kind("aws_iam_role", ("role",)),
    Kind("aws_ec2_instance", ("instance",)),
    Kind("aws_ec2_volume", ("volume",)),
    Kind("aws_ec2_snapshot", ("snapshot",)),
    Kind("aws_ec2_network_interface", ("network_interface",)),
    Kind("aws_lambda_function", ("serverless_function",)),
)
TYPES = ("contains", "attached_to", "in", "uses", "made_from")
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1", "us-east-2", "us-west-2")
OWNERS = tuple(f"team-{number}" for number in range(200))
STAGES = ("prod", "prod", "prod", "stage", "dev")
NOW = "2026-06-01T00:00:00Z"
PER_ACCOUNT = 5_000
WORDS = tuple(f"word{number}" for number in range(2_000))


class Place:
    """One account and region, and what is made in it."""

    def __init__(self, account: str, region: str, seed: int) -> None:
        self.account, self.region = account, region
        self.random = random.Random(f"{seed}/{account}/{region}")
        self.made: dict[str, list[str]] = {}

    def nodes(self, count: int) -> Iterator[Node]:
        few = max(count // 400, 1)
        for kind, share in (("aws_vpc", few), ("aws_ec2_subnet", few * 4), ("aws_ec2_security_group", few * 5)):
            for number in range(share):
                yield self.node(kind, number)
        rest = count - few * 10
        pattern = (
            *("aws_ec2_instance",) * 2, *("aws_ec2_volume",) * 3, *("aws_ec2_network_interface",) * 2,
            *("aws_ec2_snapshot",) * 2, "aws_lambda_function",
        )  # fmt: skip
        for number in range(rest):
            yield self.node(pattern[number % 10], number)

    def node(self, kind: str, number: int) -> Node:
        chance = self.random
        id_ = f"{kind.rsplit('_', 1)[-1]}-{chance.randrange(16**12):012x}"
        urn = f"arn:aws:ec2:{self.region}:{self.account}:{kind}/{id_}"
        owner, stage = chance.choice(OWNERS), chance.choice(STAGES)
        name = f"{stage}-{chance.choice(WORDS)}-{number}"
        found = Node(urn, kind, id_, name, self.account, self.region)
        found.created_at = f"202{chance.randrange(3, 6)}-0{chance.randrange(1, 9)}-1{chance.randrange(9)}T10:20:30Z"
        found.tags = {"owner": owner, "stage": stage, "Name": name, "cost-centre": str(chance.randrange(90)), "x": "y"}
        found.common = self.common(kind)
        found.document = self.document(kind, number)
        found.edges = tuple(self.edges(kind, urn))
        self.made.setdefault(kind, []).append(urn)
        return found

    def common(self, kind: str) -> dict[str, object]:
        chance = self.random
        if kind == "aws_ec2_volume":
            size = chance.choice((8, 16, 32, 100, 500, 1000))
            return {"volume_size": size, "volume_status": chance.choice(("in-use", "available")), "volume_type": "gp3"}
        if kind == "aws_ec2_instance":
            cores = chance.choice((2, 4, 8, 16))
            return {
                "instance_cores": cores,
                "instance_memory": cores * 4,
                "instance_type": f"m5.{cores}x",
                "instance_status": chance.choice(("running", "stopped")),
            }
        return {}

    def document(self, kind: str, number: int) -> dict[str, object]:
        chance = self.random
        return {
            "number": number,
            "state": {"code": number % 7, "name": chance.choice(("available", "pending", "deleted"))},
            "description": " ".join(chance.choice(WORDS) for _ in range(12)),
            "encrypted": chance.random() < 0.7,
            "availability_zone": f"{self.region}{chance.choice('abc')}",
            "mappings": [
                {"device_name": f"/dev/sd{letter}", "ebs": {"volume_id": f"vol-{chance.randrange(16**8):08x}"}}
                for letter in "abc"
            ],
            "addresses": [f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}"],
            "metadata_options": {"http_tokens": chance.choice(("required", "optional")), "http_endpoint": "enabled"},
            "filling": f"{chance.getrandbits(1200):x}",
            "kind_of": kind,
        }

    def edges(self, kind: str, urn: str) -> Iterator[Edge]:
        yield Edge("contains", f"arn:aws::{self.region}:{self.account}:region", incoming=True)
        for type_, other in (
            ("in", "aws_ec2_subnet"),
            ("uses", "aws_ec2_security_group"),
            ("attached_to", "aws_ec2_instance"),
        ):
            known = self.made.get(other)
            if known and other != kind and kind not in ("aws_vpc", "aws_ec2_security_group"):
                yield Edge(type_, known[-1 - self.random.randrange(min(len(known), 40))])


def make(path: Path, count: int, seed: int = 1) -> None:
    """Writes a new file; one of this name is replaced."""
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    files.prepare(connection, path, autocheckpoint=20_000)
    kinds, types = _vocabulary(connection)
    for number in range(max(count // PER_ACCOUNT, 1)):
        account = f"{100_000_000_000 + number}"
        share = min(PER_ACCOUNT, count) // len(REGIONS)
        for region in REGIONS:
            _write(connection, (kinds, types), Place(account, region, seed), share)
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()


def _vocabulary(connection: sqlite3.Connection) -> tuple[Names, Names]:
    registry = KindRegistry(BASE_KINDS)
    registry.add(KINDS)
    kinds, types = Names("kind"), Names("edge_type")
    connection.execute("begin")
    kinds.add(connection, (kind.name for kind in registry))
    types.add(connection, (name + end for name in TYPES for end in ("", "<")))
    pairs = [(kind.name, base) for kind in registry for base in registry.bases(kind.name)]
    connection.executemany("insert into kind_base values (?, ?)", pairs)
    views(connection, (kind.name for kind in registry))
    connection.execute("commit")
    return kinds, types


def _write(connection: sqlite3.Connection, words: tuple[Names, Names], place: Place, count: int) -> None:
    """One scope for all of a place: its frame, then what lies in it."""
    connection.execute("begin immediate")
    journal = Journal(connection, NOW, 1)
    scope = Scope("aws", place.account, place.region, "all")
    made = [*_frame(place), *place.nodes(count)]
    row = coverage.store(journal, coverage.fresh(scope, baseline=False), _complete(scope, len(made)))
    records = [encode(node, 1 << 20) for node in made]
    nodes.insert(journal, row.id, words[0], records)
    edges.add(journal, row.id, edges.stated(words[1], records))
    connection.execute("commit")


def _complete(scope: Scope, count: int) -> Coverage:
    place = scope.collector, scope.account, scope.region, scope.name
    return Coverage(0, *place, state="complete", read_at=NOW, tried_at=NOW, baseline=1, nodes=count, run=1)


def _frame(place: Place) -> Iterator[Node]:
    region = f"arn:aws::{place.region}:{place.account}:region"
    account = f"arn:aws:::{place.account}:account"
    if place.region == REGIONS[0]:
        yield Node(account, "aws_account", place.account, f"account {place.account[-3:]}", place.account, "global")
    inside = (Edge("contains", account, incoming=True),)
    yield Node(region, "aws_region", place.region, place.region, place.account, place.region, edges=inside)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    make(arguments.out, arguments.nodes, arguments.seed)


if __name__ == "__main__":
    main()
