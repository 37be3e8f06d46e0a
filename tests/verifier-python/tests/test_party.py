"""Party signatures: good ones pass; copied, renumbered, foreign and missing ones are named."""

import base64
import unittest
from unittest import mock

from lawgate_verify import party
from lawgate_verify.entry import decode
from lawgate_verify.fault import Wrong

from . import signing, writer


@unittest.skipUnless(signing.Ed25519PrivateKey, "cryptography is not installed")
class Party(unittest.TestCase):
    """An agency `env` that signs what it submits to the feed `f`."""

    def setUp(self):
        self.key = signing.ed25519("env.example/party")
        self.log = writer.Log()
        text = base64.b64encode(self.key.public).decode()
        self.keys = party.parse_keys(f"# keys\nagency env {text}\nmust-sign env 2\n")

    def add(self, counter: int, event: int = 1, key=None, agency: str = "env", **changes):
        key = key or self.key
        parts = ["lawgate-party/v1", agency, "f", bytes([1]) * 16, counter, 77, bytes([2]) * 32, bytes([3]) * 32]
        signature = key.secret(b"lawgate-party/v1\0" + writer.cbor(parts))
        field = [writer.sha256(key.public)[:8], counter, 77, bytes([3]) * 32, signature]
        fields = {"k5": event, "k6": [agency], "k7": ["f"], "k9": [bytes([2]) * 32], "k11": bytes([1]) * 16,
                  "k12": field}
        self.log.add(**{**fields, **changes})

    def check(self):
        check = party.PartyCheck(self.keys)
        for raw in self.log.entries:
            check.take(decode(raw))
        return check

    def test_signed_submissions_are_verified_and_gaps_reported(self):
        for counter in (1, 2, 5):
            self.add(counter)
        check = self.check()
        self.assertEqual((check.verified, check.faults), (3, []))
        gap = check.gaps()[0]
        self.assertIn("counters 3 to 4 are missing", gap.detail)
        self.assertEqual((gap.position, gap.kind), (2, "party-gap"))

    def test_a_change_of_anything_signed_is_named(self):
        for change in ({"k6": ["police"]}, {"k7": ["g"]}, {"k9": [bytes(32)]}, {"k11": bytes(16)}, {"k9": ...},
                       {"k11": ...},
                       {"k12": []}, {"k12": [bytes(8), 0, 77, bytes(32), bytes(64)]}):
            self.log = writer.Log()
            self.add(1)
            self.add(2, **change)
            faults = self.check().faults
            self.assertEqual([fault.position for fault in faults], [1], change)

    def test_a_foreign_key_is_named(self):
        self.add(1, key=signing.ed25519("other"))
        self.assertIn("has no party key", self.check().faults[0].detail)

    def test_a_submission_that_must_be_signed_and_is_not_is_named(self):
        for _ in range(3):
            self.log.add(k5=1, k6=["env"])
        self.assertEqual([fault.position for fault in self.check().faults], [2])

    def test_a_number_used_twice_is_named_and_a_refusal_before_is_not(self):
        self.add(1, event=2)
        self.add(1)
        self.assertEqual(self.check().faults, [])
        self.add(1)
        self.assertIn("used at 0 already", self.check().faults[0].detail)

    def test_without_cryptography_nothing_is_called_verified(self):
        self.add(1)
        with mock.patch.dict("sys.modules", {"cryptography": None, "cryptography.exceptions": None}):
            check = self.check()
        self.assertEqual((check.verified, bool(check.unchecked)), (0, True))

    def test_what_is_no_file_of_keys_is_refused(self):
        for text in ("", "agency env AAAA\n", "agency env\n", "must-sign env 1\n", "what a b\n"):
            with self.assertRaises(Wrong):
                party.parse_keys(text)
        vkey = writer.vkey("env.example/party", b"\x01", self.key.public)
        self.assertEqual(party.parse_keys(f"agency env {vkey}\n").keys, self.keys.keys)
