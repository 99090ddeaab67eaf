"""What the configuration says about AWS: which accounts, regions and kinds, and how to reach them."""

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct

Arn = Annotated[
    str,
    Meta(pattern=r"^arn:[a-z-]+:iam::\d{12}:role/.+$", description="an IAM role: arn:aws:iam::111122223333:role/name"),
]
SessionName = Annotated[str, Meta(pattern=r"^[\w+=,.@-]{2,64}$", description="2 to 64 letters, digits or +=,.@-_")]
OptionalSessionName = Annotated[str, Meta(pattern=r"^([\w+=,.@-]{2,64})?$", description='as session_name, or ""')]
ExternalId = Annotated[
    str, Meta(pattern=r"^([\w+=,.@:/-]{2,1224})?$", description="the text that the role's trust asks for")
]
Url = Annotated[str, Meta(pattern=r"^(https?://.+)?$", description="a URL with http:// or https://")]
Region = Annotated[str, Meta(pattern=r"^[a-z]+(-[a-z]+)+-\d+$", description="a region such as eu-west-1")]
View = Annotated[
    str,
    Meta(
        pattern=r"^arn:[a-z-]+:resource-explorer-2:[a-z0-9-]+:\d{12}:view/.+$",
        description="a view's ARN: arn:aws:resource-explorer-2:eu-west-1:111122223333:view/all/…",
    ),
]
RoleSeconds = Annotated[int, Meta(ge=0, le=43200, description="0 (the role's own hour) or 900 to 43200 seconds")]


class Role(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A role to assume in another account.

    arn          the role
    external_id  "" takes the collector's
    name         what to call the account; "" takes its alias, else its id
    profile      the profile that may assume it; "" takes the first credentials of the collector
    """

    arn: Arn
    external_id: ExternalId = ""
    name: str = ""
    profile: str = ""


class Organization(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All accounts of an AWS Organization, listed with the collector's own credentials.

    role                the role assumed in each member account: its name, with its path if it has one
    external_id         "" takes the collector's
    session_name        "" takes the collector's
    include, exclude    accounts by id, name, or the id, name or path of a unit above them (`Root/Prod/*`); globs.
                        The accounts of the collector's own credentials and roles need no include
    include_management  whether the management account is read too
    """

    role: Annotated[str, Meta(pattern=r"^[\w+=,.@/-]+$")] = "OrganizationAccountAccessRole"
    external_id: ExternalId = ""
    session_name: OptionalSessionName = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    include_management: bool = True


QUEUE = re.compile(
    r"arn:[a-z-]+:sqs:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?P<name>[\w.-]{1,80})"
    r"|https://(?:[\w-]+\.)?sqs\.(?P<region2>[a-z0-9-]+)\.[\w.-]+/(?P<account2>\d{12})/(?P<name2>[\w.-]{1,80})"
)


class Events(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Changes as EventBridge tells them (docs/aws-events.md). `queue`: one, or several in different regions."""

    queue: str | tuple[str, ...]

    def __post_init__(self) -> None:
        # A pattern beside a list makes msgspec 0.22 free at the end of the process what it never had.
        for each in self.queues:
            if not QUEUE.fullmatch(each):
                usual = "https://sqs.eu-west-1.amazonaws.com/111122223333/syncd"
                raise ValueError(f"queue: expected the ARN of a queue, or its URL, such as {usual}")

    @property
    def queues(self) -> tuple[str, ...]:
        return (self.queue,) if isinstance(self.queue, str) else self.queue


class Explorer(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A view of Resource Explorer, which tells what has appeared in parts that were empty (docs/aws.md).

    view  its ARN; it is asked in the account and region that the ARN names
    """

    view: View

    @property
    def account(self) -> str:
        return self.view.split(":")[4]

    @property
    def region(self) -> str:
        return self.view.split(":")[3]


class Aggregator(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An aggregator of AWS Config, which tells the same: its name, and the account and region where it is."""

    name: Annotated[str, Meta(pattern=r"^[\w-]{1,256}$", description="the aggregator's name")]
    account: Annotated[str, Meta(pattern=r"^\d{12}$", description="an account's id: twelve digits")]
    region: Region


class AwsSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The `[aws]` part of the configuration. All of it may be left out: then the default credentials' account is read.

    profiles         profiles of ~/.aws/config, each with an account of its own; none: the default credentials
    region           where accounts are asked about themselves; "" takes the environment's or the profile's region
    roles            roles to assume in other accounts: ARNs, or tables of arn, external_id, name, profile
    organization     read all accounts of the Organization
    session_name     how syncd calls itself in the accounts' audit logs
    source_identity  sets sts:SourceIdentity, where trust policies ask for it
    external_id      for roles that name none of their own
    role_seconds     how long assumed credentials last; 0 leaves it to AWS (an hour)
    regions          globs of the regions to read, of those enabled; exclude_regions leaves out
    kinds            "curated": those that people have written; "all": also those derived from AWS's own models;
                     or globs over all of them. exclude leaves out (globs); exclude_kinds means the same
    tags             "bulk": by the tagging API, 100 resources a call; "each": with each service's own calls
    usage            whether CloudWatch is asked what resources do (docs/aws-usage.md): it costs money
    endpoint_url     instead of AWS: a stand-in or a gateway
    use_fips, use_dualstack  the kinds of endpoints; left out: as AWS_USE_FIPS_ENDPOINT … say
    max_page         at most so many items are asked for in a call
    connections      at most so many connections are open
    events           queues that tell of changes, so that they are read within seconds
    explorer, aggregator  an index of the whole estate that tells where something is now that was empty
    """

    profiles: tuple[str, ...] = ()
    region: Annotated[str, Meta(pattern=r"^([a-z]+(-[a-z]+)+-\d+)?$", description="a region such as eu-west-1")] = ""
    roles: tuple[Arn | Role, ...] = ()
    organization: Organization | None = None
    session_name: SessionName = "syncd"
    source_identity: OptionalSessionName = ""
    external_id: ExternalId = ""
    role_seconds: RoleSeconds = 0
    regions: tuple[str, ...] = ("*",)
    exclude_regions: tuple[str, ...] = ()
    kinds: Literal["curated", "all"] | tuple[str, ...] = "curated"
    exclude: tuple[str, ...] = ()
    exclude_kinds: tuple[str, ...] = ()
    tags: Literal["bulk", "each"] = "bulk"
    usage: bool = False
    endpoint_url: Url = ""
    use_fips: bool | None = None
    use_dualstack: bool | None = None
    max_page: Annotated[int, Meta(ge=5, le=1000)] = 1000
    connections: Annotated[int, Meta(ge=1, le=1000)] = 100
    events: Events | None = None
    explorer: Explorer | None = None
    aggregator: Aggregator | None = None

    @property
    def excluded(self) -> tuple[str, ...]:
        return (*self.exclude, *self.exclude_kinds)

    @property
    def all_roles(self) -> tuple[Role, ...]:
        """The roles with what they leave to the collector filled in."""
        given = (role if isinstance(role, Role) else Role(arn=role) for role in self.roles)
        return tuple(
            Role(arn=role.arn, external_id=role.external_id or self.external_id, name=role.name, profile=role.profile)
            for role in given
        )
