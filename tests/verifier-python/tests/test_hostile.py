"""Foreign bytes of every kind: a parser says that they are wrong, and never anything else."""

import base64
import random
import unittest

from lawgate_verify import cbor, entry, note, party, policy, proof, segment, tiles
from lawgate_verify.fault import Wrong

from . import writer

LOG = writer.log_of(3)
TEXT = writer.checkpoint_text(LOG, 3)
NOTE = TEXT + "\n" + writer.signature_line("w.example/1", b"\x04", bytes(32), bytes(72))
EXTRA = base64.b64encode(
    b"lawgate-receipt/v1\nposition 1\nleaf " + base64.b64encode(LOG.leaves[1]) + b"\ntime 5\n"
).decode()
KEY = writer.vkey("w.example/1", b"\x04", bytes(32))
SEGMENT = writer.segments_of(LOG, [[3], []])[0].data


def text(parse):
    """A parser of text, fed with what the bytes are as text."""
    return lambda data: parse(data.decode("utf-8", "replace"))


# A parser and something it accepts.
PARSERS = {
    "cbor": (cbor.decode, LOG.entries[0]),
    "entry": (entry.decode, LOG.entries[0]),
    "note": (note.parse_note, NOTE.encode()),
    "checkpoint": (text(note.parse_checkpoint), TEXT.encode()),
    "key": (text(note.parse_key), KEY.encode()),
    "policy": (policy.parse_policy, f"witness a {KEY}\ngroup g 1 a\nquorum g\n".encode()),
    "history": (policy.parse_history, f"key {KEY} rotated 3\n".encode()),
    "proof": (proof.parse_proof, f"c2sp.org/tlog-proof@v1\nextra {EXTRA}\nindex 1\n\n{NOTE}".encode()),
    "party keys": (text(party.parse_keys), b"agency env " + base64.b64encode(bytes(32)) + b"\nmust-sign env 3\n"),
    "bundle": (tiles.split_bundle, b"\0\x01a\0\x02bc"),
    "header": (segment.read_header, SEGMENT),
    "frame": (lambda data: segment.read_frame(data, 0, len(data)), writer.frame(0, LOG.entries[0])),
    "footer": (lambda data: segment.read_footer(data, 0), SEGMENT[SEGMENT.index(b"SEAL"):]),
}


def mutated(chance: random.Random, data: bytes) -> bytes:
    """The bytes with some taken out, put in or changed."""
    spoilt = bytearray(data)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(spoilt) + 1)
        end = at + chance.choice((0, 0, 1, 1, 2, 9))
        spoilt[at:end] = bytes(chance.randrange(256) for _ in range(chance.choice((0, 1, 1, 2))))
    return bytes(spoilt)


class Hostile(unittest.TestCase):
    """The same seed each time, so a failure comes again."""

    def test_what_is_sound_is_read(self):
        for name, (parse, sound) in PARSERS.items():
            with self.subTest(name):
                parse(sound)

    def test_any_bytes_are_read_or_wrong_and_nothing_else(self):
        chance = random.Random(7)
        for name, (parse, sound) in PARSERS.items():
            for number in range(1500):
                data = chance.randbytes(chance.randrange(200)) if number % 5 == 0 else mutated(chance, sound)
                try:
                    parse(data)
                except Wrong:
                    pass
                except Exception as error:
                    self.fail(f"{name}: {data!r}: {error!r}")
