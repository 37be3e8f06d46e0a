"""Checking a mirror: the static files of c2sp.org/tlog-tiles, from the entries up.

Every hash is computed from the entry bundles; tiles are only compared with that. A tile that is right proves nothing
by itself, and one that is wrong breaks the proofs of others, so each file is compared. Roots and signatures of the
checkpoints are held against the result in `evidence`, as those of any other checkpoint are.
"""

from __future__ import annotations

import pathlib
from dataclasses import dataclass, field

from . import note as notes
from .chain import Chain, Wanted
from .fault import Fault, Wrong
from .hashes import SHA256, SM3, Suite
from .tiles import WIDTH, Levels, Tile, parse_path, split_bundle


@dataclass
class MirrorResult:
    """What was really checked."""

    chain: Chain
    fault: Fault | None = None
    tiles: int = 0
    bundles: int = 0
    checkpoint_size: int = 0
    checkpoint_bytes: bytes | None = None
    sm3_checkpoint_bytes: bytes | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Entries that are sound."""
        return self.chain.size


class _Broken(Exception):
    def __init__(self, fault: Fault):
        super().__init__(str(fault))
        self.fault = fault


def check_mirror(
    folder: pathlib.Path, wanted: Wanted, opaque: bool, genesis_parts=None, archived: int = 0
) -> MirrorResult:
    """Checks the mirror in `folder`, and the SM3 tree under `sm3/` where there is one.

    Entries before `archived` may be gone; their hashes are taken from the tiles, and the root is computed over them.
    """
    with_sm3 = (folder / "sm3").is_dir()
    result = MirrorResult(Chain(wanted, with_sm3))
    try:
        _Mirror(folder, result, opaque, genesis_parts, archived).run(with_sm3)
    except _Broken as broken:
        result.fault = broken.fault
    except OSError as error:
        result.fault = Fault(result.size, "unreadable", str(error), str(folder))
    return result


def read_checkpoint(path: pathlib.Path) -> tuple[bytes, notes.Checkpoint]:
    """Reads the checkpoint file of a mirror; signatures are checked elsewhere."""
    try:
        data = path.read_bytes()
        return data, notes.parse_checkpoint(notes.parse_note(data).text)
    except OSError as error:
        raise _Broken(Fault(0, "checkpoint-missing", str(error), str(path))) from None
    except Wrong as wrong:
        raise _Broken(Fault(0, wrong.kind, wrong.detail, str(path))) from None


@dataclass
class _Tree:
    """One tree: what its checkpoint says, its files, and what the entries give."""

    suite: Suite
    checkpoint: notes.Checkpoint
    folder: pathlib.Path
    prefix: str
    made: Levels
    # Its files: those over one bundle, by the bundle, and those above.
    lower: dict[int, list[Tile]] = field(default_factory=dict)
    upper: list[Tile] = field(default_factory=list)


class _Mirror:
    def __init__(self, folder: pathlib.Path, result: MirrorResult, opaque: bool, genesis_parts, archived: int):
        self.folder = folder
        self.archived = archived
        self.result = result
        self.opaque = opaque
        self.genesis_parts = genesis_parts
        self.trees: list[_Tree] = []

    def run(self, with_sm3: bool) -> None:
        result = self.result
        result.checkpoint_bytes, checkpoint = read_checkpoint(self.folder / "checkpoint")
        result.checkpoint_size = checkpoint.size
        self.add_tree(SHA256, checkpoint, self.folder, "")
        if with_sm3:
            result.sm3_checkpoint_bytes, second = read_checkpoint(self.folder / "sm3" / "checkpoint")
            if second.origin != checkpoint.origin + "/sm3":
                raise _Broken(Fault(0, "checkpoint-origin", f"the SM3 tree says {second.origin!r}", "sm3/checkpoint"))
            self.add_tree(SM3, second, self.folder / "sm3", "sm3/")
        self.start(checkpoint.origin)
        self.entries(max(tree.checkpoint.size for tree in self.trees), checkpoint.size)
        for tree in self.trees:
            self.upper_levels(tree)
        if result.size == 0:
            raise _Broken(Fault(0, "nothing", "the checkpoint is of an empty log", "checkpoint"))

    def add_tree(self, suite: Suite, checkpoint: notes.Checkpoint, folder: pathlib.Path, prefix: str) -> None:
        tree = _Tree(suite, checkpoint, folder, prefix, Levels(suite))
        for tile in self.files(folder, prefix):
            if tile.level > 0:
                tree.upper.append(tile)
            else:
                tree.lower.setdefault(tile.index, []).append(tile)
        self.trees.append(tree)

    def start(self, origin: str) -> None:
        chain = self.result.chain
        if self.opaque:
            self.result.notes.append("entries were taken as opaque bytes: their form and their chain were NOT checked")
        elif self.genesis_parts:
            chain.start(origin, *self.genesis_parts, None)
        else:
            chain.origin = origin
            self.result.notes.append(
                "the link of the first entry to the genesis was NOT checked: a mirror does not carry the policy digest"
            )

    def entries(self, size: int, guaranteed: int) -> None:
        """Reads the bundles that a tree of `size` has, and compares the files of level 0 over each."""
        chain = self.result.chain
        for start in range(0, size, WIDTH):
            count = min(WIDTH, size - start)
            path, data = self.bundle(start // WIDTH, count)
            if data is None and start >= guaranteed:
                return  # Entries past the SHA-256 checkpoint are not promised by it.
            if data is None and start + WIDTH <= self.archived:
                self.hashes(start // WIDTH)
            elif data is None:
                raise _Broken(Fault(chain.size, "bundle-missing", "the entries are not there", path))
            else:
                self.bundle_entries(data, count, path)
            for tree in self.trees:
                width = min(WIDTH, tree.checkpoint.size - start)
                needed = [Tile(0, start // WIDTH, width)] if width > 0 else []
                self.tiles(tree, needed, tree.lower.pop(start // WIDTH, []))

    def bundle_entries(self, data: bytes, count: int, path: str) -> None:
        """Takes in the entries of a bundle."""
        chain = self.result.chain
        try:
            found = split_bundle(data)
            if len(found) < count:
                raise Wrong("bundle-form", f"the bundle has {len(found)} entries and not {count}")
            for raw in found[:count]:
                self.entry(raw)
            chain.commit()
        except Wrong as wrong:
            raise _Broken(Fault(chain.size, wrong.kind, wrong.detail, path)) from None
        self.result.bundles += 1

    def hashes(self, index: int) -> None:
        """Takes in the leaf hashes of archived entries, from the tiles over the bundle that is gone."""
        chain, columns = self.result.chain, {}
        for tree in self.trees:
            tile = Tile(0, index)
            path = tree.folder / tile.path()
            data = path.read_bytes() if path.is_file() else b""
            if len(data) != WIDTH * 32:
                detail = "the entries were archived, and the tile with their hashes is not there"
                raise _Broken(Fault(chain.size, "tile-missing", detail, tree.prefix + tile.path()))
            columns[tree.suite.name] = [data[at:at + 32] for at in range(0, len(data), 32)]
        for at in range(WIDTH):
            leaf, second = (columns[suite.name][at] if suite.name in columns else None for suite in (SHA256, SM3))
            chain.take_hash(leaf, second)
            for tree in self.trees:
                tree.made.append(leaf if tree.suite is SHA256 else second)

    def entry(self, raw: bytes) -> None:
        chain = self.result.chain
        if self.opaque:
            chain.append(raw)
        else:
            chain.take(raw)
        for tree in self.trees:
            tree.made.append(chain.link if tree.suite is SHA256 else chain.second_link)

    def bundle(self, index: int, count: int) -> tuple[str, bytes | None]:
        """Returns the bundle with `count` entries; a wider one serves for a partial one that was deleted."""
        for width in range(count, WIDTH + 1):
            path = Tile(-1, index, width).path()
            if (self.folder / path).is_file():
                return path, (self.folder / path).read_bytes()
        return Tile(-1, index, count).path(), None

    def tiles(self, tree: "_Tree", needed: list[Tile], found: list[Tile]) -> None:
        """Compares the tiles that were found, among which those that are needed must be."""
        present = set(found)
        for tile in needed:
            # A wider one serves as well: its first hashes are those of this one.
            wider = (Tile(tile.level, tile.index, width) for width in range(tile.width, WIDTH + 1))
            if not any(each in present for each in wider):
                path = tree.prefix + tile.path()
                raise _Broken(Fault(_first(tile), "tile-missing", "a tile of the tree is not there", path))
        for tile in sorted(found, key=lambda tile: (tile.level, tile.index, tile.width)):
            self.compare(tile, tree)

    def upper_levels(self, tree: "_Tree") -> None:
        """Compares what the bundles left: the tiles above level 0, and files past the checkpoint."""
        size = self.result.size
        if size < tree.checkpoint.size:
            detail = f"the checkpoint is of {tree.checkpoint.size} entries"
            raise _Broken(Fault(size, "bundle-missing", detail, tree.prefix + "checkpoint"))
        needed = [tile for tile in tree.made.needed(tree.checkpoint.size) if tile.level > 0]
        self.tiles(tree, needed, tree.upper + [tile for tiles in tree.lower.values() for tile in tiles])

    def files(self, folder: pathlib.Path, prefix: str):
        """Returns every tile and bundle that is there, and notes what is neither."""
        for file in sorted((folder / "tile").rglob("*")):
            if file.is_dir():
                continue
            path = file.relative_to(folder).as_posix()
            tile = parse_path(path)
            if tile:
                yield tile
            else:
                self.result.notes.append(f"{prefix}{path} is no tile and was left alone")

    def compare(self, tile: Tile, tree: "_Tree") -> None:
        path, made = tree.prefix + tile.path(), tree.made
        found = (tree.folder / tile.path()).read_bytes()
        if tile.level < 0:
            hashes, expected = self.bundle_hashes(found, tile, made, path)
        else:
            if len(found) != tile.width * 32:
                raise _Broken(Fault(_first(tile), "tile-form", f"the tile has {len(found)} bytes", path))
            hashes, expected = found, made.tile(tile)
        if expected is None:
            # Written after the checkpoint. What of it the checkpoint covers is compared all the same.
            known = made.levels[tile.level if tile.level > 0 else 0] if max(tile.level, 0) < len(made.levels) else []
            expected = b"".join(known[tile.index * WIDTH:tile.index * WIDTH + tile.width])
            hashes = hashes[:len(expected)]
            self.result.notes.append(f"{path} reaches past the checkpoint; what is past it was NOT checked")
        if hashes != expected:
            at = next(at for at in range(0, len(expected), 32) if hashes[at:at + 32] != expected[at:at + 32]) // 32
            what = "the bundle holds other entries" if tile.level < 0 else "the tile holds another hash"
            raise _Broken(Fault(_first(tile, at), "tile-hash", f"{what} at place {at}", path, at * 32))
        self.result.tiles += 1

    def bundle_hashes(self, data: bytes, tile: Tile, made: Levels, path: str) -> tuple[bytes, bytes | None]:
        try:
            found = split_bundle(data)
            if len(found) != tile.width:
                raise Wrong("bundle-form", f"the bundle has {len(found)} entries and not {tile.width}")
        except Wrong as wrong:
            raise _Broken(Fault(_first(tile), wrong.kind, wrong.detail, path)) from None
        return b"".join(made.suite.leaf(raw) for raw in found), made.tile(Tile(0, tile.index, tile.width))


def _first(tile: Tile, at: int = 0) -> int:
    """Returns the position of the first entry under the hash at place `at`."""
    return (tile.index * WIDTH + at) * WIDTH ** max(tile.level, 0)
