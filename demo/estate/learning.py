"""Machine learning: notebooks, models and what serves them, jobs, and agents on models of others."""

from demo.estate.site import Site
from demo.place import pairs, small_pairs


def build(site: Site) -> None:
    _served(site)
    _studio(site)
    _jobs(site)
    _agents(site)


def _served(site: Site) -> None:
    """A model behind an endpoint, and the machine on which it was tried out."""
    client, tags = site.place.client("sagemaker"), site.place.tags
    image = f"{site.place.account.id}.dkr.ecr.{site.place.region}.amazonaws.com/shop/web:1"
    client.create_model(
        ModelName="recommend",
        ExecutionRoleArn=site.place.role("build"),
        PrimaryContainer={"Image": image, "Environment": {"TOKEN": "never stored"}},
        VpcConfig={"Subnets": site.private, "SecurityGroupIds": [site.groups["shop"]]},
        Tags=pairs(tags("recommend", "data")),
    )
    client.create_endpoint_config(
        EndpointConfigName="recommend",
        ProductionVariants=[
            {
                "VariantName": "all",
                "ModelName": "recommend",
                "InitialInstanceCount": 1,
                "InstanceType": "ml.t2.medium",
            }
        ],
        KmsKeyId=site.arns["key"],
    )
    client.create_endpoint(
        EndpointName="recommend", EndpointConfigName="recommend", Tags=pairs(tags("recommend", "data"))
    )
    client.create_notebook_instance(
        NotebookInstanceName="trials",
        InstanceType="ml.t2.medium",
        RoleArn=site.place.role("build"),
        SubnetId=site.private[0],
        SecurityGroupIds=[site.groups["shop"]],
        KmsKeyId=site.arns["key"],
        Tags=pairs(tags("trials", "data")),
    )


def _studio(site: Site) -> None:
    client, tags = site.place.client("sagemaker"), site.place.tags
    client.create_domain(
        DomainName="studio",
        AuthMode="IAM",
        DefaultUserSettings={"ExecutionRole": site.place.role("build")},
        SubnetIds=site.private,
        VpcId=site.vpc,
        Tags=pairs(tags("studio", "data")),
    )
    client.create_experiment(ExperimentName="baskets", Tags=pairs(tags("baskets", "data")))
    client.create_trial(TrialName="baskets-1", ExperimentName="baskets", Tags=pairs(tags("baskets-1", "data")))
    client.create_pipeline(
        PipelineName="retrain",
        PipelineDefinition='{"Version": "2020-12-01", "Steps": []}',
        ClientRequestToken="a" * 32,
        RoleArn=site.place.role("build"),
        Tags=pairs(tags("retrain", "data")),
    )


def _jobs(site: Site) -> None:
    client, tags = site.place.client("sagemaker"), site.place.tags
    output = {"S3OutputPath": f"s3://{site.bucket_prefix}-logs/out", "KmsKeyId": site.arns["key"]}
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{site.bucket_prefix}-logs/clicks"}
    client.create_auto_ml_job_v2(
        AutoMLJobName="forecast",
        AutoMLJobInputDataConfig=[{"ChannelType": "training", "DataSource": {"S3DataSource": source}}],
        OutputDataConfig=output,
        AutoMLProblemTypeConfig={
            "TabularJobConfig": {
                "TargetAttributeName": "sold",
                "ProblemType": "Regression",
                "CompletionCriteria": {"MaxCandidates": 2},
            }
        },
        RoleArn=site.place.role("build"),
        AutoMLJobObjective={"MetricName": "MSE"},
        SecurityConfig={"EnableInterContainerTrafficEncryption": True},
        ModelDeployConfig={"AutoGenerateEndpointName": False, "EndpointName": "forecast"},
        DataSplitConfig={"ValidationFraction": 0.2},
        Tags=pairs(tags("forecast", "data")),
    )
    client.create_compilation_job(
        CompilationJobName="smaller",
        RoleArn=site.place.role("build"),
        InputConfig={"S3Uri": f"s3://{site.bucket_prefix}-logs/model", "Framework": "PYTORCH"},
        OutputConfig={"S3OutputLocation": f"s3://{site.bucket_prefix}-logs/compiled", "TargetDevice": "ml_m5"},
        StoppingCondition={"MaxRuntimeInSeconds": 600},
        Tags=pairs(tags("smaller", "data")),
    )


def _agents(site: Site) -> None:
    """An agent with knowledge of its own, and a model that was tuned."""
    agents, tags = site.place.client("bedrock-agent"), site.place.tags
    agents.create_agent(
        agentName="support",
        agentResourceRoleArn=site.place.role("build"),
        customerEncryptionKeyArn=site.arns["key"],
        foundationModel="anthropic.claude-v2",
        tags=tags("support", "storefront"),
    )
    agents.create_knowledge_base(
        name="returns",
        roleArn=site.place.role("build"),
        knowledgeBaseConfiguration={
            "type": "VECTOR",
            "vectorKnowledgeBaseConfiguration": {
                "embeddingModelArn": f"arn:aws:bedrock:{site.place.region}::foundation-model/amazon.titan-embed-text-v1"
            },
        },
        storageConfiguration={
            "type": "OPENSEARCH_SERVERLESS",
            "opensearchServerlessConfiguration": {
                "collectionArn": site.place.arn("aoss", "collection/abcdefghijklmnopqrst"),
                "vectorIndexName": "returns",
                "fieldMapping": {"vectorField": "vector", "textField": "text", "metadataField": "metadata"},
            },
        },
        tags=tags("returns", "storefront"),
    )
    site.place.client("bedrock").create_model_customization_job(
        jobName="tone",
        customModelName="tone",
        roleArn=site.place.role("build"),
        baseModelIdentifier="amazon.titan-text-express-v1",
        customModelTags=small_pairs(tags("tone", "storefront")),
        jobTags=small_pairs(tags("tone", "storefront")),
        trainingDataConfig={"s3Uri": f"s3://{site.bucket_prefix}-logs/answers"},
        outputDataConfig={"s3Uri": f"s3://{site.bucket_prefix}-logs/tone"},
        hyperParameters={"epochCount": "1"},
    )
