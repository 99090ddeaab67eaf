"""Every kind of fault, at every place where it can strike: what was known stays, is marked, and comes back quietly."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import msgspec
import pytest

from bench.fake import Fake, serving
from tests.fakes.estate import Estate

LASTING = [
    "denied",
    "unauthorized",
    "expired",
    "throttled",
    "internal",
    "unavailable",
    "disabled",
    "not_found",
    "garbage",
    "truncated",
    "cut",
    "hang",
    "malformed",
    "endless",
]
STATES = {"denied": "denied", "unauthorized": "denied", "expired": "denied", "disabled": "disabled"}
REGION = "us-east-1"
Broken = tuple[dict[str, Any], str, str]

# where lists break, each in a scope of its own: rule, scope, the permission that a denial names
FIRST_PAGES: dict[str, Broken] = {
    "ec2, xml": ({"service": "ec2", "operation": "DescribeVolumes"}, f"{REGION}/ec2.volumes", "ec2:DescribeVolumes"),
    "lambda, json": (
        {"service": "lambda", "operation": "ListFunctions"},
        f"{REGION}/lambda.functions",
        "lambda:ListFunctions",
    ),
    "sqs, names": ({"service": "sqs", "operation": "ListQueues"}, f"{REGION}/sqs.queues", "sqs:ListQueues"),
    "s3": ({"service": "s3", "operation": "ListBuckets"}, "global/s3.buckets", "s3:ListAllMyBuckets"),
}
LATER_PAGES: dict[str, Broken] = {
    "lambda, second page": (
        {"service": "lambda", "operation": "ListFunctions", "after": 1},
        f"{REGION}/lambda.functions",
        "lambda:ListFunctions",
    ),
    "listeners of the third balancer": (
        {"service": "elbv2", "operation": "DescribeListeners", "after": 2},
        f"{REGION}/elbv2.listeners",
        "elasticloadbalancing:DescribeListeners",
    ),
    "keys of the sixth user": (
        {"service": "iam", "operation": "ListAccessKeys", "after": 5},
        "global/iam.access_keys",
        "iam:ListAccessKeys",
    ),
}
FACETS: dict[str, Broken] = {
    "s3 encryption": (
        {"service": "s3", "operation": "GetBucketEncryption"},
        "global/s3.buckets",
        "s3:GetEncryptionConfiguration",
    ),
    "sqs attributes": (
        {"service": "sqs", "operation": "GetQueueAttributes"},
        f"{REGION}/sqs.queues",
        "sqs:GetQueueAttributes",
    ),
    "dynamodb details, later": (
        {"service": "dynamodb", "operation": "DescribeTable", "after": 3},
        f"{REGION}/dynamodb.tables",
        "dynamodb:DescribeTable",
    ),
    "eks details": (
        {"service": "eks", "operation": "DescribeCluster"},
        f"{REGION}/eks.clusters",
        "eks:DescribeCluster",
    ),
    "elbv2 tags in batches": (
        {"service": "elbv2", "operation": "DescribeTags"},
        f"{REGION}/elbv2.load_balancers",
        "elasticloadbalancing:DescribeTags",
    ),
}
BEHIND = ("lambda, second page", "s3 encryption", "sqs attributes")
"""Where the first page of the same list is broken, nobody comes to these: they are struck in a run of their own."""
ALL = FIRST_PAGES | LATER_PAGES | FACETS
EVERYWHERE = {
    "lists, and facets of others": {name: broken for name, broken in ALL.items() if name not in BEHIND},
    "behind a first page": {name: ALL[name] for name in BEHIND},
}
MALFORMED = ("s3 encryption", "elbv2 tags in batches", "eks details")
"""The facets of which a client can tell: the values of others have no form of their own."""


@pytest.fixture(scope="module")
def fake() -> Iterator[Fake]:
    with serving("--regions=1", "--scale=1.5", "--seed=11") as running:
        yield running


@pytest.fixture(scope="module")
def estate(fake: Fake, tmp_path_factory: pytest.TempPathFactory) -> Estate:
    """Read once, complete; every test leaves it so."""
    estate = Estate(fake, tmp_path_factory.mktemp("estate") / "s.db")
    assert estate.sync().state == "complete", estate.incomplete()
    assert estate.is_true()
    return estate


@pytest.fixture(autouse=True)
def mended(estate: Estate) -> Iterator[None]:
    yield
    estate.mend()


def scope_of(estate: Estate, place: str) -> str:
    return f"aws/{estate.fake.get('__truth')['accounts'][0]}/{place}"


@contextmanager
def impatient(estate: Estate) -> Iterator[None]:
    """Silence is not waited for long."""
    patient, estate.limits = estate.limits, msgspec.structs.replace(estate.limits, call_timeout_seconds=2.0)
    yield
    estate.limits = patient


def strike(estate: Estate, broken: dict[str, Broken], do: str, **more: Any) -> dict[str, tuple[str, str, str]]:
    """One sync under faults: nothing is lost by it, nor told when all is well again. Returns what was incomplete."""
    before, since = estate.picture(), estate.last_event()
    estate.faults(*({"do": do, **rule, **more} for rule, _, _ in broken.values()))
    with impatient(estate) if do == "hang" else nullcontext():
        estate.sync()
    assert all(rule["hits"] for rule in estate.fake.get("__faults")), "a fault never struck"
    assert estate.picture() == before
    assert estate.changes(since) == []
    left = estate.incomplete()
    estate.mend()
    assert estate.sync().state == "complete", estate.incomplete()
    assert estate.picture() == before
    assert estate.changes(since) == []
    return left


def breakable(do: str, where: str) -> dict[str, Broken]:
    """Facets have no pages that could be endless."""
    apart = {"endless": set(FACETS), "malformed": set(FACETS) - set(MALFORMED)}.get(do, set())
    return {name: broken for name, broken in EVERYWHERE[where].items() if name not in apart}


@pytest.mark.parametrize("where", EVERYWHERE)
@pytest.mark.parametrize("do", LASTING)
def test_a_fault_loses_nothing_and_is_named(estate: Estate, do: str, where: str) -> None:
    broken = breakable(do, where)
    left = strike(estate, broken, do)
    for name, (_, scope, permission) in broken.items():
        state, named, reason = left.pop(scope_of(estate, scope))
        expected = STATES.get(do, "failed")
        assert state == expected or (name in FACETS and state == "partial"), name
        assert named == (permission if expected == "denied" else named), name
        assert reason, name
    assert left == {}, "another scope was touched"


@pytest.mark.parametrize("where", EVERYWHERE)
def test_one_empty_answer_loses_nothing(estate: Estate, where: str) -> None:
    strike(estate, EVERYWHERE[where], "empty", times=1)


@pytest.mark.parametrize("where", EVERYWHERE)
def test_a_slow_answer_is_a_complete_answer(estate: Estate, where: str) -> None:
    assert strike(estate, EVERYWHERE[where], "slow", seconds=0.05, times=3) == {}


def test_a_lasting_empty_list_is_held_and_nobody_loses_anything(estate: Estate) -> None:
    left = strike(estate, FIRST_PAGES, "empty")
    states = {scope.split("/", 2)[2]: state for scope, (state, _, _) in left.items()}
    assert states[f"{REGION}/ec2.volumes"] == states[f"{REGION}/lambda.functions"] == "held"


def test_lasting_empty_tags_of_many_resources_are_held(estate: Estate) -> None:
    sweep: Broken = ({"service": "resourcegroupstaggingapi"}, "", "")
    own: Broken = ({"service": "s3", "operation": "GetBucketTagging"}, "", "")
    left = strike(estate, {"sweep": sweep, "own": own}, "empty")
    assert left[scope_of(estate, "global/s3.buckets")][0] == "held"


def test_lasting_empty_facets_of_many_resources_are_held(estate: Estate) -> None:
    left = strike(estate, {"s3 encryption": FACETS["s3 encryption"]}, "empty")
    assert left[scope_of(estate, "global/s3.buckets")][0] == "held"


def test_bulk_tags_that_are_refused_are_asked_one_by_one(estate: Estate) -> None:
    assert strike(estate, {"bulk": ({"service": "resourcegroupstaggingapi"}, "", "")}, "denied") == {}


def test_tags_that_cannot_be_had_either_way_are_kept(estate: Estate) -> None:
    before, since = estate.picture(), estate.last_event()
    estate.faults(
        {"do": "denied", "service": "resourcegroupstaggingapi"},
        {"do": "denied", "service": "lambda", "operation": "ListTags"},
        {"do": "denied", "service": "s3", "operation": "GetBucketTagging"},
    )
    estate.sync()
    assert (estate.picture(), estate.changes(since)) == (before, [])
    assert estate.incomplete()[scope_of(estate, "global/s3.buckets")][:2] == ("partial", "s3:GetBucketTagging")
    state, permission, reason = estate.incomplete()[scope_of(estate, f"{REGION}/lambda.functions")]
    assert state == "partial"
    assert permission in ("lambda:ListTags", "tag:GetResources")
    assert "60" in reason
    estate.mend()
    estate.sync()
    assert (estate.picture(), estate.changes(since)) == (before, [])


def test_a_denied_role_marks_the_account_and_loses_nothing(estate: Estate) -> None:
    before, since = estate.picture(), estate.last_event()
    estate.fault(do="denied", service="ec2", operation="DescribeRegions")
    estate.sync()
    assert (estate.picture(), estate.changes(since)) == (before, [])
    states = {state for state, _, _ in estate.incomplete().values()}
    assert states == {"denied"}
    assert len(estate.incomplete()) > 5
    estate.mend()
    assert estate.sync().state == "complete"
    assert (estate.picture(), estate.changes(since)) == (before, [])
