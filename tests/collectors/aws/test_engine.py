"""Reading a scope: lists, parents, doubts, identity."""

from pathlib import Path
from typing import Any

import pytest

from collectors.aws.templates import maker, prepare
from syncd.errors import Denied, Failed
from tests.collectors.aws.loopback import ACCOUNT
from tests.collectors.aws.readings import CLUSTERS, DENIED, REGION, Fault, Reading, cloud

CONTAINERS = (
    CLUSTERS
    + """

[aws_ecs_service]
list = "ecs.ListServices serviceArns[]"
item = "service_arn"
parent = { kind = "aws_ecs_cluster", args = { cluster = "{cluster_arn}" }, keep = { cluster_arn = "{cluster_arn}" } }
arn = "service_arn"
id = "service_arn"
name = "{service_arn|tail}"
relation = [{ type = "in", kind = "aws_ecs_cluster", path = "cluster_arn" }]

[aws_ecs_task]
list = "ecs.ListTasks taskArns[]"
item = "task_arn"
parent = { kind = "aws_ecs_cluster", args = { cluster = "{cluster_arn}" } }
arn = "task_arn"
id = "task_arn"
name = "{task_arn|tail}"
"""
)


def arn(what: str, name: str) -> str:
    return f"arn:aws:ecs:{REGION}:{ACCOUNT}:{what}/{name}"


def services(body: dict[str, Any]) -> dict[str, Any]:
    name = body["cluster"].rpartition("/")[2]
    return {"serviceArns": [arn("service", f"{name}-s")]}


ANSWERS = {
    "ListClusters": {"clusterArns": [arn("cluster", "a"), arn("cluster", "b")]},
    "ListServices": services,
    "ListTasks": lambda body: {"taskArns": [arn("task", body["cluster"][-1])]},
}


async def test_children_are_asked_for_once_a_parent_and_hang_in_it(tmp_path: Path) -> None:
    async with cloud(tmp_path, CONTAINERS, **ANSWERS) as aws:
        found = await aws.read("aws_ecs_service")
    assert set(found.nodes) == {"a-s", "b-s"}
    edges = [(edge.type, edge.target, edge.incoming) for edge in found["a-s"].edges]
    assert edges == [("in", arn("cluster", "a"), False), ("contains", arn("cluster", "a"), True)]
    assert found["a-s"].document == {"service_arn": arn("service", "a-s"), "cluster_arn": arn("cluster", "a")}


async def test_a_node_without_a_parent_hangs_in_its_region(tmp_path: Path) -> None:
    async with cloud(tmp_path, CONTAINERS, **ANSWERS) as aws:
        found = await aws.read("aws_ecs_cluster")
    assert [(edge.type, edge.target) for edge in found["a"].edges] == [
        ("contains", f"urn:aws:region:{ACCOUNT}:{REGION}")
    ]


async def test_scopes_of_a_place_share_their_parents_list_until_the_last_is_done(tmp_path: Path) -> None:
    async with cloud(tmp_path, CONTAINERS, **ANSWERS) as aws:
        aws.expect("aws_ecs_service", "aws_ecs_task")
        await aws.read("aws_ecs_service")
        await aws.read("aws_ecs_task")
        assert aws.aws.count("ListClusters") == 1
        await aws.read("aws_ecs_task")
        assert aws.aws.count("ListClusters") == 2


async def test_a_second_reading_lists_the_parents_again(tmp_path: Path) -> None:
    async with cloud(tmp_path, CONTAINERS, **ANSWERS) as aws:
        aws.expect("aws_ecs_service", "aws_ecs_task")
        await aws.read("aws_ecs_service")
        await aws.read("aws_ecs_service", reading=Reading(again=True))
        assert aws.aws.count("ListClusters") == 2


async def test_parents_that_cannot_be_listed_fail_every_child_alike(tmp_path: Path) -> None:
    async with cloud(tmp_path, CONTAINERS, **{**ANSWERS, "ListClusters": DENIED}) as aws:
        aws.expect("aws_ecs_service", "aws_ecs_task")
        for kind in ("aws_ecs_service", "aws_ecs_task"):
            with pytest.raises(Denied) as caught:
                await aws.read(kind)
            assert caught.value.permission == "ecs:ListClusters"
        assert aws.aws.count("ListClusters") == 1


