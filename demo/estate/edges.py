"""What stands at the edge: delivery, accounts of customers, devices, custom names; and a few things of old."""

import json

from demo.estate.site import Site
from demo.place import pairs, small_pairs


def build(site: Site) -> None:
    _delivery(site)
    _customers(site)
    _devices(site)
    _old(site)
    _operated(site)


def _delivery(site: Site) -> None:
    """Pictures from a bucket, delivered worldwide."""
    client = site.place.client("cloudfront")
    access = client.create_origin_access_control(
        OriginAccessControlConfig={
            "Name": "pictures",
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        }
    )["OriginAccessControl"]["Id"]
    origin = {
        "Id": "pictures",
        "DomainName": f"{site.bucket_prefix}-logs.s3.{site.place.region}.amazonaws.com",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
        "OriginAccessControlId": access,
        "CustomHeaders": {"Quantity": 1, "Items": [{"HeaderName": "x-origin", "HeaderValue": "never stored"}]},
    }
    client.create_distribution_with_tags(
        DistributionConfigWithTags={
            "DistributionConfig": {
                "CallerReference": "pictures",
                "Origins": {"Quantity": 1, "Items": [origin]},
                "DefaultCacheBehavior": {
                    "TargetOriginId": "pictures",
                    "ViewerProtocolPolicy": "https-only",
                    "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
                },
                "Comment": "pictures",
                "Enabled": True,
            },
            "Tags": {"Items": pairs(site.place.tags("pictures", "storefront"))},
        }
    )
    client.create_public_key(
        PublicKeyConfig={"CallerReference": "cards", "Name": "cards", "EncodedKey": "one that all may know"}
    )


def _customers(site: Site) -> None:
    client = site.place.client("cognito-idp")
    pool = client.list_user_pools(MaxResults=10)["UserPools"][0]["Id"]
    client.create_group(UserPoolId=pool, GroupName="partners", RoleArn=site.place.role("build"))
    client.admin_create_user(
        UserPoolId=pool,
        Username="eve",
        UserAttributes=[{"Name": "address", "Value": "this never enters the store"}],
    )
    rest = site.place.client("apigateway")
    api = rest.get_rest_apis()["items"][0]["id"]
    rest.create_authorizer(
        restApiId=api,
        name="customers",
        type="COGNITO_USER_POOLS",
        providerARNs=[site.place.arn("cognito-idp", f"userpool/{pool}")],
        identitySource="method.request.header.Authorization",
    )
    rest.create_domain_name(
        domainName="api.bookshop.example",
        regionalCertificateArn=site.arns["certificate"],
        endpointConfiguration={"types": ["REGIONAL"]},
        tags=site.place.tags("api", "payments"),
    )


def _devices(site: Site) -> None:
    client = site.place.client("sns")
    application = client.create_platform_application(
        Name="app",
        Platform="GCM",
        Attributes={
            "PlatformCredential": "this never enters the store",
            "EventDeliveryFailure": site.arns["alerts"],
        },
    )["PlatformApplicationArn"]
    client.create_platform_endpoint(PlatformApplicationArn=application, Token="never stored")


def _old(site: Site) -> None:
    """An archive, and an application on a platform that few still use."""
    tags = site.place.tags
    glacier = site.place.client("glacier")
    glacier.create_vault(accountId="-", vaultName="ledgers")
    glacier.initiate_job(
        accountId="-",
        vaultName="ledgers",
        jobParameters={"Type": "inventory-retrieval", "SNSTopic": site.arns["alerts"]},
    )
    beanstalk = site.place.client("elasticbeanstalk")
    beanstalk.create_application(ApplicationName="intranet", Tags=pairs(tags("intranet", "platform")))
    beanstalk.create_environment(
        ApplicationName="intranet",
        EnvironmentName="intranet-live",
        SolutionStackName="64bit Amazon Linux 2 v3.4.0 running Python 3.8",
        Tags=pairs(tags("intranet-live", "platform")),
    )


def _operated(site: Site) -> None:
    """A report of backups, a document for the agents, a catalog, machines for containers."""
    tags = site.place.tags
    site.place.client("backup").create_report_plan(
        ReportPlanName="backups",
        ReportDeliveryChannel={"S3BucketName": f"{site.bucket_prefix}-logs", "Formats": ["CSV"]},
        ReportSetting={"ReportTemplate": "BACKUP_JOB_REPORT"},
        ReportPlanTags=tags("backups", "platform"),
    )
    site.place.client("ssm").create_document(
        Name="patch",
        DocumentType="Command",
        DocumentFormat="JSON",
        Content=json.dumps({"schemaVersion": "2.2", "description": "patches", "parameters": {}, "mainSteps": []}),
        Tags=pairs(tags("patch", "platform")),
    )
    site.place.client("athena").create_data_catalog(
        Name="archive",
        Type="LAMBDA",
        Parameters={"function": site.arns["function/invoices"]},
        Tags=pairs(tags("archive", "data")),
    )
    site.place.client("ecs").create_capacity_provider(
        name="workers",
        autoScalingGroupProvider={
            "autoScalingGroupArn": site.place.client("autoscaling").describe_auto_scaling_groups(
                AutoScalingGroupNames=["workers"]
            )["AutoScalingGroups"][0]["AutoScalingGroupARN"]
        },
        tags=small_pairs(tags("workers", "platform")),
    )
    site.place.client("cloudformation").create_stack_instances(
        StackSetName="guardrails", Accounts=[site.place.account.id], Regions=[site.place.region]
    )
