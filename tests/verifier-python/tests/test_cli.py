"""The whole, as an expert uses it: what is printed and which exit code there is."""

import base64
import contextlib
import io
import json
import pathlib
import subprocess
import tempfile
import unittest
from unittest import mock

from lawgate_verify.cli import main

from . import signing, writer
from .test_log import GROUPS


class Case(unittest.TestCase):
    """A folder with a log of ten entries, keys and a policy."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.log = writer.log_of(10)
        self.data = self.folder / "log"
        self.data.mkdir()
        writer.write_log(self.data, writer.segments_of(self.log, GROUPS))

    def file(self, name: str, data) -> str:
        """Writes a file and returns its path."""
        path = self.folder / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return str(path)

    def run_main(self, *arguments: str):
        """Runs the command line; returns exit code and output."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            try:
                code = main([str(argument) for argument in arguments])
            except SystemExit as problem:  # argparse
                code = problem.code
        return code, out.getvalue()

    def known(self, size: int, root: bytes | None = None) -> str:
        """A head noted elsewhere."""
        return f"{size}:{(root or writer.root(self.log.leaves[:size])).hex()}"


class Logs(Case):
    """Logs without signatures."""

    def test_a_sound_log_passes_unanchored(self):
        code, out = self.run_main("log", self.data)
        self.assertEqual(code, 0, out)
        self.assertIn("entries 0 to 9: PASS (unanchored since size 0)", out)
        self.assertIn(writer.root(self.log.leaves).hex(), out)
        self.assertEqual(self.run_main("log", self.data, "--require-anchored")[0], 1)

    def test_known_heads_part_anchored_from_unanchored(self):
        code, out = self.run_main("log", self.data, "--known", self.known(6), "--json")
        found = json.loads(out)
        self.assertEqual((code, found["verdict"]), (0, "pass"))
        self.assertEqual([(each["start"], each["end"]) for each in found["ranges"]], [(0, 6), (6, 10)])
        self.assertEqual(found["counts"]["entries"], 10)
        self.assertEqual(self.run_main("log", self.data, "--known", self.known(10), "--require-anchored")[0], 0)

    def test_a_log_rewritten_after_an_anchor_fails_from_there(self):
        other = writer.Log()
        for number in range(10):
            other.add(**({"k5": 77} if number == 7 else {}))
        writer.write_log(self.data, writer.segments_of(other, GROUPS))
        self.assertEqual(self.run_main("log", self.data)[0], 0)
        code, out = self.run_main("log", self.data, "--known", self.known(6), "--known", self.known(9))
        self.assertEqual(code, 1)
        self.assertIn("entries 0 to 5: PASS (anchored", out)
        self.assertIn("entries from 6 on: FAIL at 6: differs-from-known", out)

    def test_a_log_cut_short_fails_by_a_known_head(self):
        short = writer.log_of(7)
        for path in self.data.iterdir():
            path.unlink()
        writer.write_log(self.data, writer.segments_of(short, [[1, 3], [2, 1]]))
        self.assertEqual(self.run_main("log", self.data)[0], 0)
        code, out = self.run_main("log", self.data, "--known", self.known(9))
        self.assertEqual(code, 1)
        self.assertIn("FAIL at 7: shorter-than-known", out)

    def test_a_fault_is_named_and_what_is_before_it_stays_sound(self):
        path = self.data / f"{4:020}.segment"
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        code, out = self.run_main("log", self.data, "--known", self.known(5), "--known", self.known(9))
        self.assertEqual(code, 1)
        self.assertIn("entries 0 to 4: PASS (anchored", out)
        self.assertIn("entries 5 to 6: PASS (unanchored since size 5)", out)
        self.assertIn("FAIL at 7: footer-checksum", out)
        self.assertIn("NOT CHECKED root of known head 9", out)

    def test_expectations_are_held(self):
        digest, none = writer.POLICY.hex(), writer.NONE.hex()
        right = ("--origin", writer.ORIGIN, "--policy-digest", digest, "--former-root", none)
        self.assertEqual(self.run_main("log", self.data, *right)[0], 0)
        for wrong in (("--origin", "x"), ("--policy-digest", none), ("--former-root", digest)):
            self.assertEqual(self.run_main("log", self.data, *wrong)[0], 1)

    def test_nothing_is_a_failure_and_wrong_use_another(self):
        empty = self.folder / "empty"
        empty.mkdir()
        code, out = self.run_main("log", empty)
        self.assertEqual(code, 1)
        self.assertIn("verified 0 things", out)
        for wrong in (("log", self.data, "--known", "3"), ("log",), ("what",), ("log", self.data, "--policy", "none"),
                      ("receipt", "check", "none")):
            self.assertEqual(self.run_main(*wrong)[0], 2, wrong)