async def test_one_parent_whose_list_fails_fails_the_scope(tmp_path: Path) -> None:
    def half(body: dict[str, Any]) -> Any:
        return DENIED if body["cluster"].endswith("b") else services(body)

    async with cloud(tmp_path, CONTAINERS, **{**ANSWERS, "ListServices": half}) as aws:
        with pytest.raises(Denied):
            await aws.read("aws_ecs_service")


async def test_a_parent_that_is_gone_is_doubted_and_fails_when_it_is_still_listed(tmp_path: Path) -> None:
    gone = Fault("ClusterNotFoundException")
    async with cloud(tmp_path, CONTAINERS, **{**ANSWERS, "ListServices": gone}) as aws:
        found = await aws.read("aws_ecs_service")
        assert [doubt.always for doubt in found.doubts] == [True]
        with pytest.raises(Failed):
            await aws.read("aws_ecs_service", reading=Reading(again=True))


@pytest.mark.parametrize("operation", ["ListClusters", "ListServices"])
async def test_an_empty_answer_is_doubted_wherever_it_comes(tmp_path: Path, operation: str) -> None:
    async with cloud(tmp_path, CONTAINERS, **{**ANSWERS, operation: {"clusterArns": [], "serviceArns": []}}) as aws:
        found = await aws.read("aws_ecs_service")
    assert found.nodes == {}
    assert [doubt.always for doubt in found.doubts] == [False]


async def test_an_empty_later_page_is_doubted(tmp_path: Path) -> None:
    def pages(body: dict[str, Any]) -> dict[str, Any]:
        return {"clusterArns": []} if "nextToken" in body else {"clusterArns": [arn("cluster", "a")], "nextToken": "2"}

    async with cloud(tmp_path, CONTAINERS, **{**ANSWERS, "ListClusters": pages}) as aws:
        assert [doubt.always for doubt in (await aws.read("aws_ecs_cluster")).doubts] == [False]
        aws.expect("aws_ecs_service", "aws_ecs_task")
        for kind in ("aws_ecs_service", "aws_ecs_task"):
            assert [doubt.always for doubt in (await aws.read(kind)).doubts] == [False]


@pytest.mark.parametrize("again", [False, True])
async def test_the_same_resource_twice_is_one_node_and_always_doubted(tmp_path: Path, again: bool) -> None:
    twice = {"clusterArns": [arn("cluster", "a"), arn("cluster", "a")]}
    async with cloud(tmp_path, CONTAINERS, **{**ANSWERS, "ListClusters": twice}) as aws:
        found = await aws.read("aws_ecs_cluster", reading=Reading(again=again))
    assert (list(found.nodes), [doubt.always for doubt in found.doubts]) == (["a"], [True])


async def test_a_bare_name_in_place_of_an_arn_is_known_by_place_and_kind(tmp_path: Path) -> None:
    async with cloud(tmp_path, CONTAINERS, ListClusters={"clusterArns": ["testcluster"]}) as aws:
        found = await aws.read("aws_ecs_cluster")
    assert found["testcluster"].urn == f"urn:aws:{ACCOUNT}:{REGION}:aws_ecs_cluster:testcluster"


@pytest.mark.parametrize("wrong", ["arn:aws:ecs:eu-west-NaN:NaN:cluster/a", "arn:aws:ecs", "arn:aws:ecs:x:1:a\nb"])
async def test_a_value_without_the_form_of_an_arn_fails_the_scope_and_is_named(tmp_path: Path, wrong: str) -> None:
    async with cloud(tmp_path, CONTAINERS, ListClusters={"clusterArns": [arn("cluster", "a"), wrong]}) as aws:
        with pytest.raises(Failed) as caught:
            await aws.read("aws_ecs_cluster")
    assert wrong.partition("\n")[0] in caught.value.reason


