"""What one process of the endpoint has served."""

import time
from collections import Counter
from typing import Any

SUMS = ("requests", "bytes_in", "bytes_out", "throttled", "errors", "peak_inflight")


class Counts:
    """Counters since the last reset; calls in flight go on being counted over a reset."""

    def __init__(self) -> None:
        self.inflight = 0
        self.zero()

    def zero(self) -> None:
        self.requests = self.bytes_in = self.bytes_out = self.throttled = self.errors = self.peak_inflight = 0
        self.first = self.last = 0.0
        self.operations: Counter[str] = Counter()
        self.fresh = True

    def begin(self) -> None:
        self.inflight += 1
        self.peak_inflight = max(self.peak_inflight, self.inflight)

    def end(self, label: str, bytes_in: int, bytes_out: int, failed: bool) -> None:
        self.last = time.time()
        self.first = self.first or self.last
        self.requests += 1
        self.operations[label] += 1
        self.bytes_in += bytes_in
        self.bytes_out += bytes_out
        self.errors += failed
        self.fresh = True

    def snapshot(self) -> dict[str, Any]:
        sums = {name: getattr(self, name) for name in SUMS}
        return {**sums, "first": self.first, "last": self.last, "ops": dict(self.operations)}


def total(snapshots: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of all processes together; peaks add up, which overstates them a little."""
    told = [snapshot for snapshot in snapshots if snapshot]
    operations: Counter[str] = Counter()
    for snapshot in told:
        operations.update(snapshot["ops"])
    busy = [snapshot for snapshot in told if snapshot["first"]]
    span = max(s["last"] for s in busy) - min(s["first"] for s in busy) if busy else 0
    return {
        **{name: sum(snapshot[name] for snapshot in told) for name in SUMS},
        "per_worker": [snapshot["requests"] for snapshot in told],
        "span_s": span,
        "ops": dict(operations.most_common()),
    }
