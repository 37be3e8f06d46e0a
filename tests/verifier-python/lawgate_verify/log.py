"""Checking a log from its own files: `<first position, 20 digits>.segment` and `.open`.

One chain runs through all segments from the genesis. Whatever a segment states besides its entries is made anew from
that chain and compared byte for byte. The first thing that does not fit ends the check.

A segment that was archived left a stub, `.archived`. Where its archive is given, the segment is read from there and
checked like every other; where it is not, the chain goes on behind it and its entries are not checked, which is said.
"""

from __future__ import annotations

import pathlib
import re
from dataclasses import dataclass, field

from . import archive as archives
from . import segment as form
from .archive import Archive, Stub
from .chain import Chain, Wanted
from .fault import Fault, Wrong
from .hashes import SHA256
from .tail import is_torn
from .tree import Frontier

_NAME = re.compile(r"([0-9]{20})\.(segment|open|archived)\Z")


@dataclass
class Tail:
    """An unfinished write at the end of the open segment. It is no fault, and its entries are not counted."""

    file: str
    offset: int
    bytes: int


@dataclass
class LogResult:
    """What was really checked."""

    chain: Chain
    origin: str | None = None
    policy_digest: bytes | None = None
    former_root: bytes | None = None
    segments: int = 0
    groups: int = 0
    bytes: int = 0
    tail: Tail | None = None
    fault: Fault | None = None
    # Positions that were archived and are not checked, and the list of the archive that has them.
    unread: list[tuple[int, int, bytes]] = field(default_factory=list)
    archived: int = 0
    other_files: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Entries that are sound."""
        return self.chain.size

    @property
    def skipped(self) -> int:
        """The position up to which entries were not checked, because their archive was not given."""
        return max((to for _, to, _ in self.unread), default=0)


def list_segments(folder: pathlib.Path) -> tuple[list[tuple[int, pathlib.Path]], list[str]]:
    """Returns the segments by the position they start at, and the names of all other files."""
    found, others = [], []
    for path in folder.iterdir():
        match = _NAME.match(path.name)
        if match and int(match.group(1)) < 1 << 64:
            found.append((int(match.group(1)), path))
        else:
            others.append(path.name)
    # A sealed and an open file that start at the same place: the open one comes first and stands inside the log.
    found.sort(key=lambda item: (item[0], item[1].suffix))
    # Pruning puts the stub beside its segment before it removes that; a segment that is there still counts.
    sealed = {first for first, path in found if path.suffix == ".segment"}
    found = [(first, path) for first, path in found if path.suffix != ".archived" or first not in sealed]
    return found, sorted(others)


def archived_up_to(folder: pathlib.Path) -> int:
    """Returns the position behind the last entry whose segment left a stub; 0 when nothing was archived."""
    ends = [0]
    for _, path in list_segments(folder)[0]:
        if path.suffix == ".archived":
            ends.append(archives.read_stub(path.read_bytes()).size)
    return max(ends)


def check_log(folder: pathlib.Path, wanted: Wanted, with_sm3: bool, given: tuple[Archive, ...] = ()) -> LogResult:
    """Checks every byte of every segment in `folder`, and of those that the archives in `given` have of it."""
    result = LogResult(Chain(wanted, with_sm3))
    try:
        segments, result.other_files = list_segments(folder)
    except OSError as error:
        result.fault = Fault(0, "unreadable", str(error), str(folder))
        return result
    for index, (first, path) in enumerate(segments[:-1]):
        if path.suffix == ".open":
            result.fault = Fault(first, "open-segment-inside", "an open segment is followed by another", path.name)
            segments = segments[:index]
            break
    walk = _Walk(result, given)
    for first, path in segments:
        fault = walk.archived(first, path) if path.suffix == ".archived" else walk.segment(first, path)
        if fault:
            result.fault = fault
            break
    if result.fault is None and walk.before is not None:
        detail = "the log ends with entries that were archived; there are always newer ones"
        result.fault = Fault(walk.before.size, "missing-segment", detail, str(folder))
    if result.fault is None and result.size == 0:
        result.fault = Fault(0, "nothing", "there is not a single complete entry", str(folder))
    return result


class _Walk:
    """The way through the segments."""

    def __init__(self, result: LogResult, given: tuple[Archive, ...]):
        self.result = result
        self.given = {archive.digest: archive for archive in given}
        self.claims: form.HeaderClaims | None = None
        self.seal = bytes(32)
        self.number = 0
        # Set while what comes before the next segment was not read.
        self.before: Stub | None = None

    def archived(self, first: int, path: pathlib.Path) -> Fault | None:
        """Checks the next segment, of which a stub is there; returns what is wrong with it."""
        position = self.before.size if self.before else self.result.chain.size
        if first != position:
            return Fault(position, "missing-segment", f"the next segment starts at {first}", path.name)
        try:
            stub = archives.read_stub(path.read_bytes())
            archive = self.given.get(stub.manifest)
            if archive:
                data = archive.segment(first)
                if data[:len(stub.header)] != stub.header or data[-form.FOOTER_END_BYTES:] != stub.end:
                    raise Wrong("stub-differs", f"the stub is not that of the segment in {archive.folder}")
        except OSError as error:
            return Fault(position, "unreadable", str(error), path.name)
        except Wrong as wrong:
            return Fault(position, wrong.kind, wrong.detail, path.name)
        self.result.archived += 1
        if archive:
            return self.segment(first, archive.folder / "log" / f"{first:020}.segment", data)
        return self.unread(first, path, stub)

    def unread(self, first: int, path: pathlib.Path, stub: Stub) -> Fault | None:
        """Goes past a segment whose archive was not given."""
        try:
            self.header(stub.header)
        except Wrong as wrong:
            return Fault(self.result.chain.size, wrong.kind, wrong.detail, path.name)
        if stub.size <= first:
            return Fault(first, "stub-form", "the stub is of a segment without entries", path.name)
        self.before, self.seal, self.number = stub, stub.seal, self.number + 1
        unread = self.result.unread
        if unread and unread[-1][1:] == (first, stub.manifest):
            first = unread.pop()[0]
        unread.append((first, stub.size, stub.manifest))
        return None

    def segment(self, first: int, path: pathlib.Path, data: bytes | None = None) -> Fault | None:
        """Checks the next segment; returns what is wrong with it."""
        chain = self.result.chain
        position = self.before.size if self.before else chain.size
        if first != position:
            return Fault(position, "missing-segment", f"the next segment starts at {first}", path.name)
        try:
            data = path.read_bytes() if data is None else data
            header = self.header(data)
        except OSError as error:
            return Fault(chain.size, "unreadable", str(error), path.name)
        except Wrong as wrong:
            return Fault(chain.size, wrong.kind, wrong.detail, path.name)
        body = _Body(self.result, data, path, header)
        fault = body.run()
        self.seal = body.outline.seal()
        self.number += 1
        self.result.groups += body.groups
        if fault is None:
            self.result.segments += 1
            self.result.bytes += len(data)
        return fault

    def header(self, data: bytes) -> bytes:
        """Checks the header by making it anew; returns it."""
        chain, claims = self.result.chain, form.read_header(data)
        if self.claims is None:
            self.claims = claims
            self.result.origin = claims.origin
            self.result.policy_digest, self.result.former_root = claims.policy_digest, claims.former_root
            chain.start(claims.origin, claims.policy_digest, claims.former_root, claims.is_dual)
            kind, detail = "genesis", "the first segment does not start at the genesis of its log"
        else:
            kind, detail = "header-link", "the segment does not continue the one before it"
            self.resume(data, claims)
        if claims.first_position != chain.size:
            raise Wrong("header-name", f"the segment starts at {claims.first_position}, its name says {chain.size}")
        expected = form.make_header(self.number, self.claims, chain, self.seal)
        if data[:claims.length] != expected:
            raise Wrong(kind, detail)
        return expected

    def resume(self, data: bytes, claims: form.HeaderClaims) -> None:
        """Goes on behind entries that were not read, from what their stub and the next header say of them."""
        if self.before is None:
            return
        before, chain = self.before, self.result.chain
        peaks, second_link = form.read_before(data, claims)
        tree = Frontier(SHA256)
        tree.size, tree.peaks = before.size, peaks
        if len(peaks) != bin(before.size).count("1") or tree.root() != before.root:
            raise Wrong("header-link", "the segment does not continue the one before it")
        chain.skip(before.size, peaks, before.link, second_link, before.time_ns)
        self.before = None


class _Body:
    """What follows the header of one segment."""

    def __init__(self, result: LogResult, data: bytes, path: pathlib.Path, header: bytes):
        self.result = result
        self.data = data
        self.path = path
        self.used = len(data.rstrip(b"\0"))
        self.at = len(header)
        self.group_start = self.at
        self.outline = form.Outline(header)
        self.groups = 0
        self.chain = result.chain.copy()

    def run(self) -> Fault | None:
        """Goes through all parts; returns what is wrong."""
        try:
            while self.part():
                pass
        except Wrong as wrong:
            return self.judge(wrong)
        return None

    def part(self) -> bool:
        """Checks the next part; returns whether another may follow."""
        in_group, mark = self.at != self.group_start, self.data[self.at:self.at + 4]
        if self.at >= self.used:
            return self.end(in_group)
        if mark == form.TRAILER_MARK:
            self.trailer(in_group)
            return True
        if mark == form.FOOTER_MARK:
            self.footer(in_group)
            return False
        self.frame(in_group)
        return True

    def end(self, in_group: bool) -> bool:
        if in_group:
            raise Wrong("group-incomplete", "the last group has no trailer")
        if self.path.suffix == ".segment":
            raise Wrong("footer-missing", "a sealed segment has no footer")
        return False

    def frame(self, in_group: bool) -> None:
        if in_group and len(self.data) - self.at < 4:
            raise Wrong("group-incomplete", "the file ends inside a group")
        try:
            position, raw = form.read_frame(self.data, self.at, len(self.data))
        except Wrong as wrong:
            # A spoilt marker of the right trailer is laid to the group and not to the entry after it.
            if in_group and self.data[self.at + 4:self.at + 80] == form.make_trailer(self.chain)[4:]:
                raise Wrong("group-checksum", "the marker of the group's trailer is spoilt") from None
            raise wrong
        if position != self.chain.size:
            raise Wrong("frame-position", f"the frame is for position {position}")
        self.chain.take(raw)
        self.outline.frame(position, self.at)
        self.at += form.frame_bytes(raw)

    def trailer(self, in_group: bool) -> None:
        found = self.data[self.at:self.at + form.TRAILER_BYTES]
        if len(found) < form.TRAILER_BYTES or not form.is_sound(found):
            raise Wrong("group-checksum", "the trailer of the group fails its checksum")
        if not in_group:
            raise Wrong("group-size", "a group has no entry")
        form.compare_trailer(found, form.make_trailer(self.chain))
        self.outline.end_group(self.chain.size)
        self.at += form.TRAILER_BYTES
        self.group_start = self.at
        self.groups += 1
        self.chain.commit()
        self.result.chain = self.chain.copy()

    def footer(self, in_group: bool) -> None:
        found = form.read_footer(self.data, self.at)
        if in_group or not self.groups:
            raise Wrong("footer-place", "a footer stands where none may")
        if found != self.outline.make_footer(self.chain, self.at):
            raise Wrong("footer-differs", "the footer is not the one that the segment gives")
        end = self.at + len(found)
        if self.used > end or (self.path.suffix == ".segment" and len(self.data) != end):
            self.at = end
            raise Wrong("bytes-after-end", "bytes follow the end of the segment")

    def judge(self, wrong: Wrong) -> Fault | None:
        """Returns the fault, or nothing when it is the unfinished tail of an open segment."""
        committed = self.result.chain.size
        if self.path.suffix == ".open" and is_torn(self.data, wrong.kind, self.at, committed):
            self.result.tail = Tail(self.path.name, self.group_start, max(self.used - self.group_start, 0))
            return None
        position = committed if wrong.kind.startswith("group-") else self.chain.size
        return Fault(position, wrong.kind, wrong.detail, self.path.name, self.at)
