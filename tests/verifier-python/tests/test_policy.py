"""Policies: which files are one, and when a checkpoint satisfies it."""

import unittest

from lawgate_verify import note as notes
from lawgate_verify.fault import Wrong
from lawgate_verify.policy import judge, parse_policy

from . import signing, writer

TEXT = writer.checkpoint_text(writer.log_of(3), 3)


def key(kind: bytes, number: int, name: str = "k") -> str:
    """A key that signs nothing."""
    return writer.vkey(f"{name}{number}", kind, bytes([number]) * 32)


LOG = f"log {key(bytes([1]), 9)}\n"
A, B, C = (f"witness {name} {key(bytes([4]), number)}\n" for number, name in enumerate("abc", 1))


class Forms(unittest.TestCase):
    """The file."""

    def test_groups_of_groups_are_read(self):
        text = f"# keys\n{LOG} \t\n{A}{B}{C}group x 2 a b\ngroup y any x c\nquorum y\n"
        policy = parse_policy(text.encode())
        met = lambda *names: policy.is_met(policy.quorum, {name.encode() for name in names})
        self.assertEqual([met("a"), met("a", "b"), met("c"), met()], [False, True, True, False])
        everyone = parse_policy(f"{A}{B}group x all a b\nquorum x\n".encode())
        self.assertFalse(everyone.is_met(b"x", {b"a"}))
        self.assertTrue(parse_policy(b"quorum none\n").is_met(b"none", set()))

    def test_what_is_no_policy_is_refused(self):
        for text in ("", LOG, "quorum a\n", f"{A}quorum a\nquorum a\n", f"{A}{A}quorum a\n",
                     f"{A}group a 1 a\nquorum a\n",
                     f"{A}group x 2 a\nquorum x\n", f"{A}group x 0 a\nquorum x\n", f"{A}group x 01 a\nquorum x\n",
                     f"{A}group x 1 a\ngroup y 1 a\nquorum y\n", f"{A}group x 1 a a\nquorum x\n",
                     f"group x 1 a\n{A}quorum x\n",
                     f"{A}group x 1 none\nquorum x\n", f"{A}group none 1 a\nquorum none\n", f"{LOG}{LOG}quorum none\n",
                     f"log {key(bytes([4]), 1)}\nquorum none\n", f"witness a {key(bytes([1]), 1)}\nquorum a\n",
                     f"{A}quorum a b\n", "what\nquorum none\n", "quorum none\r\n", "\x00quorum none\n",
                     f"witness a {key(bytes([4]), 1)}\nwitness b {key(bytes([4]), 1, 'other')}\nquorum a\n"):
            with self.subTest(text), self.assertRaises(Wrong):
                parse_policy(text.encode())


@unittest.skipUnless(signing.Ed25519PrivateKey, "cryptography is not installed")
class Judgements(unittest.TestCase):
    """Checkpoints under a policy of one log and two of three witnesses."""

    def setUp(self):
        self.log = signing.ed25519(writer.ORIGIN)
        self.witnesses = [signing.ed25519(f"w.example/{name}", cosigner=True) for name in "abc"]
        lines = [f"log {self.log.vkey}"] + [f"witness {k.name[-1]} {k.vkey}" for k in self.witnesses]
        self.policy = parse_policy("\n".join([*lines, "group agencies 2 a b c", "quorum agencies", ""]).encode())

    def status(self, *lines, needs_quorum=True):
        return judge(self.policy, notes.parse_note(signing.note(TEXT, *lines)), writer.ORIGIN, needs_quorum).status

    def test_the_log_and_two_witnesses_are_needed(self):
        log, (a, b, c) = self.log.line(TEXT), (k.line(TEXT, 5) for k in self.witnesses)
        self.assertEqual(self.status(log, a, c), "passed")
        self.assertEqual(self.status(log, a, a), "failed")
        self.assertEqual(self.status(log, b), "failed")
        self.assertEqual(self.status(a, b, c), "failed")
        self.assertEqual(self.status(log, needs_quorum=False), "passed")
        self.assertEqual(self.status(a, b, needs_quorum=False), "failed")

    def test_a_wrong_signature_of_a_known_key_spoils_the_note(self):
        other = self.witnesses[2].line(TEXT.replace("\n3\n", "\n2\n"), 5)
        good = [self.log.line(TEXT), *(k.line(TEXT, 5) for k in self.witnesses[:2])]
        self.assertEqual(self.status(*good, other), "failed")

    def test_signatures_of_strangers_do_not_count(self):
        stranger = signing.ed25519("w.example/a", cosigner=True)
        lines = [self.log.line(TEXT), self.witnesses[1].line(TEXT, 5)]
        self.assertEqual(self.status(*lines, stranger.line(TEXT, 5)), "failed")
        verdict = judge(self.policy, notes.parse_note(signing.note(TEXT, *lines)), "other.example/log")
        self.assertEqual(verdict.status, "not checked")

    @unittest.skipUnless(signing.HAS_OPENSSL, "there is no openssl")
    def test_a_key_of_the_policy_that_cannot_be_checked_leaves_the_whole_open(self):
        from unittest import mock

        from lawgate_verify import openssl

        sm2 = signing.sm2(writer.ORIGIN)
        self.policy.logs.append(notes.parse_key(sm2.vkey))
        lines = [self.log.line(TEXT), sm2.line(TEXT), *(k.line(TEXT, 5) for k in self.witnesses)]
        self.assertEqual(self.status(*lines), "passed")
        with mock.patch.object(openssl.shutil, "which", return_value=None):
            self.assertEqual(self.status(*lines), "not checked")
