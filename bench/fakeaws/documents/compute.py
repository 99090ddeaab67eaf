"""Functions, clusters, scaling groups and stacks."""

from bench.fakeaws import names
from bench.fakeaws.documents import Document
from bench.fakeaws.world import STAGES, World, team


def function(world: World, i: int) -> Document:
    kind = "lambda.function"
    dice, name = world.number(kind, i), names.function_name(i)
    document: Document = {
        "FunctionName": name,
        "FunctionArn": names.function_arn(world, i),
        "Runtime": "python3.11",
        "Role": names.some_role_arn(world, dice),
        "Handler": "app.handler",
        "CodeSize": dice % 10**7,
        "Description": f"fn {i}",
        "Timeout": 30,
        "MemorySize": 128 << (dice % 4),
        "LastModified": world.moment(kind, i).strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
        "CodeSha256": world.digest("sha", i, 32),
        "Version": "$LATEST",
        "Environment": {"Variables": {"STAGE": STAGES[dice % 4], "TABLE": f"table-{dice % 9}", "LOG_LEVEL": "INFO"}},
        "TracingConfig": {"Mode": "PassThrough"},
        "RevisionId": world.digest("rev", i, 32),
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
    }
    if dice % 3 == 0:
        document["VpcConfig"] = {
            "SubnetIds": [names.some_subnet(world, i), names.some_subnet(world, i + 3)],
            "SecurityGroupIds": [names.some_group(world, i)],
            "VpcId": names.subnet_vpc(world, i),
        }
    return document


def container_cluster(world: World, i: int) -> Document:
    return {
        "clusterArn": names.container_cluster_arn(world, i),
        "clusterName": names.container_cluster_name(i),
        "status": "ACTIVE",
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": 0,
        "pendingTasksCount": 0,
        "activeServicesCount": 0,
        "statistics": [],
        "settings": [{"name": "containerInsights", "value": "enabled"}],
        "capacityProviders": ["FARGATE"],
        "defaultCapacityProviderStrategy": [],
        "tags": [{"key": key, "value": value} for key, value in world.tag_map("ecs.cluster", i).items()],
    }


def kubernetes_cluster(world: World, i: int) -> Document:
    kind, name = "eks.cluster", names.kubernetes_cluster_name(i)
    endpoint, issuer = world.digest("eks", i, 32).upper(), world.digest("o", i, 32).upper()
    return {
        "name": name,
        "arn": world.arn("eks", f"cluster/{name}"),
        "createdAt": world.moment(kind, i),
        "version": "1.29",
        "endpoint": f"https://{endpoint}.gr7.{world.region}.eks.amazonaws.com",
        "roleArn": names.some_role_arn(world, i),
        "resourcesVpcConfig": {
            "subnetIds": [names.some_subnet(world, 3 * j) for j in range(3)],
            "securityGroupIds": [names.some_group(world, i)],
            "clusterSecurityGroupId": names.some_group(world, i + 1),
            "vpcId": names.some_vpc(world, 0),
            "endpointPublicAccess": True,
            "endpointPrivateAccess": True,
            "publicAccessCidrs": ["0.0.0.0/0"],
        },
        "kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4"},
        "logging": {"clusterLogging": [{"types": ["api", "audit"], "enabled": True}]},
        "identity": {"oidc": {"issuer": f"https://oidc.eks.{world.region}.amazonaws.com/id/{issuer}"}},
        "status": "ACTIVE",
        "certificateAuthority": {"data": "LS0t" * 300},
        "platformVersion": "eks.5",
        "tags": world.tag_map(kind, i),
    }


def scaling_group(world: World, i: int) -> Document:
    kind = "autoscaling.group"
    name = f"asg-{team(i)}-{i}"
    group = f"autoScalingGroup:{world.digest(kind, i, 32)}:autoScalingGroupName/{name}"
    return {
        "AutoScalingGroupName": name,
        "AutoScalingGroupARN": world.arn("autoscaling", group),
        "LaunchTemplate": {
            "LaunchTemplateId": "lt-" + world.digest("lt", i),
            "LaunchTemplateName": f"lt-{i}",
            "Version": "1",
        },
        "MinSize": 1,
        "MaxSize": 10,
        "DesiredCapacity": 4,
        "DefaultCooldown": 300,
        "AvailabilityZones": [world.zone(j) for j in range(3)],
        "LoadBalancerNames": [],
        "TargetGroupARNs": [names.some_target_group_arn(world, i)],
        "HealthCheckType": "EC2",
        "HealthCheckGracePeriod": 300,
        "Instances": [_scaled_instance(world, i, j) for j in range(4)],
        "CreatedTime": world.moment(kind, i),
        "SuspendedProcesses": [],
        "VPCZoneIdentifier": ",".join(names.some_subnet(world, 3 * j) for j in range(3)),
        "EnabledMetrics": [],
        "Tags": [_scaling_tag(name, tag) for tag in world.tags(kind, i)],
        "TerminationPolicies": ["Default"],
        "NewInstancesProtectedFromScaleIn": False,
        "ServiceLinkedRoleARN": names.some_role_arn(world, 0),
    }


def _scaled_instance(world: World, i: int, j: int) -> Document:
    return {
        "InstanceId": names.some_instance(world, 4 * i + j),
        "InstanceType": "m5.large",
        "AvailabilityZone": world.zone(j),
        "LifecycleState": "InService",
        "HealthStatus": "Healthy",
        "ProtectedFromScaleIn": False,
    }


def _scaling_tag(group: str, tag: dict[str, str]) -> Document:
    return {"ResourceId": group, "ResourceType": "auto-scaling-group", **tag, "PropagateAtLaunch": True}


def stack(world: World, i: int) -> Document:
    kind = "cloudformation.stack"
    name = f"stack-{team(i)}-{i}"
    return {
        "StackId": world.arn("cloudformation", f"stack/{name}/{world.digest(kind, i, 32)}"),
        "StackName": name,
        "Description": f"stack of {team(i)}",
        "Parameters": [{"ParameterKey": "Env", "ParameterValue": STAGES[i % 4]}],
        "CreationTime": world.moment(kind, i),
        "RollbackConfiguration": {},
        "StackStatus": "CREATE_COMPLETE",
        "DisableRollback": False,
        "NotificationARNs": [],
        "Capabilities": ["CAPABILITY_IAM"],
        "Outputs": [{"OutputKey": "Url", "OutputValue": f"https://x{i}.example.com"}],
        "Tags": world.tags(kind, i),
        "EnableTerminationProtection": False,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }
