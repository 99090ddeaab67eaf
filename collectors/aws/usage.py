"""What resources do, as CloudWatch measured it: minimum, average and maximum over a window, many resources a call.

Source: CloudWatch GetMetricData; names of metrics and dimensions from each service's page of CloudWatch metrics.
"""

import re
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from msgspec import Struct, convert

from collectors.aws.arguments import Arguments
from collectors.aws.asking import Asking
from collectors.aws.models import Models
from collectors.aws.paths import getter
from collectors.aws.plans import Call
from collectors.aws.work import run_all
from syncd.errors import Failed, ReadError
from syncd.model import Node

Document = dict[str, Any]

FILE = Path(__file__).with_name("usage.toml")
SERVICE, OPERATION = "cloudwatch", "GetMetricData"
PERMISSION = "cloudwatch:GetMetricData"
KEY = "usage"
REASON = "measured anew each time"
MOST = 500
"""Queries that one call may hold."""
_AT_ONCE = 4
_STATISTICS = {"min": "Minimum", "avg": "Average", "max": "Maximum"}
_SUM = {"sum": "Sum"}


class Dimension(Struct, frozen=True, forbid_unknown_fields=True):
    """A dimension's value: a document key, or the group `value` of a pattern that it must match."""

    of: str
    form: str = "(?P<value>.+)"


class Metric(Struct, frozen=True, forbid_unknown_fields=True):
    """A metric with dimensions of its own beside those of its kind, as constants."""

    metric: str
    dimensions: Mapping[str, str] = {}


class Measured(Struct, frozen=True, forbid_unknown_fields=True):
    """What is measured of one kind; usage.toml says what each part means."""

    namespace: str
    dimensions: Mapping[str, str | Dimension]
    metrics: Mapping[str, str | Metric]
    sum: frozenset[str] = frozenset()
    when: Mapping[str, str] = {}
    region: str = ""
    hours: int = 1


class Query(Struct, frozen=True):
    """One value that is asked for: what it becomes on which node, and how CloudWatch is asked."""

    node: Node
    name: str
    statistic: str
    region: str
    stat: Document


@cache
def measured() -> Mapping[str, Measured]:
    """Kind → what is measured of it."""
    return convert(tomllib.loads(FILE.read_text()), dict[str, Measured])


def queries(of: Measured, nodes: Iterable[Node]) -> Iterator[Query]:
    """What to ask about these nodes; those that are not to be measured now are left out."""
    for node in nodes:
        if any(getter(path)(node.document) != value for path, value in of.when.items()):
            continue
        own = [_dimension(name, how, node.document) for name, how in of.dimensions.items()]
        region = str(node.document.get(of.region) or "") if of.region else ""
        if None in own or (of.region and not region):
            continue
        for name, how in of.metrics.items():
            metric = Metric(how) if isinstance(how, str) else how
            dimensions = [*own, *({"Name": key, "Value": value} for key, value in metric.dimensions.items())]
            asked = {"Namespace": of.namespace, "MetricName": metric.metric, "Dimensions": dimensions}
            statistics = _STATISTICS | _SUM if name in of.sum else _STATISTICS
            for statistic, stat in statistics.items():
                full = {"Metric": asked, "Period": of.hours * 3600, "Stat": stat}
                yield Query(node, name, statistic, region, full)


def _dimension(name: str, how: str | Dimension, document: Document) -> dict[str, str] | None:
    dimension = Dimension(how) if isinstance(how, str) else how
    value = getter(dimension.of)(document)
    for text in value if isinstance(value, list) else [value]:
        found = re.fullmatch(dimension.form, text) if isinstance(text, str) else None
        if found:
            return {"Name": name, "Value": found["value"]}
    return None


class Usage:
    """Reads what is measured. `now`: seconds since 1970."""

    def __init__(self, models: Models, now: Callable[[], float] = time.time) -> None:
        self._models = models
        self._now = now

    def measures(self, kinds: Iterable[str]) -> bool:
        return not measured().keys().isdisjoint(kinds)

    async def fill(self, kind: str, asking: Asking, nodes: Sequence[Node]) -> None:
        """Puts `usage` among what is volatile of each node.

        What cannot be read stays as it was, and is told as a gap.
        """
        of = measured().get(kind)
        if of is None or not nodes:
            return
        parts: dict[str, list[Query]] = {}
        for query in queries(of, nodes):
            parts.setdefault(query.region, []).append(query)
        call = Call(self._models.operation(SERVICE, OPERATION), Arguments({}), PERMISSION)
        end = int(self._now()) // 3600 * 3600
        window = {"StartTime": _iso(end - of.hours * 3600), "EndTime": _iso(end)}
        measuring = _Measuring(asking, call, window)
        packs = ((region, pack) for region, asked in parts.items() for pack in _packed(asked))
        await run_all((partial(measuring.ask, *each) for each in packs), _AT_ONCE)
        head = {"start": window["StartTime"], "hours": of.hours}
        for node in nodes:
            await measuring.put(node, head)


class _Measuring(Struct):
    """What one kind's resources are asked for together. `found`: URN → name → statistic → value."""

    asking: Asking
    call: Call
    window: Document
    found: dict[str, dict[str, dict[str, float]]] = {}
    missed: set[str] = set()

    async def ask(self, region: str, asked: Sequence[Query]) -> None:
        try:
            for query, value in await _values(self.asking, self.call, asked, self.window, region):
                values = self.found.setdefault(query.node.urn, {}).setdefault(query.name, {})
                values[query.statistic] = value
        except ReadError as error:
            lost = {query.node.urn for query in asked}
            self.missed |= lost
            self.asking.missed(error, self.call, len(lost))

    async def put(self, node: Node, head: Document) -> None:
        if node.urn in self.missed:
            last = await self.asking.last(node.urn)
            usage = last.volatile.get(KEY) if last else None
            node.unseen |= {KEY}  # nothing begins or ceases by what is not of now
            node.never |= frozenset() if usage else {KEY}
        else:
            values = self.found.get(node.urn)
            usage = {**head, **values} if values else None
        if usage:
            node.volatile[KEY] = usage


def _packed(asked: Sequence[Query]) -> Iterator[Sequence[Query]]:
    """As many as fit a call; all of one node in the same."""
    start = 0
    while start < len(asked):
        end = min(start + MOST, len(asked))
        while end < len(asked) and asked[end].node is asked[end - 1].node:
            end -= 1
        yield asked[start:end]
        start = end


async def _values(
    asking: Asking, call: Call, asked: Sequence[Query], times: Document, region: str
) -> list[tuple[Query, float]]:
    """The newest value of each query that has one. Raises Failed for what is no answer to what was asked."""
    wanted = [{"Id": f"q{number}", "MetricStat": query.stat} for number, query in enumerate(asked)]
    args = {"MetricDataQueries": wanted, **times, "ScanBy": "TimestampDescending"}
    found: dict[int, float] = {}
    async for page in asking.pages(call, args, region):
        for result in page.get("metric_data_results") or ():
            number = str(result.get("id") or "").removeprefix("q")
            if not number.isdecimal() or int(number) >= len(asked):
                raise Failed(f"{PERMISSION}: expected an answer to q0 to q{len(asked) - 1}, found {number[:20]!r}")
            if result.get("status_code") in ("InternalError", "Forbidden"):
                raise Failed(f"{PERMISSION}: {asked[int(number)].name}: {result['status_code']}", operation=PERMISSION)
            for value in result.get("values") or ():
                found.setdefault(int(number), float(value))
    return [(asked[number], value) for number, value in sorted(found.items())]


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
