"""Work that is done on data and on code: jobs, pipelines, schedules, streams."""

import json
from typing import Any

from demo.estate.identity import role
from demo.estate.site import Site
from demo.place import pairs, small_pairs, specified


def build(site: Site) -> None:
    jobs(site)
    machines(site)
    streams(site)
    events(site)
    tables(site)
    delivery(site)
    kubernetes(site)


def jobs(site: Site) -> None:
    client, tags = site.place.client("batch"), site.place.tags
    environment = client.create_compute_environment(
        computeEnvironmentName="nights",
        type="MANAGED",
        state="ENABLED",
        computeResources={
            "type": "EC2",
            "maxvCpus": 8,
            "minvCpus": 0,
            "instanceTypes": ["m5.large"],
            "subnets": site.private[:1],
            "securityGroupIds": [site.groups["shop"]],
            "instanceRole": f"arn:aws:iam::{site.place.account.id}:instance-profile/shop",
        },
        serviceRole=site.place.role("tasks"),
        tags=tags("nights", "data"),
    )["computeEnvironmentArn"]
    policy = client.create_scheduling_policy(
        name="fair", fairsharePolicy={"shareDecaySeconds": 60}, tags=tags("fair", "data")
    )["arn"]
    client.create_job_queue(
        jobQueueName="nights",
        state="ENABLED",
        priority=1,
        schedulingPolicyArn=policy,
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": environment}],
        tags=tags("nights", "data"),
    )
    client.register_job_definition(
        jobDefinitionName="count",
        type="container",
        containerProperties={
            "image": f"{site.place.account.id}.dkr.ecr.{site.place.region}.amazonaws.com/shop:1",
            "vcpus": 1,
            "memory": 512,
            "jobRoleArn": site.place.role("tasks"),
            "environment": [{"name": "DATABASE_PASSWORD", "value": "never stored"}],
        },
        tags=tags("count", "data"),
    )


def machines(site: Site) -> None:
    """Clusters for heavy work, a fleet, and machines of the spot market."""
    tags = site.place.tags
    site.place.client("emr").run_job_flow(
        Name="clicks",
        ReleaseLabel="emr-7.0.0",
        LogUri="s3://" + site.arns["bucket/logs"].rpartition(":")[2] + "/emr",
        ServiceRole=site.place.role("glue"),
        JobFlowRole="shop",
        Instances={
            "MasterInstanceType": "m5.large",
            "InstanceCount": 1,
            "Ec2SubnetId": site.private[0],
            "KeepJobFlowAliveWhenNoSteps": True,
        },
        Tags=pairs(tags("clicks", "data")),
    )
    site.place.client("emr-serverless").create_application(
        name="clicks", releaseLabel="emr-7.0.0", type="SPARK", tags=tags("clicks", "data")
    )
    ec2 = site.place.client("ec2")
    template = ec2.describe_launch_templates()["LaunchTemplates"][0]["LaunchTemplateId"]
    chosen = {
        "LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "1"},
        "Overrides": [{"SubnetId": site.private[0]}],
    }
    wanted = {"TotalTargetCapacity": 1, "OnDemandTargetCapacity": 1, "DefaultTargetCapacityType": "on-demand"}
    fleet = ec2.create_fleet(
        LaunchTemplateConfigs=[chosen],
        TargetCapacitySpecification=wanted,
        Type="maintain",
        TagSpecifications=specified("fleet", tags("nights", "data")),
    )["FleetId"]
    running = [machine["InstanceId"] for machine in ec2.describe_fleet_instances(FleetId=fleet)["ActiveInstances"]]
    ec2.create_tags(Resources=running, Tags=pairs(tags("nights", "data")))
    _spot(site, ec2)


def _spot(site: Site, ec2: Any) -> None:
    tags = site.place.tags("prices", "data")
    machine = {
        "ImageId": site.arns["image"],
        "InstanceType": "t3.medium",
        "SubnetId": site.private[0],
        "KeyName": "deploy",
    }
    asked = ec2.request_spot_instances(SpotPrice="0.05", LaunchSpecification=machine)["SpotInstanceRequests"][0]
    ec2.create_tags(Resources=[asked["SpotInstanceRequestId"], asked["InstanceId"]], Tags=pairs(tags))
    ec2.request_spot_fleet(
        SpotFleetRequestConfig={
            "IamFleetRole": site.place.role("shop"),
            "TargetCapacity": 1,
            "AllocationStrategy": "lowestPrice",
            "SpotPrice": "0.05",
            "LaunchSpecifications": [{**machine, "TagSpecifications": specified("instance", tags)}],
            "TagSpecifications": specified("spot-fleet-request", tags),
        }
    )


def streams(site: Site) -> None:
    tags = site.place.tags
    site.arns["kafka"] = site.place.client("kafka").create_cluster(
        ClusterName="orders",
        KafkaVersion="3.6.0",
        NumberOfBrokerNodes=2,
        BrokerNodeGroupInfo={
            "ClientSubnets": site.private[:2],
            "InstanceType": "kafka.t3.small",
            "SecurityGroups": [site.groups["shop"]],
        },
        Tags=tags("orders", "payments"),
    )["ClusterArn"]
    site.place.client("kinesisanalyticsv2").create_application(
        ApplicationName="trends",
        RuntimeEnvironment="FLINK-1_18",
        ServiceExecutionRole=site.place.role("delivery"),
        Tags=pairs(tags("trends", "data")),
    )
    site.place.client("kinesisvideo").create_stream(
        StreamName="gate", DataRetentionInHours=1, Tags=tags("gate", "logistics")
    )
    site.place.client("osis").create_pipeline(
        PipelineName="search-logs",
        MinUnits=1,
        MaxUnits=1,
        PipelineConfigurationBody="version: '2'\nlogs:\n  source: {http: {path: /in}}\n  sink: [{stdout: {}}]\n",
        Tags=pairs(tags("search-logs", "storefront")),
    )


