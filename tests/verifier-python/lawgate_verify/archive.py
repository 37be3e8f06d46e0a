"""Archives: entries that have left a log, and the list that says which files have them.

An archive is a folder with whole segments, byte for byte (docs/audit-log.md, "Archives"). In the log a stub stands in
the place of each of them; it names the list of the archive by its SHA-256. So the list, every file on it and the
segments are bound to the log, whoever keeps the archive. What the segments hold is checked where they are read, as if
they had never left.
"""

from __future__ import annotations

import hashlib
import pathlib
import re
from dataclasses import dataclass

from . import segment as form
from . import text as forms
from .crc32c import is_sound
from .fault import Wrong

MARK = b"ARCHIVED"
_FIRST_LINE = "lawgate-archive/v1"
_FILE = re.compile(r"file (0|[1-9][0-9]{0,19}) ([0-9a-f]{64}) ([0-9a-f]{64}) ([\x21-\x7e]{1,255})")
_RANGE = re.compile(r"range (0|[1-9][0-9]{0,19}) ([1-9][0-9]{0,19})")
_MIDDLE_BYTES = len(MARK) + 32 + 4


@dataclass
class Stub:
    """What stays of a segment: its header, the archive that has it, the end of its footer."""

    header: bytes
    manifest: bytes
    end: bytes
    # Entries up to its end, their root, the last link and the last time, and the seal, as its footer states them.
    size: int
    root: bytes
    link: bytes
    time_ns: int
    seal: bytes


def read_stub(data: bytes) -> Stub:
    """Reads a stub, whose checksums hold."""
    claims = form.read_header(data)
    header, rest = data[:claims.length], data[claims.length:]
    middle, end = rest[:_MIDDLE_BYTES], rest[_MIDDLE_BYTES:]
    if len(end) != form.FOOTER_END_BYTES or not middle.startswith(MARK):
        raise Wrong("stub-form", "the file is no stub of a segment")
    if not is_sound(middle) or not is_sound(end):
        raise Wrong("stub-checksum", "the stub fails its checksum")
    size = int.from_bytes(end[:8], "little")
    time_ns = int.from_bytes(end[72:80], "little")
    return Stub(header, middle[8:40], end, size, end[8:40], end[40:72], time_ns, end[80:112])


@dataclass
class Archive:
    """An archive whose files are those on its list."""

    folder: pathlib.Path
    origin: str
    start: int
    end: int
    digest: bytes
    files: dict[str, tuple[int, str]]

    def segment(self, first: int) -> bytes:
        """Returns the segment that starts at `first`."""
        path = f"log/{first:020}.segment"
        if path not in self.files:
            raise Wrong("archive-segment", f"the archive {self.folder} has no segment that starts at {first}")
        return _listed(self.folder, path, *self.files[path])


def open_archive(folder: pathlib.Path) -> Archive:
    """Reads the list of an archive and holds every file against it."""
    try:
        data = (folder / "manifest").read_bytes()
    except OSError as error:
        raise Wrong("archive-manifest", f"{folder}: {error.strerror}") from None
    origin, bounds, files = _parse(data, folder)
    archive = Archive(folder, origin, *bounds, hashlib.sha256(data).digest(), files)
    for path, (size, digest) in files.items():
        _listed(folder, path, size, digest)
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    extra = sorted(there - set(files) - {"manifest", "manifest.note"})
    if extra:
        raise Wrong("archive-file", f"{folder}: {extra[0]} is not on the list")
    return archive


def _parse(data: bytes, folder: pathlib.Path):
    """Reads the list: which log, which positions, which files."""
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise Wrong("archive-manifest", f"{folder}: the list is not UTF-8") from None
    if len(lines) < 6 or lines[0] != _FIRST_LINE or lines[-1] or not lines[1].startswith("origin "):
        raise Wrong("archive-manifest", f"{folder}: this is no list of an archive")
    bounds = _RANGE.fullmatch(lines[2])
    if not bounds or not lines[3].startswith("tree ") or not lines[4].startswith("made "):
        raise Wrong("archive-manifest", f"{folder}: this is no list of an archive")
    files = {}
    for number, line in enumerate(lines[5:-1], 6):
        found = _FILE.fullmatch(line)
        if found is None and line.startswith("consistency ") and not files:
            continue
        if found is None or not _is_path(found.group(4)) or (files and found.group(4) <= max(files)):
            raise Wrong("archive-manifest", f"{folder}: line {number} of the list is not in its form")
        files[found.group(4)] = (int(found.group(1)), found.group(2))
    start, end = (forms.decimal(each, "a position") for each in bounds.groups())
    return lines[1][len("origin "):], (start, end), files


def _is_path(path: str) -> bool:
    return not any(part in ("", ".", "..") for part in path.split("/")) and "\\" not in path


def _listed(folder: pathlib.Path, path: str, size: int, digest: str) -> bytes:
    """Returns a file that is what the list says."""
    try:
        data = (folder / path).read_bytes()
    except OSError as error:
        raise Wrong("archive-file", f"{folder / path}: {error.strerror}") from None
    if len(data) != size or hashlib.sha256(data).hexdigest() != digest:
        raise Wrong("archive-file", f"{folder / path} is not the file on the list")
    return data
