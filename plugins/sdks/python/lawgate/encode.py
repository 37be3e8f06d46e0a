"""The wire encoding of records: fields in order of their numbers, defaults left out."""

from __future__ import annotations

from typing import Any

_NUMBER = 0
_BYTES = 2
_FOUR_BYTES = 5
_MOST = {"u": 0xFFFF_FFFF, "f": 0xFFFF_FFFF, "U": 0xFFFF_FFFF_FFFF_FFFF, "e": 0x7FFF_FFFF, "b": 1}


def encode(message: Any) -> bytes:
    """Encodes a message of `lawgate.schema`.

    Raises TypeError or ValueError, with the field, for a value of another type or beyond its range.
    """
    out = bytearray()
    for number, name, kind, label, class_ in message.FIELDS:
        held = getattr(message, name)
        where = f"{type(message).__name__}.{name}"
        if label == "%":
            for key in sorted(held):
                pair = bytearray()
                if key:
                    _one(pair, 1, "s", key, where, "")
                if held[key]:
                    _one(pair, 2, "s", held[key], where, "")
                _bytes(out, number, pair)
        elif label == "*":
            if held and kind in "ubUe":
                packed = bytearray()
                for item in held:
                    _varint(packed, _integer(kind, item, where))
                _bytes(out, number, packed)
            elif held:
                for item in held:
                    _one(out, number, kind, item, where, class_)
        elif held is not None and (label == "?" or kind == "m" or held):
            _one(out, number, kind, held, where, class_)
    return bytes(out)


def _one(out: bytearray, number: int, kind: str, held: Any, where: str, class_: str) -> None:
    if kind == "m":
        if type(held).__name__ != class_:
            raise TypeError(f"{where}: a {class_} is expected")
        _bytes(out, number, encode(held))
    elif kind == "s":
        if not isinstance(held, str):
            raise TypeError(f"{where}: text is expected")
        _bytes(out, number, held.encode())
    elif kind == "y":
        if not isinstance(held, (bytes, bytearray)):
            raise TypeError(f"{where}: bytes are expected")
        _bytes(out, number, held)
    elif kind == "f":
        _varint(out, number << 3 | _FOUR_BYTES)
        out += _integer(kind, held, where).to_bytes(4, "little")
    else:
        _varint(out, number << 3 | _NUMBER)
        _varint(out, _integer(kind, held, where))


def _integer(kind: str, held: Any, where: str) -> int:
    if not isinstance(held, int) or not 0 <= held <= _MOST[kind]:
        raise ValueError(f"{where}: a whole number from 0 to {_MOST[kind]} is expected")
    return int(held)


def _bytes(out: bytearray, number: int, held: bytes) -> None:
    _varint(out, number << 3 | _BYTES)
    _varint(out, len(held))
    out += held


def _varint(out: bytearray, value: int) -> None:
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