class SignedCase(Case):
    """The same with keys of a log and of three witnesses, two of which are a quorum."""

    def setUp(self):
        super().setUp()
        self.key = signing.ed25519(writer.ORIGIN)
        self.witnesses = [signing.ed25519(f"w.example/{name}", cosigner=True) for name in ("env", "police", "justice")]
        self.receipts = signing.ed25519(writer.ORIGIN + "/receipt")
        lines = [f"log {self.key.vkey}", f"log {self.receipts.vkey}"]
        lines += [f"witness {k.name[10:]} {k.vkey}" for k in self.witnesses]
        self.policy = self.file("policy", "\n".join([*lines, "group g 2 env police justice", "quorum g", ""]))

    def checkpoint(self, size: int, witnesses: int = 2, log=None) -> str:
        text = writer.checkpoint_text(log or self.log, size)
        cosigned = [key.line(text, 1_790_000_000) for key in self.witnesses[:witnesses]]
        name = f"checkpoint-{size}-{witnesses}-{bool(log)}"
        return self.file(name, signing.note(text, self.key.line(text), *cosigned))

    def receipt(self, index: int, size: int, proof=None, key=None, time_ns=None) -> str:
        text = writer.checkpoint_text(self.log, size)
        proof = writer.path(index, self.log.leaves[:size]) if proof is None else proof
        hashes = "".join(base64.b64encode(each).decode() + "\n" for each in proof)
        note = signing.note(text, (key or self.receipts).line(text)).decode()
        leaf = base64.b64encode(self.log.leaves[index]).decode()
        time_ns = time_ns or self.log.times[index + 1]
        extra = f"lawgate-receipt/v1\nposition {index}\nleaf {leaf}\ntime {time_ns}\n"
        extra = base64.b64encode(extra.encode()).decode()
        whole = f"c2sp.org/tlog-proof@v1\nextra {extra}\nindex {index}\n{hashes}\n{note}"
        return self.file(f"receipt-{index}", whole)