GRANDCHILDREN = """
[aws_ecs_container_instance]
list = "ecs.ListContainerInstances containerInstanceArns[]"
item = "container_instance_arn"
parent = { kind = "aws_ecs_service", args = { cluster = "{cluster_arn}", filter = "{service_arn|tail}" } }
arn = "container_instance_arn"
id = "container_instance_arn"

[aws_ecs_task_definition]
list = "ecs.ListTagsForResource tags[]"
args = { resourceArn = "x" }
arn = "ecs:{region}:{account}:thing/{key}"
id = "key"
"""


async def test_parents_of_other_accounts_are_not_asked_about(tmp_path: Path) -> None:
    sign_on = """
[aws_sso_instance]
list = "sso-admin.ListInstances Instances[]"
arn = "instance_arn"
id = "instance_arn"

[aws_sso_permission_set]
list = "sso-admin.ListPermissionSets PermissionSets[]"
item = "permission_set_arn"
parent = { kind = "aws_sso_instance", args = { InstanceArn = "{instance_arn}" }, own = "owner_account_id" }
arn = "permission_set_arn"
id = "permission_set_arn"
"""
    instances = [
        {"InstanceArn": f"arn:aws:sso:::instance/{name}", **owner}
        for name, owner in (
            ("ours", {"OwnerAccountId": ACCOUNT}),
            ("theirs", {"OwnerAccountId": "999988887777"}),
            ("nobodys", {}),
        )
    ]

    def sets(body: dict[str, Any]) -> dict[str, Any]:
        return {"PermissionSets": [body["InstanceArn"].replace("instance", "permissionSet") + "/ps-1"]}

    answers: dict[str, Any] = {"ListInstances": {"Instances": instances}, "ListPermissionSets": sets}
    async with cloud(tmp_path, sign_on, **answers) as aws:
        found = await aws.read("aws_sso_permission_set")
        assert {name.split("/")[1] for name in found.nodes} == {"ours", "nobodys"}
        assert aws.aws.count("ListPermissionSets") == 2


async def test_parents_have_parents(tmp_path: Path) -> None:
    instance = {"containerInstanceArns": [arn("container-instance", "i")]}
    async with cloud(tmp_path, CONTAINERS + GRANDCHILDREN, **{**ANSWERS, "ListContainerInstances": instance}) as aws:
        await aws.read("aws_ecs_container_instance")
        asked = [body for name, body in aws.aws.asked if name == "ListContainerInstances"]
    assert {(body["cluster"], body["filter"]) for body in asked} == {
        (arn("cluster", "a"), "a-s"),
        (arn("cluster", "b"), "b-s"),
    }


KINDS_IN_USE = """
[aws_ecs_service]
list = "ecs.ListServices serviceArns[]"
args = { cluster = "c" }
item = "service_arn"
arn = "service_arn"
id = "service_arn"

[aws_ecs_service_detail]
list = "ecs.DescribeServices services[]"
args = { cluster = "c" }
parent = { kind = "aws_ecs_service", args = { services = ["{service_arn|tail}"] }, batch = 2, distinct = true }
arn = "urn:aws:{account}:{region}:detail:{service_name}"
id = "service_name"
name = "service_name"
"""


async def test_a_list_may_be_asked_about_many_parents_at_once_each_value_once(tmp_path: Path) -> None:
    arns = {"serviceArns": [arn("service", f"{place}/{name}") for place in "xy" for name in "abc"]}
    answers = {
        "ListServices": arns,
        "DescribeServices": lambda body: {"services": [{"serviceName": name} for name in body["services"]]},
    }
    async with cloud(tmp_path, KINDS_IN_USE, **answers) as aws:
        found = await aws.read("aws_ecs_service_detail")
        asked = [body["services"] for name, body in aws.aws.asked if name == "DescribeServices"]
    assert sorted(found.nodes) == ["a", "b", "c"]
    assert sorted(map(len, asked)) == [1, 2]
    assert found["a"].edges[0].target == f"urn:aws:region:{ACCOUNT}:{REGION}"


