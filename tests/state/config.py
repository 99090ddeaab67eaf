"""The configurations that the machine may start with: rules that come, go and change, and a target that does."""

from collections.abc import Mapping
from dataclasses import dataclass

from syncd.plugin import Secret
from syncd.settings import Config, PlansSettings, RuleSettings, SearchSettings, SyncSettings, Target, TargetSettings
from tests.state.hearer import Hearer
from tests.state.model import Watch

BIG = {
    "on": Watch("is(fake_box) and size > 1", lambda thing: thing.size > 1, to=("chat", "pager")),
    "other": Watch("is(fake_box) and size > 0", lambda thing: thing.size > 0, to=("pager",)),
    "disabled": Watch("is(fake_box) and size > 1", lambda thing: thing.size > 1, to=("chat", "pager"), enabled=False),
}
OPEN = Watch("is(fake_box) and policy = open", lambda thing: thing.policy == "open", facet=True, to=("pager",))
LONG = Watch("is(fake_box) and tags.owner = null", lambda thing: "owner" not in dict(thing.tags), runs=2)
NEWS = ("resource.created", "resource.deleted")


@dataclass(frozen=True)
class Choice:
    """`big`: "" for none."""

    big: str = "on"
    open: bool = True
    long: bool = True
    news: bool = True
    pager: bool = True

    def rules(self) -> Mapping[str, Watch]:
        some = {"big": BIG.get(self.big), "open": OPEN if self.open else None, "long": LONG if self.long else None}
        return {name: watch for name, watch in some.items() if watch}

    def config(self, hearers: Mapping[str, Hearer]) -> Config:
        rules = {
            name: RuleSettings(
                name=name,
                search=watch.search,
                lasting=f"{watch.runs} runs" if watch.runs > 1 else "",
                to=watch.to,
                enabled=watch.enabled,
            )
            for name, watch in self.rules().items()
        }
        if self.news:
            rules["news"] = RuleSettings(name="news", on=NEWS, to=("chat",))
        reactions = {"chat": "recorder"} | ({"pager": "apart"} if self.pager else {})
        targets = {
            name: Target(
                name, TargetSettings(reaction=reaction, wait_seconds=20.0 if name == "chat" else 0.0), hearers[name]
            )
            for name, reaction in reactions.items()
        }
        return Config(
            rule=rules,
            targets=targets,
            plans=PlansSettings(enabled=True, accounts=("1",), max_share=1.0),
            search=SearchSettings(timeout_seconds=60.0),
            sync=SyncSettings(attempts=3, retry_base_seconds=0.001, retry_cap_seconds=0.001),
            collectors={"fake": {"key": Secret("canary-of-the-collector")}},
        )
