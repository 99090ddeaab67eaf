"""Load balancers, functions, clusters, scaling groups and stacks: the calls beside their lists."""

from bench.fakeaws import names
from bench.fakeaws.answers.lists import listing
from bench.fakeaws.answers.table import Parameters, RefusedError, index, on, strings
from bench.fakeaws.documents import Document, compute, network
from bench.fakeaws.world import World


def _balancing_index(world: World, arn: str) -> tuple[str, int]:
    """Kind and index of a load balancer or target group, by the name in its ARN; a listener has its balancer's."""
    kind = "elbv2.tg" if ":targetgroup/" in arn else "elbv2.lb"
    return kind, index(world, kind, arn.split("/")[-3 if ":listener/" in arn else -2])


@on("elbv2", "DescribeTags")
def balancing_tags(world: World, parameters: Parameters) -> Document:
    found = {arn: _balancing_index(world, arn) for arn in strings(parameters, "ResourceArns")}
    return {"TagDescriptions": [{"ResourceArn": arn, "Tags": world.tags(*place)} for arn, place in found.items()]}


@on("elbv2", "DescribeTargetGroups")
def target_groups(world: World, parameters: Parameters) -> Document:
    balancer = parameters.get("LoadBalancerArn")
    if not balancer:
        return listing(world, "elbv2", "DescribeTargetGroups", parameters)
    _, first = _balancing_index(world, balancer)
    behind = range(first, world.count("elbv2.tg"), max(1, world.planned("elbv2.lb")))
    return {"TargetGroups": [network.target_group(world, i) for i in behind]}


@on("elbv2", "DescribeListeners")
def listeners(world: World, parameters: Parameters) -> Document:
    _, i = _balancing_index(world, parameters["LoadBalancerArn"])
    return {"Listeners": [network.listener(world, i)]}


@on("elbv2", "DescribeLoadBalancerAttributes")
def balancer_attributes(_: World, __: Parameters) -> Document:
    attributes = {
        "deletion_protection.enabled": "false",
        "access_logs.s3.enabled": "false",
        "idle_timeout.timeout_seconds": "60",
    }
    return {"Attributes": [{"Key": key, "Value": value} for key, value in attributes.items()]}


@on("elbv2", "DescribeTargetGroupAttributes")
def target_group_attributes(_: World, __: Parameters) -> Document:
    return {"Attributes": [{"Key": "stickiness.enabled", "Value": "false"}]}


@on("elbv2", "DescribeTargetHealth")
def target_health(world: World, parameters: Parameters) -> Document:
    _, i = _balancing_index(world, parameters["TargetGroupArn"])
    return {
        "TargetHealthDescriptions": [
            {
                "Target": {"Id": names.some_instance(world, 4 * i + j), "Port": 8080},
                "HealthCheckPort": "8080",
                "TargetHealth": {"State": "healthy"},
            }
            for j in range(4)
        ]
    }


@on("lambda", "ListTags")
def function_tags(world: World, parameters: Parameters) -> Document:
    return {"Tags": world.tag_map("lambda.function", index(world, "lambda.function", parameters["Resource"]))}


@on("lambda", "GetFunction")
def function(world: World, parameters: Parameters) -> Document:
    i = index(world, "lambda.function", parameters["FunctionName"])
    return {
        "Configuration": compute.function(world, i),
        "Code": {"RepositoryType": "S3"},
        "Tags": world.tag_map("lambda.function", i),
    }


@on("lambda", "GetFunctionConfiguration")
def function_configuration(world: World, parameters: Parameters) -> Document:
    return compute.function(world, index(world, "lambda.function", parameters["FunctionName"]))


@on("lambda", "GetPolicy", "GetFunctionUrlConfig")
def nothing_on_function(_: World, __: Parameters) -> Document:
    raise RefusedError("ResourceNotFoundException", "The resource you requested does not exist.", 404)


@on("ecs", "DescribeClusters")
def container_clusters(world: World, parameters: Parameters) -> Document:
    """A cluster that is gone is no error here but a failure beside the others, as in AWS."""
    found: Document = {"clusters": [], "failures": []}
    for arn in strings(parameters, "clusters"):
        try:
            found["clusters"].append(compute.container_cluster(world, index(world, "ecs.cluster", arn)))
        except RefusedError:
            found["failures"].append({"arn": arn, "reason": "MISSING"})
    return found


@on("eks", "DescribeCluster")
def kubernetes_cluster(world: World, parameters: Parameters) -> Document:
    return {"cluster": compute.kubernetes_cluster(world, index(world, "eks.cluster", parameters["name"]))}


@on("autoscaling", "DescribeTags")
def scaling_tags(_: World, __: Parameters) -> Document:
    return {"Tags": []}


@on("cloudformation", "DescribeStacks")
def stacks(world: World, parameters: Parameters) -> Document:
    name = parameters.get("StackName")
    if not name:
        return listing(world, "cloudformation", "DescribeStacks", parameters)
    i = index(world, "cloudformation.stack", name.split("/")[1] if "/" in name else name)
    return {"Stacks": [compute.stack(world, i)]}


@on("cloudformation", "DescribeStackResources")
def stack_resources(_: World, __: Parameters) -> Document:
    return {"StackResources": []}
