"""Evidence packages: the container, the proofs, and what is said of bytes that are no package.

Whole packages, honest and altered, are made by the gateway's writer and checked in `tests/foreign-verifiers`.
"""

import random
import struct
import unittest
import zlib

from lawgate_verify import container, package, package_index, package_proofs
from lawgate_verify.fault import Wrong
from lawgate_verify.hashes import SHA256
from lawgate_verify.tree import root_of

LEAVES = [SHA256.leaf(bytes([number])) for number in range(40)]


def pack(files, deflate=True, **changes):
    """Writes a container in its one form, or with one field of the last file changed."""
    out, directory = b"", b""
    for name, data in files:
        squeezed = zlib.compressobj(9, zlib.DEFLATED, -15)
        stored = squeezed.compress(data) + squeezed.flush() if deflate else data
        fields = {"flags": 0, "method": 8 if deflate else 0, "date": 0x21, "size": len(data), "extra": 0, **changes}
        shared = struct.pack("<HHHHHIIIH", 20, fields["flags"], fields["method"], 0, fields["date"], zlib.crc32(data),
                             len(stored), fields["size"], len(name))
        directory += struct.pack("<IH", 0x02014B50, 20) + shared
        directory += struct.pack("<HHHHII", fields["extra"], 0, 0, 0, 0, len(out)) + name.encode()
        out += struct.pack("<I", 0x04034B50) + shared + b"\0\0" + name.encode() + stored
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, len(files), len(files), len(directory), len(out), 0)
    return out + directory + end


def left_of(start):
    """Roots of the complete subtrees before a position, largest first."""
    found, at = [], 0
    for bit in range(start.bit_length() - 1, -1, -1):
        if start >> bit & 1:
            found.append(root_of(SHA256, LEAVES[at:at + (1 << bit)]))
            at += 1 << bit
    return found


def right_of(end, size):
    """Roots of the largest subtrees from a position to the end of a tree."""
    found = []
    while end < size:
        stop = min(end + (end & -end), size)
        found.append(root_of(SHA256, LEAVES[end:stop]))
        end = stop
    return found


def consistency(old, leaves, is_whole=True):
    """RFC 6962 section 2.1.2, as it is written there."""
    size = len(leaves)
    if old == size:
        return [] if is_whole else [root_of(SHA256, leaves)]
    split = 1 << (size - 1).bit_length() - 1
    if old <= split:
        return consistency(old, leaves[:split], is_whole) + [root_of(SHA256, leaves[split:])]
    return consistency(old - split, leaves[split:], False) + [root_of(SHA256, leaves[:split])]


class Container(unittest.TestCase):
    FILES = [("a.txt", b"first" * 50), ("b/c.bin", bytes(range(256)))]

    def test_the_one_form_is_read(self):
        for deflate in (True, False):
            members = container.read(pack(self.FILES, deflate))
            self.assertEqual([(name, member.contents()) for name, member in members.items()], self.FILES)
        self.assertEqual(container.read(pack([])), {})

    def test_other_forms_are_refused(self):
        forms = {
            "order": pack(self.FILES[::-1]),
            "twice": pack([self.FILES[0]] * 2),
            "encrypted": pack(self.FILES, flags=1),
            "data descriptor": pack(self.FILES, flags=8),
            "date": pack(self.FILES, date=0x5555),
            "method": pack(self.FILES, method=12),
            "extra field": pack(self.FILES, extra=4),
            "way out": pack([("../x", b"")]),
            "absolute": pack([("/x", b"")]),
            "hidden": pack([(".x", b"")]),
            "bomb": pack([("x", b"")], size=(256 << 20) + 1),
            "before": b"x" + pack(self.FILES),
            "behind": pack(self.FILES) + b"x",
            "zip64": pack(self.FILES)[:-22] + b"PK\x06\x06" + bytes(52) + pack(self.FILES)[-22:],
            "nothing": b"",
        }
        for what, data in forms.items():
            with self.subTest(what), self.assertRaises(Wrong):
                container.read(data)

    def test_no_more_is_inflated_than_is_stated(self):
        for size in (1, 249, 251, 100_000):
            members = container.read(pack(self.FILES[:1], size=size))
            with self.subTest(size), self.assertRaises(Wrong):
                members["a.txt"].contents()

    def test_foreign_bytes_are_wrong_and_nothing_else(self):
        chance, sound = random.Random(5), pack(self.FILES)
        for _ in range(3000):
            spoilt = bytearray(sound)
            for _ in range(chance.randrange(1, 4)):
                spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
            try:
                for member in container.read(bytes(spoilt)).values():
                    member.contents()
            except Wrong:
                pass


class Proofs(unittest.TestCase):
    def test_every_range_up_to_twenty_leaves_leads_to_the_root_and_no_other_does(self):
        for size in range(1, 21):
            root = root_of(SHA256, LEAVES[:size])
            for start in range(size):
                for end in range(start + 1, size + 1):
                    left, right = left_of(start), right_of(end, size)
                    leaves = LEAVES[start:end]
                    found = package_proofs.root_of_range(start, leaves, size, left, right)
                    self.assertEqual(found, root, (start, end, size))
                    other = [*leaves[:-1], LEAVES[30]]
                    self.assertNotEqual(package_proofs.root_of_range(start, other, size, left, right), root)

    def test_every_growth_up_to_twenty_leaves_is_consistent_and_with_another_root_it_is_not(self):
        for new in range(1, 21):
            new_root = root_of(SHA256, LEAVES[:new])
            for old in range(1, new + 1):
                old_root, proof = root_of(SHA256, LEAVES[:old]), consistency(old, LEAVES[:new])
                self.assertTrue(package_proofs.is_consistent(old, old_root, new, new_root, proof), (old, new))
                self.assertFalse(package_proofs.is_consistent(old, LEAVES[33], new, new_root, proof), (old, new))
                self.assertFalse(package_proofs.is_consistent(old, old_root, new, LEAVES[33], proof), (old, new))


class Foreign(unittest.TestCase):
    def test_what_is_no_package_fails_and_names_it(self):
        for data in (b"", b"PK", pack([]), pack([("package.json", b"{}")])):
            report = package.check(data, "x", None)
            self.assertEqual(report.exit_code(), 1)

    def test_a_list_and_an_index_in_another_form_are_refused(self):
        for parse, data in ((package_index.parse_manifest, b""), (package_index.parse_manifest, b"\xff"),
                            (package_index.parse_index, b"[]"), (package_index.parse_index, b"\xff"),
                            (package_index.parse_index, b'{"format": "lawgate-evidence/v1"}')):
            with self.assertRaises(Wrong):
                parse(data)


if __name__ == "__main__":
    unittest.main()
