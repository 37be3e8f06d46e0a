"""Notes, keys, checkpoints and their signatures, against published examples and against every change of a bit."""

import unittest
from unittest import mock

from lawgate_verify import note as notes
from lawgate_verify import openssl, signatures
from lawgate_verify.fault import Wrong

from . import signing, writer

# The example of golang.org/x/mod/sumdb/note, which the C2SP specification comes from.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()
# A key of another name that signed none of these.
OTHER = "other.example/log+6b402874+ARaiSMvo7Xvx6QSTephg4jHmrfIUShsdbizac8fBuXb/"
# The example of c2sp.org/tlog-checkpoint and tlog-cosignature.
SOFA = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "\u2014 example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "\u2014 witness.example.com/w1 "
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
).encode()
TEXT = writer.checkpoint_text(writer.log_of(3), 3)


class Forms(unittest.TestCase):
    """What a note, a key and a checkpoint look like."""

    def test_the_published_checkpoint_is_read(self):
        note = notes.parse_note(SOFA)
        checkpoint = notes.parse_checkpoint(note.text)
        self.assertEqual((checkpoint.origin, checkpoint.size), ("example.com/behind-the-sofa", 20852163))
        self.assertEqual([line.name for line in note.signatures], ["example.com/behind-the-sofa",
                         "witness.example.com/w1"])
        # The specification signs at this time.
        self.assertEqual(int.from_bytes(note.signatures[1].signature[:8], "big"), 1679315147)

    def test_the_message_of_a_cosignature_is_the_published_one(self):
        note = notes.parse_note(SOFA)
        cosigner = notes.Key("witness.example.com/w1", bytes(4), notes.COSIGNATURE, bytes(32))
        expected = b"cosignature/v1\ntime 1679315147\n" + SOFA.split(b"\n\n")[0] + b"\n"
        self.assertEqual(notes.signed_message(cosigner, note.text, 1679315147), expected)

    def test_what_is_no_note_is_refused(self):
        line = "\u2014 a AAAAAAA=\n"
        for text in (b"", b"x", b"x\n", b"x\n\n", "x\n\n\n".encode(), f"x\n\n{line}y\n".encode(),
                     f"x\n\n{line[:-1]}".encode(),
                     f"x\ty\n\n{line}".encode(), f"x\n\n- a AAAAAAA=\n".encode(), "x\n\n\u2014 a+b AAAAAAA=\n".encode(),
                     "x\n\n\u2014 a AAAAAAB=\n".encode(), "x\n\n\u2014 a AAAA\n".encode(),
                     b"x\xff\n\n" + line.encode()):
            with self.subTest(text), self.assertRaises(Wrong):
                notes.parse_note(text)
        self.assertEqual(notes.parse_note(f"x\n\ny\n\n{line}".encode()).text, "x\n\ny\n")

    def test_what_is_no_checkpoint_is_refused(self):
        root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
        for text in ("", "a\n1\n", f"a\n01\n{root}\n", f"a\n-1\n{root}\n", f"a\n1 \n{root}\n", f"a\n1\n{root[:-1]}\n",
                     f"\n1\n{root}\n", f"a\n1\n{root}", f"a\n1\n{root}\n\nx\n", f"a\n{1 << 64}\n{root}\n",
                     "a\n1\nAAAA\n",
                     f"a\n\u0661\n{root}\n"):
            with self.subTest(text), self.assertRaises(Wrong):
                notes.parse_checkpoint(text)
        self.assertEqual(notes.parse_checkpoint(f"a\n1\n{root}\nx\n").extension, ("x",))

    def test_keys_are_bound_to_their_names(self):
        for vkey in (PETER, OTHER):
            self.assertEqual(notes.parse_key(vkey).kind, notes.ED25519)
        for vkey in (PETER.replace("Peter", "Petra"), PETER.replace("c7", "C7"), PETER.replace("+AR", "+BR"), "a+b", "",
                     writer.vkey("a", b"\x05", bytes(32)), writer.vkey("a", b"\x01", bytes(31)),
                     writer.vkey("a b", b"\x01", bytes(32))):
            with self.subTest(vkey), self.assertRaises(Wrong):
                notes.parse_key(vkey)


def status_of(data: bytes, *vkeys: str) -> list[str]:
    """What comes of each line."""
    return [line.status for line in signatures.check_note(notes.parse_note(data), [notes.parse_key(v) for v in vkeys])]


@unittest.skipUnless(signing.Ed25519PrivateKey, "cryptography is not installed")
class Signatures(unittest.TestCase):
    """Whether signatures are good."""

    def test_the_published_note_is_verified_and_a_changed_one_is_not(self):
        self.assertEqual(status_of(PETERS_NOTE, PETER), ["verified"])
        self.assertEqual(status_of(PETERS_NOTE.replace(b"answer", b"Answer"), PETER), ["invalid"])
        self.assertEqual(status_of(PETERS_NOTE, OTHER), ["unknown key"])

    def check_kind(self, key, time_s):
        data = signing.note(TEXT, key.line(TEXT, time_s))
        self.assertEqual(status_of(data, key.vkey), ["verified"])
        note, known = notes.parse_note(data), notes.parse_key(key.vkey)
        line = note.signatures[0]
        for at in range(0, len(line.signature), 7):
            spoilt = bytearray(line.signature)
            spoilt[at] ^= 1
            other = notes.Note(note.text, (notes.Signature(line.name, line.key_id, bytes(spoilt)),))
            self.assertEqual(signatures.check_note(other, [known])[0].status, "invalid", at)
        for signature in (line.signature[:-1], line.signature + b"\0", b"x"):
            other = notes.Note(note.text, (notes.Signature(line.name, line.key_id, signature),))
            self.assertEqual(signatures.check_note(other, [known])[0].status, "invalid")
        changed = notes.Note(note.text.replace("\n3\n", "\n4\n"), note.signatures)
        self.assertEqual(signatures.check_note(changed, [known])[0].status, "invalid")

    def test_ed25519_of_the_log(self):
        self.check_kind(signing.ed25519(writer.ORIGIN), 0)

    def test_ed25519_of_a_witness(self):
        self.check_kind(signing.ed25519("w.example/1", cosigner=True), 1_790_000_000)

    @unittest.skipUnless(signing.MLDSA44PrivateKey, "cryptography has no ML-DSA-44")
    def test_ml_dsa_44_of_a_witness(self):
        self.check_kind(signing.ml_dsa("w.example/2"), 1_790_000_000)
        self.check_kind(signing.ml_dsa("w.example/2"), 0)

    @unittest.skipUnless(signing.HAS_OPENSSL, "there is no openssl")
    def test_sm2_of_the_log(self):
        key = signing.sm2(writer.ORIGIN)
        data = signing.note(TEXT, key.line(TEXT))
        self.assertEqual(status_of(data, key.vkey), ["verified"])
        self.assertEqual(status_of(data.replace(b"\n3\n", b"\n4\n"), key.vkey), ["invalid"])

    def test_sm2_without_openssl_is_not_checked(self):
        public = b"\x04" + bytes(64)
        line = writer.signature_line("a", b"\xffsm2-sm3/v1", public, b"signature")
        with mock.patch.object(openssl.shutil, "which", return_value=None):
            found = status_of(signing.note("a\n", line), writer.vkey("a", b"\xffsm2-sm3/v1", public))
        self.assertEqual(found, ["not checked"])

    def test_without_cryptography_nothing_is_called_verified(self):
        with mock.patch.dict("sys.modules", {"cryptography": None, "cryptography.exceptions": None}):
            self.assertEqual(status_of(PETERS_NOTE, PETER), ["not checked"])
