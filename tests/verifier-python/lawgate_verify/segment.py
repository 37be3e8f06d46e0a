"""The bytes of a segment: header, frames, group trailers, footer (docs/audit-log.md, "Bytes on disk").

Each part is either read with its checksum or made anew from what is known. All that follows from the entries is made
anew and compared, so no field is left that could say something else unnoticed. All numbers are little-endian.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from .crc32c import crc32c, is_sound
from .fault import Wrong

MAGIC = b"AUDITSEG"
# A log of SHA-256 alone, and one whose entries link by SM3 as well; every segment of a log has the same.
FORMAT_SHA256, FORMAT_DUAL = 1, 2
TRAILER_MARK = b"GRPE"
FOOTER_MARK = b"SEAL"
TRAILER_BYTES = 80
FOOTER_END_BYTES = 128
MAX_HEADER_BYTES = 4096
FRAME_HEAD_BYTES = 12
POINT_SPACING_BYTES = 32 * 1024
_FIXED_HEADER = struct.Struct("<8sIIQQ32sQ32s32s32sH")


def with_checksum(part: bytes) -> bytes:
    """Returns a part with its checksum after it."""
    return part + struct.pack("<I", crc32c(part))


@dataclass
class HeaderClaims:
    """What the first header of a log says and nothing before it can tell; and where the header ends."""

    origin: str
    policy_digest: bytes
    former_root: bytes
    first_position: int
    length: int
    is_dual: bool


def read_header(data: bytes) -> HeaderClaims:
    """Reads a header as far as it is needed to make it anew."""
    if len(data) < _FIXED_HEADER.size:
        raise Wrong("header-form", "the file is shorter than a segment header")
    fields = _FIXED_HEADER.unpack_from(data)
    if fields[0] != MAGIC or fields[1] not in (FORMAT_SHA256, FORMAT_DUAL):
        raise Wrong("header-form", "the file does not start with a segment header of format 1 or 2")
    length, first, origin_bytes = fields[2], fields[4], fields[10]
    if not _FIXED_HEADER.size <= length <= min(MAX_HEADER_BYTES, len(data)):
        raise Wrong("header-form", f"the header announces {length} bytes")
    if not is_sound(data[:length]):
        raise Wrong("header-checksum", "the header fails its checksum")
    raw = data[_FIXED_HEADER.size:_FIXED_HEADER.size + origin_bytes]
    try:
        origin = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Wrong("header-form", "the name of the log is not UTF-8") from None
    if not is_origin(origin):
        raise Wrong("header-form", "the name of the log is not one")
    return HeaderClaims(origin, fields[8], fields[9], first, length, fields[1] == FORMAT_DUAL)


def read_before(data: bytes, claims: HeaderClaims) -> tuple[list[bytes], bytes | None]:
    """Returns what a header says of the entries before it: the roots of the complete subtrees, and the last SM3 link."""
    at = _FIXED_HEADER.size + len(claims.origin.encode())
    count = int.from_bytes(data[at:at + 2], "little")
    second = 32 if claims.is_dual else 0
    if at + 2 + count * 32 + second + 4 != claims.length:
        raise Wrong("header-form", f"the header announces {claims.length} bytes")
    hashes = [data[start:start + 32] for start in range(at + 2, claims.length - 4, 32)]
    return (hashes[:-1], hashes[-1]) if claims.is_dual else (hashes, None)


def is_origin(name: str) -> bool:
    """Whether `name` may name a log: 1 to 255 bytes, no white space, no control character, no plus sign."""
    if not 1 <= len(name.encode()) <= 255:
        return False
    return not any(c.isspace() or c == "+" or ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in name)


def make_header(number: int, claims: HeaderClaims, chain, previous_seal: bytes) -> bytes:
    """Makes the header that a segment must have which continues `chain`."""
    origin = claims.origin.encode()
    peaks = chain.trees["SHA-256"].peaks
    tail = origin + struct.pack("<H", len(peaks)) + b"".join(peaks)
    if claims.is_dual:
        tail += chain.second_link
    fixed = _FIXED_HEADER.pack(
        MAGIC, FORMAT_DUAL if claims.is_dual else FORMAT_SHA256, _FIXED_HEADER.size + len(tail) + 4, number, chain.size, chain.link, chain.time_ns,
        previous_seal, claims.policy_digest, claims.former_root, len(origin),
    )
    return with_checksum(fixed + tail)


def read_frame(data: bytes, at: int, end: int) -> tuple[int, bytes]:
    """Reads the frame at `at`: the position it is for, and its entry."""
    if end - at < FRAME_HEAD_BYTES + 4:
        raise Wrong("frame-length", "the file ends inside a frame")
    length, position = struct.unpack_from("<IQ", data, at)
    if not 1 <= length <= 65_535 or at + FRAME_HEAD_BYTES + length + 4 > end:
        raise Wrong("frame-length", f"a frame announces {length} bytes")
    if not is_sound(data[at:at + FRAME_HEAD_BYTES + length + 4]):
        raise Wrong("frame-checksum", "the frame fails its checksum")
    return position, data[at + FRAME_HEAD_BYTES:at + FRAME_HEAD_BYTES + length]


def frame_bytes(entry: bytes) -> int:
    """Returns how many bytes the frame around `entry` takes."""
    return FRAME_HEAD_BYTES + len(entry) + 4


def make_trailer(chain) -> bytes:
    """Makes the trailer of the group that ends where `chain` stands."""
    return with_checksum(TRAILER_MARK + struct.pack("<Q", chain.size) + chain.root() + chain.link)


def compare_trailer(found: bytes, expected: bytes) -> None:
    """Says which field of a trailer with a valid checksum differs from the one made anew."""
    for kind, what, until in (("group-size", "size", 12), ("group-root", "root", 44), ("group-head", "head", 80)):
        if found[:until] != expected[:until]:
            raise Wrong(kind, f"the group states another {what} than its entries give")


class Outline:
    """What the footer of a segment is made from: where groups end and where some frames stand."""

    def __init__(self, header: bytes):
        self._seal = hashlib.sha256(header)
        self.points: list[tuple[int, int]] = []

    def frame(self, position: int, offset: int) -> None:
        """Notes a frame; the first one and then one for every 32 KiB become points."""
        if not self.points or offset >= self.points[-1][1] + POINT_SPACING_BYTES:
            self.points.append((position, offset))

    def end_group(self, size: int) -> None:
        """Notes that a group ends after `size` entries."""
        self._seal.update(struct.pack("<Q", size))

    def seal(self) -> bytes:
        """Returns the seal so far."""
        return self._seal.digest()

    def make_footer(self, chain, offset: int) -> bytes:
        """Makes the footer that belongs at `offset`."""
        points = b"".join(struct.pack("<QQ", *point) for point in self.points)
        first = with_checksum(FOOTER_MARK + struct.pack("<I", len(self.points)) + points)
        state = struct.pack("<Q", chain.size) + chain.root() + chain.link + struct.pack("<Q", chain.time_ns)
        return first + with_checksum(state + self.seal() + struct.pack("<IQ", len(self.points), offset))


def read_footer(data: bytes, at: int) -> bytes:
    """Returns the footer at `at`, whose two checksums hold."""
    if len(data) < at + 8:
        raise Wrong("footer-checksum", "the footer is cut off")
    points = struct.unpack_from("<I", data, at + 4)[0]
    first = 8 + points * 16 + 4
    found = data[at:at + first + FOOTER_END_BYTES]
    if len(found) < first + FOOTER_END_BYTES:
        raise Wrong("footer-checksum", "the footer is cut off")
    if not is_sound(found[:first]) or not is_sound(found[first:]):
        raise Wrong("footer-checksum", "the footer fails its checksum")
    return found