@unittest.skipUnless(signing.Ed25519PrivateKey, "cryptography is not installed")
class Signed(SignedCase):
    """Checkpoints, receipts, consistency, party signatures."""

    def test_a_quorum_anchors(self):
        code, out = self.run_main("log", self.data, "--policy", self.policy, "--checkpoint", self.checkpoint(8))
        self.assertEqual(code, 0, out)
        self.assertIn("entries 0 to 7: PASS (anchored: quorum of witnesses (env, police))", out)
        self.assertIn("3 signatures", out)

    def test_too_few_witnesses_anchor_nothing_and_a_missing_policy_is_not_checked(self):
        few = self.checkpoint(8, 1)
        code, out = self.run_main("log", self.data, "--policy", self.policy, "--checkpoint", few)
        self.assertEqual(code, 3)
        self.assertIn("no checkpoint that agrees was cosigned by enough witnesses", out)
        self.assertIn("entries 0 to 9: PASS (unanchored", out)
        held = ("--checkpoint", few, "--checkpoint", self.checkpoint(6))
        code, out = self.run_main("log", self.data, "--policy", self.policy, *held)
        self.assertEqual(code, 0)
        self.assertIn("entries 0 to 5: PASS (anchored", out)
        self.assertEqual(self.run_main("checkpoint", few, "--policy", self.policy)[0], 1)
        code, out = self.run_main("log", self.data, "--checkpoint", few)
        self.assertEqual(code, 3)
        self.assertIn("signatures were NOT checked: no policy was given", out)
        self.assertEqual(self.run_main("log", self.data, "--checkpoint", few, "--no-signatures")[0], 0)

    def test_without_cryptography_the_hashes_are_checked_and_the_exit_code_is_three(self):
        with mock.patch.dict("sys.modules", {"cryptography": None, "cryptography.exceptions": None}):
            code, out = self.run_main("log", self.data, "--policy", self.policy, "--checkpoint", self.checkpoint(8))
            self.assertEqual(self.run_main("checkpoint", self.checkpoint(8), "--policy", self.policy)[0], 3)
        self.assertEqual(code, 3)
        self.assertIn("passed      log", out)
        self.assertIn("was NOT checked: the Python package cryptography is not installed", out)

    def test_a_policy_without_witnesses_anchors_nothing(self):
        alone = self.file("alone", f"log {self.key.vkey}\nquorum none\n")
        code, out = self.run_main("log", self.data, "--policy", alone, "--checkpoint", self.checkpoint(10))
        self.assertEqual(code, 0)
        self.assertIn("unanchored since size 0", out)

    def test_a_checkpoint_of_another_history_fails(self):
        other = writer.Log()
        for number in range(10):
            other.add(k5=number + 50)
        both = self.checkpoint(4), self.checkpoint(8, 2, other)
        held = [part for path in both for part in ("--checkpoint", path)]
        code, out = self.run_main("log", self.data, "--policy", self.policy, *held)
        self.assertEqual(code, 1)
        self.assertIn("entries from 4 on: FAIL at 4: differs-from-known", out)

    def test_checkpoints_alone_are_checked(self):
        code, out = self.run_main("checkpoint", self.checkpoint(8), "--policy", self.policy)
        self.assertEqual(code, 0, out)
        self.assertIn("nothing was compared with entries", out)
        self.assertEqual(self.run_main("checkpoint", self.file("x", "x"), "--policy", self.policy)[0], 1)

    def test_a_log_that_only_grew_is_consistent(self):
        arguments = "--log", self.data, "--policy", self.policy
        self.assertEqual(self.run_main("consistency", self.checkpoint(4), self.checkpoint(8), *arguments)[0], 0)
        other = writer.log_of(3)
        other.add(k5=50)
        code, out = self.run_main("consistency", self.checkpoint(4), self.checkpoint(4, 2, other), *arguments)
        self.assertEqual(code, 1)
        self.assertIn("split-view", out)

    def test_a_receipt_is_checked_by_entry_by_log_and_by_mirror(self):
        receipt, base = self.receipt(3, 8), ("--policy", self.policy)
        entry = self.file("entry", self.log.entries[3])
        mirror = self.folder / "mirror"
        with open(self.checkpoint(10), "rb") as checkpoint:
            writer.write_mirror(mirror, self.log, checkpoint.read())
        leaf = self.log.leaves[3].hex()
        for source in (("--entry", entry), ("--leaf", leaf), ("--log", self.data), ("--mirror", mirror)):
            code, out = self.run_main("receipt", "check", receipt, *source, *base)
            self.assertEqual(code, 0, out)
            self.assertIn("1 inclusion proofs", out)
        code, out = self.run_main("receipt", "check", receipt, *base)
        self.assertEqual(code, 0)
        self.assertIn("the entry itself was not seen", out)
        code, out = self.run_main("receipt", "check", receipt, "--entry", entry, "--receipt-key", self.receipts.vkey)
        self.assertEqual(code, 0, out)
        self.assertEqual(self.run_main("receipt", "check", receipt, "--entry", entry)[0], 3)
        wrong = self.file("wrong", self.log.entries[4])
        self.assertEqual(self.run_main("receipt", "check", receipt, "--entry", wrong, *base)[0], 1)
        spoilt = self.receipt(2, 8, writer.path(3, self.log.leaves[:8]))
        self.assertEqual(self.run_main("receipt", "check", spoilt, "--log", self.data, *base)[0], 1)

    def test_a_receipt_shows_that_the_tail_of_a_log_was_cut(self):
        receipt = self.receipt(8, 9)
        for path in self.data.iterdir():
            path.unlink()
        writer.write_log(self.data, writer.segments_of(writer.log_of(7), [[1, 3], [2, 1]]))
        code, out = self.run_main("log", self.data, "--receipt", receipt, "--policy", self.policy)
        self.assertEqual(code, 1)
        self.assertIn("FAIL at 7: shorter-than-known", out)

    def test_what_is_no_receipt_is_refused(self):
        sound = pathlib.Path(self.receipt(3, 8)).read_text()
        base = ("--log", self.data, "--policy", self.policy)
        for old, new in (("@v1", "@v2"), ("index 3", "index 03"), ("index 3\n", ""), ("index 3", "index 4"),
                         ("extra ", "extra !"), ("\n\n", "\n")):
            code, out = self.run_main("receipt", "check", self.file("r", sound.replace(old, new, 1)), *base)
            self.assertEqual(code, 1, out)
        self.assertEqual(self.run_main("receipt", "check", self.file("r", ""), *base)[0], 1)
        late = self.receipt(3, 8, time_ns=5)
        code, out = self.run_main("receipt", "check", late, *base)
        self.assertEqual(code, 1)
        self.assertIn("the receipt says the time 5 ns", out)

    def test_a_receipt_signed_by_another_key_of_the_log_is_none(self):
        code, out = self.run_main("receipt", "check", self.receipt(3, 8, key=self.key), "--policy", self.policy)
        self.assertEqual(code, 1)
        self.assertIn(f"no key named {writer.ORIGIN}/receipt signed", out)

    def test_a_proof_without_the_words_of_a_receipt_needs_the_log_and_the_quorum(self):
        with open(self.checkpoint(8)) as checkpoint:
            note = checkpoint.read()
        hashes = "".join(base64.b64encode(each).decode() + "\n" for each in writer.path(3, self.log.leaves[:8]))
        proof = self.file("proof", f"c2sp.org/tlog-proof@v1\nindex 3\n{hashes}\n{note}")
        entry = self.file("entry", self.log.entries[3])
        base = ("receipt", "check", proof, "--policy", self.policy)
        self.assertEqual(self.run_main(*base, "--entry", entry)[0], 0)
        self.assertEqual(self.run_main(*base)[0], 3)
        few = note[:note.rindex("\u2014")]
        proof = self.file("proof", f"c2sp.org/tlog-proof@v1\nindex 3\n{hashes}\n{few}")
        self.assertEqual(self.run_main(*base, "--entry", entry)[0], 1)

    def test_a_retired_key_that_signs_a_later_size_spoils_the_checkpoint(self):
        for size, end, expected in ((8, "", 0), (8, " rotated 8", 0), (9, " rotated 8", 1), (9, " compromised 8", 1)):
            history = self.file("history", f"key {self.key.vkey}{end}\n")
            base = ("log", self.data, "--policy", self.policy, "--key-history", history)
            self.assertEqual(self.run_main(*base, "--checkpoint", self.checkpoint(size))[0], expected, (size, end))
        for wrong in ("key x\n", f"key {self.key.vkey}", f"key {self.key.vkey} lost 3\n", f"key {self.key.vkey}\n" * 2):
            history = self.file("history", wrong)
            code, _ = self.run_main("log", self.data, "--policy", self.policy, "--key-history", history)
            self.assertEqual(code, 2, wrong)

    def test_a_mirror_is_checked_with_its_own_checkpoint(self):
        mirror = self.folder / "mirror"
        with open(self.checkpoint(10), "rb") as checkpoint:
            writer.write_mirror(mirror, self.log, checkpoint.read())
        code, out = self.run_main("mirror", mirror, "--policy", self.policy)
        self.assertEqual(code, 0, out)
        self.assertIn("entries 0 to 9: PASS (anchored: quorum", out)
        self.assertEqual(self.run_main("mirror", mirror)[0], 3)
        self.assertEqual(self.run_main("mirror", mirror, "--no-signatures")[0], 0)
        other = writer.Log()
        for number in range(10):
            other.add(k5=number + 50)
        with open(self.checkpoint(10), "rb") as checkpoint:
            writer.write_mirror(mirror, other, checkpoint.read())
        code, out = self.run_main("mirror", mirror, "--policy", self.policy)
        self.assertEqual(code, 1)
        self.assertIn("FAIL at 0: differs-from-known", out)

    def node(self) -> pathlib.Path:
        """The audit folder of a node: log, lock, tiles, and two kept checkpoints."""
        for size in (8, 10):
            kept = self.data / "tiles/checkpoints" / str(size)
            writer.write(kept, pathlib.Path(self.checkpoint(size)).read_bytes())
        newest = kept.read_bytes()
        writer.write(self.data / "signed/checkpoint", newest)
        writer.write_mirror(self.data / "tiles", self.log, newest)
        return self.data

    def test_everything_of_a_node_is_checked(self):
        node = self.node()
        code, out = self.run_main("all", node, "--policy", self.policy, "--json")
        found = json.loads(out)
        self.assertEqual(code, 0, out)
        self.assertEqual([(each["start"], each["end"]) for each in found["ranges"]], [(0, 10)])
        self.assertEqual((found["counts"]["roots"], found["counts"]["tiles"]), (4, 2))

    def test_whatever_is_wrong_in_a_node_is_found(self):
        node, other = self.node(), writer.Log()
        for number in range(10):
            other.add(k5=number + 50)
        for name, data, expected, said in (
            ("signed/checkpoint", None, 3, "there is no signed/checkpoint"),
            ("signed/checkpoint", pathlib.Path(self.checkpoint(9, 2, other)).read_bytes(), 1, "differs-from-known"),
            ("tiles/checkpoints/8", b"x", 1, "its checkpoints/8"),
            ("tiles/checkpoint", None, 1, "checkpoint-missing"),
            ("tiles/tile/0/000.p/10", bytes(320), 1, "FAIL at 0: tile-hash"),
            ("tiles/tile/entries/000.p/10", None, 1, "bundle-missing"),
        ):
            before = (node / name).read_bytes()
            (node / name).unlink()
            if data is not None:
                (node / name).write_bytes(data)
            code, out = self.run_main("all", node, "--policy", self.policy)
            self.assertEqual(code, expected, out)
            self.assertIn(said, out)
            (node / name).write_bytes(before)
        newest = (node / "tiles/checkpoint").read_bytes()
        writer.write_mirror(node / "tiles", other, newest)
        code, out = self.run_main("all", node, "--policy", self.policy)
        self.assertEqual(code, 1)
        self.assertIn("differs-from-tiles", out)

    def test_stamps_are_taken_for_the_checkpoint_of_their_size_alone(self):
        node, roots = self.node(), self.file("roots", "no certificate")
        writer.write(node / "tiles/tokens/7.tsr", b"x")
        code, out = self.run_main("all", node, "--policy", self.policy, "--token-roots", roots)
        self.assertEqual(code, 3, out)
        self.assertIn("time stamp tokens/7.tsr", out)

    def test_a_checkpoint_with_a_wrong_signature_is_held_against_nothing(self):
        note = pathlib.Path(self.checkpoint(8)).read_text()
        spoilt = self.file("spoilt", note.replace("\n8\n", "\n9\n"))
        code, out = self.run_main("log", self.data, "--policy", self.policy, "--checkpoint", spoilt)
        self.assertEqual(code, 1)
        self.assertNotIn("differs-from-known", out)
        self.assertIn("entries 0 to 9: PASS (unanchored", out)

    def test_party_keys_that_no_entry_uses_are_a_failure(self):
        keys = self.file("keys", f"agency env {self.key.vkey}\n")
        code, out = self.run_main("log", self.data, "--party-keys", keys)
        self.assertEqual(code, 3)
        self.assertIn("verified 0 signatures", out)


