"""Names and forms of tiles and entry bundles (c2sp.org/tlog-tiles)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .fault import Wrong
from .hashes import Suite
from .tree import Frontier

WIDTH = 256
_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)
MAX_LEVEL = 63


@dataclass(frozen=True)
class Tile:
    """A tile or, with level -1, an entry bundle; `width` is 256 for a full one."""

    level: int
    index: int
    width: int = WIDTH

    def path(self) -> str:
        """Returns where it is served."""
        digits = f"{self.index:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at:at + 3] for at in range(0, len(digits), 3)]
        number = "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
        partial = f".p/{self.width}" if self.width < WIDTH else ""
        return f"tile/{'entries' if self.level < 0 else self.level}/{number}{partial}"


def parse_path(path: str) -> Tile | None:
    """Returns the tile that is served at `path`; none when the path is not the one form of a tile's."""
    match = _PATH.fullmatch(path)
    if not match:
        return None
    level = -1 if match.group(1) == "entries" else int(match.group(1))
    width = int(match.group(3)) if match.group(3) else WIDTH
    if level > MAX_LEVEL or (match.group(3) and width >= WIDTH):
        return None
    tile = Tile(level, int(match.group(2).replace("x", "").replace("/", "")), width)
    return tile if tile.path() == path else None


def split_bundle(data: bytes) -> list[bytes]:
    """Returns the entries of a bundle: each a big-endian length of 16 bits and its bytes."""
    found, at = [], 0
    while at < len(data):
        if at + 2 > len(data):
            raise Wrong("bundle-form", "the bundle ends inside a length")
        length = int.from_bytes(data[at:at + 2], "big")
        at += 2
        if at + length > len(data):
            raise Wrong("bundle-form", "the bundle ends inside an entry")
        found.append(data[at:at + length])
        at += length
    return found


class Levels:
    """The hashes of all tiles of a growing tree, made from its leaf hashes."""

    def __init__(self, suite: Suite):
        self.suite = suite
        self.levels: list[list[bytes]] = [[]]

    def append(self, leaf: bytes) -> None:
        """Takes in the next leaf hash."""
        node, level = leaf, 0
        while True:
            if level == len(self.levels):
                self.levels.append([])
            hashes = self.levels[level]
            hashes.append(node)
            if len(hashes) % WIDTH:
                return
            # The tile is full: its root is the next hash one level up.
            frontier = Frontier(self.suite)
            for each in hashes[-WIDTH:]:
                frontier.append(each)
            node, level = frontier.root(), level + 1

    def tile(self, tile: Tile) -> bytes | None:
        """Returns what a tile must hold; none when the tree does not reach that far."""
        if tile.level >= len(self.levels):
            return None
        start = tile.index * WIDTH
        hashes = self.levels[tile.level][start:start + tile.width]
        return b"".join(hashes) if len(hashes) == tile.width else None

    def needed(self, size: int) -> list[Tile]:
        """Returns the hash tiles that a tree of `size` has."""
        found, level, count = [], 0, size
        while count:
            found += [Tile(level, index) for index in range(count // WIDTH)]
            if count % WIDTH:
                found.append(Tile(level, count // WIDTH, count % WIDTH))
            level, count = level + 1, count // WIDTH
        return found