def events(site: Site) -> None:
    """What is kept of events, where they go, and when things start."""
    tags, client = site.place.tags, site.place.client("events")
    bus = site.place.arn("events", "event-bus/shop")
    client.create_archive(ArchiveName="shop", EventSourceArn=bus, RetentionDays=30)
    secret = {"ApiKeyAuthParameters": {"ApiKeyName": "key", "ApiKeyValue": "never stored"}}
    connection = client.create_connection(Name="courier", AuthorizationType="API_KEY", AuthParameters=secret)
    client.create_api_destination(
        Name="courier",
        ConnectionArn=connection["ConnectionArn"],
        InvocationEndpoint="https://courier.example/parcels?key=never-stored",
        HttpMethod="POST",
    )
    scheduler = site.place.client("scheduler")
    scheduler.create_schedule_group(Name="nights", Tags=pairs(tags("nights", "payments")))
    scheduler.create_schedule(
        Name="invoices",
        GroupName="nights",
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": site.arns["function/invoices"],
            "RoleArn": site.place.role("events"),
            "Input": '{"password": "never stored"}',
        },
    )
    site.place.client("pipes").create_pipe(
        Name="orders",
        Source=site.arns["queue/orders"],
        Target=site.arns["function/invoices"],
        RoleArn=site.place.role("events"),
        Tags=tags("orders", "payments"),
    )
    site.place.client("stepfunctions").create_activity(name="pack", tags=small_pairs(tags("pack", "logistics")))
    site.place.client("lambda").create_event_source_mapping(
        EventSourceArn=site.arns["queue/orders"], FunctionName="orders", BatchSize=5
    )


def tables(site: Site) -> None:
    """What the jobs on data work with."""
    glue, tags = site.place.client("glue"), site.place.tags
    logs = "s3://" + site.arns["bucket/logs"].rpartition(":")[2] + "/clicks"
    glue.create_table(
        DatabaseName="clicks",
        TableInput={"Name": "views", "StorageDescriptor": {"Location": logs, "Columns": [{"Name": "at"}]}},
    )
    glue.create_workflow(Name="nights", Tags=tags("nights", "data"))
    glue.create_trigger(
        Name="nights",
        Type="ON_DEMAND",
        WorkflowName="nights",
        Actions=[{"JobName": "sessions"}],
        Tags=tags("nights", "data"),
    )
    glue.create_connection(
        ConnectionInput={
            "Name": "orders",
            "ConnectionType": "JDBC",
            "ConnectionProperties": {"PASSWORD": "never stored"},
            "PhysicalConnectionRequirements": {
                "SubnetId": site.private[0],
                "SecurityGroupIdList": [site.groups["database"]],
            },
        },
        Tags=tags("orders", "data"),
    )
    glue.create_registry(RegistryName="events", Tags=tags("events", "data"))
    glue.create_security_configuration(
        Name="encrypted",
        EncryptionConfiguration={"S3Encryption": [{"S3EncryptionMode": "SSE-KMS", "KmsKeyArn": site.arns["key"]}]},
    )
    site.place.client("lakeformation").register_resource(
        ResourceArn=site.arns["bucket/logs"], RoleArn=site.place.role("glue")
    )


def delivery(site: Site) -> None:
    """From a commit to the shop."""
    tags = site.place.tags
    deploy = site.place.client("codedeploy")
    deploy.create_application(applicationName="shop", computePlatform="Server", tags=pairs(tags("shop", "platform")))
    deploy.create_deployment_group(
        applicationName="shop",
        deploymentGroupName="production",
        serviceRoleArn=site.place.role("build"),
        autoScalingGroups=["workers"],
        tags=pairs(tags("production", "platform")),
    )
    role(site, "pipeline", "codepipeline.amazonaws.com")
    action = {
        "name": "Build",
        "actionTypeId": {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"},
        "configuration": {"ProjectName": "shop", "EnvironmentVariables": json.dumps([{"value": "never stored"}])},
    }
    source = {
        "name": "Source",
        "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
        "configuration": {"S3Bucket": site.arns["bucket/logs"].rpartition(":")[2]},
    }
    site.place.client("codepipeline").create_pipeline(
        pipeline={
            "name": "shop",
            "roleArn": site.place.role("pipeline"),
            "artifactStore": {"type": "S3", "location": site.arns["bucket/logs"].rpartition(":")[2]},
            "stages": [{"name": "Source", "actions": [source]}, {"name": "Build", "actions": [action]}],
            "version": 1,
        },
        tags=small_pairs(tags("shop", "platform")),
    )


def kubernetes(site: Site) -> None:
    """Jobs on data in the cluster of containers."""
    cluster = site.place.client("eks").list_clusters()["clusters"][0]
    site.place.client("emr-containers").create_virtual_cluster(
        name="clicks",
        containerProvider={"type": "EKS", "id": cluster, "info": {"eksInfo": {"namespace": "clicks"}}},
        tags=site.place.tags("clicks", "data"),
    )
