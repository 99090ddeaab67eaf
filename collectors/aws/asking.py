"""The calls of one reading of one scope: whose they are, where they go, and what is doubtful about the answers."""

from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from collectors.aws.client import Ask, Client
from collectors.aws.credentials import Identity
from collectors.aws.endpoints import GLOBAL, home_region
from collectors.aws.plans import Call
from collectors.aws.recognising import Recognising
from syncd.errors import Denied, Disabled, Failed, ReadError
from syncd.model import Doubt, Gap, Last
from syncd.plugin import Reader

Document = dict[str, Any]

ERRORS: Mapping[str, type[ReadError]] = {"denied": Denied, "failed": Failed, "disabled": Disabled}
_BUCKET_REGIONS = {"EU": "eu-west-1"}  # what S3 still calls its second region


class Asking(Struct):
    """One reading. Facets that fail and answers that are doubtful are collected here and told at the end."""

    client: Client
    reader: Reader
    identity: Identity
    region: str
    place: Mapping[str, str]
    gaps: dict[tuple[str, str, str], tuple[int, str]] = field(default_factory=dict)
    doubts: dict[str, bool] = field(default_factory=dict)

    @property
    def again(self) -> bool:
        return self.reader.again

    @property
    def global_region(self) -> str:
        """Where this place is asked by services that are regional but serve global resources."""
        return home_region(self.identity.partition) if self.region == GLOBAL else self.region

    def one(self, call: Call, args: Mapping[str, Any], region: str = "") -> Awaitable[Document]:
        return self.client.call(self.reader, self._ask(call, args, region))

    def pages(self, call: Call, args: Mapping[str, Any], region: str = "") -> AsyncIterator[Document]:
        return self.client.pages(self.reader, self._ask(call, args, region))

    def recognised(
        self, call: Call, args: Mapping[str, Any], recognising: Recognising | None
    ) -> AsyncIterator[Document]:
        """The pages of a list but for those that are, so far, what they were."""
        return self.client.pages(self.reader, self._ask(call, args, ""), recognising)

    def _ask(self, call: Call, args: Mapping[str, Any], region: str) -> Ask:
        where = _BUCKET_REGIONS.get(region, region) or self.region
        return Ask(self.identity, where, call.operation, args, call.absent, call.permission, call.skip)

    async def last(self, urn: str) -> Last | None:
        return await self.reader.last(urn)

    def had_tags(self, urn: str) -> bool:
        return self.reader.had(urn, "tags")

    def missed(self, error: ReadError, call: Call, count: int) -> None:
        """A facet call failed for `count` nodes."""
        key = (error.state, error.operation or call.operation.label, error.permission)
        before, reason = self.gaps.get(key, (0, error.reason))
        self.gaps[key] = (before + count, reason)

    def doubt(self, reason: str, *, always: bool = False) -> None:
        self.doubts[reason] = always or self.doubts.get(reason, False)

    def told(self) -> Iterator[Gap | Doubt]:
        """At the end: one Doubt of each sort, the first reason of many, and the gaps."""
        for always in (True, False):
            reasons = [reason for reason, each in self.doubts.items() if each == always]
            if reasons:
                more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
                yield Doubt(reasons[0] + more, always)
        for (state, operation, permission), (count, reason) in self.gaps.items():
            yield Gap(state, operation, permission, reason, count)

    def missing(self) -> Iterator[ReadError]:
        """What could not be seen, or not be believed, for those who need all of it."""
        for (state, operation, permission), (_, reason) in self.gaps.items():
            yield ERRORS[state](reason, operation=operation, permission=permission)
        for reason, always in self.doubts.items():
            if always:
                yield Failed(reason)
