"""Containers: a registry, an ECS cluster with a service and tasks, a Kubernetes cluster with its nodes."""

import json

from demo.estate.site import Site
from demo.place import pairs, small_pairs


def registry(site: Site) -> None:
    for name in ("shop/web", "shop/worker"):
        site.place.client("ecr").create_repository(
            repositoryName=name,
            encryptionConfiguration={"encryptionType": "KMS", "kmsKey": site.arns["key"]},
            tags=pairs(site.place.tags(name, "storefront")),
        )


def ecs(site: Site) -> None:
    """A service behind the balancer, with one task more that somebody started by hand."""
    client, tags = site.place.client("ecs"), site.place.tags
    cluster = client.create_cluster(clusterName="shop", tags=small_pairs(tags("shop", "storefront")))["cluster"][
        "clusterArn"
    ]
    image = f"{site.place.account.id}.dkr.ecr.{site.place.region}.amazonaws.com/shop/web:1.4"
    definition = client.register_task_definition(
        family="web",
        networkMode="awsvpc",
        taskRoleArn=site.place.role("tasks"),
        executionRoleArn=site.place.role("tasks"),
        containerDefinitions=[
            {
                "name": "web",
                "image": image,
                "cpu": 256,
                "memory": 512,
                "portMappings": [{"containerPort": 8080}],
                "environment": [{"name": "PASSWORD", "value": "never stored"}],
            }
        ],
        tags=small_pairs(tags("web", "storefront")),
    )["taskDefinition"]["taskDefinitionArn"]
    _container_instance(site, cluster)
    network = {"awsvpcConfiguration": {"subnets": site.private, "securityGroups": [site.groups["shop"]]}}
    client.create_service(
        cluster=cluster,
        serviceName="web",
        taskDefinition=definition,
        desiredCount=1,
        launchType="EC2",
        networkConfiguration=network,
        loadBalancers=[{"targetGroupArn": site.arns["targets"], "containerName": "web", "containerPort": 8080}],
        tags=small_pairs(tags("web", "storefront")),
    )
    client.run_task(
        cluster=cluster,
        taskDefinition=definition,
        count=1,
        launchType="EC2",
        networkConfiguration=network,
        tags=small_pairs(tags("web", "storefront")),
    )


def _container_instance(site: Site, cluster: str) -> None:
    """What the agent on a machine does when it starts: it shows the machine's identity document."""
    document = {"instanceId": site.instances["search"], "region": site.place.region}
    site.place.client("ecs").register_container_instance(
        cluster=cluster,
        instanceIdentityDocument=json.dumps(document),
        instanceIdentityDocumentSignature="unsigned",
        tags=small_pairs(site.place.tags("search", "data")),
    )


def kubernetes(site: Site) -> None:
    """A cluster, machines for it, and a profile for pods without machines."""
    eks, tags = site.place.client("eks"), site.place.tags
    eks.create_cluster(
        name="platform",
        version="1.31",
        roleArn=site.place.role("cluster"),
        resourcesVpcConfig={"subnetIds": site.private, "securityGroupIds": [site.groups["shop"]]},
        encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": site.arns["key"]}}],
        tags=tags("platform", "platform"),
    )
    eks.create_nodegroup(
        clusterName="platform",
        nodegroupName="general",
        nodeRole=site.place.role("nodes"),
        subnets=site.private,
        scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 1},
        tags=tags("general", "platform"),
    )
    eks.create_fargate_profile(
        clusterName="platform",
        fargateProfileName="batch",
        podExecutionRoleArn=site.place.role("nodes"),
        subnets=site.private,
        selectors=[{"namespace": "batch"}],
        tags=tags("batch", "data"),
    )
