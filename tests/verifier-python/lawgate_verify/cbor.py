"""Strict reading of deterministic CBOR (RFC 8949 section 4.2.1), narrowed to what entries may hold.

Integers, byte strings, UTF-8 text, arrays, maps with ascending unsigned keys, true, false and null; shortest heads and
definite lengths. Everything else is refused, so accepted bytes have one meaning, and a meaning has one form.
"""

from __future__ import annotations

from .fault import Wrong

MAX_DEPTH = 16
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_SIMPLE_VALUES = {20: False, 21: True, 22: None}


class _Input:
    """Bytes with a place in them."""

    def __init__(self, data: bytes):
        self.data = data
        self.at = 0

    def wrong(self, what: str, at: int) -> Wrong:
        return Wrong("entry-encoding", f"{what} at byte {at} of the entry")

    def take(self, count: int, start: int) -> bytes:
        if count > len(self.data) - self.at:
            raise self.wrong("item is cut off", start)
        taken = self.data[self.at:self.at + count]
        self.at += count
        return taken

    def head(self) -> tuple[int, int, int]:
        """Reads a head: where it starts, its major type, its number."""
        start = self.at
        first = self.take(1, start)[0]
        major, low = first >> 5, first & 0x1F
        if low < 24:
            return start, major, low
        if low > 27:
            raise self.wrong("indefinite or reserved length", start)
        if major in (_TAG, _SIMPLE):
            raise self.wrong("tag, float or simple value", start)
        width = 1 << (low - 24)
        number = int.from_bytes(self.take(width, start), "big")
        if number < (24 if width == 1 else 1 << (4 * width)):
            raise self.wrong("number is not in its shortest form", start)
        return start, major, number


def _item(source: _Input, depth: int):
    start, major, number = source.head()
    if major == _UNSIGNED:
        return number
    if major == _NEGATIVE:
        return -1 - number
    if major == _BYTES:
        return source.take(number, start)
    if major == _TEXT:
        try:
            return source.take(number, start).decode("utf-8")
        except UnicodeDecodeError:
            raise source.wrong("text is not UTF-8", start) from None
    if major in (_ARRAY, _MAP):
        if depth == 0:
            raise source.wrong("nested too deep", start)
        # Each item takes a byte at least, so a false count cannot make this work for long.
        if number > len(source.data) - source.at:
            raise source.wrong("item is cut off", start)
        return _array(source, number, depth - 1) if major == _ARRAY else _map(source, number, depth - 1)
    if major == _SIMPLE and number in _SIMPLE_VALUES:
        return _SIMPLE_VALUES[number]
    raise source.wrong("tag, float or simple value", start)


def _array(source: _Input, count: int, depth: int) -> list:
    return [_item(source, depth) for _ in range(count)]


def _map(source: _Input, count: int, depth: int) -> dict:
    pairs: dict = {}
    previous = -1
    for _ in range(count):
        start, major, key = source.head()
        if major != _UNSIGNED or key <= previous:
            raise source.wrong("map key is not an unsigned number above the one before", start)
        previous = key
        pairs[key] = _item(source, depth)
    return pairs


def decode(data: bytes):
    """Returns the one item that `data` is; raises `Wrong` for any bytes that are not its deterministic encoding."""
    source = _Input(data)
    value = _item(source, MAX_DEPTH)
    if source.at != len(data):
        raise source.wrong("bytes follow the item", source.at)
    return value


def decode_entry_map(data: bytes) -> dict:
    """Returns the map that an entry is; its own level does not count towards the depth of its values."""
    source = _Input(data)
    start, major, count = source.head()
    if major != _MAP:
        raise source.wrong("an entry is a map and this is none", start)
    if count > len(data):
        raise source.wrong("item is cut off", start)
    pairs = _map(source, count, MAX_DEPTH)
    if source.at != len(data):
        raise source.wrong("bytes follow the entry", source.at)
    return pairs
