"""Logs by their own files: sound ones pass, and whatever is wrong is named at its position."""

import pathlib
import tempfile
import unittest

from lawgate_verify.chain import Wanted
from lawgate_verify.log import check_log
from lawgate_verify.sm3 import sm3

from . import writer

SAMPLES = pathlib.Path(__file__).parent / "samples"
GROUPS = [[1, 3], [2, 1], [1, 2]]


class LogCase(unittest.TestCase):
    """What the cases share: a folder and a small log in it."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def write(self, log, groups=GROUPS, zeros=64):
        self.segments = writer.segments_of(log, groups)
        self.paths = writer.write_log(self.folder, self.segments, zeros)

    def check(self, with_sm3=False, **wanted):
        self.wanted = Wanted(**wanted)
        return check_log(self.folder, self.wanted, with_sm3)

    def assert_fault(self, position, *kinds):
        fault = self.check().fault
        self.assertIsNotNone(fault)
        self.assertEqual(fault.position, position, str(fault))
        self.assertIn(fault.kind, kinds)


class SoundLogs(LogCase):
    """Logs with nothing wrong."""

    def test_a_sound_log_gives_its_size_root_and_head(self):
        log = writer.log_of(10)
        self.write(log)
        result = self.check(sizes=[4, 10], positions=[3])
        self.assertIsNone(result.fault)
        self.assertEqual((result.size, result.segments, result.groups, result.tail), (10, 3, 6, None))
        self.assertEqual((result.chain.root(), result.chain.link), (writer.root(log.leaves), log.links[-1]))
        self.assertEqual(self.wanted.roots["SHA-256"], {4: writer.root(log.leaves[:4]), 10: writer.root(log.leaves)})
        self.assertEqual(self.wanted.leaves["SHA-256"], {3: log.leaves[3]})

    def test_a_log_of_the_gateways_own_writer_passes(self):
        facts = dict(line.split() for line in (SAMPLES / "written-by-the-gateway.txt").read_text().splitlines())
        result = check_log(SAMPLES / "written-by-the-gateway", Wanted(), True)
        self.assertIsNone(result.fault)
        self.assertEqual(result.size, int(facts["size"]))
        self.assertEqual((result.chain.root().hex(), result.chain.link.hex()), (facts["root"], facts["head"]))

    def test_a_segment_longer_than_the_spacing_has_points(self):
        log = writer.Log()
        for number in range(9):
            log.add(k10=["x" * 9000])
        self.write(log, [[2, 2, 3], [2]])
        self.assertEqual(len(self.segments[0].points), 2)
        self.assertIsNone(self.check().fault)

    def test_the_second_link_and_the_second_tree_are_checked(self):
        log = writer.log_of(10, sm3)
        self.write(log)
        result = self.check(True)
        self.assertIsNone(result.fault)
        self.assertEqual(result.chain.second_links, 10)
        leaves = [sm3(b"\0" + raw) for raw in log.entries]
        self.assertEqual(result.chain.trees["SM3"].root(), writer.root(leaves, sm3))

    def test_other_files_are_left_alone(self):
        self.write(writer.log_of(10))
        for name in ("lock", "1.segment", "00000000000000000010.new"):
            (self.folder / name).write_bytes(b"x")
        self.assertIsNone(self.check().fault)


class SpoiltLogs(LogCase):
    """Single bits, cut ends, missing files."""

    def test_every_flipped_bit_is_found_and_named_at_its_position(self):
        self.write(writer.log_of(10), zeros=0)
        for segment, path in zip(self.segments, self.paths):
            # Of the open segment the last group may be an unfinished write; it has its own test.
            end = len(segment.data) if path.suffix == ".segment" else segment.places[-3][0]
            for bit in range(end * 8):
                spoilt = bytearray(segment.data)
                spoilt[bit // 8] ^= 1 << bit % 8
                writer.overwrite(path, spoilt)
                fault = self.check().fault
                self.assertIsNotNone(fault, f"bit {bit} of {path.name}")
                expected = (segment.position_at(bit // 8), path.name)
                self.assertEqual((fault.position, fault.file), expected, f"{bit}: {fault}")
            path.write_bytes(segment.data)
        self.assertIsNone(self.check().fault)

    def test_every_flipped_bit_of_a_dual_header_is_found_at_its_position(self):
        self.write(writer.log_of(10, sm3), zeros=0)
        segment, path = self.segments[1], self.paths[1]
        for bit in range(segment.places[1][0] * 8):
            spoilt = bytearray(segment.data)
            spoilt[bit // 8] ^= 1 << bit % 8
            writer.overwrite(path, spoilt)
            self.assertEqual(self.check().fault.position, 4, bit)

    def test_a_flip_in_the_last_group_of_the_open_segment_is_a_fault_or_a_reported_tail(self):
        self.write(writer.log_of(10), zeros=0)
        segment, path = self.segments[-1], self.paths[-1]
        start = segment.places[-3][0]
        for bit in range(start * 8, len(segment.data) * 8):
            spoilt = bytearray(segment.data)
            spoilt[bit // 8] ^= 1 << bit % 8
            writer.overwrite(path, spoilt)
            result = self.check()
            self.assertEqual(result.size, 8)
            self.assertTrue(result.fault or result.tail, bit)

    def test_an_open_segment_cut_at_every_byte_loses_whole_groups_only(self):
        self.write(writer.log_of(10))
        segment, path = self.segments[-1], self.paths[-1]
        header_end = segment.places[1][0]
        ends = [(segment.places[2][0] + 80, 8), (len(segment.data), 10)]
        for end in range(header_end, len(segment.data) + 1):
            for filler in (0, 50):
                writer.overwrite(path, segment.data[:end] + bytes(filler))
                result = self.check()
                whole = max([(at, size) for at, size in ends if at <= end], default=(header_end, 7))
                self.assertIsNone(result.fault, f"{end}: {result.fault}")
                self.assertEqual(result.size, whole[1])
                # A cut inside bytes that are zero anyway may leave nothing to report.
                if segment.data[whole[0]:end].strip(b"\0"):
                    self.assertEqual(result.tail.offset, whole[0])
                else:
                    self.assertIsNone(result.tail)
        for end in range(header_end):
            writer.overwrite(path, segment.data[:end])
            self.assertIn(self.check().fault.kind, ("header-form", "header-checksum"))

    def test_a_sealed_segment_cut_at_every_byte_is_a_fault(self):
        self.write(writer.log_of(10))
        segment, path = self.segments[0], self.paths[0]
        for end in range(len(segment.data)):
            writer.overwrite(path, segment.data[:end])
            self.assertIsNotNone(self.check().fault, end)

    def test_bytes_after_the_end_are_a_fault(self):
        self.write(writer.log_of(10))
        for more in (b"\0", b"x"):
            self.paths[0].write_bytes(self.segments[0].data + more)
            self.assert_fault(4, "bytes-after-end")
        self.paths[0].write_bytes(self.segments[0].data)
        self.paths[-1].write_bytes(self.segments[-1].data + bytes(70) + b"x")
        self.assertIsNotNone(self.check().tail)

    def test_a_spoilt_group_before_a_sound_one_is_damage_and_no_tail(self):
        self.write(writer.log_of(10))
        segment, path = self.segments[-1], self.paths[-1]
        spoilt = bytearray(segment.data)
        spoilt[segment.places[1][0] + 20] ^= 1
        path.write_bytes(spoilt)
        self.assert_fault(7, "frame-checksum")

    def test_missing_and_misplaced_segments_are_named(self):
        self.write(writer.log_of(10))
        second = self.paths[1].read_bytes()
        self.paths[1].unlink()
        self.assert_fault(4, "missing-segment")
        (self.folder / f"{4:020}.open").write_bytes(second)
        self.assert_fault(4, "open-segment-inside")
        (self.folder / f"{4:020}.open").unlink()
        self.paths[0].unlink()
        self.assert_fault(0, "missing-segment")

    def test_a_segment_under_the_name_of_another_is_named(self):
        self.write(writer.log_of(10))
        self.paths[1].write_bytes(self.paths[0].read_bytes())
        self.assert_fault(4, "header-name")

    def test_nothing_is_a_fault(self):
        self.assert_fault(0, "nothing")
        self.write(writer.log_of(0), [[]])
        self.assert_fault(0, "nothing")
        self.folder = self.folder / "none"
        self.assert_fault(0, "unreadable")


class Forgeries(LogCase):
    """Wrong content under right checksums."""

    def forged(self, position, kind, **changes):
        log = writer.Log()
        for number in range(10):
            log.add(**(changes if number == position else {}))
        self.write(log)
        self.assert_fault(position, kind)

    def test_forged_entries_are_named_at_the_first_wrong_position(self):
        self.forged(5, "entry-origin", k1="other.example/log")
        self.forged(5, "entry-position", k2=6)
        self.forged(5, "entry-time", k3=writer.START_NS + 4)
        self.forged(5, "entry-link", k14=bytes(32))
        self.forged(0, "entry-link", k14=bytes(32))
        self.forged(5, "entry-encoding", k16=0)

    def test_a_forged_second_link_is_named(self):
        for wrong in (bytes(32), ...):
            log = writer.Log(sm3)
            for number in range(10):
                log.add(**({"k15": wrong} if number == 5 else {}))
            self.write(log)
            self.assert_fault(5, "entry-second-link")

    def test_a_second_link_in_a_log_of_sha_256_alone_is_named(self):
        self.forged(5, "entry-second-link", k15=bytes(32))

    def test_a_header_of_the_other_suite_is_named(self):
        for first, second in ((sm3, None), (None, sm3)):
            self.write(writer.log_of(10, first))
            self.paths[1].write_bytes(writer.segments_of(writer.log_of(10, second), GROUPS)[1].data)
            self.assert_fault(4, "header-link")

    def test_an_exchanged_entry_breaks_the_link_of_the_next(self):
        log = writer.log_of(10)
        log.entries[5] = writer.cbor({**writer.log_of(5).fields(), 5: 99})
        self.write(log)
        # The next trailer states the root of what was there before.
        self.assert_fault(4, "group-root")

    def test_a_stated_root_or_head_that_does_not_follow_is_named(self):
        for offset, kind in ((4, "group-size"), (12, "group-root"), (44, "group-head")):
            self.write(writer.log_of(10))
            segment, path = self.segments[1], self.paths[1]
            at = segment.places[3][0]
            part = bytearray(segment.data[at:at + 76])
            part[offset] ^= 1
            path.write_bytes(segment.data[:at] + part + writer.checksum(bytes(part)) + segment.data[at + 80:])
            self.assert_fault(4, kind)

    def test_a_header_that_does_not_continue_the_log_is_named(self):
        self.write(writer.log_of(10))
        # The groups of the first segment end elsewhere: all entries are the same, the seal is not.
        self.write_first([2, 2])
        self.assert_fault(4, "header-link")

    def write_first(self, groups):
        other = writer.segments_of(self.segments[0].log, [groups, []])
        self.paths[0].write_bytes(other[0].data)

    def test_a_log_that_starts_elsewhere_than_at_its_genesis_is_named(self):
        log = writer.Log()
        log.links[0] = bytes(32)
        for _ in range(10):
            log.add()
        self.write(log)
        self.assert_fault(0, "genesis")
