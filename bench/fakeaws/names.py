"""What resources are called: `x_id` and the like name a resource itself, `some_x` names one to refer to.

A reference goes by the planned numbers and may dangle, as references in a real estate do.
"""

from bench.fakeaws.world import World, team


def vpc_id(world: World, i: int) -> str:
    return "vpc-" + world.digest("ec2.vpc", i)


def some_vpc(world: World, i: int) -> str:
    return vpc_id(world, world.wrap("ec2.vpc", i))


def subnet_id(world: World, i: int) -> str:
    return "subnet-" + world.digest("ec2.subnet", i)


def some_subnet(world: World, i: int) -> str:
    return subnet_id(world, world.wrap("ec2.subnet", i))


def subnet_vpc(world: World, i: int) -> str:
    """The network of the subnet that index `i` refers to."""
    return some_vpc(world, world.wrap("ec2.subnet", i))


def group_id(world: World, i: int) -> str:
    return "sg-" + world.digest("ec2.sg", i)


def some_group(world: World, i: int) -> str:
    return group_id(world, world.wrap("ec2.sg", i))


def group_name(i: int) -> str:
    return f"sg-{team(i)}-{i}"


def some_group_name(world: World, i: int) -> str:
    return f"sg-{team(i)}-{world.wrap('ec2.sg', i)}"


def instance_id(world: World, i: int) -> str:
    return "i-" + world.digest("ec2.instance", i)


def some_instance(world: World, i: int) -> str:
    return instance_id(world, world.wrap("ec2.instance", i))


def volume_id(world: World, i: int) -> str:
    return "vol-" + world.digest("ec2.volume", i)


def some_volume(world: World, i: int) -> str:
    return volume_id(world, world.wrap("ec2.volume", i))


def snapshot_id(world: World, i: int) -> str:
    return "snap-" + world.digest("ec2.snapshot", i)


def some_snapshot(world: World, i: int) -> str:
    return snapshot_id(world, world.wrap("ec2.snapshot", i))


def interface_id(world: World, i: int) -> str:
    return "eni-" + world.digest("ec2.eni", i)


def some_interface(world: World, i: int) -> str:
    return interface_id(world, world.wrap("ec2.eni", i))


def key_id(world: World, i: int) -> str:
    digits = world.digest("kms.key", i, 32)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def key_arn(world: World, i: int) -> str:
    return world.arn("kms", "key/" + key_id(world, i))


def some_key_arn(world: World, i: int) -> str:
    return key_arn(world, world.wrap("kms.key", i))


def role_name(i: int) -> str:
    return f"role-{team(i)}-{i}"


def role_arn(world: World, i: int) -> str:
    return world.global_arn("iam", "role/" + role_name(i))


def some_role_name(world: World, i: int) -> str:
    return f"role-{team(i)}-{world.wrap('iam.role', i)}"


def some_role_arn(world: World, i: int) -> str:
    return world.global_arn("iam", "role/" + some_role_name(world, i))


def policy_name(i: int) -> str:
    return f"policy-{team(i)}-{i}"


def policy_arn(world: World, i: int) -> str:
    return world.global_arn("iam", "policy/" + policy_name(i))


def some_policy(world: World, i: int) -> dict[str, str]:
    name = f"policy-{team(i)}-{world.wrap('iam.policy', i)}"
    return {"PolicyName": name, "PolicyArn": world.global_arn("iam", "policy/" + name)}


def user_name(i: int) -> str:
    return f"user-{i}"


def balancer_name(i: int) -> str:
    return f"lb-{team(i)}-{i}"


def balancer_path(world: World, i: int) -> str:
    return f"app/{balancer_name(i)}/{world.digest('elbv2.lb', i, 16)}"


def balancer_arn(world: World, i: int) -> str:
    return world.arn("elasticloadbalancing", "loadbalancer/" + balancer_path(world, i))


def some_balancer_arn(world: World, i: int) -> str:
    return balancer_arn(world, world.wrap("elbv2.lb", i))


def target_group_arn(world: World, i: int) -> str:
    return world.arn("elasticloadbalancing", f"targetgroup/tg-{i}/{world.digest('elbv2.tg', i, 16)}")


def some_target_group_arn(world: World, i: int) -> str:
    return target_group_arn(world, world.wrap("elbv2.tg", i))


def function_name(i: int) -> str:
    return f"fn-{team(i)}-{i}"


def function_arn(world: World, i: int) -> str:
    return world.arn("lambda", "function:" + function_name(i))


def queue_name(i: int) -> str:
    return f"queue-{team(i)}-{i}"


def queue_url(world: World, i: int) -> str:
    return f"{world.estate.url}/{world.account}/{queue_name(i)}"


def queue_arn(world: World, i: int) -> str:
    return world.arn("sqs", queue_name(i))


def topic_arn(world: World, i: int) -> str:
    return world.arn("sns", f"topic-{team(i)}-{i}")


def some_topic_arn(world: World, i: int) -> str:
    return world.arn("sns", f"topic-{team(i)}-{world.wrap('sns.topic', i)}")


def table_name(i: int) -> str:
    return f"table-{team(i)}-{i}"


def table_arn(world: World, i: int) -> str:
    return world.arn("dynamodb", "table/" + table_name(i))


def alarm_name(i: int) -> str:
    return f"alarm-{team(i)}-{i}"


def alarm_arn(world: World, i: int) -> str:
    return world.arn("cloudwatch", "alarm:" + alarm_name(i))


def container_cluster_name(i: int) -> str:
    return f"ecs-{team(i)}-{i}"


def container_cluster_arn(world: World, i: int) -> str:
    return world.arn("ecs", "cluster/" + container_cluster_name(i))


def kubernetes_cluster_name(i: int) -> str:
    return f"eks-{team(i)}-{i}"


def bucket_name(world: World, i: int) -> str:
    return f"bkt-{world.digest('s3.bucket', i, 8)}-{team(i)}-{i}"


def bucket_region(world: World, i: int) -> str:
    return world.estate.regions[i % len(world.estate.regions)]


def zone_id(world: World, i: int) -> str:
    return "Z" + world.digest("route53.zone", i, 20).upper()
