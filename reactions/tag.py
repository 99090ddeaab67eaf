"""Tags for what begins to match a rule: planned, and applied on somebody's word, or at once where that is wanted."""

from typing import Annotated

from msgspec import Meta, Struct

from reactions.planning import MOST, Mode, check, planned
from syncd.model import Act
from syncd.notice import Notice
from syncd.plugin import Context, Receipt


class TagSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """tags  key → value, a text with paths in braces such as {account.name}
    mode  "plan": somebody must apply the plan; "auto": it is applied at once
    """

    tags: Annotated[dict[str, str], Meta(min_length=1)]
    mode: Mode = "plan"

    def __post_init__(self) -> None:
        check((*self.tags,), (*self.tags.values(),))


class Tag:
    name = "tag"
    settings = TagSettings
    most = MOST
    apart = False
    every_item = False
    repeat = 0.0

    async def deliver(self, context: Context, settings: TagSettings, notice: Notice) -> Receipt:
        return await planned(context, Act("tag", settings.tags), settings.mode, notice)


reaction = Tag()
