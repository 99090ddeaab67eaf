"""What later builders need of earlier ones: the network, keys and roles of one account and region."""

from dataclasses import dataclass, field

from demo.place import Place


@dataclass(slots=True)
class Site:
    """One place and what stands there so far. Names map to ids or ARNs."""

    place: Place
    vpc: str = ""
    public: list[str] = field(default_factory=list)
    private: list[str] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)
    instances: dict[str, str] = field(default_factory=dict)
    arns: dict[str, str] = field(default_factory=dict)

    @property
    def stage(self) -> str:
        return self.place.account.stage

    @property
    def bucket_prefix(self) -> str:
        return f"bookshop-{self.stage}"
