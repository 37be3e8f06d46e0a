"""The container of an evidence package: a ZIP file in one form (docs/evidence-package.md, "The container").

Read by hand and not by `zipfile`, which is meant to be lenient: here every byte belongs to exactly one file, the
directory or its end, so that two readers cannot see two packages in the same bytes. Nothing is inflated beyond the
length that the directory states, and those lengths are bounded before.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass

from .fault import Wrong

MAX_PACKAGE_BYTES = 1 << 30
MAX_FILE_BYTES = 256 << 20
MAX_TOTAL_BYTES = 1 << 30
MAX_FILES = 65_534
_END = struct.Struct("<IHHHHIIH")
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
_LOCAL = struct.Struct("<IHHHHHIIIHH")
_VERSION, _DATE = 20, 0x0021
_NAME = re.compile(r"(?!\.)[A-Za-z0-9._-]+(?:/(?!\.)[A-Za-z0-9._-]+)*", re.ASCII)


@dataclass(frozen=True)
class Member:
    """A file as it stands in the container."""

    name: str
    stored: bytes
    method: int
    crc: int
    size: int

    def contents(self) -> bytes:
        """Returns the contents; raises `Wrong` when they are damaged."""
        data = self.stored
        if self.method == 8:
            inflater = zlib.decompressobj(-15)
            try:
                data = inflater.decompress(self.stored, self.size + 1)
            except zlib.error:
                raise Wrong("damaged", "the compressed bytes are damaged") from None
            # What follows the end of the stream would be read by nobody.
            if not inflater.eof or inflater.unused_data or inflater.unconsumed_tail:
                raise Wrong("damaged", "the compressed bytes are damaged")
        if len(data) != self.size or zlib.crc32(data) != self.crc:
            raise Wrong("damaged", "the contents do not have the length or checksum stated")
        return data


def read(data: bytes) -> dict[str, Member]:
    """Reads the structure of a container; raises `Wrong` for anything but the one form."""
    if not _END.size <= len(data) <= MAX_PACKAGE_BYTES:
        raise Wrong("container", "too short or too long for a package")
    start = len(data) - _END.size
    mark, disk, first_disk, here, count, length, directory, comment = _END.unpack_from(data, start)
    if mark != 0x06054B50 or disk or first_disk or here != count or comment or count > MAX_FILES:
        raise Wrong("container", "the last 22 bytes are not the end of a package's directory")
    if directory + length != start:
        raise Wrong("container", "the directory is not where it is said to be")
    members: dict[str, Member] = {}
    at, place, total, last = 0, directory, 0, ""
    for _ in range(count):
        member, at, place = _member(data, at, place, directory, start)
        total += member.size
        if member.name <= last:
            raise Wrong("container", f"{member.name} is out of order or there twice")
        if member.size > MAX_FILE_BYTES or total > MAX_TOTAL_BYTES:
            raise Wrong("container", f"{member.name} would inflate to more than a package may hold")
        last = member.name
        members[member.name] = member
    if at != directory or place != start:
        raise Wrong("container", "there are bytes that belong to no file")
    return members


def _member(data: bytes, at: int, place: int, files_end: int, end: int) -> tuple[Member, int, int]:
    if place + _CENTRAL.size > end:
        raise Wrong("container", "the directory is too short")
    (mark, made, needed, flags, method, time, date, crc, stored, size, name_bytes, extra, comment, disk, internal,
     external, offset) = _CENTRAL.unpack_from(data, place)
    raw = data[place + _CENTRAL.size:min(place + _CENTRAL.size + name_bytes, end)]
    try:
        name = raw.decode("ascii")
    except UnicodeDecodeError:
        name = ""
    if len(raw) != name_bytes or name_bytes > 160 or not _NAME.fullmatch(name):
        raise Wrong("container", f"the name at byte {place + _CENTRAL.size} is not one a file of a package can have")
    fixed = (mark, made, needed, flags, time, date, extra, comment, disk, internal, external, offset)
    if fixed != (0x02014B50, _VERSION, _VERSION, 0, 0, _DATE, 0, 0, 0, 0, 0, at) or method not in (0, 8):
        raise Wrong("container", f"the entry of {name} is not that of a package")
    if method == 0 and stored != size:
        raise Wrong("container", f"{name} is stored with two lengths")
    begin = at + _LOCAL.size + name_bytes
    if begin + stored > files_end:
        raise Wrong("container", f"{name} does not lie before the directory")
    local = _LOCAL.unpack_from(data, at)
    wanted = (0x04034B50, _VERSION, 0, method, 0, _DATE, crc, stored, size, name_bytes, 0)
    if local != wanted or data[at + _LOCAL.size:begin] != raw:
        raise Wrong("container", f"the header of {name} does not say what the directory says")
    member = Member(name, data[begin:begin + stored], method, crc, size)
    return member, begin + stored, place + _CENTRAL.size + name_bytes
