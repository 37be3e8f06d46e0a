"""The checksum CRC-32C (Castagnoli, RFC 3720 appendix B.4). It finds accidents, not attackers."""

from __future__ import annotations


def _table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _table()


def crc32c(data) -> int:
    """Returns the checksum of `data`."""
    table, value = _TABLE, 0xFFFFFFFF
    for byte in data:
        value = (value >> 8) ^ table[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


def is_sound(data) -> bool:
    """Returns whether `data` ends with the checksum of what is before it, little-endian."""
    return len(data) >= 4 and crc32c(data[:-4]) == int.from_bytes(data[-4:], "little")
