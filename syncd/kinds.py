"""Kinds, base kinds and the properties that every provider's resources share: pure data and look-ups.

Names, units and value sets of base kinds follow Resoto's, so that its users' searches carry over.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field


class Kind(Struct, frozen=True):
    """What a node can be.

    bases       direct base kinds
    properties  common property → type and unit
    ordered     document paths of lists whose order means something; all other lists compare as sets
    volatile    document path → why it is left out of the hash and the history
    secret      document path → why it never enters the graph
    reborn      whether another `created_at` under the same URN means another resource (for S3 buckets it does not:
                their date moves with some changes)
    """

    name: str
    bases: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    service: str = ""
    ordered: frozenset[str] = frozenset()
    volatile: Mapping[str, str] = field(default_factory=dict)
    secret: Mapping[str, str] = field(default_factory=dict)
    reborn: bool = True


RESOURCE = Kind(
    "resource",
    (),
    {
        "id": "string",
        "name": "string",
        "kind": "string",
        "tags": "map of string",
        "created_at": "time",
        "updated_at": "time",
        "cloud": "string",
        "account": "string",
        "region": "string",
        "zone": "string",
    },
)


def _base(name: str, *bases: str, **properties: str) -> Kind:
    return Kind(name, bases or ("resource",), properties)


BASE_KINDS: tuple[Kind, ...] = (
    RESOURCE,
    _base("cloud"),
    _base("account"),
    _base("region", region_in_use="boolean"),
    _base("zone"),
    _base("organizational_root"),
    _base("organizational_unit"),
    _base("iam_principal"),
    _base("quota", quota="number", usage="number", quota_type="string"),
    _base("type"),
    _base(
        "instance_type",
        "type",
        instance_type="string",
        instance_cores="number",
        instance_memory="number (GB)",
    ),
    _base(
        "instance",
        instance_cores="number",
        instance_memory="number (GB)",
        instance_type="string",
        instance_status="running|stopped|terminated|busy|unknown",
    ),
    _base(
        "volume",
        volume_size="number (GB)",
        volume_type="string",
        volume_status="in-use|available|busy|error|deleted|unknown",
        volume_iops="number",
        volume_throughput="number (MiB/s)",
        volume_encrypted="boolean",
    ),
    _base(
        "network_share",
        share_size="number (bytes)",
        share_type="string",
        share_status="in-use|available|busy|error|deleted|unknown",
        share_iops="number",
        share_throughput="number (MiB/s)",
        share_encrypted="boolean",
    ),
    _base(
        "snapshot",
        snapshot_status="string",
        description="string",
        volume_id="string",
        volume_size="number (GB)",
        encrypted="boolean",
        owner_id="string",
        owner_alias="string",
    ),
    _base("image", image_status="string", image_public="boolean"),
    _base("bucket", encryption_enabled="boolean", versioning_enabled="boolean"),
    _base(
        "queue",
        queue_type="standard|fifo",
        approximate_message_count="number",
        message_retention_period_days="number (days)",
    ),
    _base("topic"),
    _base("stream", stream_status="string"),
    _base("keypair", fingerprint="string"),
    _base("key", key_state="string", key_rotation_enabled="boolean"),
    _base("secret", rotation_enabled="boolean"),
    _base("access_key", access_key_status="string"),
    _base("certificate", expires="time", dns_names="list of string", sha1_fingerprint="string"),
    _base("serverless_function", memory_size="number (MB)"),
    _base(
        "database",
        db_type="string",
        db_status="available|stopped|terminated|failed|busy|unknown",
        db_endpoint="string",
        db_version="string",
        db_publicly_accessible="boolean",
        instance_type="string",
        volume_size="number (GB)",
        volume_iops="number",
        volume_encrypted="boolean",
    ),
    _base("cache_cluster", cache_status="string"),
    _base("network", cidr_blocks="list of string"),
    _base("subnet", cidr_block="string"),
    _base("firewall"),
    _base("security_group"),
    _base("gateway"),
    _base("tunnel"),
    _base("routing_table"),
    _base("network_acl"),
    _base("peering_connection"),
    _base("endpoint"),
    _base(
        "network_interface",
        network_interface_status="string",
        network_interface_type="string",
        mac="string",
        private_ips="list of string",
        public_ips="list of string",
        v6_ips="list of string",
        description="string",
    ),
    _base("load_balancer", lb_type="string", public_ip_address="string", backends="list of string"),
    _base("target_group"),
    _base("ip_address", ip_address="string", ip_address_family="ipv4|ipv6"),
    _base("user"),
    _base("group"),
    _base("policy"),
    _base("role"),
    _base("instance_profile"),
    _base("identity_provider"),
    _base("stack", stack_status="string", stack_status_reason="string", stack_parameters="map of string"),
    _base("autoscaling_group", min_size="number", max_size="number"),
    _base("dns_zone", private_zone="boolean"),
    _base("dns_record", record_ttl="number (s)", record_type="string", record_value="string"),
    _base("dns_record_set", record_ttl="number (s)", record_type="string", record_values="list of string"),
    _base("managed_kubernetes_cluster_provider", version="string", endpoint="string"),
    _base("ai_resource"),
    _base("ai_model"),
    _base(
        "ai_job",
        ai_job_status="pending|preparing|running|stopping|stopped|completed|failed|cancelled|paused|unknown",
    ),
    _base("container_cluster"),
    _base("container_repository"),
    _base("alarm", alarm_state="string"),
    _base("log_group", retention_days="number (days)"),
    _base("workflow_definition"),
    _base("backup_vault"),
    _base("backup_plan"),
)


class KindRegistry:
    """All kinds known to this process. Raises ValueError for a kind declared twice or a base that nobody declared."""

    def __init__(self, kinds: Iterable[Kind] = BASE_KINDS) -> None:
        self._kinds: dict[str, Kind] = {}
        self.add(kinds)

    def add(self, kinds: Iterable[Kind]) -> None:
        added = list(kinds)
        for kind in added:
            if kind.name in self._kinds:
                raise ValueError(f"kind {kind.name} is declared twice")
            self._kinds[kind.name] = kind
        for kind in added:
            for base in kind.bases:
                if base not in self._kinds:
                    raise ValueError(f"kind {kind.name} names the unknown base kind {base}")

    def __contains__(self, name: object) -> bool:
        return name in self._kinds

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._kinds.values())

    def get(self, name: str) -> Kind:
        return self._kinds[name]

    def bases(self, name: str) -> tuple[str, ...]:
        """The kind itself and all its base kinds, nearest first."""
        found: dict[str, None] = {}
        queue = [name]
        while queue:
            current = queue.pop(0)
            if current not in found:
                found[current] = None
                queue.extend(self._kinds[current].bases)
        return tuple(found)

    def properties(self, name: str) -> dict[str, str]:
        """Common properties of a kind with those it inherits: name → type and unit."""
        merged: dict[str, str] = {}
        for base in reversed(self.bases(name)):
            merged.update(self._kinds[base].properties)
        return merged
