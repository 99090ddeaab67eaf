import pytest

from bench.fakeaws.documents import Document, data, ec2, network
from bench.fakeaws.estate import Changes, Estate, Plan, changed
from bench.fakeaws.world import World

ACCOUNT = "100000000001"


def world(seed: int = 7, delta: dict[str, int] | None = None, scale: float | None = None) -> World:
    estate = Estate(Plan(scale=0.5, seed=seed))
    estate.changes = Changes(scale=scale, delta=delta or {})
    return World(estate, ACCOUNT, "us-east-1")


def volumes(where: World) -> list[Document]:
    return [ec2.volume(where, i) for i in range(where.count("ec2.volume"))]


def test_the_same_seed_makes_the_same_documents() -> None:
    assert volumes(world()) == volumes(world())


def test_another_seed_makes_other_resources() -> None:
    ids = {volume["VolumeId"] for volume in volumes(world())}
    assert ids.isdisjoint(volume["VolumeId"] for volume in volumes(world(seed=8)))


def test_removing_takes_the_last_and_leaves_every_other_document_alone() -> None:
    everything = volumes(world())
    assert volumes(world(delta={"ec2.volume": -5})) == everything[:-5]
    assert volumes(world(delta={"ec2.instance": -5, "ec2.snapshot": 9})) == everything


def test_adding_makes_new_resources_beside_the_old() -> None:
    more = volumes(world(delta={"ec2.volume": 5}))
    assert more[:-5] == volumes(world())
    assert len({volume["VolumeId"] for volume in more}) == len(more)


def test_a_larger_scale_adds_without_touching_what_is_there() -> None:
    larger = volumes(world(scale=1.0))
    assert len(larger) == 150
    assert larger[:75] == volumes(world())


def test_references_of_added_resources_lead_to_planned_ones() -> None:
    more = world(delta={"ec2.eni": 50, "rds.instance": 50})
    subnets = {network.subnet(more, i)["SubnetId"] for i in range(more.planned("ec2.subnet"))}
    keys = {data.key(more, i)["Arn"] for i in range(more.planned("kms.key"))}
    assert network.interface(more, more.count("ec2.eni") - 1)["SubnetId"] in subnets
    assert data.database(more, more.count("rds.instance") - 1)["KmsKeyId"] in keys


def test_a_kind_never_falls_below_none() -> None:
    assert world(delta={"eks.cluster": -9}).count("eks.cluster") == 0


def test_orders_add_up() -> None:
    scale, delta = changed(None, {"ec2.volume": -2}, {"scale": 2, "remove": {"ec2.volume": 3}, "add": {"ec2.vpc": 1}})
    assert (scale, delta) == (2.0, {"ec2.volume": -5, "ec2.vpc": 1})


@pytest.mark.parametrize(
    "order",
    [
        {},
        [],
        {"delete": 1},
        {"scale": 0},
        {"scale": "2"},
        {"remove": {"volume": 1}},
        {"add": {"ec2.volume": -1}},
        {"add": 3},
    ],
)
def test_an_order_that_makes_no_sense_is_refused(order: object) -> None:
    with pytest.raises(ValueError, match=r"order is|scale must|must map|must be a whole"):
        changed(None, {}, order)