async def test_a_fingerprint_is_the_same_in_every_process_and_changes_with_the_entry(tmp_path: Path) -> None:
    async with cloud(tmp_path, CONTAINERS) as aws:
        compiler = aws.compiler
        entries = compiler.catalog.kinds
        prints = {kind: compiler.scope([entry]).fingerprint for kind, entry in entries.items()}
    async with cloud(tmp_path, CONTAINERS.replace('name = "{service_arn|tail}"', 'name = "service_arn"')) as changed:
        again = {k: changed.compiler.scope([e]).fingerprint for k, e in changed.compiler.catalog.kinds.items()}
    assert {kind for kind in prints if prints[kind] != again[kind]} == {"aws_ecs_service"}


INSTANCES = """
[aws_thing]
list = "organizations.ListDelegatedServicesForAccount DelegatedServices[]"
args = { AccountId = "x" }
arn = "urn:aws:{account}:{region}:aws_thing:{.service_principal}"
id = "{.service_principal}"
"""


async def test_a_name_after_a_dot_is_the_documents_own(tmp_path: Path) -> None:
    answer = {"DelegatedServices": [{"ServicePrincipal": "s"}]}
    async with cloud(tmp_path, INSTANCES, ListDelegatedServicesForAccount=answer) as aws:
        found = await aws.read("aws_thing")
    assert list(found.nodes) == ["s"]
    assert maker("{.account} in {account}")({"account": "own"}, {"account": "ours"}) == "own in ours"
    assert prepare("{.account}/{account}")({"account": "ours"})({"account": "own"}) == "own/ours"


INSIDE = """
[aws_ecs_service]
list = "ecs.DescribeServices services[]"
args = { services = ["x"] }
arn = "service_arn"
id = "service_arn"
name = "service_name"

[aws_ecs_deployment]
list = "ecs.DescribeServices services[].deployments[]"
args = { services = ["x"] }
lift = { service_name = "serviceName" }
arn = "urn:aws:{account}:{region}:deployment:{id}"
id = "id"
"""


async def test_parts_of_documents_may_be_nodes_of_their_own(tmp_path: Path) -> None:
    service = {"serviceArn": arn("service", "a"), "serviceName": "a", "deployments": [{"id": "d"}]}
    async with cloud(tmp_path, INSIDE, DescribeServices={"services": [service]}) as aws:
        found = await aws.read("aws_ecs_service", "aws_ecs_deployment")
    assert found["d"].document == {"id": "d", "service_name": "a"}
    assert found["a"].document["deployments"] == [{"id": "d"}]


async def test_what_several_parents_list_is_one_thing_of_the_first_of_them_in_a_derived_kind(tmp_path: Path) -> None:
    shared = {"serviceArns": [arn("service", "shared")]}
    answers = {**ANSWERS, "ListClusters": {"clusterArns": [arn("cluster", "b"), arn("cluster", "a")]}}
    async with cloud(tmp_path, CONTAINERS, ["aws_ecs_service"], **{**answers, "ListServices": shared}) as aws:
        found = await aws.read("aws_ecs_service")
    assert (set(found.nodes), found.doubts) == ({"shared"}, [])
    assert [edge.target for edge in found["shared"].edges if edge.incoming] == [arn("cluster", "a")]


async def test_a_curated_list_that_repeats_a_thing_for_another_parent_is_not_believed(tmp_path: Path) -> None:
    answers = {**ANSWERS, "ListServices": {"serviceArns": [arn("service", "shared")]}}
    async with cloud(tmp_path, CONTAINERS, **answers) as aws:
        found = await aws.read("aws_ecs_service")
    assert [doubt.always for doubt in found.doubts] == [True]


async def test_a_derived_kind_whose_arn_is_left_out_gets_a_urn_of_its_id(tmp_path: Path) -> None:
    without = """
[aws_logs_destination]
list = "logs.DescribeDestinations destinations[]"
arn = "arn"
id = "{destination_name|arn}"
"""
    answer = {"DescribeDestinations": {"destinations": [{"destinationName": "one"}]}}
    async with cloud(tmp_path, without, ["aws_logs_destination"], **answer) as aws:
        found = await aws.read("aws_logs_destination")
    assert [node.urn for node in found.nodes.values()] == [f"urn:aws:{ACCOUNT}:{REGION}:aws_logs_destination:one"]
    async with cloud(tmp_path, without, **answer) as aws:
        with pytest.raises(Failed, match="expected an URN"):
            await aws.read("aws_logs_destination")
