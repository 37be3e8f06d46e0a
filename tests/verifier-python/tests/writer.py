"""Writes logs, mirrors and notes for the tests, from the documents and without the verifier's own code.

Slow and plain on purpose: roots by the recursive definition, checksums bit by bit, CBOR by its rules. What both sides
agree on then does not come from sharing a mistake.
"""

from __future__ import annotations

import base64
import hashlib
import pathlib
import struct

ORIGIN = "city.example/audit/2026"
POLICY = bytes([5]) * 32
NONE = bytes(32)
START_NS = 1_790_000_000_000_000_000


def sha256(data: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(data).digest()


def checksum(data: bytes) -> bytes:
    """CRC-32C, bit by bit."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return struct.pack("<I", value ^ 0xFFFFFFFF)


def root(leaves: list[bytes], digest=sha256) -> bytes:
    """The Merkle tree hash by the definition of RFC 6962 section 2.1, over leaf hashes."""
    if not leaves:
        return digest(b"")
    if len(leaves) == 1:
        return leaves[0]
    split = split_of(len(leaves))
    return digest(b"\x01" + root(leaves[:split], digest) + root(leaves[split:], digest))


def split_of(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def path(index: int, leaves: list[bytes], digest=sha256) -> list[bytes]:
    """The inclusion proof by the definition of RFC 6962 section 2.1.1."""
    if len(leaves) == 1:
        return []
    split = split_of(len(leaves))
    if index < split:
        return path(index, leaves[:split], digest) + [root(leaves[split:], digest)]
    return path(index - split, leaves[split:], digest) + [root(leaves[:split], digest)]


def peaks(leaves: list[bytes]) -> list[bytes]:
    """The roots of the complete subtrees, largest first."""
    if not leaves:
        return []
    size = 1 << len(leaves).bit_length() - 1
    return [root(leaves[:size])] + peaks(leaves[size:])


def cbor(value) -> bytes:
    """Deterministic CBOR of RFC 8949 section 4.2.1."""
    if value is None or isinstance(value, bool):
        return {False: b"\xf4", True: b"\xf5", None: b"\xf6"}[value]
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(cbor(item) for item in value)
    return head(5, len(value)) + b"".join(cbor(key) + cbor(value[key]) for key in sorted(value))


def head(major: int, number: int) -> bytes:
    """The head of an item."""
    for low, form, limit in ((24, ">B", 1 << 8), (25, ">H", 1 << 16), (26, ">I", 1 << 32), (27, ">Q", 1 << 64)):
        if number < 24:
            return bytes([major * 32 + number])
        if number < limit:
            return bytes([major * 32 + low]) + struct.pack(form, number)
    raise ValueError(number)


class Log:
    """A log in memory, as the entries of groups."""

    def __init__(self, sm3=None, origin: str = ORIGIN):
        self.sm3 = sm3
        self.origin = origin
        self.entries: list[bytes] = []
        self.times: list[int] = [0]
        preimage = b"audit-genesis/v1" + struct.pack(">I", len(origin.encode())) + origin.encode() + POLICY + NONE
        self.links = [sha256(preimage)]
        self.links3 = [sm3(preimage)] if sm3 else []

    @property
    def leaves(self) -> list[bytes]:
        """The leaf hashes."""
        return self.links[1:]

    def fields(self, **changes) -> dict:
        """The fields of the next entry."""
        position = len(self.entries)
        fields = {0: 1, 1: self.origin, 2: position, 3: START_NS + position, 5: 1 + position % 9}
        fields[10] = [f"包环罚〔2026〕{position}号", None, -position]
        fields[14] = self.links[-1]
        if self.sm3:
            fields[15] = self.links3[-1]
        fields.update({int(key[1:]): value for key, value in changes.items()})
        return {key: value for key, value in fields.items() if value is not Ellipsis}

    def add(self, **changes) -> bytes:
        """Adds an entry; `k<number>=` sets a key, `...` leaves it out."""
        fields = self.fields(**changes)
        self.add_raw(cbor(fields))
        self.times[-1] = fields[3]
        return self.entries[-1]

    def add_raw(self, raw: bytes) -> None:
        """Adds an entry by its bytes, whatever they are."""
        self.entries.append(raw)
        self.times.append(self.times[-1] + 1)
        self.links.append(sha256(b"\0" + raw))
        if self.sm3:
            self.links3.append(self.sm3(b"\0" + raw))


def log_of(count: int, sm3=None) -> Log:
    """A log with that many entries."""
    log = Log(sm3)
    for _ in range(count):
        log.add()
    return log


def frame(position: int, entry: bytes) -> bytes:
    """A frame."""
    part = struct.pack("<IQ", len(entry), position) + entry
    return part + checksum(part)


def trailer(log: Log, size: int) -> bytes:
    """The trailer of the group that ends at `size`."""
    part = b"GRPE" + struct.pack("<Q", size) + root(log.leaves[:size]) + log.links[size]
    return part + checksum(part)


class Segment:
    """The bytes of one segment and what stands where."""

    def __init__(self, log: Log, number: int, first: int, previous_seal: bytes):
        self.log, self.first, self.size = log, first, first
        origin, tops = log.origin.encode(), peaks(log.leaves[:first])
        rest = struct.pack("<QQ", number, first) + log.links[first] + struct.pack("<Q", log.times[first])
        rest += previous_seal + POLICY + NONE + struct.pack("<H", len(origin)) + origin
        rest += struct.pack("<H", len(tops)) + b"".join(tops)
        if log.sm3:
            rest += log.links3[first]
        self.data = b"AUDITSEG" + struct.pack("<II", 2 if log.sm3 else 1, len(rest) + 20) + rest
        self.data += checksum(self.data)
        # (first byte, position that a fault there is laid to), ascending.
        self.places = [(0, first)]
        self._seal = hashlib.sha256(self.data)
        self.points: list[tuple[int, int]] = []

    def group(self, count: int) -> None:
        """Adds the next entries as one group."""
        start = self.size
        for _ in range(count):
            if not self.points or len(self.data) >= self.points[-1][1] + 32768:
                self.points.append((self.size, len(self.data)))
            self.places.append((len(self.data), self.size))
            self.data += frame(self.size, self.log.entries[self.size])
            self.size += 1
        self.places.append((len(self.data), start))
        self.data += trailer(self.log, self.size)
        self._seal.update(struct.pack("<Q", self.size))

    def seal(self) -> bytes:
        """The seal so far."""
        return self._seal.digest()

    def finish(self) -> None:
        """Adds the footer."""
        offset, log, size = len(self.data), self.log, self.size
        self.places.append((offset, size))
        part = b"SEAL" + struct.pack("<I", len(self.points))
        part += b"".join(struct.pack("<QQ", *point) for point in self.points)
        end = struct.pack("<Q", size) + root(log.leaves[:size]) + log.links[size] + struct.pack("<Q", log.times[size])
        end += self.seal() + struct.pack("<IQ", len(self.points), offset)
        self.data += part + checksum(part) + end + checksum(end)

    def position_at(self, offset: int) -> int:
        """The position that a flipped bit at `offset` is laid to."""
        return [position for start, position in self.places if start <= offset][-1]


def segments_of(log: Log, groups: list[list[int]]) -> list[Segment]:
    """The segments of a log: for each, how many entries its groups have. The last one stays open."""
    found: list[Segment] = []
    for number, sizes in enumerate(groups):
        last = found[-1] if found else None
        segment = Segment(log, number, last.size if last else 0, last.seal() if last else NONE)
        for size in sizes:
            segment.group(size)
        if number < len(groups) - 1:
            segment.finish()
        found.append(segment)
    return found


def write_log(folder: pathlib.Path, segments: list[Segment], zeros: int = 64) -> list[pathlib.Path]:
    """Writes segments; the last one as the open one, with zeros after it."""
    paths = []
    for segment in segments:
        is_open = segment is segments[-1]
        paths.append(folder / f"{segment.first:020}.{'open' if is_open else 'segment'}")
        paths[-1].write_bytes(segment.data + bytes(zeros if is_open else 0))
    return paths


def tile_path(level, index: int, width: int = 256) -> str:
    """Where a tile is served."""
    groups = f"{index:09}"
    parts = ["x" + groups[0:3], "x" + groups[3:6], groups[6:9]]
    while parts[0] == "x000" and len(parts) > 1:
        parts.pop(0)
    return f"tile/{level}/" + "/".join(parts) + (f".p/{width}" if width < 256 else "")


def write_tree(folder: pathlib.Path, leaves: list[bytes], digest=sha256) -> None:
    """Writes the hash tiles of a tree."""
    level, hashes = 0, leaves
    while hashes:
        for start in range(0, len(hashes), 256):
            part = hashes[start:start + 256]
            write(folder / tile_path(level, start // 256, len(part)), b"".join(part))
        full = len(hashes) // 256
        hashes = [root(hashes[at * 256:at * 256 + 256], digest) for at in range(full)]
        level += 1


def write_mirror(folder: pathlib.Path, log: Log, checkpoint: bytes) -> None:
    """Writes a mirror of a log."""
    write(folder / "checkpoint", checkpoint)
    for start in range(0, len(log.entries), 256):
        part = log.entries[start:start + 256]
        data = b"".join(struct.pack(">H", len(raw)) + raw for raw in part)
        write(folder / tile_path("entries", start // 256, len(part)), data)
    write_tree(folder, log.leaves)


def write(path: pathlib.Path, data: bytes) -> None:
    """Writes a file and makes its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def checkpoint_text(log: Log, size: int) -> str:
    """The text of a checkpoint."""
    return f"{log.origin}\n{size}\n{base64.b64encode(root(log.leaves[:size])).decode()}\n"


def vkey(name: str, kind: bytes, public: bytes) -> str:
    """A key in its text form."""
    key_id = sha256(name.encode() + b"\n" + kind + public)[:4]
    return f"{name}+{key_id.hex()}+{base64.b64encode(kind + public).decode()}"


def signature_line(name: str, kind: bytes, public: bytes, signature: bytes) -> str:
    """A signature line."""
    key_id = sha256(name.encode() + b"\n" + kind + public)[:4]
    return f"\u2014 {name} {base64.b64encode(key_id + signature).decode()}\n"


def overwrite(path: pathlib.Path, data: bytes) -> None:
    """Writes over a file in place; made anew ten thousand times, it would wait for the disk each time."""
    with open(path, "r+b") as file:
        file.write(data)
        file.truncate()


def stub(segment: Segment, manifest: bytes) -> bytes:
    """The stub of a finished segment that the archive with this list has."""
    length = struct.unpack_from("<I", segment.data, 12)[0]
    middle = b"ARCHIVED" + sha256(manifest)
    return segment.data[:length] + middle + checksum(middle) + segment.data[-128:]


def manifest(folder: pathlib.Path, segments: list[Segment]) -> bytes:
    """The list of an archive in `folder`; the checks of this verifier do not need its consistency proof."""
    lines = ["lawgate-archive/v1", f"origin {segments[0].log.origin}", f"range {segments[0].first} {segments[-1].size}"]
    lines += [f"tree {segments[-1].size} {base64.b64encode(bytes(32)).decode()}", "made 1790000000"]
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != "manifest":
            data = path.read_bytes()
            lines.append(f"file {len(data)} {sha256(data).hex()} {'0' * 64} {name}")
    return ("\n".join(lines) + "\n").encode()


def archive(folder: pathlib.Path, log_folder: pathlib.Path, segments: list[Segment]) -> None:
    """Moves finished segments from a log into a new archive, and leaves a stub for each."""
    for segment in segments:
        write(folder / f"log/{segment.first:020}.segment", segment.data)
    listed = manifest(folder, segments)
    write(folder / "manifest", listed)
    for segment in segments:
        (log_folder / f"{segment.first:020}.segment").unlink()
        write(log_folder / f"{segment.first:020}.archived", stub(segment, listed))