@unittest.skipUnless(signing.HAS_OPENSSL and signing.Ed25519PrivateKey, "openssl or cryptography is missing")
class Stamped(SignedCase):
    """Time stamps of an authority made for the test."""

    def setUp(self):
        super().setUp()
        config = self.file("tsa.cnf", f"""
[req]\ndistinguished_name=dn\nx509_extensions=tsa\nprompt=no\n[dn]\nCN=Test authority\n
[tsa]\nextendedKeyUsage=critical,timeStamping\nbasicConstraints=critical,CA:true\nsubjectKeyIdentifier=hash\n
[tsa1]\nserial={self.folder}/serial\ncrypto_device=builtin\nsigner_cert={self.folder}/root.pem\n
signer_key={self.folder}/root.key\nsigner_digest=sha256\ndefault_policy=1.2.3.4\ndigests=sha256,sm3\n
accuracy=secs:1\n[default]\ndefault_tsa=tsa1\n""")
        self.config = config
        new = ("-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem")
        self.openssl("req", *new, "-config", config)

    def openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=self.folder, timeout=60)

    def stamp(self, path: str, name: str, *more: str) -> str:
        self.openssl("ts", "-query", "-data", path, "-sha256", "-cert", "-out", "query")
        base = ("-queryfile", "query", "-config", self.config, "-section", "tsa1")
        self.openssl("ts", "-reply", *base, *more, "-out", name)
        return str(self.folder / name)

    def text_of(self, checkpoint: str) -> str:
        """The text of a checkpoint, which is what is stamped."""
        note = pathlib.Path(checkpoint).read_bytes()
        return self.file("text", note[:note.index(b"\n\n") + 1])

    def test_a_time_stamp_anchors_a_checkpoint_and_fails_over_another(self):
        eight, nine, root = self.checkpoint(8), self.checkpoint(9), str(self.folder / "root.pem")
        text = self.text_of(eight)
        for token in (self.stamp(text, "answer"), self.stamp(text, "token", "-token_out")):
            base = ("log", self.data, "--policy", self.policy, "--token", token)
            code, out = self.run_main(*base, "--token-roots", root, "--checkpoint", eight)
            self.assertEqual(code, 0, out)
            self.assertIn("time stamp of ", out)
            self.assertIn("1 time stamps", out)
            self.assertEqual(self.run_main(*base, "--token-roots", root, "--checkpoint", nine)[0], 1)
            self.assertEqual(self.run_main(*base, "--checkpoint", eight)[0], 3)
            self.assertEqual(self.run_main("timestamp", token, "--data", text, "--token-roots", root)[0], 0)
            self.assertEqual(self.run_main("timestamp", token, "--data", nine, "--token-roots", root)[0], 1)
            with mock.patch("lawgate_verify.openssl.shutil.which", return_value=None):
                code, out = self.run_main("timestamp", token, "--data", text, "--token-roots", root)
            self.assertEqual(code, 3, out)

    def test_where_time_stamps_are_asked_for_both_they_and_witnesses_must_reach_a_size(self):
        eight, root = self.checkpoint(8), str(self.folder / "root.pem")
        held = ("--checkpoint", eight, "--checkpoint", self.checkpoint(10))
        base = ("log", self.data, "--policy", self.policy, *held, "--token-roots", root)
        code, out = self.run_main(*base, "--token", self.stamp(self.text_of(eight), "answer"))
        self.assertEqual(code, 0, out)
        self.assertIn("entries 0 to 7: PASS (anchored", out)
        self.assertEqual(self.run_main(*base)[0], 3)
        whole = self.stamp(eight, "whole")
        self.assertEqual(self.run_main(*base, "--token", whole)[0], 1)
