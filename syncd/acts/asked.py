"""Plans that rules ask for: of exactly the resources of a notice, one for each notice, told in a line."""

from collections.abc import Sequence

from syncd.acts.making import Nothing, search_for
from syncd.acts.plans import Plans
from syncd.acts.wishes import Wish
from syncd.errors import Rejected
from syncd.model import Act
from syncd.notice import Notice
from syncd.search.parse import LONGEST
from syncd.store.plans import Row

MAKER = "syncd"


async def planned(plans: Plans, act: Act, urns: Sequence[str], notice: Notice, at_once: bool) -> str:
    """Makes the plan as `syncctl tag` does. Raises Rejected, and what Plans.plan raises: that may be mended."""
    search = search_for(urns)
    if len(search) > LONGEST:
        raise Rejected(
            f"the URNs of {len(urns)} resources are too long for one plan: nothing is planned; do it by hand"
        )
    wish = Wish(search, act.verb, act.tags, act.keys, act.service, act.operation, act.parameters)
    try:
        found = await plans.plan(wish, MAKER, rule=notice.rule, mode="auto" if at_once else "plan", notice=notice.id)
    except Nothing:
        return "nothing is planned: none of them is there any more"
    return told(found)


def told(found: Row) -> str:
    """`plan 7 for 3 resources is planned: syncctl plan apply 7`"""
    number, count, reason = found["plan"], found["items"], found["reason"]
    words = f"plan {number} for {count:,} resource{'s' * (count != 1)}" if count else f"plan {number}"
    if reason:
        return f"{words} is {found['state']}: {reason}"
    return f"{words} is {found['state']}" + (f": syncctl plan apply {number}" if found["state"] == "planned" else "")
