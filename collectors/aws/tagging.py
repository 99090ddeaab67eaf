"""Tags of whole regions in one sweep of the tagging API, read once a run and shared by the scopes that need them."""

import asyncio
import re
from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct, field

from collectors.aws.arguments import Arguments
from collectors.aws.asking import Asking
from collectors.aws.derive import tags_of
from collectors.aws.models import Models
from collectors.aws.plans import Call, ScopePlan
from collectors.aws.references import escaped
from syncd.errors import Failed, ReadError

Tags = Mapping[str, dict[str, str]]

SERVICE, OPERATION = "resourcegroupstaggingapi", "GetResources"
PERMISSION = "tag:GetResources"
_MOST_FILTERS = 100
_ARN = re.compile(r"arn:[a-z][a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(?:\d{12})?:[^\s]+")


class _Sweep(Struct):
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    tags: Tags | None = None
    error: ReadError | None = None


class BulkTags:
    """The sweeps of one run. The first scope that asks makes the calls, the others of its region wait for them."""

    def __init__(self, models: Models, types: frozenset[str]) -> None:
        self._models = models
        self._types = sorted(types)
        self._sweeps: dict[tuple[str, str, bool], _Sweep] = {}
        self._waiting: dict[str, set[tuple[str, str]]] = {}

    @cached_property
    def call(self) -> Call:
        return Call(self._models.operation(SERVICE, OPERATION), Arguments({}), PERMISSION)

    def expect(self, plan: ScopePlan, account: str, region: str) -> None:
        """A scope of this place will ask: the account's sweeps are kept until all such scopes have been read."""
        if any(kind.tagging for kind in plan.kinds):
            self._waiting.setdefault(account, set()).add((region, plan.name))

    def done(self, plan: ScopePlan, account: str, region: str) -> None:
        waiting = self._waiting.get(account)
        if waiting is None:
            return
        waiting.discard((region, plan.name))
        if not waiting:
            self._sweeps = {key: sweep for key, sweep in self._sweeps.items() if key[0] != account}

    async def of(self, asking: Asking, region: str = "") -> Tags:
        """ARN → tags of everything tagged in the region ("": of the scope). Raises what the sweep raised."""
        region = region or asking.global_region
        key = (asking.identity.account, region, asking.again)
        sweep = self._sweeps.setdefault(key, _Sweep())
        async with sweep.lock:
            if sweep.tags is None and sweep.error is None:
                try:
                    sweep.tags = await self._swept(asking, region)
                except ReadError as error:
                    sweep.error = error
        if sweep.error is not None:
            raise type(sweep.error)(
                sweep.error.reason, operation=sweep.error.operation, permission=sweep.error.permission
            )
        assert sweep.tags is not None
        return sweep.tags

    async def _swept(self, asking: Asking, region: str) -> Tags:
        """An empty answer is asked for a second time before it is believed: it would take all tags away."""
        found, sure = await self._once(asking, region)
        return found if sure else (await self._once(asking, region))[0]

    async def _once(self, asking: Asking, region: str) -> tuple[Tags, bool]:
        found: dict[str, dict[str, str]] = {}
        sure = True
        for start in range(0, len(self._types), _MOST_FILTERS):
            args = {"ResourceTypeFilters": self._types[start : start + _MOST_FILTERS], "ResourcesPerPage": 100}
            async for page in asking.pages(self.call, args, region):
                mappings = page.get("resource_tag_mapping_list") or ()
                sure = sure and bool(mappings)
                for mapping in mappings:
                    arn = escaped(mapping.get("resource_arn") or "")
                    if _ARN.fullmatch(arn) is None:
                        raise Failed(f"{PERMISSION}: expected an ARN, found {arn[:80]!r}", operation=PERMISSION)
                    found[arn] = tags_of(mapping.get("tags") or (), ("key", "value"))
        return found, sure
