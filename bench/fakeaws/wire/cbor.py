"""The part of CBOR that AWS uses."""

import datetime as dt
import struct
from collections.abc import Iterator
from typing import Any

Value = Any  # whatever a document may hold

BREAK = 0xFF
INDEFINITE = 31
SIMPLE = {20: False, 21: True}
FLOATS = {2: ">e", 4: ">f", 8: ">d"}
UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SPECIAL = range(8)


def dumps(value: Value) -> bytes:
    parts: list[bytes] = []
    _write(value, parts)
    return b"".join(parts)


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for code, form, limit in ((24, ">B", 1 << 8), (25, ">H", 1 << 16), (26, ">I", 1 << 32)):
        if number < limit:
            return bytes([major << 5 | code]) + struct.pack(form, number)
    return bytes([major << 5 | 27]) + struct.pack(">Q", number)


def _write(value: Value, parts: list[bytes]) -> None:
    match value:
        case None:
            parts.append(b"\xf6")
        case bool():
            parts.append(b"\xf5" if value else b"\xf4")
        case int():
            parts.append(_head(UNSIGNED, value) if value >= 0 else _head(NEGATIVE, -1 - value))
        case float():
            parts.append(b"\xfb" + struct.pack(">d", value))
        case str():
            text = value.encode()
            parts.append(_head(TEXT, len(text)) + text)
        case bytes():
            parts.append(_head(BYTES, len(value)) + value)
        case dt.datetime():
            parts.append(b"\xc1\xfb" + struct.pack(">d", value.timestamp()))
        case _:
            _write_many(value, parts)


def _write_many(value: dict[str, Value] | list[Value], parts: list[bytes]) -> None:
    if isinstance(value, dict):
        parts.append(_head(MAP, len(value)))
        for key, item in value.items():
            _write(key, parts)
            _write(item, parts)
    else:
        parts.append(_head(ARRAY, len(value)))
        for item in value:
            _write(item, parts)


def loads(data: bytes) -> Value:
    return Reader(data).value()


class Reader:
    """Reads values one after the other; tags are left out, as the values under them say enough."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def value(self) -> Value:
        major, detail = self._data[self._at] >> 5, self._data[self._at] & 31
        self._at += 1
        return self._special(detail) if major == SPECIAL else self._plain(major, detail, self._number(detail))

    def _plain(self, major: int, detail: int, number: int) -> Value:
        if major in (BYTES, TEXT):
            taken = self._take(number)
            return taken.decode() if major == TEXT else taken
        if major == ARRAY:
            return [self.value() for _ in self._items(detail, number)]
        if major == MAP:
            return {self.value(): self.value() for _ in self._items(detail, number)}
        if major == TAG:
            return self.value()
        return number if major == UNSIGNED else -1 - number

    def _number(self, detail: int) -> int:
        if detail < 24 or detail == INDEFINITE:
            return detail
        return int.from_bytes(self._take(1 << (detail - 24)), "big")

    def _special(self, detail: int) -> Value:
        if detail in SIMPLE or detail < 24:
            return SIMPLE.get(detail)
        size = 1 << (detail - 24)
        return struct.unpack(FLOATS[size], self._take(size))[0]

    def _take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        self._at += size
        return taken

    def _items(self, detail: int, number: int) -> Iterator[None]:
        """Goes round once for each item of a list or map, whether or not its length was told."""
        if detail != INDEFINITE:
            yield from (None for _ in range(number))
            return
        while self._data[self._at] != BREAK:
            yield None
        self._at += 1
