"""How an estate is watched and kept in order: rules, dashboards, tries, budgets, certificates, experiments."""

import json

from demo.estate.site import Site
from demo.place import PROJECT, pairs

QUERY = json.dumps(
    {"ResourceTypeFilters": ["AWS::AllSupported"], "TagFilters": [{"Key": "project", "Values": [PROJECT]}]}
)


def build(site: Site) -> None:
    rules(site)
    views(site)
    logs(site)
    order(site)
    keys(site)


def rules(site: Site) -> None:
    config, tags = site.place.client("config"), site.place.tags
    config.put_config_rule(
        ConfigRule={
            "ConfigRuleName": "volumes-encrypted",
            "Source": {"Owner": "AWS", "SourceIdentifier": "ENCRYPTED_VOLUMES"},
        },
        Tags=pairs(tags("volumes-encrypted", "security")),
    )
    config.put_configuration_aggregator(
        ConfigurationAggregatorName="all",
        AccountAggregationSources=[{"AccountIds": [site.place.account.id], "AllAwsRegions": True}],
        Tags=pairs(tags("all", "security")),
    )
    ssm = site.place.client("ssm")
    ssm.create_maintenance_window(
        Name="sundays",
        Schedule="cron(0 2 ? * SUN *)",
        Duration=2,
        Cutoff=1,
        AllowUnassociatedTargets=False,
        Tags=pairs(tags("sundays", "platform")),
    )
    ssm.create_patch_baseline(Name="machines")


def views(site: Site) -> None:
    tags, cloudwatch = site.place.tags, site.place.client("cloudwatch")
    cloudwatch.put_dashboard(DashboardName="shop", DashboardBody=json.dumps({"widgets": []}))
    cloudwatch.put_insight_rule(RuleName="talkers", RuleDefinition="{}", Tags=pairs(tags("talkers", "platform")))
    site.place.client("amp").create_workspace(alias="shop", tags=tags("shop", "platform"))
    site.place.client("synthetics").create_canary(
        Name="buy-a-book",
        Code={"Handler": "main.handler"},
        ArtifactS3Location="s3://" + site.arns["bucket/logs"].rpartition(":")[2] + "/tries",
        ExecutionRoleArn=site.place.role("shop"),
        Schedule={"Expression": "rate(1 hour)"},
        RuntimeVersion="syn-nodejs-puppeteer-9.0",
        Tags=tags("buy-a-book", "storefront"),
    )
    alarm = site.place.arn("cloudwatch", "alarm:orders-waiting")
    site.place.client("fis").create_experiment_template(
        clientToken="stop",
        description="one machine stops",
        roleArn=site.place.role("shop"),
        stopConditions=[{"source": "aws:cloudwatch:alarm", "value": alarm}],
        actions={"stop": {"actionId": "aws:ec2:stop-instances"}},
        tags=tags("stop", "platform"),
    )


def logs(site: Site) -> None:
    """Into the stream of clicks, and from the letters into the bucket of logs."""
    client, tags = site.place.client("logs"), site.place.tags
    client.put_destination(
        destinationName="central",
        targetArn=site.place.arn("kinesis", "stream/clicks"),
        roleArn=site.place.role("delivery"),
        tags=tags("central", "security"),
    )
    client.put_delivery_source(
        name="letters",
        resourceArn=site.place.arn("ses", "identity/bookshop.example"),
        logType="APPLICATION_LOG",
        tags=tags("letters", "security"),
    )
    destination = client.put_delivery_destination(
        name="archive",
        deliveryDestinationConfiguration={"destinationResourceArn": site.arns["bucket/logs"]},
        tags=tags("archive", "security"),
    )["deliveryDestination"]["arn"]
    client.create_delivery(
        deliverySourceName="letters", deliveryDestinationArn=destination, tags=tags("letters", "security")
    )


def order(site: Site) -> None:
    tags = site.place.tags
    site.place.client("resource-groups").create_group(
        Name="bookshop",
        ResourceQuery={"Type": "TAG_FILTERS_1_0", "Query": QUERY},
        Tags=tags("bookshop", "platform"),
    )
    site.place.client("budgets").create_budget(
        AccountId=site.place.account.id,
        Budget={
            "BudgetName": "month",
            "BudgetLimit": {"Amount": "1000", "Unit": "USD"},
            "TimeUnit": "MONTHLY",
            "BudgetType": "COST",
        },
    )
    site.place.client("servicecatalog").create_portfolio(
        DisplayName="machines",
        ProviderName="platform",
        IdempotencyToken="machines",
        Tags=pairs(tags("machines", "platform")),
    )


def keys(site: Site) -> None:
    tags = site.place.tags
    site.place.client("acm-pca").create_certificate_authority(
        CertificateAuthorityConfiguration={
            "KeyAlgorithm": "RSA_2048",
            "SigningAlgorithm": "SHA256WITHRSA",
            "Subject": {"CommonName": "bookshop.internal"},
        },
        CertificateAuthorityType="ROOT",
        Tags=pairs(tags("bookshop.internal", "security")),
    )
    site.place.client("cloudhsmv2").create_cluster(
        HsmType="hsm2m.medium", SubnetIds=site.private[:1], TagList=pairs(tags("signing", "security"))
    )
