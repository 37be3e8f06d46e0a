"""Logs from which entries were archived: with their archives they pass as before, without them that is said."""

import base64
import json
import shutil
import unittest

from lawgate_verify.chain import Wanted
from lawgate_verify.log import check_log
from lawgate_verify.mirror import check_mirror
from lawgate_verify.sm3 import sm3

from . import writer
from .test_cli import Case

GROUPS = [[1, 3], [2, 1], [1], [2]]


class Archived(Case):
    """A log of ten entries; its first two segments are in one archive, the third in another."""

    def setUp(self):
        super().setUp()
        self.prune(self.log)

    def prune(self, log):
        shutil.rmtree(self.data)
        self.data.mkdir()
        self.segments = writer.segments_of(log, GROUPS)
        writer.write_log(self.data, self.segments)
        self.archives = [self.folder / "first", self.folder / "second"]
        for folder, segments in zip(self.archives, (self.segments[:2], self.segments[2:3])):
            shutil.rmtree(folder, ignore_errors=True)
            writer.archive(folder, self.data, segments)

    def given(self, *archives):
        """The options that give these archives."""
        return [each for archive in archives for each in ("--archive", archive)]

    def test_with_its_archives_every_entry_is_checked_again(self):
        code, out = self.run_main("log", self.data, "--known", self.known(3), *self.given(*self.archives))
        self.assertEqual(code, 0, out)
        self.assertIn("4 segments", out)
        self.assertIn("10 entries", out)
        self.assertIn(writer.root(self.log.leaves).hex(), out)
        self.assertIn("entries 0 to 2: PASS (anchored", out)

    def test_without_an_archive_its_entries_are_not_checked_and_the_rest_is(self):
        for archives, start, skipped in (((), 0, 8), (self.archives[:1], 7, 8), (self.archives[1:], 0, 7)):
            code, out = self.run_main("log", self.data, *self.given(*archives), "--known", self.known(9), "--json")
            report = json.loads(out)
            self.assertEqual((code, report["verdict"]), (3, "not-checked"), out)
            open_ = [each["what"] for each in report["checks"] if each["what"].startswith("archived entries")]
            self.assertTrue(open_[-1].endswith(f" to {skipped - 1}"), open_)
            self.assertEqual([report["ranges"][0][key] for key in ("start", "end", "verdict")], [0, skipped, "NOT CHECKED"])
            self.assertEqual(report["facts"]["root"], writer.root(self.log.leaves).hex())
            self.assertIn("roots", report["counts"])

    def test_a_root_that_others_hold_is_compared_although_entries_are_gone(self):
        code, out = self.run_main("log", self.data, "--known", self.known(9, bytes(32)))
        self.assertEqual(code, 1, out)
        self.assertIn("differs-from-known", out)
        # One of a size in the middle of what is gone gives no root; nothing is said of it.
        code, out = self.run_main("log", self.data, "--known", self.known(3))
        self.assertEqual(code, 3, out)
        self.assertIn("the entries give no root", out)

    def test_any_flipped_bit_of_a_stub_is_a_fault(self):
        path = self.data / f"{0:020}.archived"
        stub = path.read_bytes()
        for archives in ((), self.archives):
            for at in range(len(stub)):
                path.write_bytes(stub[:at] + bytes([stub[at] ^ 1]) + stub[at + 1:])
                code, out = self.run_main("log", self.data, *self.given(*archives))
                self.assertEqual(code, 1, f"byte {at}: {out}")

    def test_a_stub_that_is_missing_or_of_another_log_is_a_fault(self):
        path = self.data / f"{4:020}.archived"
        stub = path.read_bytes()
        path.unlink()
        code, out = self.run_main("log", self.data)
        self.assertEqual(code, 1, out)
        self.assertIn("missing-segment", out)
        other = writer.Log()
        for number in range(10):
            other.add(k5=77)
        path.write_bytes(writer.stub(writer.segments_of(other, GROUPS)[1], b"list"))
        code, out = self.run_main("log", self.data)
        self.assertEqual(code, 1, out)
        self.assertIn("header-link", out)
        path.write_bytes(stub)
        self.assertEqual(self.run_main("log", self.data)[0], 3)

    def test_a_file_of_an_archive_that_was_changed_removed_or_added_is_named(self):
        file = self.archives[0] / f"log/{4:020}.segment"
        sound = file.read_bytes()
        file.write_bytes(sound[:-200] + bytes([sound[-200] ^ 1]) + sound[-199:])
        code, out = self.run_main("log", self.data, *self.given(*self.archives))
        self.assertEqual(code, 1, out)
        self.assertIn(f"{file} is not the file on the list", out)
        file.unlink()
        self.assertEqual(self.run_main("log", self.data, *self.given(*self.archives))[0], 1)
        file.write_bytes(sound)
        (self.archives[0] / "more").write_bytes(b"x")
        code, out = self.run_main("log", self.data, *self.given(*self.archives))
        self.assertEqual(code, 1, out)
        self.assertIn("more is not on the list", out)

    def test_an_archive_with_another_list_is_not_the_one_the_log_names(self):
        path = self.archives[0] / "manifest"
        path.write_bytes(path.read_bytes().replace(b"made 1790000000", b"made 1790000001"))
        code, out = self.run_main("log", self.data, *self.given(*self.archives))
        self.assertEqual(code, 3, out)
        self.assertIn("archived entries 0 to 6", out)

    def test_a_list_that_is_none_fails(self):
        for text in (b"", b"lawgate-archive/v1\n", b"\xff", b"lawgate-archive/v1\norigin x\nrange 0 4\ntree 4 x\nmade 1\nfile x\n"):
            (self.archives[0] / "manifest").write_bytes(text)
            code, out = self.run_main("log", self.data, *self.given(*self.archives))
            self.assertEqual(code, 1, out)
            self.assertIn("archive-manifest", out)

    def test_a_segment_that_is_still_beside_its_stub_counts(self):
        (self.data / f"{0:020}.segment").write_bytes(self.segments[0].data)
        result = check_log(self.data, Wanted(), False)
        self.assertIsNone(result.fault)
        self.assertEqual((result.segments, result.unread[0][:2], result.skipped), (2, (4, 7), 8))

    def test_the_second_links_of_a_pruned_log_are_checked_where_entries_are(self):
        log = writer.log_of(10, sm3)
        self.prune(log)
        result = check_log(self.data, Wanted(), True)
        self.assertIsNone(result.fault)
        self.assertEqual(result.chain.second_links, 2)
        code, out = self.run_main("log", self.data, "--sm3", *self.given(*self.archives))
        self.assertEqual(code, 0, out)
        leaves = [sm3(b"\0" + raw) for raw in log.entries]
        self.assertIn(writer.root(leaves, sm3).hex(), out)


