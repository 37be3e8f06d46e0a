"""Mirrors: sound ones pass, every spoilt file is named, and what is past the checkpoint is said."""

import base64
import pathlib
import random
import tempfile
import unittest

from lawgate_verify import tiles
from lawgate_verify.chain import Wanted
from lawgate_verify.hashes import SHA256
from lawgate_verify.mirror import check_mirror
from lawgate_verify.sm3 import sm3

from . import writer


def unsigned(log: writer.Log, size: int) -> bytes:
    """A checkpoint under a signature that nobody checks here."""
    return (writer.checkpoint_text(log, size) + "\n\u2014 x AAAAAAA=\n").encode()


class Names(unittest.TestCase):
    """Paths of tiles."""

    def test_paths_are_those_of_the_specification(self):
        for level, index, width, path in (
            (0, 1234067, 256, "tile/0/x001/x234/067"), (-1, 0, 256, "tile/entries/000"), (1, 0, 17, "tile/1/000.p/17"),
            (63, 1000, 1, "tile/63/x001/000.p/1"),
        ):
            tile = tiles.Tile(level, index, width)
            self.assertEqual((tile.path(), tiles.parse_path(path)), (path, tile))

    def test_no_other_path_is_a_tile(self):
        for path in ("tile/00/000", "tile/64/000", "tile/0/00", "tile/0/0000", "tile/0/x000/001", "tile/0/000.p/0",
                     "tile/0/000.p/256", "tile/0/000.p/01", "tile/-1/000", "tile/0/x001", "tile/0/000/",
                     "tile/entries/x"):
            self.assertIsNone(tiles.parse_path(path), path)

    def test_a_tree_of_70000_has_the_tiles_of_the_specification(self):
        needed = tiles.Levels(SHA256).needed(70_000)
        partial = [(tile.level, tile.index, tile.width) for tile in needed if tile.width < 256]
        self.assertEqual(partial, [(0, 273, 112), (1, 1, 17), (2, 0, 1)])
        self.assertEqual(len(needed), 273 + 1 + 1 + 1 + 1)
        at_256 = [(tile.level, tile.width) for tile in tiles.Levels(SHA256).needed(256)]
        self.assertEqual(at_256, [(0, 256), (1, 1)])


class Mirrors(unittest.TestCase):
    """A mirror of 600 entries with both trees."""

    @classmethod
    def setUpClass(cls):
        cls.log = writer.log_of(600, sm3)
        cls.small = writer.log_of(5)

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def check(self, **options):
        self.wanted = Wanted({600, 300, 5})
        return check_mirror(self.folder, self.wanted, options.pop("opaque", False), options.pop("genesis", None))

    def write_both(self):
        writer.write_mirror(self.folder, self.log, unsigned(self.log, 600))
        leaves = [sm3(b"\0" + raw) for raw in self.log.entries]
        root = base64.b64encode(writer.root(leaves, sm3)).decode()
        text = f"{self.log.origin}/sm3\n600\n{root}\n\n\u2014 x AAAAAAA=\n"
        writer.write(self.folder / "sm3/checkpoint", text.encode())
        writer.write_tree(self.folder / "sm3", leaves, sm3)
        return leaves

    def test_a_sound_mirror_gives_its_roots(self):
        leaves = self.write_both()
        result = self.check(genesis=(writer.POLICY, writer.NONE))
        self.assertIsNone(result.fault)
        self.assertEqual((result.size, result.bundles, result.tiles), (600, 3, 3 + 2 * (3 + 1)))
        self.assertEqual(self.wanted.roots["SHA-256"][600], writer.root(self.log.leaves))
        self.assertEqual(self.wanted.roots["SM3"][600], writer.root(leaves, sm3))

    def test_every_file_spoilt_in_one_bit_is_named(self):
        self.write_both()
        chance = random.Random(1)
        for path in sorted((self.folder).rglob("*")):
            if path.is_dir() or path.name == "checkpoint":
                continue
            sound = path.read_bytes()
            for _ in range(3):
                at = chance.randrange(len(sound))
                path.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1:])
                result = self.check()
                self.assertIsNotNone(result.fault, f"{path} {at}")
                self.assertEqual(result.fault.file, path.relative_to(self.folder).as_posix())
                if "entries" not in path.parts:
                    level, index = int(path.relative_to(self.folder).as_posix().split("tile/")[1][0]), 0
                    index = {"000": 0, "001": 1}.get(path.name, 2 if level == 0 else 0)
                    self.assertEqual(result.fault.position, (index * 256 + at // 32) * 256**level, path)
            path.write_bytes(sound)
            path.unlink()
            self.assertIsNotNone(self.check().fault, path)
            path.write_bytes(sound)

    def test_every_bit_of_the_entries_is_bound(self):
        writer.write_mirror(self.folder, self.small, unsigned(self.small, 5))
        path = self.folder / "tile/entries/000.p/5"
        sound = path.read_bytes()
        ends, at = [], 0
        for raw in self.small.entries:
            at += 2 + len(raw)
            ends.append(at)
        for bit in range(len(sound) * 8):
            spoilt = bytearray(sound)
            spoilt[bit // 8] ^= 1 << bit % 8
            writer.overwrite(path, spoilt)
            fault = self.check().fault
            self.assertIsNotNone(fault, bit)
            position = sum(end <= bit // 8 for end in ends)
            # A change that leaves an entry well-formed shows in the link of the next, or in the tile for the last. A
            # spoilt length shows before any entry is read.
            self.assertIn(fault.position, (0, position, position + 1), str(fault))

    def test_a_full_bundle_or_tile_serves_for_a_deleted_partial_one(self):
        writer.write_mirror(self.folder, self.log, unsigned(self.log, 300))
        result = self.check()
        self.assertIsNone(result.fault)
        self.assertEqual(result.size, 300)
        (self.folder / "tile/entries/001").unlink()
        self.assertEqual(self.check().fault.kind, "bundle-missing")

    def test_what_reaches_past_the_checkpoint_is_said(self):
        writer.write_mirror(self.folder, self.log, unsigned(self.log, 300))
        notes = "\n".join(self.check().notes)
        self.assertIn("tile/0/002.p/88 reaches past the checkpoint", notes)
        self.assertIn("genesis was NOT checked", notes)

    def test_an_entry_of_another_log_is_no_entry_here_unless_taken_as_bytes(self):
        other = writer.Log()
        other.add_raw(b"hello")
        writer.write_mirror(self.folder, other, unsigned(other, 1))
        self.assertEqual(self.check().fault.kind, "entry-encoding")
        self.assertIsNone(self.check(opaque=True).fault)

    def test_a_wrong_genesis_is_found_where_its_parts_are_given(self):
        writer.write_mirror(self.folder, self.small, unsigned(self.small, 5))
        self.assertIsNone(self.check(genesis=(writer.POLICY, writer.NONE)).fault)
        self.assertEqual(self.check(genesis=(writer.NONE, writer.NONE)).fault.position, 0)

    def test_an_empty_or_missing_mirror_is_a_fault(self):
        self.assertEqual(self.check().fault.kind, "checkpoint-missing")
        writer.write(self.folder / "checkpoint", unsigned(self.small, 0))
        self.assertEqual(self.check().fault.kind, "nothing")
        writer.write(self.folder / "checkpoint", b"x")
        self.assertEqual(self.check().fault.kind, "note-form")
