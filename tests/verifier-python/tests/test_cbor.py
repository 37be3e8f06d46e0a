"""The encoding of entries: what is accepted has one form, and everything else is refused."""

import random
import unittest

from lawgate_verify import cbor, entry
from lawgate_verify.fault import Wrong

from . import writer

# One line each: the bytes, and why they are no deterministic encoding.
REFUSED = {
    "1800": "24 in two bytes", "1817": "23 in two bytes", "1900ff": "255 in three", "1a0000ffff": "65,535 in five",
    "1b00000000ffffffff": "2^32-1 in nine", "5801aa": "length 1 in two bytes", "9f00ff": "open array",
    "bf0000ff": "open map", "5f41aaff": "open bytes", "7f6161ff": "open text", "c000": "tag",
    "d81800": "tag in two bytes", "f90000": "float 16", "fa00000000": "float 32", "fb0000000000000000": "float 64",
    "f7": "undefined", "e0": "simple 0", "f814": "simple 20 in two", "ff": "break", "1c": "reserved head",
    "": "nothing", "18": "cut head", "42aa": "cut bytes", "62c3": "cut text", "61ff": "not UTF-8",
    "63eda080": "a surrogate", "62c080": "an overlong character", "0000": "two items", "81": "cut array",
    "a100": "cut map", "a201000100": "the same key twice", "a202000100": "keys descending",
    "a1616100": "a text as key", "a12000": "a negative key", "9affffffff": "an array longer than the input",
    "bb00ffffffffffffff": "a map longer than the input",
}
ACCEPTED = {
    "00": 0, "17": 23, "1818": 24, "190100": 256, "1a00010000": 65536, "1b0000000100000000": 1 << 32,
    "1bffffffffffffffff": (1 << 64) - 1, "20": -1, "3bffffffffffffffff": -(1 << 64), "40": b"", "60": "",
    "63e58c85": "包", "80": [], "a0": {}, "f4": False, "f5": True, "f6": None,
}


class Encoding(unittest.TestCase):
    """Single items."""

    def test_every_other_form_is_refused(self):
        for data, why in REFUSED.items():
            with self.subTest(why), self.assertRaises(Wrong):
                cbor.decode(bytes.fromhex(data))

    def test_the_one_form_is_read(self):
        for data, value in ACCEPTED.items():
            self.assertEqual(cbor.decode(bytes.fromhex(data)), value)

    def test_nesting_ends_at_sixteen(self):
        self.assertTrue(cbor.decode(b"\x81" * 15 + b"\x80"))
        with self.assertRaises(Wrong):
            cbor.decode(b"\x81" * 16 + b"\x80")

    def test_what_is_read_is_written_the_same(self):
        chance = random.Random(1)
        read = 0
        for _ in range(20_000):
            data = bytes(chance.choice([chance.randrange(256), chance.randrange(24), 0x41, 0x61, 0x82, 0xA1])
                         for _ in range(chance.randrange(1, 9)))
            try:
                value = cbor.decode(data)
            except Wrong:
                continue
            read += 1
            self.assertEqual(writer.cbor(value), data)
        self.assertGreater(read, 1000)


class Entries(unittest.TestCase):
    """The map around them."""

    def setUp(self):
        self.log = writer.log_of(2)

    def refuse(self, **changes):
        with self.assertRaises(Wrong, msg=str(changes)) as raised:
            entry.decode(writer.cbor(self.log.fields(**changes)))
        self.assertEqual(raised.exception.kind, "entry-encoding")

    def test_an_entry_has_its_keys_of_their_kinds(self):
        entry.decode(writer.cbor(self.log.fields(k11=bytes(16), k12=[1], k13=[], k15=bytes(32))))
        for key in (0, 1, 2, 3, 5, 14):
            self.refuse(**{f"k{key}": ...})
        for wrong in ({"k0": 2}, {"k0": True}, {"k1": b"x"}, {"k2": -1}, {"k3": "1"}, {"k5": None}, {"k6": 1},
                      {"k10": {}}, {"k11": bytes(15)}, {"k14": bytes(31)}, {"k15": bytes(33)}, {"k16": 1}):
            self.refuse(**wrong)

    def test_an_entry_cut_anywhere_or_changed_in_any_bit_is_refused_or_another(self):
        raw = self.log.entries[1]
        for end in range(len(raw)):
            with self.assertRaises(Wrong):
                entry.decode(raw[:end])
        for bit in range(len(raw) * 8):
            spoilt = bytearray(raw)
            spoilt[bit // 8] ^= 1 << bit % 8
            try:
                found = entry.decode(bytes(spoilt))
            except Wrong:
                continue
            self.assertEqual(writer.cbor(found.fields), bytes(spoilt))

    def test_an_entry_longer_than_a_bundle_can_hold_is_refused(self):
        self.refuse(k10=["x" * 65_536])