class Nodes(Case):
    """A node whose tiles have lost the bundles of archived entries."""

    def setUp(self):
        super().setUp()
        self.log = writer.log_of(600)
        shutil.rmtree(self.data)
        self.data.mkdir()
        segments = writer.segments_of(self.log, [[300], [256], [44]])
        writer.write_log(self.data, segments)
        self.tiles = self.data / "tiles"
        text = f"{writer.ORIGIN}\n600\n"
        text += base64.b64encode(writer.root(self.log.leaves)).decode() + "\n"
        note = f"{text}\n— {writer.ORIGIN} AAAAAAA=\n"
        writer.write_mirror(self.tiles, self.log, note.encode())
        self.archive = self.folder / "archive"
        writer.archive(self.archive, self.data, segments[:2])
        for index in range(2):
            (self.tiles / writer.tile_path("entries", index)).unlink()

    def test_the_hashes_that_the_tiles_keep_give_the_root_of_the_log(self):
        mirror = check_mirror(self.tiles, Wanted(), False, None, 556)
        self.assertIsNone(mirror.fault)
        self.assertEqual(mirror.chain.root(), writer.root(self.log.leaves))
        self.assertEqual(check_mirror(self.tiles, Wanted(), False).fault.kind, "bundle-missing")
        code, out = self.run_main("all", self.data, "--no-signatures", "--archive", self.archive)
        self.assertIn("passed      tiles: every tile follows from the entries", out)
        self.assertIn("600 entries", out)

    def test_a_tile_over_archived_entries_that_was_changed_is_found(self):
        path = self.tiles / writer.tile_path(0, 0)
        tile = path.read_bytes()
        path.write_bytes(tile[:40] + bytes([tile[40] ^ 1]) + tile[41:])
        code, out = self.run_main("all", self.data, "--no-signatures", "--archive", self.archive)
        self.assertEqual(code, 1, out)
        self.assertIn("FAILED      tiles", out)
        path.unlink()
        code, out = self.run_main("all", self.data, "--no-signatures", "--archive", self.archive)
        self.assertIn("tile-missing", out)


if __name__ == "__main__":
    unittest.main()
