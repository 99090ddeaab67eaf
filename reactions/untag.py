"""Tags taken off what begins to match a rule: planned, and applied on somebody's word, or at once."""

from typing import Annotated

from msgspec import Meta, Struct

from reactions.planning import MOST, Mode, check, planned
from syncd.model import Act
from syncd.notice import Notice
from syncd.plugin import Context, Receipt


class UntagSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """keys  of the tags that are taken off
    mode  "plan": somebody must apply the plan; "auto": it is applied at once
    """

    keys: Annotated[tuple[str, ...], Meta(min_length=1)]
    mode: Mode = "plan"

    def __post_init__(self) -> None:
        check(self.keys)


class Untag:
    name = "untag"
    settings = UntagSettings
    most = MOST
    apart = False
    every_item = False
    repeat = 0.0

    async def deliver(self, context: Context, settings: UntagSettings, notice: Notice) -> Receipt:
        return await planned(context, Act("untag", keys=settings.keys), settings.mode, notice)


reaction = Untag()
