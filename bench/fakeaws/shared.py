"""What the processes of one endpoint share: the orders given to all of them, and the counts of each."""

import json
import mmap
import struct
from typing import Any

SIZE = 1 << 18  # bytes of one value
WORD = 8


class Slot:
    """One JSON value in shared memory, with one writer.

    The value is written beside the last one before it takes its place, so that a reader never meets half a value.
    """

    def __init__(self, memory: mmap.mmap, offset: int) -> None:
        self._memory = memory
        self._offset = offset

    def put(self, value: dict[str, Any]) -> None:
        data = json.dumps(value).encode()
        if len(data) > SIZE - WORD:
            raise ValueError(f"a shared value of {len(data)} bytes is more than {SIZE - WORD}")
        side = 1 - self._word(self._offset) % 2
        start = self._offset + WORD + side * SIZE
        self._memory[start + WORD : start + WORD + len(data)] = data
        struct.pack_into("<Q", self._memory, start, len(data))
        struct.pack_into("<Q", self._memory, self._offset, self._word(self._offset) + 1)

    def get(self) -> dict[str, Any]:
        start = self._offset + WORD + self._word(self._offset) % 2 * SIZE
        data = self._memory[start + WORD : start + WORD + self._word(start)]
        return dict(json.loads(data)) if data else {}

    def version(self) -> int:
        """Grows with every put."""
        return self._word(self._offset)

    def _word(self, offset: int) -> int:
        return int(struct.unpack_from("<Q", self._memory, offset)[0])


class Shared:
    """Anonymous memory that survives fork: one slot for orders and one for each worker's counts."""

    def __init__(self, workers: int) -> None:
        size = WORD + 2 * SIZE
        memory = mmap.mmap(-1, size * (workers + 1))
        slots = [Slot(memory, size * number) for number in range(workers + 1)]
        self.orders, self.counts = slots[0], slots[1:]
