"""How people sign in and work: directories, desks, the sign-on of the company, the doors for files and messages."""

from typing import Any

from demo.estate.site import Site
from demo.place import pairs


def build(site: Site) -> None:
    directory(site)
    sign_on(site)
    doors(site)
    messages(site)
    devices(site)


def directory(site: Site) -> None:
    tags = site.place.tags
    found = site.place.client("ds").create_microsoft_ad(
        Name="office.bookshop.example",
        Password="Not-a-real-1",
        VpcSettings={"VpcId": site.vpc, "SubnetIds": site.private[:2]},
        Tags=pairs(tags("office", "platform")),
    )["DirectoryId"]
    site.arns["directory"] = found
    desks = site.place.client("workspaces")
    desks.register_workspace_directory(
        DirectoryId=found, SubnetIds=site.private[:2], Tags=pairs(tags("office", "platform"))
    )
    desks.create_workspaces(
        Workspaces=[
            {
                "DirectoryId": found,
                "UserName": "ada",
                "BundleId": "wsb-bh8rsxt14",
                "Tags": pairs(tags("ada", "platform")),
            }
        ]
    )


def sign_on(site: Site) -> None:
    """moto has an instance in each account from the start."""
    admin = site.place.client("sso-admin")
    instance = admin.list_instances()["Instances"][0]
    made = admin.create_permission_set(
        Name="Reader",
        InstanceArn=instance["InstanceArn"],
        SessionDuration="PT1H",
        Tags=pairs(site.place.tags("Reader", "security")),
    )
    admin.attach_managed_policy_to_permission_set(
        InstanceArn=instance["InstanceArn"],
        PermissionSetArn=made["PermissionSet"]["PermissionSetArn"],
        ManagedPolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess",
    )
    store = {"IdentityStoreId": instance["IdentityStoreId"]}
    people = site.place.client("identitystore")
    group = people.create_group(DisplayName="developers", **store)["GroupId"]
    user = people.create_user(UserName="ada", DisplayName="Ada", Name={"GivenName": "Ada", "FamilyName": "L"}, **store)[
        "UserId"
    ]
    people.create_group_membership(GroupId=group, MemberId={"UserId": user}, **store)


def doors(site: Site) -> None:
    tags = site.place.tags
    site.place.client("transfer").create_server(
        Protocols=["SFTP"],
        LoggingRole=site.place.role("flow-logs"),
        IdentityProviderType="SERVICE_MANAGED",
        Tags=pairs(tags("partners", "logistics")),
    )
    site.place.client("cognito-identity").create_identity_pool(
        IdentityPoolName="customers",
        AllowUnauthenticatedIdentities=False,
        IdentityPoolTags=tags("customers", "storefront"),
    )
    site.place.client("connect").create_instance(
        InstanceAlias="help",
        IdentityManagementType="CONNECT_MANAGED",
        InboundCallsEnabled=True,
        OutboundCallsEnabled=False,
        Tags=tags("help", "storefront"),
    )
    _interfaces(site)


def _interfaces(site: Site) -> None:
    """Interfaces for programs."""
    tags = site.place.tags
    site.place.client("appsync").create_graphql_api(
        name="shop", authenticationType="API_KEY", tags=tags("shop", "storefront")
    )
    rest = site.place.client("apigateway")
    api = rest.get_rest_apis()["items"][0]["id"]
    rest.create_usage_plan(
        name="partners", apiStages=[{"apiId": api, "stage": "v1"}], tags=tags("partners", "storefront")
    )
    rest.create_vpc_link(name="orders", targetArns=[site.arns["balancer"]], tags=tags("orders", "payments"))
    site.place.client("apigatewayv2").create_vpc_link(
        Name="orders",
        SubnetIds=site.private[:1],
        SecurityGroupIds=[site.groups["shop"]],
        Tags=tags("orders", "payments"),
    )


def messages(site: Site) -> None:
    _name(site)
    tags = site.place.tags
    ses = site.place.client("sesv2")
    ses.create_configuration_set(ConfigurationSetName="letters", Tags=pairs(tags("letters", "storefront")))
    ses.create_email_identity(
        EmailIdentity="bookshop.example",
        ConfigurationSetName="letters",
        Tags=pairs(tags("bookshop.example", "storefront")),
    )
    ses.create_contact_list(ContactListName="readers", Tags=pairs(tags("readers", "storefront")))
    broker = site.place.client("mq")
    configuration = broker.create_configuration(
        Name="parcels", EngineType="ACTIVEMQ", EngineVersion="5.17.6", Tags=tags("parcels", "logistics")
    )["Id"]
    broker.create_broker(
        BrokerName="parcels",
        AutoMinorVersionUpgrade=True,
        Configuration={"Id": configuration, "Revision": 1},
        DeploymentMode="SINGLE_INSTANCE",
        EngineType="ACTIVEMQ",
        EngineVersion="5.17.6",
        HostInstanceType="mq.t3.micro",
        PubliclyAccessible=False,
        SecurityGroups=[site.groups["shop"]],
        SubnetIds=site.private[:1],
        Users=[{"Username": "courier", "Password": "not-a-real-one"}],
        Tags=tags("parcels", "logistics"),
    )


def _name(site: Site) -> None:
    """The name that letters come from; names are registered in one region for the whole world."""
    contact = {
        "FirstName": "Ada",
        "LastName": "L",
        "ContactType": "PERSON",
        "AddressLine1": "1 Shelf Street",
        "City": "Seattle",
        "State": "WA",
        "CountryCode": "US",
        "ZipCode": "98101",
        "PhoneNumber": "+1.2065550100",
        "Email": "ada@bookshop.example",
    }
    site.place.elsewhere("us-east-1").client("route53domains").register_domain(
        DomainName=f"bookshop-{site.stage}.com",
        DurationInYears=2,
        AdminContact=contact,
        RegistrantContact=contact,
        TechContact=contact,
    )


def devices(site: Site) -> None:
    """Shelves that weigh, and a camera at the gate."""
    iot, tags = site.place.client("iot"), site.place.tags
    iot.create_thing(thingName="shelf-1")
    iot.create_policy(policyName="shelves", policyDocument="{}", tags=pairs(tags("shelves", "logistics")))
    iot.create_topic_rule(
        ruleName="weights",
        topicRulePayload={
            "sql": "select * from 'weights'",
            "actions": [{"lambda": {"functionArn": site.arns["function/orders"]}}],
        },
    )
    video = site.place.client("medialive")
    source = video.create_input(Name="gate", Type="URL_PULL", Tags=tags("gate", "logistics"))["Input"]["Id"]
    video.create_channel(
        Name="gate",
        ChannelClass="SINGLE_PIPELINE",
        InputAttachments=[_attached(source)],
        RoleArn=site.place.role("delivery"),
        Tags=tags("gate", "logistics"),
    )


def _attached(source: str) -> dict[str, Any]:
    return {"InputId": source, "InputAttachmentName": "gate"}
