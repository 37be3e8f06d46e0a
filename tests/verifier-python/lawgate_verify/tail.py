"""Whether the spoilt end of an open segment is an unfinished write, or damage.

A tail counts as torn only if it lies after the last complete group, is of a kind that an unfinished write can cause,
and nothing valid follows it (docs/audit-log.md, "The life of an entry"). Everything else is a fault.
"""

from __future__ import annotations

import struct

from .crc32c import is_sound
from .fault import Wrong
from .segment import FOOTER_MARK, TRAILER_BYTES, TRAILER_MARK, read_footer, read_frame

_UNFINISHED = {"frame-length", "frame-checksum", "group-incomplete", "group-checksum", "footer-checksum"}
# Nobody writes this many entries at once; a position farther away is chance.
_NEAR = 1 << 32


def is_torn(data: bytes, kind: str, offset: int, size: int) -> bool:
    """Whether a flaw of `kind` at `offset`, after `size` complete entries, can be an unfinished write."""
    return kind in _UNFINISHED and not _valid_part_after(data, offset + 1, size)


def _valid_part_after(data: bytes, start: int, size: int) -> bool:
    end = len(data)
    # No part starts in the zeros at the end of the file.
    last = len(data.rstrip(b"\0"))
    for at in range(start, last):
        mark = data[at:at + 4]
        if mark == TRAILER_MARK:
            if is_sound(data[at:at + TRAILER_BYTES]) and at + TRAILER_BYTES <= end:
                return True
        elif mark == FOOTER_MARK:
            if _is_footer(data, at):
                return True
        elif at + 16 <= end and _is_frame(data, at, size):
            return True
    return False


def _is_frame(data: bytes, at: int, size: int) -> bool:
    length, position = struct.unpack_from("<IQ", data, at)
    if not 1 <= length <= 65_535 or not size <= position < size + _NEAR:
        return False
    try:
        read_frame(data, at, len(data))
    except Wrong:
        return False
    return True


def _is_footer(data: bytes, at: int) -> bool:
    try:
        read_footer(data, at)
    except Wrong:
        return False
    return True
