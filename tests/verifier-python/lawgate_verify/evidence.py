"""What is held against a log: checkpoints, receipts, heads noted elsewhere, time stamps.

Files of whoever checks. Each is read here, its signatures are judged by the policy, and afterwards its root is compared
with the one that the log's own entries give.
"""

from __future__ import annotations

import pathlib
from dataclasses import dataclass, field

from . import note as notes
from . import policy as policies
from . import timestamp
from .fault import Fault, Wrong
from .hashes import SHA256, SM3, Suite
from .outcome import Unchecked
from .proof import Proof, parse_proof
from .report import FAILED, NOT_CHECKED, PASSED, Report
from .tree import root_from_inclusion


@dataclass
class Held:
    """One root that somebody holds: of which log, at which size, and who vouches for it."""

    what: str
    origin: str | None
    size: int
    root: bytes
    anchors: list[str] = field(default_factory=list)
    proof: Proof | None = None
    stamped: list[tuple[str, bytes]] = field(default_factory=list)
    agrees: bool = False

    @property
    def suite(self) -> Suite:
        """The tree it is about."""
        return SM3 if self.origin and self.origin.endswith("/sm3") else SHA256


class Evidence:
    """All that is held against one log."""

    def __init__(self, report: Report, policy: policies.Policy | None, skip_signatures: bool):
        self.report = report
        self.policy = policy
        self.skip_signatures = skip_signatures
        self.held: list[Held] = []

    def add_known(self, given: str) -> None:
        """Takes `SIZE:ROOT`, a head noted elsewhere."""
        size, _, root = given.partition(":")
        try:
            self.held.append(Held(f"known head {size}", None, int(size), bytes.fromhex(root), ["a head you noted"]))
            if len(self.held[-1].root) != 32:
                raise ValueError
        except ValueError:
            raise SystemExit(f"--known {given}: not SIZE:ROOT, the root in 64 hexadecimal digits") from None

    def add_checkpoint(self, what: str, data: bytes) -> None:
        """Takes a signed checkpoint."""
        try:
            note = notes.parse_note(data)
            checkpoint = notes.parse_checkpoint(note.text)
        except Wrong as wrong:
            self.report.add(what, FAILED, str(wrong))
            return
        held = Held(what, checkpoint.origin, checkpoint.size, checkpoint.root)
        text = note.text.encode()
        held.stamped = [("the checkpoint with its signatures", data), ("the text of the checkpoint", text)]
        self.signatures(held, note, held.origin, needs_quorum=True)
        self.held.append(held)

    def add_receipt(self, what: str, data: bytes) -> None:
        """Takes a receipt, or a proof of others in the same form; that one needs the log's key and the quorum."""
        try:
            proof = parse_proof(data)
        except Wrong as wrong:
            self.report.add(what, FAILED, str(wrong))
            return
        checkpoint = proof.checkpoint
        held = Held(what, checkpoint.origin, checkpoint.size, checkpoint.root, proof=proof)
        held.stamped = [("the text of the checkpoint", proof.note.text.encode())]
        is_receipt = proof.facts is not None
        signer = held.origin + "/receipt" if is_receipt else held.origin
        self.signatures(held, proof.note, signer, needs_quorum=not is_receipt)
        self.held.append(held)

    def signatures(self, held: Held, note: notes.Note, signer: str, needs_quorum: bool) -> None:
        """Judges the signatures under a checkpoint."""
        what = f"signatures of {held.what}"
        if self.skip_signatures:
            self.report.notes.append(f"{what} were NOT checked, as you asked")
            return
        if self.policy is None:
            self.report.add(what, NOT_CHECKED, "signatures were NOT checked: no policy was given")
            return
        verdict = policies.judge(self.policy, note, signer, needs_quorum)
        self.report.count("signatures", verdict.verified)
        self.report.add(what, verdict.status, verdict.detail)
        for line in verdict.lines:
            if line.time_s:
                self.report.notes.append(f"{line.name} cosigned {held.what} at {line.time_s} s since 1970")
        unknown = sum(line.key is None for line in verdict.lines)
        if unknown:
            self.report.notes.append(f"{held.what} has {unknown} signatures of keys that the policy does not know")
        if verdict.status != PASSED:
            return
        if verdict.has_quorum:
            held.anchors.append(f"quorum of witnesses ({', '.join(verdict.witnesses)})")
        if not needs_quorum:
            held.anchors.append("a receipt that you hold")

    def add_token(self, path: pathlib.Path, roots: pathlib.Path | None, untrusted, at_s) -> None:
        """Takes a time stamp over one of the checkpoints."""
        what = f"time stamp {path}"
        if roots is None:
            self.report.add(what, NOT_CHECKED, "the time stamp was NOT checked: no --token-roots were given")
            return
        problem = "no checkpoint was given that it could be over"
        for held in self.held:
            if not held.stamped:
                continue
            try:
                stamp = timestamp.check_token(path, held.stamped, roots, untrusted, at_s)
            except Unchecked as reason:
                self.report.add(what, NOT_CHECKED, f"the time stamp was NOT checked: {reason}")
                return
            except Wrong as wrong:
                problem = wrong.detail
                continue
            held.anchors.append(f"time stamp of {stamp.time}")
            self.report.count("time stamps")
            self.report.add(what, PASSED, f"of {stamp.time}, over {stamp.over} of size {held.size}")
            return
        self.report.add(what, FAILED, problem)

    def compare(self, origin: str | None, size: int, wanted, fault: Fault | None) -> Fault | None:
        """Holds everything against the entries; returns the first thing that does not agree."""
        agreed, differing = 0, []
        for held in sorted(self.held, key=lambda held: held.size):
            what = f"root of {held.what}"
            if held.origin is not None and origin is not None and held.origin not in (origin, origin + "/sm3"):
                self.report.add(what, FAILED, f"it is of the log {held.origin} and not of {origin}")
                continue
            root = wanted.roots[held.suite.name].get(held.size)
            if held.size == 0:
                root = held.suite.empty_root
            if root is None or held.size > size:
                self._beyond(what, held, size, fault, differing)
            elif root != held.root:
                self.report.add(what, FAILED, f"the entries give another root at size {held.size}")
                detail = f"the log differs from {held.what} somewhere before position {held.size}"
                differing.append((held.size, "differs-from-known", detail))
            else:
                self.report.add(what, PASSED, f"the entries give this root at size {held.size}")
                self.report.count("roots")
                held.agrees = True
                agreed = max(agreed, held.size)
                self._inclusion(held, wanted)
        if not differing:
            return fault
        at, kind, detail = min(differing)
        # Two heads that disagree with each other may both be below one that agrees with neither.
        below = max((held.size for held in self.held if held.agrees and held.size < at), default=0)
        position = size if kind == "shorter-than-known" else below
        return fault if fault and fault.position < position else Fault(position, kind, detail)

    def _beyond(self, what: str, held: Held, size: int, fault: Fault | None, differing: list) -> None:
        if fault and fault.position < held.size:
            self.report.add(what, NOT_CHECKED, f"the log fails at {fault.position}, before the size {held.size}")
        elif size < held.size:
            self.report.add(what, FAILED, f"the log has {size} entries and this says {held.size}")
            differing.append((held.size, "shorter-than-known", f"{held.what} says {held.size} entries"))
        else:
            self.report.add(what, NOT_CHECKED, "the entries give no root of this tree")

    def _inclusion(self, held: Held, wanted) -> None:
        if held.proof is None:
            return
        leaf = wanted.leaves[held.suite.name].get(held.proof.index)
        what = f"inclusion in {held.what}"
        if leaf is None:
            self.report.add(what, FAILED, f"its position {held.proof.index} is not below its size {held.size}")
        else:
            check_inclusion(self.report, what, held, leaf, wanted.times.get(held.proof.index))

    def anchors(self) -> list[tuple[int, str]]:
        """Returns the sizes that somebody vouches for, where the log agrees."""
        return [(held.size, who) for held in self.held if held.agrees for who in held.anchors]


def check_inclusion(report: Report, what: str, held: Held, leaf: bytes, time_ns: int | None) -> None:
    """Checks the inclusion proof of a receipt for a leaf hash, and its time where the entry has been seen."""
    proof = held.proof
    if proof.facts and proof.facts.leaf != leaf:
        report.add(what, FAILED, "the entry is another one than that of the receipt")
        return
    if proof.facts and time_ns is not None and proof.facts.time_ns != time_ns:
        report.add(what, FAILED, f"the receipt says the time {proof.facts.time_ns} ns and the entry {time_ns} ns")
        return
    try:
        root = root_from_inclusion(held.suite, proof.index, held.size, leaf, list(proof.hashes))
    except Wrong as wrong:
        report.add(what, FAILED, wrong.detail)
        return
    if root != held.root:
        report.add(what, FAILED, f"the proof does not lead from the entry at {proof.index} to the root")
        return
    report.count("inclusion proofs")
    report.add(what, PASSED, f"the entry stands at position {proof.index} of {held.size}")
