"""What `tag` and `untag` share: a notice becomes a plan for the resources in it that begin to match."""

from typing import Literal

from syncd.errors import ConfigError, Rejected
from syncd.model import Act
from syncd.notice import BEGIN, CEASE, TEST, Item, Notice
from syncd.plugin import Context, Receipt
from syncd.tagging import check_key, fields_of

Mode = Literal["plan", "auto"]
MOST = 100
"""Resources of one plan. They are no notices apart: the caps of a plan are to see all that began together."""
NOBODY = "nothing is planned: nothing began to match"


async def planned(context: Context, act: Act, mode: Mode, notice: Notice) -> Receipt:
    if notice.state == TEST:
        return Receipt(answer=f"for what begins to match, a plan would be made: {_told(act)}; {_then(mode)}")
    if notice.total > len(notice.items):
        raise Rejected(
            f"{notice.total:,} resources are more than the {MOST} of one plan: nothing is planned; do it by hand"
        )
    if not any(item.change in (BEGIN, CEASE) for item in notice.items):
        raise Rejected("this is no rule with a search: nothing begins to match, so that nothing can be planned")
    urns = beginning(notice.items)
    if not urns:
        return Receipt(answer=NOBODY)
    return Receipt(answer=await context.plan(act, urns, notice, at_once=mode == "auto"))


def beginning(items: tuple[Item, ...]) -> list[str]:
    """Those that match after all of these, each once."""
    last = {str(item.resource.get("urn") or ""): item.change for item in items}
    return [urn for urn, change in last.items() if urn and change == BEGIN]


def check(keys: tuple[str, ...], values: tuple[str, ...] = ()) -> None:
    """Raises ValueError for keys and templates that can never be."""
    try:
        for key in keys:
            check_key(key)
        for value in values:
            fields_of(value)
    except ConfigError as error:
        raise ValueError(str(error)) from None


def _told(act: Act) -> str:
    return " ".join([act.verb, *(f"{key}={value}" for key, value in act.tags.items()), *act.keys])


def _then(mode: Mode) -> str:
    return "it would be applied at once" if mode == "auto" else "it would wait for: syncctl plan apply"
